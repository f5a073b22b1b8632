"""How a dataset that is written holds its rows: more are taken, some are written over, the last are dropped."""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import cast

import h5py
import numpy as np

from .checksums import Checksum, Summing
from .plans import Coding, Extent, InChunks, InPlace, Plan, Values, Written, bytes_of, encoder_of
from .sink import Sink

_CHANGED = 8
"""Encoded chunks of which some rows were written over, and that wait in memory."""


class Storage(ABC):
    """One dataset of rows.

    Args:
        dataset: It is as long as the rows that were taken, or longer.
        checksum: Of the rows that were taken.
        count: How many they are.
        sink: Takes bytes.

    Attributes:
        chunks: If it is encoded, the CRC-32 of each chunk as it is stored; None: nobody will ask.
    """

    def __init__(self, dataset: h5py.Dataset, checksum: Checksum, count: int, sink: Sink) -> None:
        self.count = count
        self.checksum = checksum
        self.planned = count
        self.chunks: array[int] | None = None
        self._dataset = dataset.id
        self._dtype = dataset.dtype if dataset.dtype.names else np.dtype(dataset.dtype.str)
        self._shape = tuple(int(n) for n in dataset.shape[1:])
        self._row_bytes = dataset.dtype.itemsize * int(np.prod(self._shape, dtype=np.int64))
        self._sink = sink
        self._plans: deque[Plan] = deque()

    def plan(self, rows: int) -> Plan:
        """Where the next rows go."""
        plan = self._plan(rows, self.checksum.after(self.planned - self.count))
        self.planned += rows
        self._plans.append(plan)
        return plan

    def take(self, written: Written) -> None:
        """Takes what came of the next plan, or the rows themselves if nobody carried it out."""
        plan = self._plans.popleft()
        if not written.parts and written.rows:
            written = plan.write(self._sink.handle, written.left[0])
        self._take(plan, written)
        self.checksum.take(written.parts)
        self.count += written.rows

    def put(self, first: int, rows: Values) -> None:
        """Writes over rows that were taken."""
        self._put(first, rows)
        self.checksum.change(first, first + len(rows))

    def shrink(self, count: int) -> None:
        """Drops all rows but the first ones."""
        self._shrink(count)
        self.count = self.planned = count
        self.checksum.shrink(count)

    @abstractmethod
    def read(self, first: int, last: int) -> Values:
        """A copy of some rows that were taken."""

    @abstractmethod
    def settle(self) -> None:
        """A commit follows: all that was taken is to be in the file."""

    @abstractmethod
    def _plan(self, rows: int, summing: Summing) -> Plan: ...

    @abstractmethod
    def _take(self, plan: Plan, written: Written) -> None: ...

    @abstractmethod
    def _put(self, first: int, rows: Values) -> None: ...

    @abstractmethod
    def _shrink(self, count: int) -> None: ...


class _AsInMemory(Storage):
    """Rows lie in the file as they lie in memory."""

    @abstractmethod
    def _extents(self, first: int, last: int) -> Iterator[Extent]:
        """Where some rows lie."""

    def read(self, first: int, last: int) -> Values:
        rows = np.empty((last - first, *self._shape), self._dtype)
        found, at = bytes_of(rows), 0
        for extent in self._extents(first, last) if rows.nbytes else ():
            end = at + extent.rows * self._row_bytes
            self._sink.seek(extent.offset)
            self._sink.readinto(found[at:end])
            at = end
        return rows

    def _plan(self, rows: int, summing: Summing) -> Plan:
        return InPlace(tuple(self._extents(self.planned, self.planned + rows)), summing)

    def _take(self, plan: Plan, written: Written) -> None:
        """Writes what is left where something else stands that was committed."""
        guarded = [extent for extent in cast("InPlace", plan).extents if not extent.free]
        for extent, rows in zip(guarded, written.left, strict=True):
            self._sink.write_at(extent.offset, bytes_of(rows))

    def _put(self, first: int, rows: Values) -> None:
        at = 0
        for extent in self._extents(first, first + len(rows)):
            self._sink.write_at(extent.offset, bytes_of(rows[at : at + extent.rows]))
            at += extent.rows


