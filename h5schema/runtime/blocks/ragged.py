"""Blocks of arrays whose lengths or shapes differ from entry to entry."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Self, TypeVar, cast, overload

import numpy as np
from numpy.typing import NDArray

from ..spans import Rows, offsets_of, positions
from .block import Block, consecutive, expected_inside

ItemT = TypeVar("ItemT", bound=np.generic)
OtherT = TypeVar("OtherT", bound=np.generic)


@dataclass(frozen=True, slots=True, eq=False)
class RaggedBlock(Block, Generic[ItemT]):
    """Entries of different lengths, end to end.

    Attributes:
        values: [sum of lengths, ...], the values of all entries.
        offsets: int64 [n + 1]; entry i is `values[offsets[i]:offsets[i + 1]]`.
    """

    values: NDArray[ItemT]
    offsets: Rows

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, index: int) -> NDArray[ItemT]: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> NDArray[ItemT] | Self:
        if isinstance(index, slice):
            return self.between(*consecutive(index, len(self)))
        return self._entry(expected_inside(index, len(self)))

    def _entry(self, index: int) -> NDArray[ItemT]:
        return self.values[self.offsets[index] : self.offsets[index + 1]]

    def __iter__(self) -> Iterator[NDArray[ItemT]]:
        return (self._entry(i) for i in range(len(self)))

    @property
    def lengths(self) -> Rows:
        """int64 [n], the number of rows of values of each entry."""
        return np.diff(self.offsets)

    def of(self, values: NDArray[OtherT]) -> RaggedBlock[OtherT]:
        """Entries of the same shapes with other values."""
        return RaggedBlock(values, self.offsets)

    def with_numbers(self, change: Callable[[NDArray[np.generic]], NDArray[np.generic]]) -> RaggedBlock[np.generic]:
        return self.of(change(self.values))

    def taken(self, rows: Rows) -> Self:
        lengths = self.lengths[rows]
        values = self.values.take(positions(self.offsets[rows], lengths), axis=0)
        return replace(self, values=values, offsets=offsets_of(lengths))

    def between(self, first: int, last: int) -> Self:
        offsets = self.offsets[first : last + 1]
        return replace(self, values=self.values[offsets[0] : offsets[-1]], offsets=offsets - offsets[0])

    def followed_by(self, others: Sequence[object]) -> Self:
        blocks = [self, *cast("Sequence[Self]", others)]
        lengths = np.concatenate([block.lengths for block in blocks])
        values = np.concatenate([block.values for block in blocks])
        return replace(self, values=values, offsets=offsets_of(lengths))

    @property
    def arrays(self) -> tuple[NDArray[np.generic], ...]:
        return self.offsets, self.values

    @property
    def row_offsets(self) -> Rows:
        return self.offsets


@dataclass(frozen=True, slots=True, eq=False)
class ShapedBlock(RaggedBlock[ItemT]):
    """Entries of different shapes, end to end: images of any size.

    Attributes:
        shapes: int64 [n, k]; entry i is its rows of values as `[*shapes[i], *values.shape[1:]]`.
    """

    shapes: Rows

    def _entry(self, index: int) -> NDArray[ItemT]:
        rows = self.values[self.offsets[index] : self.offsets[index + 1]]
        return rows.reshape(*self.shapes[index].tolist(), *self.values.shape[1:])

    def of(self, values: NDArray[OtherT]) -> ShapedBlock[OtherT]:
        return ShapedBlock(values, self.offsets, self.shapes)

    def taken(self, rows: Rows) -> Self:
        return replace(super(ShapedBlock, self).taken(rows), shapes=self.shapes[rows])

    def between(self, first: int, last: int) -> Self:
        return replace(super(ShapedBlock, self).between(first, last), shapes=self.shapes[first:last])

    def followed_by(self, others: Sequence[object]) -> Self:
        shapes = [self.shapes, *(block.shapes for block in cast("Sequence[Self]", others))]
        return replace(super(ShapedBlock, self).followed_by(others), shapes=np.concatenate(shapes))

    @property
    def arrays(self) -> tuple[NDArray[np.generic], ...]:
        return self.shapes, self.offsets, self.values
