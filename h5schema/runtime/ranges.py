"""Ranges of a dim in place of windows of one length: where they are."""

from __future__ import annotations

from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from .any_reader import AnyReader
from .blocks import Maybe, RaggedBlock
from .chosen import Ranged
from .spans import Rows
from .windows import Window


class Listed(NamedTuple):
    """Ranges of entries.

    Attributes:
        entries: int64 [ranges], which of the entries each belongs to.
        pairs: int64 [ranges, 2], start and stop of each.
    """

    entries: Rows
    pairs: Rows


def ranged(
    reader: AnyReader, window: Window, dim: str, parent: str | None, rows: Rows, lengths: Rows, shifts: tuple[int, int]
) -> Ranged:
    """The samples of a window of ranges.

    Args:
        reader: Of the file.
        window: Of the dim.
        dim: Address of the dim.
        parent: Of which each entry has a length of it; None: it is a dim of entries itself.
        rows: int64 [n], of the entries of the parent.
        lengths: int64 [n], of the dim in these entries.
        shifts: The least and the most by which an input moves its range.
    """
    entries, pairs = _listed(reader, window, parent, rows)
    starts, stops = pairs[:, 0], pairs[:, 1]
    wrong = np.flatnonzero(stops <= starts)
    if len(wrong):
        raise DataError(
            f"the range {pairs[wrong[0]].tolist()} of {dim} ends where it begins, or before",
            where=reader.name if parent is None else reader.where(dim, parent, int(rows[entries[wrong[0]]])),
            do="a range is (start, stop), from 0 on; it has the values from start to before stop",
        )
    inside = (starts + min(0, shifts[0]) >= 0) & (stops + max(0, shifts[1]) <= lengths[entries])
    found = rows[entries[inside]]
    first = starts[inside] + (found if parent is None else 0)
    return Ranged(dim, parent, found, first, (stops - starts)[inside])


def _listed(reader: AnyReader, window: Window, parent: str | None, rows: Rows) -> Listed:
    """All ranges of the entries at some rows."""
    if not isinstance(window.ranges, str):
        given = np.array(window.ranges, np.int64).reshape(-1, 2)
        return Listed(np.repeat(np.arange(len(rows)), len(given)), np.tile(given, (len(rows), 1)))
    lead = reader.model.places[window.ranges].lead
    if parent is None:
        if len(rows) > 1:
            raise DataError(
                f"ranges of rows, and {len(rows)} files have rows of their own",
                where=reader.name,
                do="open the files one by one",
            )
        wanted = np.zeros(1, np.int64) if lead is None else np.arange(reader.length(lead), dtype=np.int64)
        pairs = cast("NDArray[np.generic]", reader.read(window.ranges, wanted)).reshape(-1, 2).astype(np.int64)
        return Listed(np.zeros(len(pairs), np.int64), pairs)
    block = reader.read(window.ranges, rows)
    there = np.ones(len(rows), np.bool_)
    if isinstance(block, Maybe):
        some = cast("Maybe[object]", block)
        block, there = some.values, some.present
    if isinstance(block, RaggedBlock):
        ragged = cast("RaggedBlock[np.generic]", block)
        return Listed(np.repeat(np.arange(len(rows)), ragged.lengths), ragged.values.astype(np.int64))
    dense = cast("NDArray[np.generic]", block).astype(np.int64)
    return Listed(np.flatnonzero(there), dense[there])
