"""Blocks of arrays that are kept as files are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, Self, TypeVar, cast, overload

import numpy as np
from numpy.typing import NDArray

from ..spans import Rows, offsets_of
from .block import Block, consecutive, expected_inside
from .ragged import RaggedBlock, ShapedBlock

ItemT = TypeVar("ItemT", bound=np.generic)
ItemT_co = TypeVar("ItemT_co", bound=np.generic, covariant=True)


class Decoder(Protocol[ItemT_co]):
    """Makes arrays of the bytes of files."""

    @property
    def dtype(self) -> np.dtype[np.generic]:
        """Of the arrays."""
        ...

    def decode(self, encoded: bytes) -> NDArray[ItemT_co]:
        """The array that these bytes are."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class FilesBlock(Block, Generic[ItemT]):
    """Entries that are arrays, each kept as the bytes of a file, and decoded when it is looked at.

    Attributes:
        encoded: uint8 [sum of bytes], the bytes of all files.
        shapes: int64 [n, k], the sizes of the dims of each array that are not the same for all.
        shape: Sizes of the dims after those.
        decoder: Makes arrays of the bytes.
    """

    encoded: RaggedBlock[np.uint8]
    shapes: Rows
    shape: tuple[int, ...]
    decoder: Decoder[ItemT]

    def __len__(self) -> int:
        return len(self.encoded)

    @overload
    def __getitem__(self, index: int) -> NDArray[ItemT]: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> NDArray[ItemT] | Self:
        if isinstance(index, slice):
            return self.between(*consecutive(index, len(self)))
        return self.decoder.decode(self.encoded[expected_inside(index, len(self))].tobytes())

    def __iter__(self) -> Iterator[NDArray[ItemT]]:
        return (self[i] for i in range(len(self)))

    def arrays_decoded(self) -> list[NDArray[ItemT]]:
        """All arrays, decoded on the cores that there are; one that no file is kept of is of zeros."""
        from ..carrier.threads import cores, each  # a carrier knows blocks

        found: list[NDArray[ItemT] | None] = [None] * len(self)
        lengths = self.encoded.lengths

        def one(index: int) -> None:
            found[index] = self[index] if lengths[index] else self._blank(index)

        each(one, range(len(self)), cores())
        return cast("list[NDArray[ItemT]]", found)

    def decoded(self) -> NDArray[ItemT] | RaggedBlock[ItemT]:
        """All arrays as one array [n, ...], or end to end if their shapes differ."""
        arrays, varying = self.arrays_decoded(), self.shapes.shape[1]
        if not varying:
            return np.stack(arrays) if arrays else self._none()
        flat = [array.reshape(-1, *self.shape) for array in arrays]
        values = np.concatenate(flat) if flat else self._none()
        if varying == 1:
            return RaggedBlock(values, offsets_of(self.shapes[:, 0]))
        return ShapedBlock(values, offsets_of(self.shapes.prod(axis=1)), self.shapes)

    def _none(self) -> NDArray[ItemT]:
        return cast("NDArray[ItemT]", np.empty((0, *self.shape), self.decoder.dtype))

    def _blank(self, index: int) -> NDArray[ItemT]:
        """What stands for an entry that is absent."""
        return cast("NDArray[ItemT]", np.zeros((*self.shapes[index].tolist(), *self.shape), self.decoder.dtype))

    def taken(self, rows: Rows) -> Self:
        return replace(self, encoded=self.encoded.taken(rows), shapes=self.shapes[rows])

    def between(self, first: int, last: int) -> Self:
        return replace(self, encoded=self.encoded.between(first, last), shapes=self.shapes[first:last])

    def followed_by(self, others: Sequence[object]) -> Self:
        blocks = [self, *cast("Sequence[Self]", others)]
        encoded = self.encoded.followed_by([block.encoded for block in blocks[1:]])
        return replace(self, encoded=encoded, shapes=np.concatenate([block.shapes for block in blocks]))

    @property
    def arrays(self) -> tuple[NDArray[np.generic], ...]:
        return self.shapes, *self.encoded.arrays

    @property
    def row_offsets(self) -> Rows:
        return self.encoded.offsets
