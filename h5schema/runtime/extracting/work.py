"""What is to be made of a dim: its entries in order, and the source of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from h5schema.vocabulary.patterns import Pattern

from ..model import Model
from ..pieces import PIECE, Pieces
from ..sources import Source, Sources
from .calls import Calls, stat_of
from .orders import Batch


class Work(Pieces[Source]):
    """The sources of a dim, each of which becomes an entry.

    Args:
        dim: Address of the dim.
        sources: In order.
        seconds: Patterns of the further files of an entry.

    Attributes:
        there: So many of the first entries are in the file that is updated; none of them may be lost.
        changed: So many of these are made anew, because their sources are other ones now.
        gone: So many of these have no source among those that are given.
    """

    there = 0
    changed = 0
    gone = 0

    def __init__(self, dim: str, sources: Sources, seconds: Sequence[Pattern]) -> None:
        self.dim = dim
        self._sources = sources
        self._seconds = seconds

    def __len__(self) -> int:
        return len(self._sources)

    def part(self, first: int, last: int) -> list[Source]:
        """The sources from `first` to before `last`."""
        return self._sources.part(first, last)

    def rows(self, first: int, last: int) -> Sequence[int]:
        """The row that each has in the file that is updated, -1 if it has none; nothing: there is no such file."""
        return ()

    def anew(self, first: int, last: int) -> frozenset[int]:
        """Those that have a row and are made anew."""
        return frozenset()

    def batch(self, number: int, first: int, last: int) -> Batch:
        """A part of it as a worker is given it."""
        rows, anew = self.rows(first, last), self.anew(first, last)
        return Batch(number, self.dim, first, self.part(first, last), rows=rows, changed=anew)

    def known(self, done: int) -> Iterator[tuple[Source, tuple[int, int]]]:
        """The sources of the first entries, and what `stat_of` is to say of each if it is still the same."""
        for first in range(0, done, PIECE):
            for source in self.part(first, min(first + PIECE, done)):
                yield source, stat_of(source, self._seconds)


def works(model: Model, sources: Mapping[str, Sources], calls: Calls) -> dict[str, Work]:
    """All sources of each dim, for a new file."""
    return {dim: Work(dim, one, calls.seconds_of(model.led_by(dim))) for dim, one in sources.items()}
