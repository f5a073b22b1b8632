"""Rows out of chunks that went through filters."""

from __future__ import annotations

from itertools import count, pairwise
from typing import NamedTuple

import numpy as np

from ..spans import Rows
from .cache import CHUNKS
from .filters import decode
from .gather import Buffer
from .located import Located
from .stores import Store
from .threads import each

_NUMBERS = count()
_WORTH_A_THREAD = 64 << 10
"""Bytes below which handing work to another thread costs more than it saves."""


class _Job(NamedTuple):
    """A chunk that is wanted.

    Attributes:
        column, place: Where it stands in the grid.
        within: Rows of the chunk that are wanted.
        into: Rows of the result that they become.
    """

    column: int
    place: int
    within: Rows
    into: Rows


class DecodedChunks:
    """Takes rows out of filtered chunks; each chunk is decoded once a call, on several threads.

    Chunks are kept for the next call if that has sense: if they hold several rows, or if all of them fit.

    Args:
        located: The dataset.
        store: Brings the bytes.
        threads: Threads that decode.
    """

    def __init__(self, located: Located, store: Store, threads: int) -> None:
        self._located = located
        self._store = store
        self._threads = threads
        self._number = next(_NUMBERS)
        self._item = np.dtype((np.void, located.row_bytes))
        self._keeps = located.chunk[0] > 1 or located.addresses.size * located.chunk_bytes <= CHUNKS.limit

    def close(self) -> None:
        """Drops the chunks that are kept."""
        CHUNKS.forget(self._number)

    def take(self, column: int, place: Rows, within: Rows) -> Buffer:
        """Row `within[i]` of chunk `place[i]` of a column, end to end: uint8 [n * row_bytes].

        Raises:
            DecodeError: A chunk does not decode.
        """
        found = np.empty(len(place) * self._located.row_bytes, np.uint8)
        order = np.argsort(place, kind="stable")
        ordered = place[order]
        begins = [0, *(np.flatnonzero(ordered[1:] != ordered[:-1]) + 1).tolist(), len(order)]
        wanted = [_Job(column, int(ordered[a]), within[order[a:b]], order[a:b]) for a, b in pairwise(begins) if b > a]
        items = found.view(self._item)
        undone = [job for job in wanted if not self._known(job, items)]
        if undone:
            self._decode_all(undone, items)
        return found

    def _known(self, job: _Job, items: np.ndarray[tuple[int], np.dtype[np.void]]) -> bool:
        """Takes the rows from a chunk that was kept, if it is there."""
        chunk = CHUNKS.get((self._number, job.column, job.place)) if self._keeps else None
        if chunk is None:
            return False
        items[job.into] = chunk.view(self._item)[job.within]
        return True

    def _decode_all(self, jobs: list[_Job], items: np.ndarray[tuple[int], np.dtype[np.void]]) -> None:
        located = self._located
        places = np.array([job.place for job in jobs], np.int64)
        column = jobs[0].column
        sizes = located.sizes[column][places]
        buffer, at = self._store.bring(located.addresses[column][places], sizes)
        bounds = zip(jobs, at.tolist(), (at + sizes).tolist(), located.masks[column][places].tolist(), strict=True)

        def one(known: tuple[_Job, int, int, int]) -> None:
            job, begin, end, mask = known
            if not self._keeps and len(job.into) == 1:
                decode(buffer[begin:end], located.filters, mask, items[job.into[0] :][:1].view(np.uint8))
                return
            chunk = np.empty(located.chunk_bytes, np.uint8)
            decode(buffer[begin:end], located.filters, mask, chunk)
            items[job.into] = chunk.view(self._item)[job.within]
            if self._keeps:
                CHUNKS.put((self._number, job.column, job.place), chunk)

        worth = len(jobs) * located.chunk_bytes >= _WORTH_A_THREAD
        each(one, list(bounds), self._threads if worth else 1)
