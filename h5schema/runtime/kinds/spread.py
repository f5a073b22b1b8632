"""Spread: each entry is a dataset of its own, at the path that its id fills in."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError
from h5schema.vocabulary import layout

from ..any_values import BYTES, TEXT, Record
from ..blocks import RaggedBlock
from ..spans import Fetched, Reading, Rows, Spans, offsets_of
from .kind import Place, Stored

_BOOL, _SUM = np.dtype(np.bool_), np.dtype(np.uint32)
_FIRST = np.zeros(1, np.int64)
_NOTHING = Record(BYTES, (), b"")


class Spread:
    """Records, of which each becomes a node; what is ours has a checksum, and whether it is there, of each entry."""

    def stored(self, place: Place, dtype: np.dtype[np.generic]) -> tuple[Stored, ...]:
        values = Stored(place.path, dtype, nodes=True)
        sums = Stored(sums_of(place), _SUM, data=False)
        if not place.optional:
            return values, sums
        return values, sums, Stored(layout.of_feature(place.address, "present"), _BOOL, data=False)

    def read(self, place: Place, rows: Rows) -> Reading[tuple[RaggedBlock[np.uint8], NDArray[np.bool_] | None]]:
        present: NDArray[np.bool_] | None = None
        if place.optional:
            (there,) = yield (Spans(layout.of_feature(place.address, "present"), rows, inside=True),)
            present = there.astype(np.bool_)
        records = yield from records_at(place, rows if present is None else rows[present])
        found = [_NOTHING] * len(rows)
        for number, record in zip(
            np.flatnonzero(np.ones(len(rows), bool) if present is None else present), records, strict=True
        ):
            found[number] = record
        return _end_to_end([one.encoded() for one in found]), present

    def write(
        self,
        place: Place,
        block: RaggedBlock[np.uint8],
        present: NDArray[np.bool_] | None,
        ends: Mapping[str, int],
    ) -> dict[str, NDArray[np.generic]]:
        """See `Kind.write`; the record of an absent entry is empty, and no node is made of it."""
        there = np.ones(len(block), bool) if present is None else present
        encoded = [one.tobytes() if known else b"" for one, known in zip(block, there, strict=True)]
        sums = [zlib.crc32(one) if one else 0 for one in encoded]
        rows: dict[str, NDArray[np.generic]] = {
            place.path: np.frombuffer(b"".join(one or ABSENT for one in encoded), np.uint8),
            sums_of(place): np.array(sums, _SUM),
        }
        return rows if present is None else rows | {layout.of_feature(place.address, "present"): present}


ABSENT = b"- 0\n"
"""What stands for an entry of which no node is made."""


def sums_of(place: Place) -> str:
    """Path of the checksums of the nodes."""
    return layout.of_feature(place.address, "sums")


def sum_of(record: Record) -> int:
    """The checksum of a node: of what it is, and of its values."""
    return zlib.crc32(record.encoded())


def records_at(place: Place, rows: Rows) -> Reading[list[Record]]:
    """What the nodes of some entries hold."""
    nodes = place.nodes
    if nodes is None:
        raise DataError("no entry has a node yet", where=place.path, do="read it when the file is complete")
    paths = nodes.paths(rows)
    forms = [nodes.form(path) for path in paths]
    asked = tuple(
        Spans(path, _FIRST, shape[0] if shape else 1)
        for path, (_, shape) in zip(paths, forms, strict=True)
        if shape is not None
    )
    fetched = (yield asked) if asked else ()
    return list(_records(paths, forms, fetched))


def _records(
    paths: Sequence[str], forms: Sequence[tuple[np.dtype[np.generic], tuple[int, ...] | None]], fetched: Fetched
) -> Iterable[Record]:
    values = iter(fetched)
    for path, (dtype, shape) in zip(paths, forms, strict=True):
        yield _NOTHING if shape is None else _record(path, dtype, shape, next(values))


def _record(path: str, dtype: np.dtype[np.generic], shape: tuple[int, ...], values: NDArray[np.generic]) -> Record:
    if dtype.kind == "V" and dtype.names is None and not shape:
        return Record(BYTES, (), values.tobytes())
    if h5py.check_string_dtype(dtype) is not None and not shape:
        (text,) = values.tolist()
        return Record(TEXT, (), text if isinstance(text, bytes) else str(text).encode())
    if dtype.kind not in "biufc":
        raise DataError(
            f"the node is {dtype} {list(shape)}, which is no array of numbers, no text and no bytes",
            where=path,
            do="the file was changed by another program; extract or copy it again",
        )
    little = values.astype(dtype.newbyteorder("<"), copy=False)
    return Record(little.dtype.str, shape, little.tobytes())


def _end_to_end(parts: Sequence[bytes]) -> RaggedBlock[np.uint8]:
    lengths = np.fromiter(map(len, parts), np.int64, len(parts))
    return RaggedBlock(np.frombuffer(b"".join(parts), np.uint8), offsets_of(lengths))
