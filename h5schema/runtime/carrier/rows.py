"""The rows of one located dataset: which bytes, brought, decoded, gathered."""

from __future__ import annotations

from itertools import product
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from ..spans import Rows, positions
from .decoded import DecodedChunks
from .gather import Buffer, runs
from .located import MISSING, Located
from .stores import Store


class DirectRows:
    """Reads rows of a dataset past HDF5.

    Args:
        located: Where it lies.
        store: Brings the bytes.
        threads: Threads that decode chunks.
    """

    def __init__(self, located: Located, store: Store, threads: int) -> None:
        self.count = located.shape[0]
        self.located = self._located = located
        self._store = store
        self._row_bytes = located.row_bytes
        self._base = int(located.addresses[0, 0])
        self._one_chunk = located.addresses.size == 1 and not located.filters and located.fill is None
        self._table = None if located.filters else _table(located, store)
        self._chunks = DecodedChunks(located, store, threads) if located.filters else None
        self._whole = located.chunk[1:] == located.shape[1:]
        self._boxes = _boxes(located)

    def close(self) -> None:
        """Drops what is kept of it."""
        if self._chunks is not None:
            self._chunks.close()

    def read(self, starts: Rows, lengths: Rows | int) -> NDArray[np.generic]:
        """The rows of runs, end to end: [rows, ...]. Every run lies inside the dataset.

        Raises:
            DecodeError: A chunk does not decode.
        """
        if isinstance(lengths, int):
            if lengths == 1:
                return self._rows(starts)
            if self._one_chunk and lengths and len(starts):
                found = self._store.pieces(self._base + starts * self._row_bytes, lengths * self._row_bytes)
                return self._shaped(found, len(starts) * lengths)
            lengths = np.full(len(starts), lengths, np.int64)
        if not self._whole or self._chunks is not None or self._located.fill is not None:
            return self._rows(positions(starts, lengths))
        at, sizes = self._pieces(starts, lengths)
        if not len(at):
            return self._shaped(np.empty(0, np.uint8), 0)
        buffer, at = self._store.bring(at, sizes)
        return self._shaped(runs(buffer, at, sizes, self._row_bytes), -1)

    def _shaped(self, found: Buffer, count: int) -> NDArray[np.generic]:
        return found.view(self._located.dtype).reshape(count, *self._located.chunk[1:])

    def _pieces(self, starts: Rows, lengths: Rows) -> tuple[Rows, Rows]:
        """Address and bytes of every run, broken where a chunk ends."""
        if self._one_chunk:
            return self._base + starts * self._row_bytes, lengths * self._row_bytes
        per = self._located.chunk[0]
        filled = lengths > 0
        starts, lengths = starts[filled], lengths[filled]
        first = starts // per
        parts = (starts + lengths - 1) // per - first + 1
        place = positions(first, parts)
        begin = np.maximum(np.repeat(starts, parts), place * per)
        end = np.minimum(np.repeat(starts + lengths, parts), (place + 1) * per)
        at = self._located.addresses[0][place] + (begin - place * per) * self._row_bytes
        return at, (end - begin) * self._row_bytes

    def _rows(self, rows: Rows) -> NDArray[np.generic]:
        if not len(rows):
            return np.empty((0, *self._located.shape[1:]), self._located.dtype)
        if self._whole:
            return self._shaped(self._column(0, rows), len(rows))
        found = np.empty((len(rows), *self._located.shape[1:]), self._located.dtype)
        for column, (inside, within_chunk) in enumerate(self._boxes):
            found[inside] = self._shaped(self._column(column, rows), len(rows))[within_chunk]
        return found

    def _column(self, column: int, rows: Rows) -> Buffer:
        """The part of each row that lies in one column of chunks, end to end."""
        if self._one_chunk:
            return self._pieces_of(column, np.zeros(1, np.int64), rows)
        per = self._located.chunk[0]
        place = rows // per
        within = rows - place * per
        if self._located.fill is None:
            return self._there(column, place, within)
        there = self._located.addresses[column][place] != MISSING
        if there.all():
            return self._there(column, place, within)
        found = self._filled(len(rows))
        if there.any():
            items = found.reshape(-1, self._row_bytes)
            items[there] = self._there(column, place[there], within[there]).reshape(-1, self._row_bytes)
        return found

    def _there(self, column: int, place: Rows, within: Rows) -> Buffer:
        """Rows of chunks that were written."""
        if self._chunks is not None:
            return self._chunks.take(column, place, within)
        return self._pieces_of(column, place, within)

    def _pieces_of(self, column: int, place: Rows, within: Rows) -> Buffer:
        """Rows that lie in the file as they are."""
        if self._table is not None:
            found = np.take(self._table.rows, self._table.firsts[column][place] + within, axis=0)
            return cast("Buffer", found).reshape(-1)
        at = self._located.addresses[column][place] + within * self._row_bytes
        return self._store.pieces(at, self._row_bytes)

    def _filled(self, count: int) -> Buffer:
        """Rows of chunks that were never written."""
        fill = np.frombuffer(self._located.fill or b"", np.uint8)
        return np.tile(fill, count * self._row_bytes // len(fill))


class _Table(NamedTuple):
    """A file as rows of one size, if all chunks begin at one of them: `np.take` is then several times as fast.

    Attributes:
        rows: uint8 [n, row bytes], the file.
        firsts: int64 [columns, chunks], which of them the first row of a chunk is.
    """

    rows: Buffer
    firsts: Rows


def _table(located: Located, store: Store) -> _Table | None:
    there = located.addresses[located.addresses != MISSING]
    if not len(there):
        return None
    first = int(there[0]) % located.row_bytes
    if ((there - first) % located.row_bytes).any():
        return None
    rows = store.table(first, located.row_bytes)
    return None if rows is None else _Table(rows, (located.addresses - first) // located.row_bytes)


def _boxes(located: Located) -> list[tuple[tuple[slice, ...], tuple[slice, ...]]]:
    """For each column of chunks: where it lies in a row, and how much of a chunk's row that is."""
    along = [
        [(start, min(size, start + step)) for start in range(0, size, step)]
        for size, step in zip(located.shape[1:], located.chunk[1:], strict=True)
    ]
    return [
        (
            (slice(None), *(slice(a, b) for a, b in box)),
            (slice(None), *(slice(0, b - a) for a, b in box)),
        )
        for box in product(*along)
    ]
