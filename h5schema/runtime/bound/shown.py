"""A file of others as a carrier of ours: every dataset that a reader asks for is taken from the file, or computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import h5py
import numpy as np

from h5schema.errors import FileError

from ..axes import OpenAxis
from ..carrier import DirectCarrier
from ..features import Category, Csr
from ..kinds import KnownWords, Place
from ..model import AnyFeature, Model
from ..spans import Fetched, Spans
from .anndata import Categorical
from .bookkeeping import computed
from .captured import captured, is_captured
from .columns import Blank, Column, Stored
from .conventions import CONVENTIONS
from .dims import Dims, axes_of
from .folder import source_of
from .indices import Rearranged
from .masked import Complete, Masked
from .nodes import Nodes
from .sparse import DenseRows, Elements, no_elements
from .spread import Flat, Forms, Joined, Stacked
from .understood import understood


class Shown:
    """Brings rows of a file of others under the paths at which they would lie in one of ours.

    Args:
        file: The open file; it belongs to the caller.
        carrier: Of the file.
        model: What the class declares.
        convention: By which values are decoded.
        name: Of the file, or of the folder of files.

    Attributes:
        columns: What is shown so far, by path.
    """

    def __init__(self, file: h5py.File, carrier: DirectCarrier, model: Model, convention: str, name: str) -> None:
        self.plain = carrier
        self.nodes = Nodes(file, carrier, name)
        self.dims = Dims(model, self.nodes, self.raw)
        self.model = model
        self._decoded = CONVENTIONS[convention]
        self._by_path = {place.path: address for address, place in model.places.items()}
        self._raw: dict[str, Column | None] = {}
        self.columns: dict[str, Column] = {}

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

    def is_plain(self, place: Place) -> bool:
        """Whether the values of a feature are rows of one dataset, as they lie there."""
        return isinstance(self.columns.get(place.path), Stored)

    def close(self) -> None:
        """Drops what is kept of the file."""
        self._raw.clear()
        self.columns.clear()
        self.plain.close()
        self.plain.plain.close()

    # Features.

    def raw(self, address: str) -> Column | None:
        """A feature as it lies in the file; None: it is missing."""
        if address not in self._raw:
            place, feature = self.model.places[address], self.model.features[address]
            self._raw[address] = self._found(place, feature)
        return self._raw[address]

    def _found(self, place: Place, feature: AnyFeature) -> Column | None:
        source = source_of(self.model)
        if source is not None and source[0] == place.lead and is_captured(place):
            return captured(place, feature, source[1], self.dims.named.names(source[0]), self.nodes.name)
        if self.dims.named.is_spread(place):
            return self._spread(place)
        return self._decoded(self.nodes, self.dims.named.path(place), feature)

    def placed(self, address: str) -> Place:
        """Where a feature lies, with the sizes that the file gives it.

        Raises:
            FileError: It is missing, or its dtype or shape are not as declared.
        """
        place, feature = self.model.places[address], self.model.features[address]
        column = self.raw(address)
        rows = place.lead is not None
        if column is None or column.shape is None:
            if not place.optional:
                raise self._no_value(place, column)
            sizes = tuple(self.dims.size(dim) or 0 for dim in axes_of(place))
            if isinstance(feature, Csr):
                self._parts(place, no_elements(feature.file_dtype, sizes[0]))
            self.columns[place.path] = Blank(feature.file_dtype, sizes)
            return place._replace(shape=sizes[1:] if rows else sizes)
        where = f"{self.nodes.name}: {place.path}"
        self._expect_shape(place, column.shape, where)
        if place.ragged:
            self._expect_indexed(place, column, where)
        if isinstance(feature, Category):
            return self._coded(place, column, where)
        if isinstance(feature, Csr):
            return self._sparse(place, column, where)
        self.columns[place.path] = (
            column if self.dims.named.is_spread(place) else self._understood(place, column, where)
        )
        return place._replace(shape=column.shape[1:] if rows else column.shape)

    def _coded(self, place: Place, column: Column, where: str) -> Place:
        """A category, with the words of the file."""
        if not isinstance(column, Categorical):
            raise FileError("it is no category of AnnData", where=where, do="write `dtype: str` in the schema")
        codes = column.codes if place.optional else Complete(column.codes, column.there, where)
        self.columns[f"{place.path}/codes"] = codes
        return place._replace(words=KnownWords(column.words))

    def _sparse(self, place: Place, column: Column, where: str) -> Place:
        """A matrix whose rows are read as they are stored."""
        if not isinstance(column, DenseRows):
            raise FileError("it is no sparse matrix", where=where, do="leave out `store` in the schema")
        matrix = column.matrix
        values = understood(self.model.features[place.address], matrix.data, where)
        self._parts(place, Elements(matrix, values).parts())
        return place._replace(shape=matrix.shape[1:])

    def _parts(self, place: Place, parts: Mapping[str, Column]) -> None:
        self.columns |= {f"{place.path}/{name}": part for name, part in parts.items()}

    def _understood(self, place: Place, column: Column, where: str) -> Column:
        values = understood(self.model.features[place.address], column, where)
        dim = place.ragged[-1] if len(place.ragged) > 1 else None
        if dim is not None and not self.dims.runs(dim).touching:
            return Rearranged(values, *self.dims.rearranged(dim))
        if isinstance(column, Masked) and not place.optional and not column.may_stand:
            return Complete(values, column.there, where)
        return values

    def _no_value(self, place: Place, column: Column | None) -> FileError:
        if column is None:
            return self.nodes.missing(self.dims.named.path(place))
        return FileError("it has no value", where=f"{self.nodes.name}: {place.path}", do="write `optional: true`")

    def _expect_shape(self, place: Place, shape: tuple[int, ...], where: str) -> None:
        dims = axes_of(place)
        if len(dims) != len(shape):
            raise FileError(
                f"its shape is {list(shape)}, but by `dims` of the schema it has {len(dims)} axes",
                where=where,
                do=f"change `dims` in the schema to {len(shape)} axes"
                if shape
                else "leave `dims` out: it is one value",
            )
        for dim, found in zip(dims, shape, strict=True):
            size = self.dims.size(dim)
            if size is not None and size != found:
                raise self._other_size(dim, size, list(shape), where)

    def _other_size(self, dim: str | int, size: int, shape: list[int], where: str) -> FileError:
        if isinstance(dim, str) and isinstance(self.model.axes[dim].axis, OpenAxis):
            what = f"its shape is {shape}, but {dim} has {size} entries by {self.dims.witness(dim)}"
            return FileError(what, where=where, do="both have one dim in the schema: give one of them another dim")
        named = f"{dim} = {size}" if isinstance(dim, str) else str(size)
        return FileError(
            f"its shape is {shape}, but the schema says {named}", where=where, do="change the size in the schema"
        )

    def _expect_indexed(self, place: Place, column: Column, where: str) -> None:
        """Refuses values that do not end where the index of their entries does."""
        dim = place.ragged[-1]
        runs = self.dims.runs(dim)
        if isinstance(column, Joined):
            for one in place.ragged:
                self._expect_sizes(place, column, one)
        elif runs.end is not None and column.shape is not None and runs.end != column.shape[0]:
            raise FileError(
                f"{column.shape[0]} values, but the index of {dim} ends at {runs.end} ({runs.where})",
                where=where,
                do="the file is damaged, or `index` in the schema names another form, or another dataset, than it has",
            )

    def _expect_sizes(self, place: Place, column: Joined, dim: str) -> None:
        runs, rows = self.dims.runs(dim), np.flatnonzero(column.present)
        lengths, found = runs.lengths(rows), column.sizes[dim][rows]
        if (lengths != found).any():
            row = int(np.argmax(lengths != found))
            raise FileError(
                f"{int(found[row])} of {dim}, but this entry has {int(lengths[row])} ({runs.where})",
                where=f"{self.nodes.name}: {self.dims.named.paths(place)[int(rows[row])]}",
                do="both have one dim in the schema: give one of them another dim",
            )

    # Features of dims that are laid out as paths.

    def _spread(self, place: Place) -> Column | None:
        """The nodes of a feature as one column; None: none of them is there.

        Raises:
            FileError: One is missing, and the feature is not optional; or their shapes differ.
        """
        paths, feature = self.dims.named.paths(place), self.model.features[place.address]
        if not len(paths):
            return Blank(feature.file_dtype, (0, *(self.dims.size(dim) or 0 for dim in axes_of(place)[1:])))
        found = [self._form(place, path) for path in paths]
        first = next((one for one in found if one is not None), None)
        if first is None:
            return None
        self._expect_alike(place, paths, found)

        def column(number: int) -> Column:
            node, where = self._decoded(self.nodes, paths[number], feature), f"{self.nodes.name}: {paths[number]}"
            if node is None:
                raise self.nodes.missing(paths[number])
            values = understood(feature, node, where)
            if isinstance(node, Masked) and not node.may_stand:
                values = Complete(values, node.there, where)
            shape = node.shape or ()
            outer = len(shape) - len(place.shape)
            return values if outer == 1 or not place.ragged else Flat(values, prod(shape[:outer]), shape[outer:])

        forms = Forms([None if one is None else one[1] for one in found], first[0])
        if not place.ragged:
            return Stacked(column, forms)
        sizes = {
            dim: np.array([0 if shape is None else shape[axis] for shape in forms.shapes], np.int64)
            for axis, dim in enumerate(place.dims[1:])
            if isinstance(dim, str) and dim in place.ragged
        }
        inner = first[1][len(first[1]) - len(place.shape) :]
        return Joined(column, forms, sizes, inner, file=self.nodes.name, path=place.path)

    def _form(self, place: Place, path: str) -> tuple[np.dtype[np.generic], tuple[int, ...]] | None:
        """Dtype and shape of a node; None: it is missing, and may be."""
        column = self._decoded(self.nodes, path, self.model.features[place.address])
        if column is not None and column.shape is not None:
            return column.dtype, column.shape
        if place.optional:
            return None
        raise self.nodes.missing(path) if column is None else self._no_value(place, column)

    def _expect_alike(
        self, place: Place, paths: Sequence[str], found: Sequence[tuple[np.dtype[np.generic], tuple[int, ...]] | None]
    ) -> None:
        """Refuses nodes of one feature whose shapes differ in more than the ragged dim."""
        varies = [dim in place.ragged for dim in place.dims[1:]]
        shapes = [(path, one[1]) for path, one in zip(paths, found, strict=True) if one is not None]
        (first, known), *others = shapes
        for path, shape in others:
            same = [may or a == b for may, a, b in zip(varies, shape, known, strict=False)]
            if len(shape) != len(known) or not all(same):
                raise FileError(
                    f"its shape is {list(shape)}, but that of {first} is {list(known)}",
                    where=f"{self.nodes.name}: {path}",
                    do="entries of a feature differ in their ragged dim only: give it one in the schema",
                )

    def _column(self, path: str) -> Column:
        found = self.columns.get(path)
        if found is None:
            found = self.columns[path] = computed(self, path)
        return found
