"""A file of others as a carrier of ours: every dataset that a reader asks for is taken from the file, or computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import cast

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import FileError
from h5schema.vocabulary import layout

from ..axes import FixedAxis, IdAxis, OpenAxis, RaggedAxis
from ..blocks import Texts
from ..carrier import DirectCarrier
from ..conditions import Condition
from ..features import EncodedFeature
from ..ids import hashes_of, index_of
from ..kinds import Place
from ..model import AnyFeature, Model
from ..spans import Fetched, Rows, Spans
from .columns import Blank, Column, Converted, Held
from .indices import Mask, Numbers, Runs, Worked, only, runs_of
from .nodes import Nodes
from .understood import understood

_BOOL = np.dtype(np.bool_)


class Shown:
    """Brings rows of a file of others under the paths at which they would lie in one of ours.

    Args:
        file: The open file; it belongs to the caller.
        carrier: Of the file.
        model: What the class declares.
    """

    def __init__(self, file: h5py.File, carrier: DirectCarrier, model: Model) -> None:
        self.plain = carrier
        self.nodes = Nodes(file, carrier)
        self._model = model
        self._by_path = {place.path: address for address, place in model.places.items()}
        self._raw: dict[str, Column | None] = {}
        self._columns: dict[str, Column] = {}
        self._lengths: dict[str, tuple[int, str]] = {}
        self._runs: dict[str, Runs] = {}

    # A carrier.

    def fetch(self, spans: Sequence[Spans]) -> Fetched:
        return tuple(self._column(asked.path).read(asked.starts, asked.lengths) for asked in spans)

    def length(self, path: str) -> int:
        shape = self._column(path).shape
        return shape[0] if shape else 0

    def has(self, path: str) -> bool:
        """Whether there is a value at a path."""
        found = self.raw(self._by_path[path])
        return found is not None and found.shape is not None

    def form(self, path: str) -> tuple[np.dtype[np.generic], tuple[int, ...] | None]:
        """Dtype and shape of what is shown at a path; without values its shape is None."""
        column = self._column(path)
        return column.dtype, column.shape

    def close(self) -> None:
        """Drops what is kept of the file."""
        self._raw.clear()
        self._columns.clear()
        self.plain.close()

    # What is shown.

    def raw(self, address: str) -> Column | None:
        """A feature as it lies in the file; None: it is missing."""
        if address not in self._raw:
            self._raw[address] = self.nodes.column(self._model.places[address].path)
        return self._raw[address]

    def length_of(self, dim: str) -> int:
        """Number of entries of an open dim: that of the first dataset over it, or of an index."""
        if dim not in self._lengths:
            self._lengths[dim] = next(self._witnesses(dim), (0, "nothing"))
        return self._lengths[dim][0]

    def _witnesses(self, dim: str) -> Iterator[tuple[int, str]]:
        """Numbers of entries, and where they were found."""
        for address, place in self._model.places.items():
            axes = axes_of(place)
            if dim in axes and (column := self.raw(address)) is not None and column.shape:
                axis = axes.index(dim)
                if axis < len(column.shape):
                    yield column.shape[axis], place.path
        for ragged in self._model.ragged_below(dim):
            runs = self.runs(ragged)
            yield runs.entries, runs.where.removeprefix(f"{self.nodes.name}: ")

    def placed(self, address: str) -> Place:
        """Where a feature lies, with the sizes that the file gives it.

        Raises:
            FileError: It is missing, or its dtype or shape are not as declared.
        """
        place = self._model.places[address]
        column = self.raw(address)
        rows = place.lead is not None
        if column is None or column.shape is None:
            if not place.optional:
                raise self._no_value(place, column)
            sizes = tuple(0 if dim == VALUES else self._size(dim) or 0 for dim in axes_of(place))
            self._columns[place.path] = Blank(self._feature(address).file_dtype, sizes)
            return place._replace(shape=sizes[1:] if rows else sizes)
        where = f"{self.nodes.name}: {place.path}"
        self._expect_shape(place, column.shape, where)
        if place.ragged:
            self._expect_indexed(place, column.shape[0], where)
        self._columns[place.path] = understood(self._feature(address), column, where)
        return place._replace(shape=column.shape[1:] if rows else column.shape)

    def _expect_indexed(self, place: Place, count: int, where: str) -> None:
        """Refuses values that the index of their entries does not end with."""
        runs = self.runs(place.ragged[-1])
        if runs.end is not None and runs.end != count:
            raise FileError(
                f"{count} values, but the index of {place.ragged[-1]} ends at {runs.end} ({runs.where})",
                where=where,
                do="the file is damaged, or `index` in the schema names another form, or another dataset, than it has",
            )

    def _feature(self, address: str) -> AnyFeature:
        return self._model.features[address]

    def _no_value(self, place: Place, column: Column | None) -> FileError:
        if column is None:
            return self.nodes.missing(place.path)
        return FileError("it has no value", where=f"{self.nodes.name}: {place.path}", do="write `optional: true`")

    def _size(self, dim: str | int) -> int | None:
        """How many entries a dim has; None: any number."""
        if isinstance(dim, int):
            return dim or None
        axis = self._model.axes[dim].axis
        return axis.size if isinstance(axis, FixedAxis) else self.length_of(dim)

    def _expect_shape(self, place: Place, shape: tuple[int, ...], where: str) -> None:
        dims = axes_of(place)
        sizes = [None if dim == VALUES else self._size(dim) for dim in dims]
        if len(sizes) != len(shape):
            raise FileError(
                f"its shape is {list(shape)}, but by `dims` of the schema it has {len(sizes)} axes",
                where=where,
                do=f"change `dims` in the schema to {len(shape)} axes"
                if shape
                else "leave `dims` out: it is one value",
            )
        for dim, size, found in zip(dims, sizes, shape, strict=True):
            if size is not None and size != found:
                raise self._other_size(dim, size, list(shape), where)

    def _other_size(self, dim: str | int, size: int, shape: list[int], where: str) -> FileError:
        if isinstance(dim, str) and isinstance(self._model.axes[dim].axis, OpenAxis):
            what = f"its shape is {shape}, but {dim} has {size} entries by {self._lengths[dim][1]}"
            return FileError(what, where=where, do="both have one dim in the schema: give one of them another dim")
        named = f"{dim} = {size}" if isinstance(dim, str) else str(size)
        return FileError(
            f"its shape is {shape}, but the schema says {named}", where=where, do="change the size in the schema"
        )

    # Bookkeeping that files of ours have.

    def _column(self, path: str) -> Column:
        found = self._columns.get(path)
        if found is None:
            found = self._columns[path] = self._computed(path)
        return found

    def _computed(self, path: str) -> Column:
        kind, _, rest = path.removeprefix(f"/{layout.RESERVED}/").partition("/")
        address, _, part = rest.rpartition("/")
        return _PARTS[kind, part](self, address)

    def _present(self, address: str) -> Column:
        """Which entries of an optional feature are there: all of them, or none."""
        place = self._model.places[address]
        assert place.lead is not None
        there = np.full(self.length_of(place.lead), self.raw(address) is not None, _BOOL)
        return Held(there, self.nodes.name, place.path)

    def _starts(self, address: str) -> Column:
        """Where the entries of a ragged feature begin; negative: absent."""
        place = self._model.places[address]
        runs = self.runs(place.ragged[0])
        if self.raw(address) is None:
            return Worked(runs.entries, lambda rows: np.full(len(rows), -1, np.int64))
        return Worked(runs.entries, runs.starts)

    def _run_lengths(self, dim: str) -> Column:
        """The lengths of a ragged dim."""
        runs = self.runs(dim)
        return Worked(runs.entries, runs.lengths)

    def runs(self, dim: str) -> Runs:
        """Where the entries of a ragged dim lie.

        Raises:
            FileError: The index is missing, or none of its form.
        """
        if dim not in self._runs:
            self._runs[dim] = self._indexed(dim)
        return self._runs[dim]

    def _indexed(self, dim: str) -> Runs:
        axis = cast("RaggedAxis", self._model.axes[dim].axis)
        assert axis.index is not None
        runs = runs_of({word: self._numbers(path) for word, path in axis.index.paths.items()})
        self._runs[dim] = runs  # the length of the parent may be known from it alone
        parent = self.length_of(axis.per)
        if runs.entries != parent:
            raise FileError(
                f"the index has {runs.entries} entries, but {axis.per} has {parent} by {self._lengths[axis.per][1]}",
                where=runs.where,
                do="`offsets` are one more than there are entries, the other forms as many: look at `index` in the schema",
            )
        if not axis.index.where:
            return runs
        masks = [self._mask(address, condition) for address, condition in axis.index.where.items()]
        return only(runs, lambda rows: np.logical_and.reduce([mask(rows) for mask in masks]))

    def _numbers(self, path: str) -> Numbers:
        column = self.nodes.column(path)
        if column is None:
            raise self.nodes.missing(path)
        return Numbers(column, f"{self.nodes.name}: {path}")

    def _mask(self, address: str, condition: Condition) -> Mask:
        """For which rows the value of a feature meets a condition."""
        feature, place = self._feature(address), self._model.places[address]
        found = self.raw(address)
        if found is None:
            raise self.nodes.missing(place.path)
        column = understood(feature, found, f"{self.nodes.name}: {place.path}")
        condition = feature.in_numbers(condition)

        def holds(rows: Rows) -> NDArray[np.bool_]:
            values = column.read(rows, 1)
            texts = Texts.of(values.tolist()) if isinstance(feature, EncodedFeature) else values
            return condition.holds(texts)

        return holds

    def _ids(self, dim: str) -> Column:
        """The ids of a dim, as the feature that holds them has them."""
        address = cast("IdAxis[object]", self._model.axes[dim].axis).ids
        assert address is not None
        self.placed(address)
        column = self._columns[self._model.places[address].path]
        return Converted(column, np.dtype(object), _as_ids)

    def _id_index(self, dim: str) -> Column:
        """The id index of a dim; made when an entry is first looked for by its id."""
        ids = self._column(layout.of_dim(dim, "ids"))
        count = self.length_of(dim)
        texts = cast("list[bytes]", ids.read(np.zeros(1, np.int64), count).tolist())
        if len(set(texts)) != count:
            twice = next(text for text, many in Counter(texts).items() if many > 1)
            address = cast("IdAxis[object]", self._model.axes[dim].axis).ids or dim
            raise FileError(
                f"{Counter(texts)[twice]} entries have the id {twice.decode()!r}",
                where=f"{self.nodes.name}: {self._model.places[address].path}",
                do="address them by position, or name a feature of other ids in the schema",
            )
        return Held(index_of(hashes_of(text.decode() for text in texts)), self.nodes.name, dim)


def axes_of(place: Place) -> tuple[str | int, ...]:
    """Dims of the axes of a feature's dataset; those of entries that lie end to end are one, `VALUES`."""
    return (VALUES, *place.dims[1 + len(place.ragged) :]) if place.ragged else place.dims


def _as_ids(values: NDArray[np.generic]) -> NDArray[np.generic]:
    found = np.empty(len(values), object)
    found[:] = [one if isinstance(one, bytes) else str(one).encode() for one in values.tolist()]
    return found


VALUES = "/values"
"""Among the dims of a dataset: the values of entries, end to end."""
_PARTS: Mapping[tuple[str, str], Callable[[Shown, str], Column]] = {
    ("features", "present"): Shown._present,
    ("features", "starts"): Shown._starts,
    ("dims", "lengths"): Shown._run_lengths,
    ("dims", "ids"): Shown._ids,
    ("dims", "index"): Shown._id_index,
}
