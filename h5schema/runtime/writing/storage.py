"""How a dataset of a file in the making takes rows: where they go, and who carries them there.

The transaction asks a storage for a `Plan`. Whoever has the rows carries it out, in another process perhaps, and
the storage takes what came of it, in the order of the plans. So large rows need not travel to the process that
writes the file.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, Protocol, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from ..codecs import Encoder
from .checksums import Checksum, Part, Summing
from .sink import Sink

Values = NDArray[np.generic]


class Written(NamedTuple):
    """What came of carrying out a plan.

    Attributes:
        rows: How many rows there were.
        parts: Their checksums.
        left: Rows that the storage is to write itself, in order.
        chunks: Whole chunks, encoded: (filter mask, bytes).
    """

    rows: int
    parts: tuple[Part, ...]
    left: tuple[Values, ...] = ()
    chunks: tuple[tuple[int, bytes], ...] = ()


class Plan(Protocol):
    """Where the next rows of a dataset go; it may be sent to another process."""

    def write(self, handle: int, rows: Values) -> Written:
        """Carries the rows there; `handle` is a descriptor of the file."""
        ...


class Aside:
    """The rows come back as they are: there is no dataset yet."""

    def write(self, handle: int, rows: Values) -> Written:
        """See `Plan`."""
        return Written(len(rows), (), (rows,))


class Extent(NamedTuple):
    """Room in the file.

    Attributes:
        rows: For how many rows.
        offset: Where it begins.
        free: Whether anybody may write there; else only through the sink, because something committed lies there.
    """

    rows: int
    offset: int
    free: bool


class InPlace(NamedTuple):
    """Rows lie in the file as they lie in memory."""

    extents: tuple[Extent, ...]
    summing: Summing

    def write(self, handle: int, rows: Values) -> Written:
        """See `Plan`."""
        at = 0
        left: list[Values] = []
        for extent in self.extents:
            part = rows[at : at + extent.rows]
            if extent.free:
                _put(handle, extent.offset, bytes_of(part))
            else:
                left.append(part)
            at += extent.rows
        return Written(len(rows), self.summing.parts(rows), tuple(left))


class Coding(NamedTuple):
    """How the chunks of a dataset are encoded."""

    codec: str
    level: int | None
    dtype: str
    chunk: tuple[int, ...]


class InChunks(NamedTuple):
    """Rows are encoded chunk by chunk.

    Attributes:
        coding: Of the chunks.
        before: Rows of the first chunk that come before these.
        summing: Of the rows.
    """

    coding: Coding
    before: int
    summing: Summing

    def write(self, handle: int, rows: Values) -> Written:
        """See `Plan`. What does not fill a chunk is left."""
        step = self.coding.chunk[0]
        first = min(-self.before % step, len(rows))
        last = first + (len(rows) - first) // step * step
        encoder = _encoder(self.coding)
        chunks = tuple(encoder.encode(rows[at : at + step]) for at in range(first, last, step))
        left = tuple(rows[a:b] for a, b in ((0, first), (last, len(rows))) if b > a)
        return Written(len(rows), self.summing.parts(rows), left, chunks)


@lru_cache(maxsize=256)
def _encoder(coding: Coding) -> Encoder:
    return Encoder(coding.codec, coding.level, np.dtype(coding.dtype), coding.chunk)


class Storage(ABC):
    """One dataset to which rows are appended.

    Args:
        dataset: It is as long as the rows that were taken, or longer.
        checksum: Of the rows that were taken.
        count: How many they are.
        sink: Takes bytes.
    """

    def __init__(self, dataset: h5py.Dataset, checksum: Checksum, count: int, sink: Sink) -> None:
        self.count = count
        self.checksum = checksum
        self.planned = count
        self._dataset = dataset.id
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

    @abstractmethod
    def settle(self) -> None:
        """A commit follows: all that was taken is to be in the file."""

    @abstractmethod
    def _plan(self, rows: int, summing: Summing) -> Plan: ...

    def _take(self, plan: Plan, written: Written) -> None:
        """Writes what is left where something else stands that was committed."""
        guarded = [extent for extent in cast("InPlace", plan).extents if not extent.free]
        for extent, rows in zip(guarded, written.left, strict=True):
            self._sink.write_at(extent.offset, bytes_of(rows))


class Contiguous(Storage):
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

    def _plan(self, rows: int, summing: Summing) -> Plan:
        offset = self.offset + self.planned * self._row_bytes
        return InPlace((Extent(rows, offset, self._free),), summing)

    def settle(self) -> None:
        """Nothing waits."""


class Chunked(Storage):
    """Chunks lie in the file as they lie in memory; HDF5 makes room for them when the dataset grows."""

    def __init__(self, dataset: h5py.Dataset, checksum: Checksum, count: int, sink: Sink) -> None:
        super().__init__(dataset, checksum, count, sink)
        self._rows = (dataset.chunks or (1,))[0]
        self._last: tuple[int, Extent] | None = None
        if count % self._rows:
            self._find(count // self._rows, is_own=True)

    def _plan(self, rows: int, summing: Summing) -> Plan:
        end = self.planned + rows
        self._dataset.set_extent((end, *self._shape))
        extents: list[Extent] = []
        at = self.planned
        while at < end:
            number, before = divmod(at, self._rows)
            chunk = self._chunk(number)
            count = min(self._rows - before, end - at)
            extents.append(Extent(count, chunk.offset + before * self._row_bytes, chunk.free))
            at += count
        return InPlace(tuple(extents), summing)

    def _chunk(self, number: int) -> Extent:
        if self._last is None or self._last[0] != number:
            return self._find(number, is_own=False)
        return self._last[1]

    def _find(self, number: int, *, is_own: bool) -> Extent:
        """The room of a chunk; its own dataset had it at the last commit, or it is new."""
        place = (number * self._rows, *(0 for _ in self._shape))
        offset = int(self._dataset.get_chunk_info_by_coord(place).byte_offset or 0)
        bare = is_own and self._sink.is_bare(offset, self._rows * self._row_bytes)
        found = Extent(self._rows, offset, bare or self._sink.is_free(offset))
        self._last = number, found
        return found

    def settle(self) -> None:
        """Nothing waits."""


class Encoded(Storage):
    """Chunks with filters; the last one waits in memory until it is full."""

    def __init__(
        self,
        dataset: h5py.Dataset,
        checksum: Checksum,
        count: int,
        sink: Sink,
        coding: Coding,
        reopen: Callable[[], h5py.h5d.DatasetID],
    ) -> None:
        super().__init__(dataset, checksum, count, sink)
        self._coding = coding
        self._reopen = reopen
        self._step = coding.chunk[0]
        first = count // self._step * self._step
        self._open: list[Values] = [dataset[first:count]] if count > first else []
        self._full = first // self._step
        self._settled = count

    def _plan(self, rows: int, summing: Summing) -> Plan:
        return InChunks(self._coding, self.planned % self._step, summing)

    def _take(self, plan: Plan, written: Written) -> None:
        self._dataset.set_extent((self.count + written.rows, *self._shape))
        left = list(written.left)
        if self._open and left:
            self._add(left.pop(0))
        for mask, encoded in written.chunks:
            self._write(self._full, mask, encoded)
            self._full += 1
        for rows in left:
            self._add(rows)

    def _add(self, rows: Values) -> None:
        """Adds rows to the chunk that is not full."""
        self._open.append(rows.copy())
        if sum(map(len, self._open)) == self._step:
            self._write(self._full, *_encoder(self._coding).encode(np.concatenate(self._open)))
            self._full += 1
            self._open.clear()

    def settle(self) -> None:
        if self._open and self._settled != self.count:  # else the file has them already
            self._write(self._full, *_encoder(self._coding).encode(np.concatenate(self._open)))
        self._settled = self.count

    def _write(self, number: int, mask: int, encoded: bytes) -> None:
        place = (number * self._step, *(0 for _ in self._shape))
        self._dataset.write_direct_chunk(place, encoded, mask)
        if mask:  # HDF5 2.0 reads a chunk wrongly through the dataset by which its filters were left out
            self._dataset.close()
            self._dataset = self._reopen()


def bytes_of(rows: Values) -> memoryview:
    """The bytes of rows, C order."""
    whole = np.ascontiguousarray(rows)
    return whole.reshape(-1).view(np.uint8).data if whole.nbytes else memoryview(b"")


def _put(handle: int, offset: int, data: memoryview) -> None:
    done = 0
    while done < len(data):
        done += os.pwrite(handle, data[done:], offset + done)
