"""Where entries may grow: what lies behind each of them in the values of a feature."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort

import numpy as np

from ..kinds import Indexed


class Room:
    """The first rows of all entries of a feature that have values.

    Args:
        indexed: Of all entries.
    """

    def __init__(self, indexed: Indexed) -> None:
        there = (indexed.starts >= 0) & (indexed.lengths > 0)
        self._starts: list[int] = np.sort(indexed.starts[there]).tolist()

    def end(self, start: int, rows: int) -> int:
        """Where the room ends of the entry that begins at `start`; there are so many rows in all."""
        after = bisect_right(self._starts, start)
        return self._starts[after] if after < len(self._starts) else rows

    def move(self, old: int, new: int) -> None:
        """An entry begins elsewhere."""
        del self._starts[bisect_left(self._starts, old)]
        insort(self._starts, new)
