"""Views: one feature of an open file. What a view returns is a copy and read-only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Generic, Self, TypeAlias, TypeVar, cast, overload

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from .arguments import plain
from .blocks import Block, Maybe, RaggedBlock, Texts
from .features import Feature
from .spans import Part, Rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .any_reader import AnyReader
    from .concatenation import Concatenation
    from .file import File
    from .kinds import Place
    from .methods import Seen

Id: TypeAlias = "str | tuple[str, ...]"
"""Of an entry; where entries lie within others, the ids of these come first."""
Entry: TypeAlias = "int | Id | tuple[()] | tuple[int | str, slice] | tuple[str, *tuple[str, ...], slice]"
"""An index of one entry, or of a part of one."""
EntryT = TypeVar("EntryT")
BlockT = TypeVar("BlockT")


class RowError(DataError, IndexError):
    """There is no such row."""

    __str__ = DataError.__str__


class View(Generic[EntryT, BlockT]):
    """A feature of an open file: `view[3]`, `view["some/id"]`, `view["an/id", 5:9]`, `view[10:20]`, `view[[5, 1]]`.

    One index gives an entry, one and a slice give a part of it, and of a ragged one nothing else is read; many give a
    block. A feature without entries of its own is `view[()]`.
    """

    __slots__ = ("_feature", "_reader", "address")

    def __init__(self, reader: AnyReader, address: str, feature: Feature[EntryT, BlockT]) -> None:
        self._reader = reader
        self._feature = feature
        self.address = address

    @classmethod
    def of(cls, feature: Feature[EntryT, BlockT]) -> Seen[EntryT, BlockT, Self]:
        """The same feature, of which a reader has views of this class, with its methods."""
        made = feature.renewed(feature.options)
        made.view_class = cls
        return cast("Seen[EntryT, BlockT, Self]", made)

    @property
    def file_class(self) -> type[File]:
        """The generated class of the file."""
        return self._reader.file

    def __len__(self) -> int:
        return self._reader.length(self._lead())

    def __array__(self, dtype: np.dtype[np.generic] | None = None, copy: bool | None = None) -> NDArray[np.generic]:
        """All of it, for numpy: always a copy. Without this, numpy would read one by one, and guess the dtype."""
        one = self._reader.model.places[self.address].lead is None
        block: object = self.read(np.zeros(1, np.int64) if one else self.rows(slice(None)))
        if isinstance(block, np.ndarray):
            return np.array(block[0, ...] if one else block, dtype)
        return np.array(self[()] if one else list(self), dtype)

    def declaration(self) -> Feature[EntryT, BlockT]:
        """The feature, as the schema declares it; a method, because an attribute would be a view."""
        return self._feature

    def names(self, rows: Iterable[int]) -> Sequence[int | str | tuple[()]]:
        """What entries are called in `view[...]`: ids, positions where they have none, `()` where there are no entries.

        Args:
            rows: Positions; those beyond the end are left out.
        """
        lead = self._reader.model.places[self.address].lead
        if lead is None:
            return [()]
        known = [row for row in rows if row < len(self)]
        if not self._reader.model.has_ids(lead):
            return known
        return [*self._reader.ids(lead).read(np.array(known, np.int64))]

    def plot(
        self, which: int | str | slice | Sequence[int] | Sequence[str] | None = None, *, kind: str | None = None
    ) -> Figure:
        """A matplotlib figure of some entries; `h5schema.runtime.plots.plot` says how.

        Args:
            which: Ids or positions, one of them, or a slice; None: the first 16, or all where one panel shows all.
            kind: `image`, `waveform`, `spectrogram`, `curve`, `histogram`, `counts`, `sparsity`; None: what the schema
                says (`methods: {plot: …}`), else what suits them.

        Raises:
            UsageError: There is no such kind, or it does not suit the values.
            UserCodeError: The function that draws in our place failed, or returned no figure.
            MissingExtraError: matplotlib is not installed.
        """
        from .plots.drawn import draw  # rarely

        return draw(cast("View[object, object]", self), which, kind or self._feature.options.plot)

    @property
    def values(self) -> Concatenation:
        """The values of all entries, one after the other, to be indexed as an array: `view.values[1000:2000]`."""
        from .concatenation import Concatenation  # it is a face of this, too

        return Concatenation(self._reader, self.address, cast("Feature[object, object]", self._feature))

    @property
    def categories(self) -> Texts:
        """The words of a category, by code: what the numbers in batches mean."""
        return self._reader.categories(self.address)

    def read(self, rows: Rows) -> BlockT:
        """The entries at `rows`, in that order, repeats allowed.

        Args:
            rows: int64 [n], each from 0 to the number of entries less one.

        Raises:
            RowError: A row is outside.
            DataError: What is stored is no value of this feature.
        """
        block = self._reader.read(self.address, as_rows(rows, self._where()))
        return _sealed(cast("BlockT", block))

    @overload
    def __getitem__(self, index: Entry) -> EntryT: ...
    @overload
    def __getitem__(self, index: slice | Sequence[int] | Sequence[str] | NDArray[np.generic]) -> BlockT: ...
    def __getitem__(
        self,
        index: Entry | slice | Sequence[int] | Sequence[str] | NDArray[np.generic],
    ) -> EntryT | BlockT:
        if isinstance(index, tuple):
            index = self._with_id(cast("tuple[object, ...]", index))
        if isinstance(index, tuple):
            if len(index) == 2 and isinstance(index[1], slice):
                return self._part(index[0], index[1])
            self._expect_one_value(index)
            return self.entry(self.read(np.zeros(1, np.int64)), 0)
        self._lead()
        if isinstance(index, int | str | np.integer):
            return self._one(self._row(index))
        return self.read(self.rows(cast("slice | Iterable[int] | Iterable[str] | NDArray[np.generic]", index)))

    def _one(self, row: int) -> EntryT:
        return self.entry(self.read(np.array([row], np.int64)), 0)

    def _with_id(self, index: tuple[object, ...]) -> str | tuple[()] | tuple[int | str, slice]:
        """The same index; the ids of an entry within others become one."""
        dims = self._reader.model.ids_of(self._lead()) if index and isinstance(index[0], str) else ()
        if len(dims) < 2:
            return cast("tuple[int | str, slice]", index)
        from .keyed import as_key  # few dims have such ids

        depth = len(dims)
        text = as_key(index[:depth], dims, self._where())
        return cast("tuple[str, slice]", (text, *index[depth:])) if index[depth:] else text

    def _part(self, index: int | str, part: slice) -> EntryT:
        """A part of one entry; None: it is absent."""
        self._lead()
        place = self._place()
        rows = np.array([self._row(index)], np.int64)
        if not place.ragged or (not place.lists and place.outer[0] is not None):
            return self._cut(self.entry(self.read(rows), 0), part)
        length = int(self._reader.lengths(place.ragged[0], rows)[0])
        if not _is_whole(part):
            raise self._no_index(part)
        wanted = range(length)[part]
        first = min(wanted, default=0)
        size = max(wanted, default=-1) + 1 - first
        block = self._reader.read(self.address, rows, Part(np.array([first], np.int64), size))
        return self._cut(self.entry(_sealed(cast("BlockT", block)), 0), slice(None, None, wanted.step))

    def _place(self) -> Place:
        return self._reader.model.places[self.address]

    def _cut(self, entry: EntryT, part: slice) -> EntryT:
        if entry is None:
            return entry
        is_array = isinstance(entry, np.ndarray) and entry.ndim
        if not (is_array or self._place().lists) or not _is_whole(part):
            raise self._no_index(part)
        return cast("EntryT", cast("Sequence[object]", entry)[part])

    def __iter__(self) -> Iterator[EntryT]:
        for start in range(0, len(self), 256):
            block = self.read(np.arange(start, min(len(self), start + 256), dtype=np.int64))
            for i in range(len(cast("Sequence[object]", block))):
                yield self.entry(block, i)

    def rows(self, index: slice | Iterable[int] | Iterable[str] | NDArray[np.generic]) -> Rows:
        """Rows of a slice, of a mask, of positions (negative ones from the end), or of ids: int64 [n]."""
        if isinstance(index, slice):
            return self._rows_between(index)
        index = cast("Iterable[int] | Iterable[str] | NDArray[np.generic]", plain(index))
        if isinstance(index, np.ndarray):
            return self._rows_of(cast("NDArray[np.generic]", index))
        items = [
            self._with_id(cast("tuple[object, ...]", one)) if isinstance(one, tuple) else one
            for one in self._items(index)
        ]
        if items and all(isinstance(item, bool | np.bool_) for item in items):
            return self._rows_of(np.array(items, np.bool_))
        if items and all(isinstance(item, str) for item in items):
            return self._reader.rows_of_ids(self._lead(), cast("list[str]", items))
        return np.array([self._row(item) for item in items], np.int64)

    def _rows_between(self, index: slice) -> Rows:
        try:
            return np.arange(*index.indices(len(self)), dtype=np.int64)
        except (TypeError, ValueError):  # an end that is no number, a step of 0
            raise self._no_index(index) from None

    def _items(self, index: object) -> list[object]:
        if isinstance(index, bytes) or not isinstance(index, Iterable):
            raise self._no_index(index)
        return list(cast("Iterable[object]", index))

    def _rows_of(self, index: NDArray[np.generic]) -> Rows:
        size = len(self)
        if index.dtype == np.bool_:
            if index.shape != (size,):
                raise RowError(
                    f"a mask of shape {list(index.shape)} for {size} entries",
                    where=self._where(),
                    do="give one bool per entry",
                )
            return np.flatnonzero(index).astype(np.int64)
        if index.dtype.kind not in "iu" or index.ndim != 1:
            raise self._no_index(index)
        outside = np.less(index, -size) | np.greater_equal(index, size)
        if outside.any():
            raise self._outside(int(index[outside][0]))
        rows = index.astype(np.int64)
        return np.where(rows < 0, rows + size, rows)

    def _row(self, index: object) -> int:
        if isinstance(index, tuple):
            index = self._with_id(cast("tuple[object, ...]", index))
        if isinstance(index, str):
            return self._reader.row_of(self._lead(), index)
        if isinstance(index, bool) or not isinstance(index, int | np.integer):
            raise self._no_index(index)
        row, size = int(cast("int", index)), len(self)
        if not -size <= row < size:
            raise self._outside(row)
        return row % size

    def _lead(self) -> str:
        """The dim of its entries.

        Raises:
            DataError: It has none.
        """
        lead = self._reader.model.places[self.address].lead
        if lead is None:
            raise DataError(
                "it has no entries, but one value",
                where=self._where(),
                do="read the value with [()], and index what comes",
            )
        return lead

    def _expect_one_value(self, index: tuple[object, ...]) -> None:
        if index:
            self._lead()
            raise RowError(
                f"{index!r} is no index of entries",
                where=self._where(),
                do="of one entry a slice is read: [id, 5:9]; for any other part index the entry: [id][...]",
            )
        if self._reader.model.places[self.address].lead is not None:
            raise DataError(
                "[()] reads a feature that has no entries", where=self._where(), do="read all entries with [:]"
            )

    def _no_index(self, index: object) -> RowError:
        return RowError(
            f"{index!r} is no index of entries",
            where=self._where(),
            do="give a position, an id, a slice, a list of positions or ids, or a mask; index the result further",
        )

    def _outside(self, row: int) -> RowError:
        return RowError(
            f"row {row} is asked for, but there are {len(self)}",
            where=self._where(),
            do="rows count from 0; negative ones from the end",
        )

    def entry(self, block: object, index: int) -> EntryT:
        """One entry of a block that was read; None: it is absent."""
        if isinstance(block, Maybe):
            some = cast("Maybe[BlockT]", block)
            return self._feature.entry(some.values, index) if some.present[index] else cast("EntryT", None)
        return self._feature.entry(cast("BlockT", block), index)

    def _where(self) -> str:
        return f"{self._reader.name}: {self._reader.model.places[self.address].path}"

    def __repr__(self) -> str:
        place = self._reader.model.places[self.address]
        return f"<{self.address}: {self._feature.dtype} [{', '.join(map(str, place.dims))}] of {self._reader.name}>"


def _is_whole(part: slice) -> bool:
    """Whether the ends of a slice are whole numbers, and its step is not 0."""
    ends = (part.start, part.stop, part.step)
    return part.step != 0 and all(end is None or isinstance(end, int | np.integer) for end in ends)


def as_rows(rows: object, where: str) -> Rows:
    """What is given as rows: int64 [n].

    Raises:
        DataError: It is something else.
    """
    given = np.asarray(rows)
    if given.ndim != 1 or given.dtype.kind not in "iu":
        raise DataError(f"rows of {given.dtype} {list(given.shape)}", where=where, do="give an int64 array of one axis")
    return given.astype(np.int64, copy=False)


def _sealed(block: BlockT) -> BlockT:
    """The same block, read-only: a value written into a copy would be lost without a word."""
    inner: object = block
    _seal(inner)
    return block


def _seal(block: object) -> None:
    if isinstance(block, np.ndarray):
        cast("NDArray[np.generic]", block).flags.writeable = False
    elif isinstance(block, Maybe):
        _seal(cast("Maybe[object]", block).values)
    elif isinstance(block, Block):
        leaf: object = block.leaf
        if isinstance(leaf, RaggedBlock):
            _seal(cast("RaggedBlock[np.generic]", leaf).values)
