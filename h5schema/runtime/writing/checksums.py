"""Checksums beside the data: a CRC-32 (zlib's, IEEE 802.3) for each block of about 1 MiB.

They lie in datasets of their own, never in a filter, so any HDF5 tool reads the data and
a memory map may be made of it.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.vocabulary import layout

from ..bfloat16_hdf5 import attribute_of, in_bits
from .crc import combined

FOLDER = f"/{layout.RESERVED}/checksums"
ROWS_PER_BLOCK = "rows_per_block"


class Part(NamedTuple):
    """The checksum of rows that lie in one block.

    Attributes:
        rows: How many.
        crc: Of their bytes.
    """

    rows: int
    crc: int


class Summing(NamedTuple):
    """How rows are to be summed that follow others; it may be done in another process.

    Attributes:
        rows_per_block: Rows of a whole block.
        before: Rows of the first block that are summed already.
    """

    rows_per_block: int
    before: int

    def parts(self, rows: NDArray[np.generic]) -> tuple[Part, ...]:
        """The checksums of rows as they lie in memory (C order, little-endian), cut where blocks end."""
        first = self.rows_per_block - self.before
        cuts = [0, *range(first, len(rows), self.rows_per_block), len(rows)]
        return tuple(Part(b - a, crc(rows[a:b])) for a, b in pairwise(cuts) if b > a)


class Checksum:
    """The running checksums of one dataset to which rows are appended.

    Where rows are written over or dropped, the checksums of their blocks are wrong until they are renewed.

    Args:
        row_bytes: Bytes of one row.
        done: Checksums of the blocks that are full.
        rows: Rows of the last block, which is not.
        running: Their checksum.

    Attributes:
        is_altered: Whether rows were written over or dropped since the checksums were renewed.
    """

    def __init__(self, row_bytes: int, done: Iterable[int] = (), rows: int = 0, running: int = 0) -> None:
        self.rows_per_block = max(1, layout.BLOCK_BYTES // max(1, row_bytes))
        self._row_bytes = row_bytes
        self._done = array("L", done)
        self._rows = rows
        self._running = running
        self._wrong: set[int] = set()
        self.is_altered = False

    def after(self, rows: int) -> Summing:
        """How the rows are summed that come after so many more."""
        return Summing(self.rows_per_block, (self._rows + rows) % self.rows_per_block)

    def add(self, rows: NDArray[np.generic]) -> None:
        """Takes the rows that were appended."""
        self.take(self.after(0).parts(rows))

    def take(self, parts: Sequence[Part]) -> None:
        """Takes rows that were appended and summed."""
        for part in parts:
            self._running = combined(self._running, part.crc, part.rows * self._row_bytes) if self._rows else part.crc
            self._rows += part.rows
            if self._rows == self.rows_per_block:
                self._done.append(self._running)
                self._rows = self._running = 0

    @property
    def rows(self) -> int:
        """How many were taken."""
        return len(self._done) * self.rows_per_block + self._rows

    def spans(self) -> Iterator[tuple[int, int, int]]:
        """First row, last row and checksum of each block; the last row is not one of it."""
        first = 0
        for crc in self._done:
            yield first, first + self.rows_per_block, crc
            first += self.rows_per_block
        if self._rows:
            yield first, first + self._rows, self._running

    def state(self) -> tuple[list[int], int, int]:
        """What `Checksum` is made of again: the sums of full blocks, the rows of the last one, and its sum."""
        return self._done.tolist(), self._rows, self._running

    def change(self, first: int, last: int) -> None:
        """Notes that some rows were written over."""
        self.is_altered = True
        self._wrong.update(range(first // self.rows_per_block, -(-last // self.rows_per_block)))

    def shrink(self, rows: int) -> None:
        """Forgets all rows but the first ones."""
        self.is_altered = True
        full, self._rows = divmod(rows, self.rows_per_block)
        del self._done[full:]
        self._running = 0
        self._wrong = {number for number in self._wrong if number < full} | ({full} if self._rows else set())

    def renew(self, read: Callable[[int, int], NDArray[np.generic]]) -> None:
        """Sums up again what was changed.

        Args:
            read: Gives the rows from one to another.
        """
        for number in sorted(self._wrong):
            first = number * self.rows_per_block
            value = crc(read(first, min(self.rows, first + self.rows_per_block)))
            if number < len(self._done):
                self._done[number] = value
            else:
                self._running = value
        self._wrong.clear()
        self.is_altered = False

    def blocks(self) -> NDArray[np.uint32]:
        """uint32 [blocks], the last one of a block that may not be full."""
        return np.array([*self._done, self._running] if self._rows else self._done, np.uint32)


def crc(rows: NDArray[np.generic], before: int = 0) -> int:
    """The CRC-32 of rows that follow others."""
    return zlib.crc32(np.ascontiguousarray(rows).data.cast("B") if rows.size else b"", before)


def count_of(file: h5py.File, path: str) -> int:
    """Rows of a dataset; what has no axes, and an attribute, is one row."""
    shape = () if "@" in path else cast("h5py.Dataset", file[path]).shape
    return shape[0] if shape else 1


def rows_of(file: h5py.File, path: str, first: int = 0, last: int | None = None) -> NDArray[np.generic]:
    """Rows of the dataset, or of the attribute `node@name`, at a path."""
    node, mark, name = path.partition("@")
    if mark:
        attributes = file[node or "/"].attrs
        return attribute_of(attributes, name)[None]
    dataset = in_bits(cast("h5py.Dataset", file[path]))
    return dataset[first:last] if dataset.shape else np.asarray(dataset[...], dataset.dtype)[None]


def path_of(path: str) -> str:
    """Where the checksums of a dataset, or of an attribute `node@name`, lie."""
    return f"{FOLDER}/{path.removeprefix('/')}"


def first_wrong(file: h5py.File) -> str:
    """Path of a dataset, or of an attribute, that is not what was summed; "": there is none."""

    def compare(name: str, one: object) -> str | None:
        if not isinstance(one, h5py.Dataset):
            return None
        path, step = name if name.startswith("@") else f"/{name}", int(one.attrs[ROWS_PER_BLOCK])
        count, sums = count_of(file, path), cast("list[int]", one[()].tolist())
        blocks = enumerate(sums)
        right = len(sums) == -(-count // step) and all(
            crc(rows_of(file, path, number * step, (number + 1) * step)) == wanted for number, wanted in blocks
        )
        return None if right else path

    return cast("str | None", file[FOLDER].visititems(compare)) or ""


def write(file: h5py.File, path: str, checksum: Checksum) -> None:
    """Stores the checksums of what is at `path`, in place of earlier ones."""
    where, blocks = path_of(path), checksum.blocks()
    if where in file:
        if file[where].shape == blocks.shape:
            file[where][...] = blocks
            return
        del file[where]
    made = file.create_dataset(where, data=blocks)
    made.attrs[ROWS_PER_BLOCK] = np.int64(checksum.rows_per_block)
