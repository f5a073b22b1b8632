"""One element of a matrix: features that run across several dims of a sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ..any_reader import AnyReader
from ..blocks import Maybe, SparseBlock
from ..chosen import Chosen
from ..spans import Asked, Rows
from ..windows import Window, cut_of
from .joins import all_rows


class Cell:
    """The element at each sample, of a feature that runs across several of its dims.

    The rows that hold the elements are read whole, each of them once.

    Args:
        address: Of the feature.
        dims: Its dims, in stored order.
        sampled: Dims that samples have a position in; the first of `dims` is one.
        stored: Whether it is told which elements a sparse feature stores.
        windows: Of dims of which a sample has the elements around its position.
    """

    alone = False

    def __init__(
        self,
        address: str,
        dims: Sequence[str | int],
        sampled: Sequence[str],
        *,
        stored: bool = False,
        windows: Mapping[str, Window] | None = None,
    ) -> None:
        self.address = address
        self._lead = str(dims[0])
        self._tells = stored
        self._around = _Around([str(dim) for dim in dims if dim in sampled], windows) if windows else None
        self._picked = [dim if dim in sampled else None for dim in dims[1:]]

    def asked(self, reader: AnyReader, chosen: Chosen) -> Asked:
        if self._around is not None:
            return Asked(self.address, np.unique(self._around.at(reader, chosen)[0][self._lead]))
        return Asked(self.address, np.unique(chosen.at[self._lead]))

    def cut(self, reader: AnyReader, block: object, asked: Asked, chosen: Chosen) -> object:
        if self._around is not None:
            return self._windows(reader, block, asked, chosen, self._around)
        rows = np.searchsorted(asked.rows, chosen.at[self._lead])
        if isinstance(block, Maybe):
            some = cast("Maybe[object]", block)
            if self._tells:  # an absent row stores none
                return self.cut(reader, some.values, asked, chosen)
            return Maybe(self._elements(some.values, rows, chosen), some.present[rows])
        return self._elements(block, rows, chosen)

    def _windows(self, reader: AnyReader, block: object, asked: Asked, chosen: Chosen, around: _Around) -> object:
        """The elements around each sample: [n, a length for each window, ...]."""
        at, outside = around.at(reader, chosen)
        rows = np.searchsorted(asked.rows, at[self._lead])
        if isinstance(block, Maybe):
            some = cast("Maybe[object]", block)
            found = self._windows(reader, some.values, asked, chosen, around)
            present = np.broadcast_to(some.present[rows], outside.shape)
            return Maybe(found, present | outside)
        whole = cast("SparseBlock[np.generic]", block).dense() if isinstance(block, SparseBlock) else block
        index = [slice(None) if dim is None else at[str(dim)] for dim in self._picked]
        found = cast("NDArray[np.generic]", whole)[(rows, *index)]
        if outside.any():
            found[outside] = 0
        return found

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


class _Around:
    """Where the elements around samples are.

    Args:
        dims: In which samples have a position, as the feature has them.
        windows: Of some of them.
    """

    def __init__(self, dims: Sequence[str], windows: Mapping[str, Window]) -> None:
        self._dims = dims
        self._values = {dim: cut_of(window).values for dim, window in windows.items()}
        self._pads = {dim: window.edge == "pad" for dim, window in windows.items()}

    def at(self, reader: AnyReader, chosen: Chosen) -> tuple[dict[str, Rows], NDArray[np.bool_]]:
        """Rows in each dim, [n, a length for each window], and which elements lie beyond an edge that is padded."""
        cut = [dim for dim in self._dims if dim in self._values]
        found: dict[str, Rows] = {}
        outside = np.zeros((len(chosen.drawn.positions), *(len(self._values[dim]) for dim in cut)), np.bool_)
        for dim in self._dims:
            rows = chosen.at[dim].reshape(-1, *[1] * len(cut))
            if dim in self._values:
                slots = [1, *[len(self._values[one]) if one == dim else 1 for one in cut]]
                borders = reader.borders(dim)
                file = np.searchsorted(borders, rows, side="right")
                wanted = rows + self._values[dim].reshape(slots)
                rows = np.clip(wanted, borders[file - 1], borders[file] - 1)
                if self._pads[dim]:
                    outside |= rows != wanted
            found[dim] = rows
        return found, outside


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
