"""What an earlier run committed, compared with its checksums before it is gone on with."""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from typing import NamedTuple

import h5py

from h5schema.errors import UsageError

from ..damage import READ_ERRORS
from . import checksums
from .checksums import Checksum
from .sink import Sink

_READ_BYTES = 1 << 20
_TOGETHER = 256
"""Pieces that threads are given at a time."""
_NOWHERE = 0, 0
"""Where a chunk lies that is not there: these bytes have another checksum."""


class Piece(NamedTuple):
    """Bytes of the file that have one checksum.

    Attributes:
        first: The first row.
        last: Before which row it ends.
        crc: Of them, as they were written.
        places: Where the bytes lie: (offset, size).
    """

    first: int
    last: int
    crc: int
    places: Sequence[tuple[int, int]]


def pieces_of(dataset: h5py.Dataset, row_bytes: int, checksum: Checksum, chunks: Sequence[int]) -> Iterator[Piece]:
    """What has checksums of a dataset.

    Args:
        dataset: It has all rows that were committed.
        row_bytes: Bytes of a row.
        checksum: Of these rows.
        chunks: If it is encoded, the checksum of each chunk as it is stored.
    """
    if dataset.chunks is None:
        return _in_one_piece(int(dataset.id.get_offset() or 0), row_bytes, checksum)
    if dataset.id.get_create_plist().get_nfilters():
        return _encoded(dataset, checksum.rows, chunks)
    return _in_chunks(dataset, row_bytes, checksum)


def expect(handle: int, pieces: Iterable[Piece], where: str) -> None:
    """Refuses to go on with what is not what was written.

    Args:
        handle: Descriptor of the file; nothing stands in front of it.
        pieces: Of a dataset.
        where: Name of the file in the making and path of the dataset.

    Raises:
        UsageError: It is not.
    """
    rest, end = iter(pieces), os.fstat(handle).st_size
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        while some := list(islice(rest, _TOGETHER)):
            for piece, right in zip(some, pool.map(partial(_is_intact, handle, end), some), strict=True):
                if not right:
                    raise _changed(f"rows {piece.first} to {piece.last - 1} are", where)


def expect_complete(sink: Sink) -> None:
    """Refuses a file that lacks its name only, and is not what was written.

    Raises:
        UsageError: It is not.
    """
    try:
        with h5py.File(sink.reading(), "r") as file:
            wrong = checksums.first_wrong(file)
    except READ_ERRORS as error:
        raise _changed(f"HDF5 cannot read it ({error}), so it is", str(sink)) from None
    if wrong:
        raise _changed(f"{wrong} is", str(sink))


def _changed(what: str, where: str) -> UsageError:
    return UsageError(
        f"an unfinished run is there, and another program or the disk has changed it: {what} not what was written",
        where=where,
        do=f"begin anew: remove {where.partition(': ')[0]} first",
    )


def _is_intact(handle: int, end: int, piece: Piece) -> bool:
    if any(offset + size > end for offset, size in piece.places):
        return False
    crc, buffer = 0, memoryview(bytearray(min(_READ_BYTES, max(size for _, size in piece.places))))
    for offset, size in piece.places:
        for at in range(0, size, _READ_BYTES):
            part = buffer[: min(_READ_BYTES, size - at)]
            os.preadv(handle, [part], offset + at)
            crc = zlib.crc32(part, crc)
    return crc == piece.crc


def _in_one_piece(offset: int, row_bytes: int, checksum: Checksum) -> Iterator[Piece]:
    for first, last, crc in checksum.spans():
        yield Piece(first, last, crc, ((offset + first * row_bytes, (last - first) * row_bytes),))


def _in_chunks(dataset: h5py.Dataset, row_bytes: int, checksum: Checksum) -> Iterator[Piece]:
    found, step = _chunks(dataset), dataset.chunks[0] if dataset.chunks else 1
    for first, last, crc in checksum.spans():
        places: list[tuple[int, int]] = []
        for number in range(first // step, -(-last // step)):
            low, high = max(first, number * step), min(last, (number + 1) * step)
            offset, _ = found.get(number, _NOWHERE)
            places.append((offset + (low - number * step) * row_bytes, (high - low) * row_bytes))
        yield Piece(first, last, crc, places)


def _encoded(dataset: h5py.Dataset, count: int, sums: Sequence[int]) -> Iterator[Piece]:
    found, step = _chunks(dataset), dataset.chunks[0] if dataset.chunks else 1
    for number, crc in enumerate(sums):
        yield Piece(number * step, min(count, (number + 1) * step), crc, (found.get(number, _NOWHERE),))


def _chunks(dataset: h5py.Dataset) -> dict[int, tuple[int, int]]:
    """Where each chunk lies, and its bytes, by its number along the first axis."""
    step = dataset.chunks[0] if dataset.chunks else 1
    found: dict[int, tuple[int, int]] = {}

    def note(chunk: h5py.h5d.StoreInfo) -> None:
        found[chunk.chunk_offset[0] // step] = int(chunk.byte_offset), int(chunk.size)

    dataset.id.chunk_iter(note)
    return found
