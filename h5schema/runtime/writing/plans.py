"""Where the next rows of a dataset go, and who carries them there.

The transaction asks a storage for a `Plan`. Whoever has the rows carries it out, in another process perhaps, and
the storage takes what came of it, in the order of the plans. So large rows need not travel to the process that
writes the file.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..codecs import Encoder
from .checksums import Part, Summing

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
        encoder = encoder_of(self.coding)
        chunks = tuple(encoder.encode(rows[at : at + step]) for at in range(first, last, step))
        left = tuple(rows[a:b] for a, b in ((0, first), (last, len(rows))) if b > a)
        return Written(len(rows), self.summing.parts(rows), left, chunks)


@lru_cache(maxsize=256)
def encoder_of(coding: Coding) -> Encoder:
    """What encodes chunks so."""
    return Encoder(coding.codec, coding.level, np.dtype(coding.dtype), coding.chunk)


def bytes_of(rows: Values) -> memoryview:
    """The bytes of rows, C order."""
    whole = np.ascontiguousarray(rows)
    return whole.reshape(-1).view(np.uint8).data if whole.nbytes else memoryview(b"")


def _put(handle: int, offset: int, data: memoryview) -> None:
    done = 0
    while done < len(data):
        done += os.pwrite(handle, data[done:], offset + done)
