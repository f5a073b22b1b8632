"""Views: one feature of an open file. What a view returns is a copy and read-only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar, cast, overload

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from .blocks import Maybe, RaggedBlock
from .features import Feature
from .spans import Rows

if TYPE_CHECKING:
    from .file import File

EntryT = TypeVar("EntryT")
BlockT = TypeVar("BlockT")


class RowError(DataError, IndexError):
    """There is no such row."""

    __str__ = DataError.__str__


class View(Generic[EntryT, BlockT]):
    """A feature of an open file: `view[3]`, `view["some/id"]`, `view[10:20]`, `view[[5, 1, 5]]`.

    One index gives an entry, many give a block; a feature without entries of its own is `view[()]`.
    """

    __slots__ = ("_feature", "_file", "address")

    def __init__(self, file: File, address: str, feature: Feature[EntryT, BlockT]) -> None:
        self._file = file
        self._feature = feature
        self.address = address

    def __len__(self) -> int:
        place = self._file.model.places[self.address]
        return 1 if place.lead is None else self._file.length(place.lead)

    def read(self, rows: Rows) -> BlockT:
        """The entries at `rows`, in that order, repeats allowed.

        Args:
            rows: int64 [n], each from 0 to the number of entries less one.

        Raises:
            RowError: A row is outside.
            DataError: What is stored is no value of this feature.
        """
        rows = np.asarray(rows)
        if rows.ndim != 1 or rows.dtype.kind not in "iu":
            raise DataError(
                f"rows of {rows.dtype} {list(rows.shape)}", where=self._where(), do="give an int64 array of one axis"
            )
        block = self._file.read(self.address, rows.astype(np.int64, copy=False))
        return _sealed(cast("BlockT", block))

    @overload
    def __getitem__(self, index: int | str | tuple[()]) -> EntryT: ...
    @overload
    def __getitem__(self, index: slice | Sequence[int] | Sequence[str] | NDArray[np.generic]) -> BlockT: ...
    def __getitem__(
        self, index: int | str | tuple[()] | slice | Sequence[int] | Sequence[str] | NDArray[np.generic]
    ) -> EntryT | BlockT:
        if isinstance(index, int | str | np.integer) or index == ():
            row = 0 if isinstance(index, tuple) else self._row(cast("int | str", index))
            return self._entry(self.read(np.array([row], np.int64)), 0)
        return self.read(self.rows(index))

    def __iter__(self) -> Iterator[EntryT]:
        for start in range(0, len(self), 256):
            block = self.read(np.arange(start, min(len(self), start + 256), dtype=np.int64))
            for i in range(len(cast("Sequence[object]", block))):
                yield self._entry(block, i)

    def rows(self, index: slice | Iterable[int] | Iterable[str] | NDArray[np.generic]) -> Rows:
        """Rows of a slice, of a mask, of positions (negative ones from the end), or of ids: int64 [n]."""
        if isinstance(index, slice):
            return np.arange(len(self), dtype=np.int64)[index]
        if not isinstance(index, np.ndarray):
            items = list(cast("Iterable[int | str]", index))
            return np.array([self._row(item) for item in items], np.int64)
        return self._rows_of(cast("NDArray[np.generic]", index))

    def _rows_of(self, index: NDArray[np.generic]) -> Rows:
        if index.dtype == np.bool_:
            if index.shape != (len(self),):
                raise RowError(
                    f"a mask of shape {list(index.shape)} for {len(self)} entries",
                    where=self._where(),
                    do="give one bool per entry",
                )
            return np.flatnonzero(index).astype(np.int64)
        if index.dtype.kind not in "iu" or index.ndim != 1:
            raise RowError(
                f"an index of {index.dtype} {list(index.shape)}",
                where=self._where(),
                do="give integers of one axis, or a mask",
            )
        rows = index.astype(np.int64)
        rows = np.where(rows < 0, rows + len(self), rows)
        self._file.expect_rows(self.address, rows)
        return rows

    def _row(self, index: int | str) -> int:
        place = self._file.model.places[self.address]
        if isinstance(index, str):
            if place.lead is None:
                raise DataError(
                    f"it has no entries, so none with the id {index!r}", where=self._where(), do="read it with [()]"
                )
            return self._file.row_of(place.lead, index)
        row = int(index)
        size = len(self)
        if not -size <= row < size:
            raise RowError(
                f"row {row} is asked for, but there are {size}",
                where=self._where(),
                do="rows count from 0; negative ones from the end",
            )
        return row % size

    def _entry(self, block: object, index: int) -> EntryT:
        if isinstance(block, Maybe):
            some = cast("Maybe[BlockT]", block)
            return self._feature.entry(some.values, index) if some.present[index] else cast("EntryT", None)
        return self._feature.entry(cast("BlockT", block), index)

    def _where(self) -> str:
        return f"{self._file.path}: {self._file.model.places[self.address].path}"

    def __repr__(self) -> str:
        place = self._file.model.places[self.address]
        return f"<{self.address}: {self._feature.dtype} [{', '.join(map(str, place.dims))}] of {self._file.path}>"


def _sealed(block: BlockT) -> BlockT:
    """The same block, read-only: a value written into a copy would be lost without a word."""
    inner: object = block
    _seal(inner)
    return block


def _seal(block: object) -> None:
    if isinstance(block, np.ndarray):
        cast("NDArray[np.generic]", block).flags.writeable = False
    elif isinstance(block, RaggedBlock):
        _seal(cast("RaggedBlock[np.generic]", block).values)
    elif isinstance(block, Maybe):
        _seal(cast("Maybe[object]", block).values)
