"""Rows out of chunks that went through filters."""

from __future__ import annotations

from itertools import count, pairwise
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ..spans import Rows
from .cache import CHUNKS
from .filters import Decode, decoder
from .gather import Buffer, rows_of
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


_Items: TypeAlias = NDArray[np.generic]


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
        self._decoders: dict[int, Decode] = {}
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
        if not self._keeps:
            self._decode_each(column, place, found)
            return found
        order = np.argsort(place, kind="stable")
        ordered = place[order]
        begins = [0, *(np.flatnonzero(ordered[1:] != ordered[:-1]) + 1).tolist(), len(order)]
        wanted = [_Job(column, int(ordered[a]), within[order[a:b]], order[a:b]) for a, b in pairwise(begins) if b > a]
        items = rows_of(found, self._located.row_bytes)
        undone = [job for job in wanted if not self._known(job, items)]
        if undone:
            self._decode_all(undone, items)
        return found

    def _known(self, job: _Job, items: _Items) -> bool:
        """Takes the rows from a chunk that was kept, if it is there."""
        chunk = CHUNKS.get((self._number, job.column, job.place))
        if chunk is None:
            return False
        items[job.into] = rows_of(chunk, self._located.row_bytes)[job.within]
        return True

    def _decode_all(self, jobs: list[_Job], items: _Items) -> None:
        """Decodes chunks of several rows, and keeps them."""

        def one(known: tuple[_Job, Buffer, Decode]) -> None:
            job, stored, decode = known
            chunk = np.empty(self._located.chunk_bytes, np.uint8)
            decode(stored, chunk)
            items[job.into] = rows_of(chunk, self._located.row_bytes)[job.within]
            CHUNKS.put((self._number, job.column, job.place), chunk)

        stored = self._stored(jobs[0].column, np.array([job.place for job in jobs], np.int64))
        each(one, [(job, *known) for job, known in zip(jobs, stored, strict=True)], self._threads_for(len(jobs)))

    def _decode_each(self, column: int, place: Rows, found: Buffer) -> None:
        """Decodes chunks of one row straight to where they are wanted."""

        def one(known: tuple[Buffer, tuple[Buffer, Decode]]) -> None:
            into, (stored, decode) = known
            decode(stored, into)

        rows = found.reshape(len(place), self._located.row_bytes)
        each(one, list(zip(rows, self._stored(column, place), strict=True)), self._threads_for(len(place)))

    def _stored(self, column: int, places: Rows) -> list[tuple[Buffer, Decode]]:
        """The bytes of chunks as they lie in the file, and what decodes them."""
        located = self._located
        sizes = located.sizes[column][places]
        buffer, at = self._store.bring(located.addresses[column][places], sizes)
        masks = located.masks[column][places].tolist()
        bounds = zip(at.tolist(), (at + sizes).tolist(), masks, strict=True)
        return [(buffer[begin:end], self._decoder(mask)) for begin, end, mask in bounds]

    def _decoder(self, mask: int) -> Decode:
        found = self._decoders.get(mask)
        if found is None:
            found = self._decoders[mask] = decoder(self._located.filters, mask, self._located.chunk_bytes)
        return found

    def _threads_for(self, chunks: int) -> int:
        return self._threads if chunks * self._located.chunk_bytes >= _WORTH_A_THREAD else 1