class Contiguous(_AsInMemory):
    """All rows in one piece; how many there will be at most is known."""

    def __init__(self, dataset: h5py.Dataset, checksum: Checksum, count: int, sink: Sink, *, is_new: bool) -> None:
        super().__init__(dataset, checksum, count, sink)
        self.offset = int(self._dataset.get_offset() or 0)
        size = int(dataset.shape[0]) * self._row_bytes
        self._free = sink.is_free(self.offset) if is_new else sink.is_bare(self.offset, size)

    @property
    def room(self) -> int:
        """Rows that there will be at most."""
        return int(self._dataset.shape[0])

    def _extents(self, first: int, last: int) -> Iterator[Extent]:
        yield Extent(last - first, self.offset + first * self._row_bytes, self._free)

    def _shrink(self, count: int) -> None:
        self._free = False  # what follows now was committed, perhaps

    def settle(self) -> None:
        """Nothing waits."""

    def let_go(self) -> None:
        """Nobody uses it any more."""
        self._dataset.close()


class Chunked(_AsInMemory):
    """Chunks lie in the file as they lie in memory; HDF5 makes room for them when the dataset grows."""

    def __init__(self, dataset: h5py.Dataset, checksum: Checksum, count: int, sink: Sink) -> None:
        super().__init__(dataset, checksum, count, sink)
        self._rows = (dataset.chunks or (1,))[0]
        self._last: tuple[int, Extent] | None = None
        self._is_longer = False  # whether the dataset has rows that were dropped
        if count % self._rows:
            number = count // self._rows
            self._last = number, self._chunk(number, is_own=True)

    def _plan(self, rows: int, summing: Summing) -> Plan:
        end = self.planned + rows
        if end > self._dataset.shape[0] or not self._is_longer:
            self._dataset.set_extent((end, *self._shape))
        plan = super()._plan(rows, summing)
        number = (end - 1) // self._rows
        if self._last is None or self._last[0] != number:
            self._last = number, self._chunk(number)
        return plan

    def _extents(self, first: int, last: int) -> Iterator[Extent]:
        at = first
        while at < last:
            number, before = divmod(at, self._rows)
            chunk = self._last[1] if self._last is not None and self._last[0] == number else self._chunk(number)
            count = min(self._rows - before, last - at)
            yield Extent(count, chunk.offset + before * self._row_bytes, chunk.free)
            at += count

    def _chunk(self, number: int, *, is_own: bool = False) -> Extent:
        """The room of a chunk; its own dataset had it at the last commit, or it is new."""
        place = (number * self._rows, *(0 for _ in self._shape))
        offset = int(self._dataset.get_chunk_info_by_coord(place).byte_offset or 0)
        bare = is_own and self._sink.is_bare(offset, self._rows * self._row_bytes)
        return Extent(self._rows, offset, bare or self._sink.is_free(offset))

    def _shrink(self, count: int) -> None:
        self._last = None  # what follows now was committed, perhaps
        self._is_longer = True  # HDF5 writes a chunk that it cuts, so it does so once

    def settle(self) -> None:
        if self._is_longer and self._dataset.shape[0] != self.planned:
            self._dataset.set_extent((self.planned, *self._shape))
        self._is_longer = False


