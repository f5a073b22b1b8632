"""One element of a matrix: features that run across several dims of a sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ..any_reader import AnyReader
from ..blocks import Maybe, SparseBlock
from ..chosen import Chosen
from ..spans import Asked, Rows
from .joins import all_rows


class Cell:
    """The element at each sample, of a feature that runs across several of its dims.

    The rows that hold the elements are read whole, each of them once.

    Args:
        address: Of the feature.
        dims: Its dims, in stored order.
        sampled: Dims that samples have a position in; the first of `dims` is one.
        stored: Whether it is told which elements a sparse feature stores.
    """

    alone = False

    def __init__(
        self, address: str, dims: Sequence[str | int], sampled: Sequence[str], *, stored: bool = False
    ) -> None:
        self.address = address
        self._lead = str(dims[0])
        self._tells = stored
        self._picked = [dim if dim in sampled else None for dim in dims[1:]]

    def asked(self, reader: AnyReader, chosen: Chosen) -> Asked:
        return Asked(self.address, np.unique(chosen.at[self._lead]))

    def cut(self, reader: AnyReader, block: object, asked: Asked, chosen: Chosen) -> object:
        rows = np.searchsorted(asked.rows, chosen.at[self._lead])
        if isinstance(block, Maybe):
            some = cast("Maybe[object]", block)
            if self._tells:  # an absent row stores none
                return self.cut(reader, some.values, asked, chosen)
            return Maybe(self._elements(some.values, rows, chosen), some.present[rows])
        return self._elements(block, rows, chosen)

    def _elements(self, block: object, rows: Rows, chosen: Chosen) -> object:
        if isinstance(block, SparseBlock) and None in self._picked:
            return self._elements(cast("SparseBlock[np.generic]", block).dense(), rows, chosen)
        if isinstance(block, SparseBlock):
            values, stored = self._stored(cast("SparseBlock[np.generic]", block), rows, chosen)
            return Maybe(values, stored) if self._tells else values
        index = [slice(None) if dim is None else chosen.at[str(dim)] for dim in self._picked]
        return cast("NDArray[np.generic]", block)[(rows, *index)]

    def _stored(
        self, block: SparseBlock[np.generic], rows: Rows, chosen: Chosen
    ) -> tuple[NDArray[np.generic], NDArray[np.bool_]]:
        """Elements of sparse rows, 0 where none is stored, and where one is."""
        along = tuple(chosen.at[str(dim)] for dim in self._picked)
        columns = np.ravel_multi_index(along, block.shape or (block.width,)) if len(rows) else rows
        keys, wanted = block.rows * block.width + block.indices, rows * block.width + columns
        if not len(keys):
            return np.zeros(len(wanted), block.values.dtype), np.zeros(len(wanted), np.bool_)
        found = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        values, stored = block.values[found], keys[found] == wanted
        values[~stored] = 0
        return values, stored

    def sample_bytes(self, reader: AnyReader) -> int:
        return reader.entry_bytes(self.address)


class Across:
    """What lies at each sample along later dims of a feature: of a matrix a column.

    All rows are read, for every batch.

    Args:
        address: Of the feature.
        dims: Its dims, in stored order.
        sampled: Dims that samples have a position in; the first of `dims` is none.
    """

    alone = False

    def __init__(self, address: str, dims: Sequence[str | int], sampled: Sequence[str]) -> None:
        self._address = address
        self._lead = str(dims[0])
        self._picked = {axis: str(dim) for axis, dim in enumerate(dims) if dim in sampled}

    def asked(self, reader: AnyReader, chosen: Chosen) -> Asked:
        do = f"store a copy that begins with {next(iter(self._picked.values()))}"
        return Asked(self._address, all_rows(reader, self._address, self._lead, do))

    def cut(self, reader: AnyReader, block: object, asked: Asked, chosen: Chosen) -> object:
        whole = cast("SparseBlock[np.generic]", block).dense() if isinstance(block, SparseBlock) else block
        values = cast("NDArray[np.generic]", whole)
        rest = [axis for axis in range(values.ndim) if axis not in self._picked]
        return values.transpose(*self._picked, *rest)[tuple(chosen.at[dim] for dim in self._picked.values())]

    def sample_bytes(self, reader: AnyReader) -> int:
        return reader.entry_bytes(self._address)
