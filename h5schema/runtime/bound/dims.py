"""What a file of others says of the dims: how many entries they have, where these lie, what their ids are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import FileError

from ..axes import Axis, FixedAxis, IdAxis, RaggedAxis
from ..blocks import Texts
from ..conditions import Condition
from ..features import EncodedFeature
from ..ids import hashes_of, index_of
from ..kinds import Place
from ..model import Model
from ..spans import Rows, offsets_of
from .columns import Column, Converted, InMemory, Values
from .indices import At, Mask, Numbers, Runs, between, only, runs_of
from .names import Names
from .nodes import Nodes
from .spread import Joined
from .understood import understood

VALUES = "/values"
"""Among the dims of a dataset: the values of entries, end to end."""


def axes_of(place: Place) -> tuple[str | int, ...]:
    """Dims of the axes of a feature's dataset; those of entries that lie end to end are one, `VALUES`."""
    return (VALUES, *place.dims[len(place.dims) - len(place.shape) :]) if place.ragged else place.dims


class Dims:
    """The dims of an open file.

    Args:
        model: What the class declares.
        nodes: Of the file.
        raw: A feature as it lies in the file; None: it is missing.

    Attributes:
        named: Those whose entries are nodes, or files.
    """

    def __init__(self, model: Model, nodes: Nodes, raw: Callable[[str], Column | None]) -> None:
        self._model = model
        self._nodes = nodes
        self._raw = raw
        self._lengths: dict[str, tuple[int, str]] = {}
        self._runs: dict[str, Runs] = {}
        self._rearranged: dict[str, tuple[Rows, Rows]] = {}
        self.named = Names(model, nodes)

    def length(self, dim: str) -> int:
        """Number of entries of an open dim: that of its nodes, of the first dataset over it, or of an index."""
        if dim not in self._lengths:
            axis = self._model.axes[dim].axis
            like = axis.like if isinstance(axis, Axis) else None
            found = (
                next(self._witnesses(dim), (0, "nothing")) if like is None else (self.length(like), self.witness(like))
            )
            self._lengths[dim] = found
        return self._lengths[dim][0]

    def witness(self, dim: str) -> str:
        """Where the number of entries was found."""
        self.length(dim)
        return self._lengths[dim][1]

    def size(self, dim: str | int) -> int | None:
        """How many entries a dim has; None: any number."""
        if isinstance(dim, int):
            return dim or None
        if dim == VALUES:
            return None
        axis = self._model.axes[dim].axis
        return axis.size if isinstance(axis, FixedAxis) else self.length(dim)

    def _witnesses(self, dim: str) -> Iterator[tuple[int, str]]:
        """Numbers of entries, and where they were found."""
        if (spread := self.named.spread(dim)) is not None:
            yield len(self.named.names(dim)), spread
        for address, place in self._model.places.items():
            axes = axes_of(place)
            if dim in axes and (column := self._raw(address)) is not None and column.shape:
                axis = axes.index(dim)
                if axis < len(column.shape):
                    yield column.shape[axis], place.path
        for ragged in self._model.ragged_below(dim):
            if self._model.parent(ragged) != dim:
                continue
            runs = self.runs(ragged)
            yield runs.entries, runs.where.removeprefix(f"{self._nodes.name}: ")

    # Ids.

    def ids(self, dim: str) -> Column:
        """The ids of a dim, from its nodes or from the feature that holds them."""
        if self.named.spread(dim) is not None:
            return InMemory(_objects([name.encode() for name in self.named.names(dim)]), self._nodes.name, dim)
        place = self._model.places[self._holder(dim)]
        found = self._raw(place.address)
        if found is None:
            raise self._nodes.missing(place.path)
        column = understood(self._model.features[place.address], found, f"{self._nodes.name}: {place.path}")
        return Converted(column, np.dtype(object), _as_ids)

    def _holder(self, dim: str) -> str:
        """Address of the feature that holds the ids."""
        address = cast("IdAxis[object]", self._model.axes[dim].axis).ids
        assert address is not None
        return address

    def id_index(self, dim: str) -> Column:
        """The id index of a dim; made when an entry is first looked for by its id.

        Raises:
            FileError: An id stands twice.
        """
        count = self.length(dim)
        texts = cast("list[bytes]", self.ids(dim).read(np.zeros(1, np.int64), count).tolist())
        text, many = Counter(texts).most_common(1)[0] if texts else (b"", 0)
        if many > 1:
            raise FileError(
                f"{many} entries have the id {text.decode()!r}",
                where=f"{self._nodes.name}: {self._model.places[self._holder(dim)].path}",
                do="address them by position, or name a feature of other ids in the schema",
            )
        return InMemory(index_of(hashes_of(text.decode() for text in texts)), self._nodes.name, dim)

    # Where entries lie.

    def runs(self, dim: str) -> Runs:
        """Where the entries of a ragged dim lie.

        Raises:
            FileError: The index is missing, or none of its form.
        """
        if dim not in self._runs:
            index = cast("RaggedAxis", self._model.axes[dim].axis).index
            self._runs[dim] = self._of_nodes(dim) if index is None else self._indexed(dim)
        return self._runs[dim]

    def _of_nodes(self, dim: str) -> Runs:
        """The lengths of the nodes of the features over a dim; where none has a node there is nothing."""
        found: Runs | None = None
        known, lengths = np.zeros(0, np.bool_), np.zeros(0, np.int64)
        for address, place in self._model.places.items():
            column = self._raw(address) if dim in place.ragged and (found is None or not known.all()) else None
            if isinstance(column, Joined):
                first = found is None
                lengths = column.sizes[dim] if first else np.where(known, lengths, column.sizes[dim])
                known = column.present if first else known | column.present
                found = between(offsets_of(lengths), f"{self._nodes.name}: {place.path}")
        if found is not None:
            return found
        nothing = np.zeros(self.length(self._model.parent(dim)) + 1, np.int64)
        return between(nothing, self._nodes.name)

    def firsts(self, dim: str, rows: Rows) -> Rows:
        """Where the entries of a ragged dim begin in each of some entries of the open dim that they are in."""
        if not self._model.is_ragged(self._model.parent(dim)):
            return self.runs(dim).starts(rows)
        places, entries = self._places(dim), self.runs(dim).entries
        return places(np.clip(self.firsts(self._model.parent(dim), rows), 0, entries))

    def _places(self, dim: str) -> At:
        """Where the values of each entry of the parent begin in their own order, and where those of the last end."""
        runs = self.runs(dim)
        if not runs.touching:
            offsets = self.rearranged(dim)[1]
            return lambda rows: offsets[rows]
        end = runs.end or 0

        def places(rows: Rows) -> Rows:
            inside = rows < runs.entries
            found = np.full(len(rows), end, np.int64)
            found[inside] = runs.starts(rows[inside])
            return found

        return places

    def rearranged(self, dim: str) -> tuple[Rows, Rows]:
        """Where the values of each entry begin in the file, and where in their own order."""
        if dim not in self._rearranged:
            runs = self.runs(dim)
            everything = np.arange(runs.entries)
            self._rearranged[dim] = runs.starts(everything), offsets_of(runs.lengths(everything))
        return self._rearranged[dim]

    def _count(self, dim: str) -> tuple[int, str] | None:
        """How many entries a dim has in the whole file, and where it was found; None: nothing says."""
        if not self._model.is_ragged(dim):
            return self.length(dim), self.witness(dim)
        for address, place in self._model.places.items():
            column = self._raw(address) if place.ragged[-1:] == (dim,) else None
            if column is not None and column.shape:
                return column.shape[0], place.path
        runs = self.runs(dim)
        return None if runs.end is None else (runs.end, runs.where)

    def _indexed(self, dim: str) -> Runs:
        axis = cast("RaggedAxis", self._model.axes[dim].axis)
        assert axis.index is not None
        runs = runs_of({word: self._numbers(path) for word, path in axis.index.paths.items()})
        self._runs[dim] = runs  # the length of the parent may be known from it alone
        known = self._count(axis.per)
        if known is not None and runs.entries != known[0]:
            raise FileError(
                f"the index has {runs.entries} entries, but {axis.per} has {known[0]} by {known[1]}",
                where=runs.where,
                do="`offsets` are one more than there are entries, the other forms as many: "
                "look at `index` in the schema",
            )
        if not axis.index.where:
            return runs
        masks = [self._mask(address, condition) for address, condition in axis.index.where.items()]
        return only(runs, lambda rows: np.logical_and.reduce([mask(rows) for mask in masks]))

    def _numbers(self, path: str) -> Numbers:
        column = self._nodes.column(path)
        if column is None:
            raise self._nodes.missing(path)
        return Numbers(column, f"{self._nodes.name}: {path}")

    def _mask(self, address: str, condition: Condition) -> Mask:
        """For which rows the value of a feature meets a condition."""
        feature, place = self._model.features[address], self._model.places[address]
        found = self._raw(address)
        if found is None:
            raise self._nodes.missing(place.path)
        column = understood(feature, found, f"{self._nodes.name}: {place.path}")
        asked = feature.in_numbers(condition)

        def holds(rows: Rows) -> NDArray[np.bool_]:
            values = column.read(rows, 1)
            texts = Texts.of(cast("list[bytes]", values.tolist())) if isinstance(feature, EncodedFeature) else values
            return asked.holds(texts)

        return holds


def _as_ids(values: Values) -> Values:
    return _objects([one if isinstance(one, bytes) else str(one).encode() for one in values.tolist()])


def _objects(texts: list[bytes]) -> Values:
    found = np.empty(len(texts), object)
    found[:] = texts
    return found