class Encoded(Storage):
    """Chunks with filters; the last one waits in memory until it is full, and so do some that were changed."""

    def __init__(
        self,
        dataset: h5py.Dataset,
        checksum: Checksum,
        count: int,
        sink: Sink,
        coding: Coding,
        reopen: Callable[[], h5py.Dataset],
        chunks: Iterable[int] | None,
    ) -> None:
        super().__init__(dataset, checksum, count, sink)
        self.chunks = None if chunks is None else array("L", chunks)
        self._coding = coding
        self._reopen = reopen
        self._whole = dataset
        self._step = coding.chunk[0]
        self._full, self._filled = divmod(count, self._step)
        self._open = np.empty((self._step, *self._shape), self._dtype)
        self._open[: self._filled] = dataset[count - self._filled : count]
        self._is_settled = True
        self._changed: dict[int, Values] = {}
        self._chunks = -(-count // self._step)  # that were written once

    def _plan(self, rows: int, summing: Summing) -> Plan:
        return InChunks(self._coding, self.planned % self._step, summing)

    def _take(self, plan: Plan, written: Written) -> None:
        self._dataset.set_extent((self.count + written.rows, *self._shape))
        left = list(written.left)
        if self._filled and left:
            self._add(left.pop(0))
        for mask, encoded in written.chunks:
            self._write(self._full, mask, encoded)
            self._full += 1
        for rows in left:
            self._add(rows)

    def _add(self, rows: Values) -> None:
        """Adds rows to the chunk that is not full."""
        self._open[self._filled : self._filled + len(rows)] = rows
        self._filled += len(rows)
        self._is_settled = False
        if self._filled == self._step:
            self._encode(self._full, self._open)
            self._full += 1
            self._filled = 0

    def read(self, first: int, last: int) -> Values:
        rows = np.empty((last - first, *self._shape), self._dtype)
        for number, low, high in self._parts(first, last):
            at = number * self._step
            known = self._open if number == self._full else self._changed.get(number)
            part = self._whole[at + low : at + high] if known is None else known[low:high]
            rows[at + low - first : at + high - first] = part
        return rows

    def _put(self, first: int, rows: Values) -> None:
        for number, low, high in self._parts(first, first + len(rows)):
            at = number * self._step - first
            self._for_change(number)[low:high] = rows[at + low : at + high]

    def _parts(self, first: int, last: int) -> Iterator[tuple[int, int, int]]:
        """Each chunk that has some of these rows, and from where to where in it."""
        for number in range(first // self._step, -(-last // self._step)):
            at = number * self._step
            yield number, max(first - at, 0), min(last - at, self._step)

    def _for_change(self, number: int) -> Values:
        """The rows of a chunk, which is encoded anew later."""
        if number == self._full:
            self._is_settled = False
            return self._open
        if number not in self._changed:
            if len(self._changed) == _CHANGED:
                oldest = next(iter(self._changed))
                self._encode(oldest, self._changed.pop(oldest))
            self._changed[number] = self.read(number * self._step, (number + 1) * self._step)
        return self._changed[number]

    def _shrink(self, count: int) -> None:
        number, filled = divmod(count, self._step)
        if number < self._full:
            if filled:
                self._open[:filled] = self.read(count - filled, count)
            self._full = number
        self._filled = filled
        self._is_settled = False
        self._changed = {one: rows for one, rows in self._changed.items() if one < number}
        if self.chunks is not None:
            del self.chunks[number:]
        self._dataset.set_extent((count - filled, *self._shape))  # whole chunks, which HDF5 need not decode

    def settle(self) -> None:
        for number, rows in self._changed.items():
            self._encode(number, rows)
        self._changed.clear()
        if not self._is_settled:  # else the file has them already
            self._dataset.set_extent((self.count, *self._shape))
            if self._filled:
                self._encode(self._full, self._open[: self._filled])
            self._is_settled = True

    def _encode(self, number: int, rows: Values) -> None:
        self._write(number, *encoder_of(self._coding).encode(rows))

    def _write(self, number: int, mask: int, encoded: bytes) -> None:
        place = (number * self._step, *(0 for _ in self._shape))
        known = self._dataset.get_chunk_info_by_coord(place) if number < self._chunks else None
        old, size = (known.filter_mask, known.size) if known is not None else (0, 0)
        self._chunks = max(self._chunks, number + 1)
        if old != mask and size == len(encoded):  # HDF5 would keep the old mask
            self._dataset.write_direct_chunk(place, encoded + b"\0", mask)
        self._dataset.write_direct_chunk(place, encoded, mask)
        if self.chunks is not None:
            self.chunks[number : number + 1] = array("L", [zlib.crc32(encoded)])
        if old != mask:  # HDF5 2.0 reads such a chunk wrongly through the dataset by which it was written
            self._dataset.close()
            self._whole = self._reopen()
            self._dataset = self._whole.id
