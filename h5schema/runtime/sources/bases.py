"""Which root each of many sources has: runs of sources, so that a million of one folder cost nothing."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from itertools import repeat

from .roots import Root


class Bases:
    """The root of each source."""

    def __init__(self) -> None:
        self._roots: dict[Root, int] = {}
        self._known: list[Root] = []
        self._firsts = array("q")
        self._numbers = array("q")

    def add(self, first: int, root: Root) -> None:
        """Says the root of all sources from `first` on."""
        if self._numbers and root is self._known[self._numbers[-1]]:
            return
        number = self._roots.setdefault(root, len(self._known))
        if number == len(self._known):
            self._known.append(root)
        if not self._numbers or self._numbers[-1] != number:
            self._firsts.append(first)
            self._numbers.append(number)

    def part(self, first: int, last: int) -> Iterator[Root]:
        """Those of the sources from `first` to before `last`."""
        run = bisect_right(self._firsts, first) - 1
        while first < last:
            stop = min(self._firsts[run + 1], last) if run + 1 < len(self._firsts) else last
            yield from repeat(self._known[self._numbers[run]], stop - first)
            first, run = stop, run + 1
