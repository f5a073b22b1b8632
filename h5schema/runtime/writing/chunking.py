"""How many rows a chunk has, and which rows may lie in one piece."""

from __future__ import annotations

import numpy as np

from ..features import Options
from ..kinds import Stored
from .plans import Values

_CHUNK_BYTES = 1 << 20
_SMALL_ROW = 64
_SMALL_CHUNK_BYTES = 64 << 10
"""Of rows so small that 1 MiB of them may never come."""


def is_plain(options: Options) -> bool:
    """Whether values may lie in one piece."""
    return options.codec == "none" and options.layout != "chunked" and not options.chunk


def row_bytes(part: Stored) -> int:
    """Bytes of a row."""
    return part.dtype.itemsize * int(np.prod(part.shape, dtype=np.int64))


def chunk_rows(part: Stored, options: Options, expected: int | None) -> int:
    """Rows of a chunk.

    Args:
        part: What is stored.
        options: Of the user's values.
        expected: Rows that there will be at most; None: nobody knows.
    """
    size = max(1, row_bytes(part))
    wanted = options.chunk or (_CHUNK_BYTES if size >= _SMALL_ROW else _SMALL_CHUNK_BYTES)
    rows = max(1, wanted // size)
    return min(rows, expected) if expected and not options.chunk else rows


def fitting(rows: Values, part: Stored) -> Values:
    """Rows as they lie in the file, byte by byte."""
    if part.dtype.names:  # records are made so
        return rows
    return rows.astype(np.dtype(part.dtype.str), casting="equiv", copy=False)
