"""Blocks of rows of which only some elements are stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, NamedTuple, Self, TypeVar, cast, overload

import numpy as np
from numpy.typing import NDArray

from ..spans import Rows, offsets_of, positions
from .block import Block, consecutive, expected_inside

ItemT = TypeVar("ItemT", bound=np.generic)


class SparseRow(NamedTuple, Generic[ItemT]):
    """An entry of which only some elements are stored; the others read as 0.

    Attributes:
        indices: int64 [stored], where the stored elements stand, in ascending order; of an array of more axes than
            one, among its elements in C order.
        values: [stored], the elements.
        size: Number of all elements.
        shape: Of an array of more axes than one; empty: there is one axis.
    """

    indices: Rows
    values: NDArray[ItemT]
    size: int
    shape: tuple[int, ...] = ()

    @property
    def coordinates(self) -> tuple[Rows, ...]:
        """int64 [stored] for each axis."""
        if len(self.shape) < 2:
            return (self.indices,)
        return tuple(one.astype(np.int64, copy=False) for one in np.unravel_index(self.indices, self.shape))

    def dense(self) -> NDArray[ItemT]:
        """All elements: [size], or of its shape."""
        dense = np.zeros(self.size, self.values.dtype)
        dense[self.indices] = self.values
        return cast("NDArray[ItemT]", dense.reshape(self.shape or (self.size,)))


@dataclass(frozen=True, slots=True, eq=False)
class SparseBlock(Block, Generic[ItemT]):
    """Rows of one width of which only some elements are stored, end to end.

    Attributes:
        values: [stored], the stored elements of all rows.
        indices: int64 [stored], where each stands in its row; ascending in every row.
        offsets: int64 [n + 1]; row i has `values[offsets[i]:offsets[i + 1]]`.
        width: Number of all elements of a row.
        shape: Of a row that has more axes than one; empty: there is one.
    """

    values: NDArray[ItemT]
    indices: Rows
    offsets: Rows
    width: int
    shape: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, index: int) -> SparseRow[ItemT]: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> SparseRow[ItemT] | Self:
        if isinstance(index, slice):
            return self.between(*consecutive(index, len(self)))
        return self._row(expected_inside(index, len(self)))

    def _row(self, index: int) -> SparseRow[ItemT]:
        first, last = self.offsets[index : index + 2].tolist()
        return SparseRow(self.indices[first:last], self.values[first:last], self.width, self.shape)

    def __iter__(self) -> Iterator[SparseRow[ItemT]]:
        return (self._row(i) for i in range(len(self)))

    @property
    def lengths(self) -> Rows:
        """int64 [n], the number of stored elements of each row."""
        return np.diff(self.offsets)

    @property
    def rows(self) -> Rows:
        """int64 [stored], the row of each stored element."""
        return np.repeat(np.arange(len(self), dtype=np.int64), self.lengths)

    def dense(self) -> NDArray[ItemT]:
        """All elements: [n, width], or [n, ...] of the shape of a row."""
        dense = np.zeros(len(self) * self.width, self.values.dtype)
        firsts = np.arange(len(self), dtype=np.int64) * self.width
        dense[np.repeat(firsts, self.lengths) + self.indices] = self.values  # faster than by row and place
        return dense.reshape(len(self), *(self.shape or (self.width,)))

    def with_numbers(self, change: Callable[[NDArray[np.generic]], NDArray[np.generic]]) -> SparseBlock[np.generic]:
        return SparseBlock(change(self.values), self.indices, self.offsets, self.width, self.shape)

    def taken(self, rows: Rows) -> Self:
        lengths = self.lengths[rows]
        at = positions(self.offsets[rows], lengths)
        return replace(self, values=self.values[at], indices=self.indices[at], offsets=offsets_of(lengths))

    def between(self, first: int, last: int) -> Self:
        offsets = self.offsets[first : last + 1]
        begin, end = int(offsets[0]), int(offsets[-1])
        return replace(
            self, values=self.values[begin:end], indices=self.indices[begin:end], offsets=offsets - offsets[0]
        )

    def followed_by(self, others: Sequence[object]) -> Self:
        blocks = [self, *cast("Sequence[Self]", others)]
        values = np.concatenate([block.values for block in blocks])
        indices = np.concatenate([block.indices for block in blocks])
        offsets = offsets_of(np.concatenate([block.lengths for block in blocks]))
        return replace(self, values=values, indices=indices, offsets=offsets)

    @property
    def arrays(self) -> tuple[NDArray[np.generic], ...]:
        return self.offsets, self.indices, self.values

    @property
    def row_offsets(self) -> Rows:
        return self.offsets
