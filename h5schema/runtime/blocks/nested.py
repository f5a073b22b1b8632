"""Blocks of lists: of arrays, of texts, or of lists again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Self, TypeVar, cast, overload

import numpy as np
from numpy.typing import NDArray

from ..spans import Rows, offsets_of, positions
from .block import Block, consecutive, expected_inside, joined

BlockT = TypeVar("BlockT")


@dataclass(frozen=True, slots=True, eq=False)
class NestedBlock(Block, Generic[BlockT]):
    """Entries that are lists, end to end.

    Attributes:
        inner: What is in the lists, one after the other: another block.
        offsets: int64 [n + 1]; entry i is the list of `inner[offsets[i]:offsets[i + 1]]`.
    """

    inner: BlockT
    offsets: Rows

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, index: int) -> list[Any]: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> list[Any] | Self:
        if isinstance(index, slice):
            return self.between(*consecutive(index, len(self)))
        return self._entry(expected_inside(index, len(self)))

    def _entry(self, index: int) -> list[Any]:
        first, last = self.offsets[index : index + 2].tolist()
        return list(cast("Iterable[object]", self._block.between(first, last)))

    def __iter__(self) -> Iterator[list[Any]]:
        return (self._entry(i) for i in range(len(self)))

    @property
    def _block(self) -> Block:
        return cast("Block", self.inner)

    @property
    def lengths(self) -> Rows:
        """int64 [n], the number of items of each list."""
        return np.diff(self.offsets)

    def taken(self, rows: Rows) -> Self:
        lengths = self.lengths[rows]
        inner = self._block.taken(positions(self.offsets[rows], lengths))
        return replace(self, inner=cast("BlockT", inner), offsets=offsets_of(lengths))

    def between(self, first: int, last: int) -> Self:
        offsets = self.offsets[first : last + 1]
        inner = self._block.between(int(offsets[0]), int(offsets[-1]))
        return replace(self, inner=cast("BlockT", inner), offsets=offsets - offsets[0])

    def followed_by(self, others: Sequence[object]) -> Self:
        blocks = [self, *cast("Sequence[Self]", others)]
        lengths = np.concatenate([block.lengths for block in blocks])
        inner = joined([block.inner for block in blocks])
        return replace(self, inner=cast("BlockT", inner), offsets=offsets_of(lengths))

    @property
    def arrays(self) -> tuple[NDArray[np.generic], ...]:
        return self.offsets, *self._block.arrays

    @property
    def leaf(self) -> Block:
        return self._block.leaf

    def with_leaf(self, leaf: Block) -> NestedBlock[object]:
        return NestedBlock(self._block.with_leaf(leaf), self.offsets)

    def with_numbers(self, change: Callable[[NDArray[np.generic]], NDArray[np.generic]]) -> NestedBlock[object]:
        return self.with_leaf(self.leaf.with_numbers(change))

    @property
    def leaf_offsets(self) -> Rows:
        return self._block.leaf_offsets[self.offsets]

    @property
    def row_offsets(self) -> Rows:
        return self._block.row_offsets[self.offsets]
