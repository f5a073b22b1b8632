"""Many things, some at a time."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar, overload

ItemT = TypeVar("ItemT")

PIECE = 1024
"""Items that are made at once when all are passed through."""


class Pieces(Sequence[ItemT]):
    """A sequence whose items are made when they are asked for; those that follow each other cost less together."""

    @abstractmethod
    def part(self, first: int, last: int) -> list[ItemT]:
        """Those from `first` to before `last`."""

    @overload
    def __getitem__(self, index: int) -> ItemT: ...
    @overload
    def __getitem__(self, index: slice) -> list[ItemT]: ...
    def __getitem__(self, index: int | slice) -> ItemT | list[ItemT]:
        if isinstance(index, slice):
            first, last, step = index.indices(len(self))
            return self.part(first, max(first, last)) if step == 1 else [self[at] for at in range(first, last, step)]
        at = range(len(self))[index]
        return self.part(at, at + 1)[0]

    def __iter__(self) -> Iterator[ItemT]:
        for first in range(0, len(self), PIECE):
            yield from self.part(first, min(first + PIECE, len(self)))


def pieces(items: Iterable[ItemT], size: int = 4 * PIECE) -> Iterator[list[ItemT]]:
    """The items, so many at a time."""
    waiting = iter(items)
    while some := list(islice(waiting, size)):
        yield some
