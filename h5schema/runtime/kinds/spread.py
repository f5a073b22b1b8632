"""Spread: each entry is a dataset of its own, at the path that its id fills in."""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Generic, TypeVar

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError
from h5schema.vocabulary import layout

from ..any_values import BFLOAT16, BYTES, TEXT, Record
from ..bfloat16 import is_bits
from ..blocks import RaggedBlock
from ..spans import Fetched, Reading, Rows, Spans, offsets_of
from .kind import Place, Stored

BlockT = TypeVar("BlockT")

ABSENT = b"- 0\n"
"""What stands for an entry of which no node is made."""
CHANGED = "the file was changed by another program; extract or copy it again"
_BOOL, _SUM = np.dtype(np.bool_), np.dtype(np.uint32)
_FIRST = np.zeros(1, np.int64)
_NOTHING = Record(BYTES, (), b"")


class Spread(ABC, Generic[BlockT]):
    """Records, of which each becomes a node; of each entry we keep a checksum, and whether it is there."""

    @abstractmethod
    def encoded(self, block: BlockT) -> Iterable[bytes]:
        """The record of each entry."""

    @abstractmethod
    def block(self, place: Place, records: Sequence[Record | None]) -> BlockT:
        """Entries out of their records; None: it is absent."""

    def stored(self, place: Place, dtype: np.dtype[np.generic]) -> tuple[Stored, ...]:
        values = Stored(place.path, np.dtype(np.uint8), nodes=True)
        sums = Stored(sums_of(place), _SUM, data=False)
        if not place.optional:
            return values, sums
        return values, sums, Stored(layout.of_feature(place.address, "present"), _BOOL, data=False)

    def read(self, place: Place, rows: Rows) -> Reading[tuple[BlockT, NDArray[np.bool_] | None]]:
        present = yield from present_at(place, rows)
        records = yield from records_at(place, rows[present])
        found = iter(records)
        block = self.block(place, [next(found) if there else None for there in present])
        return block, present if place.optional else None

    def write(
        self, place: Place, block: BlockT, present: NDArray[np.bool_] | None, ends: Mapping[str, int]
    ) -> dict[str, NDArray[np.generic]]:
        """See `Kind.write`; of an absent entry no node is made."""
        encoded = list(self.encoded(block))
        if present is not None:
            encoded = [one if there else ABSENT for one, there in zip(encoded, present, strict=True)]
        rows: dict[str, NDArray[np.generic]] = {
            place.path: np.frombuffer(b"".join(encoded), np.uint8),
            sums_of(place): np.array([zlib.crc32(one) for one in encoded], _SUM),
        }
        return rows if present is None else rows | {layout.of_feature(place.address, "present"): present}


class SpreadValues(Spread[RaggedBlock[np.uint8]]):
    """Values of any dtype and shape: the block has their records end to end."""

    def encoded(self, block: RaggedBlock[np.uint8]) -> Iterable[bytes]:
        """See `Spread`."""
        return (one.tobytes() for one in block)

    def block(self, place: Place, records: Sequence[Record | None]) -> RaggedBlock[np.uint8]:
        """See `Spread`."""
        return _end_to_end([(one or _NOTHING).encoded() for one in records])


class SpreadTexts(Spread[RaggedBlock[np.uint8]]):
    """Texts: the block has their bytes end to end."""

    def encoded(self, block: RaggedBlock[np.uint8]) -> Iterable[bytes]:
        """See `Spread`."""
        return (Record(TEXT, (), one.tobytes()).encoded() for one in block)

    def block(self, place: Place, records: Sequence[Record | None]) -> RaggedBlock[np.uint8]:
        """See `Spread`."""
        other = next((one for one in records if one is not None and one.dtype != TEXT), None)
        if other is not None:
            raise DataError(f"a node is {other.dtype} {list(other.shape)}, and no text", where=place.path, do=CHANGED)
        return _end_to_end([(one or _NOTHING).data for one in records])


def sums_of(place: Place) -> str:
    """Path of the checksums of the nodes."""
    return layout.of_feature(place.address, "sums")


def sum_of(record: Record) -> int:
    """The checksum of a node: of what it is, and of its values."""
    return zlib.crc32(record.encoded())


def present_at(place: Place, rows: Rows) -> Reading[NDArray[np.bool_]]:
    """Which entries have a node."""
    if not place.optional:
        return np.ones(len(rows), np.bool_)
    (there,) = yield (Spans(layout.of_feature(place.address, "present"), rows, inside=True),)
    return there.astype(np.bool_)


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
    if is_bits(dtype):
        return Record(BFLOAT16, shape, values.tobytes())
    if dtype.kind not in "biufc":
        what = f"the node is {dtype} {list(shape)}, which is no array of numbers, no text and no bytes"
        raise DataError(what, where=path, do=CHANGED)
    little = values.astype(dtype.newbyteorder("<"), copy=False)
    return Record(little.dtype.str, shape, little.tobytes())


def _end_to_end(parts: Sequence[bytes]) -> RaggedBlock[np.uint8]:
    lengths = np.fromiter(map(len, parts), np.int64, len(parts))
    return RaggedBlock(np.frombuffer(b"".join(parts), np.uint8), offsets_of(lengths))
