"""What all blocks do: they are cut, picked from, and joined."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, Self, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from ..spans import Rows

BlockT = TypeVar("BlockT")


class Block(ABC):
    """Entries that are no plain array [n, ...]."""

    __slots__ = ()

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def taken(self, rows: Rows) -> Self:
        """The entries at `rows`, in that order."""

    @abstractmethod
    def between(self, first: int, last: int) -> Self:
        """The entries from `first` to `last`, which is not one of them; over the same memory."""

    @abstractmethod
    def followed_by(self, others: Sequence[object]) -> Self:
        """This block, and after it others of the same feature."""

    @property
    @abstractmethod
    def arrays(self) -> tuple[NDArray[np.generic], ...]:
        """What it is made of."""

    @property
    def leaf(self) -> Block:
        """What lies end to end in it, without the lists around."""
        return self

    def with_leaf(self, leaf: Block) -> Block:
        """The same lists around something else."""
        return leaf

    def with_numbers(self, change: Callable[[NDArray[np.generic]], NDArray[np.generic]]) -> Block:
        """The same entries, with their numbers changed; what holds none stays as it is."""
        return self

    @property
    def leaf_offsets(self) -> Rows:
        """int64 [n + 1], the first entry of `leaf` of each entry, and the number of all."""
        return np.arange(len(self) + 1)

    @property
    def row_offsets(self) -> Rows:
        """int64 [n + 1], the first row of values of each entry, and the number of all."""
        return self.leaf_offsets


@dataclass(frozen=True, slots=True, eq=False)
class Maybe(Block, Generic[BlockT]):
    """A block some of whose entries are absent; what stands there in `values` means nothing.

    Attributes:
        values: The block of all entries.
        present: bool [n], which entries are there.
    """

    values: BlockT
    present: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.present)

    def taken(self, rows: Rows) -> Self:
        return replace(self, values=cast("BlockT", taken(self.values, rows)), present=self.present[rows])

    def between(self, first: int, last: int) -> Self:
        values = (
            self.values.between(first, last) if isinstance(self.values, Block) else cast("Any", self.values)[first:last]
        )
        return replace(self, values=cast("BlockT", values), present=self.present[first:last])

    def followed_by(self, others: Sequence[object]) -> Self:
        blocks = [self, *cast("Sequence[Self]", others)]
        values = joined([block.values for block in blocks])
        present = np.concatenate([block.present for block in blocks])
        return replace(self, values=cast("BlockT", values), present=present)

    @property
    def arrays(self) -> tuple[NDArray[np.generic], ...]:
        return self.present, *arrays_of(self.values)


def joined(blocks: Sequence[object]) -> object:
    """Blocks of one feature, one after the other, as one block."""
    first = blocks[0]
    if isinstance(first, Block):
        return first.followed_by(blocks[1:])
    return np.concatenate(cast("Sequence[NDArray[np.generic]]", blocks))


def taken(block: object, rows: Rows) -> object:
    """The entries of a block at `rows`, in that order, as one block."""
    return block.taken(rows) if isinstance(block, Block) else cast("NDArray[np.generic]", block).take(rows, axis=0)


def alike(one: object, other: object) -> bool:
    """Whether two blocks of one feature hold the same, bit by bit."""
    pairs = zip(arrays_of(one), arrays_of(other), strict=True)
    return all(a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in pairs)


def bytes_in(block: object) -> int:
    """Bytes of a block in memory."""
    return sum(array.nbytes for array in arrays_of(block))


def arrays_of(block: object) -> tuple[NDArray[np.generic], ...]:
    """What a block is made of."""
    return block.arrays if isinstance(block, Block) else (cast("NDArray[np.generic]", block),)


def consecutive(index: slice, size: int) -> tuple[int, int]:
    """First and last of a slice of a block, which has no steps."""
    first, last, step = index.indices(size)
    if step != 1:
        message = f"a block is cut into consecutive entries, not by steps of {step}"
        raise IndexError(message)
    return first, max(first, last)


def expected_inside(index: int, size: int) -> int:
    """The index, if a block of this size has such an entry."""
    if not 0 <= index < size:
        message = f"entry {index} of {size}"
        raise IndexError(message)
    return index
