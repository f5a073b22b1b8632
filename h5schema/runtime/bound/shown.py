"""A file of others as a carrier of ours: every dataset that a reader asks for is taken from the file, or computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import h5py
import numpy as np

from h5schema.errors import FileError
from h5schema.vocabulary import layout

from ..axes import FixedAxis, OpenAxis
from ..carrier import DirectCarrier
from ..kinds import Place
from ..model import AnyFeature, Model
from ..spans import Fetched, Spans
from .columns import Blank, Column, Held
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
        """Number of entries of an open dim: that of the first dataset over it."""
        if dim not in self._lengths:
            self._lengths[dim] = self._witness(dim)
        return self._lengths[dim][0]

    def _witness(self, dim: str) -> tuple[int, str]:
        """The number of entries, and where it was found."""
        for address, place in self._model.places.items():
            if dim in place.dims and (column := self.raw(address)) is not None and column.shape:
                axis = place.dims.index(dim)
                if axis < len(column.shape):
                    return column.shape[axis], place.path
        return 0, "nothing"

    def placed(self, address: str) -> Place:
        """Where a feature lies, with the sizes that the file gives it.

        Raises:
            FileError: It is missing, or its dtype or shape are not as declared.
        """
        place = self._model.places[address]
        column = self.raw(address)
        if column is None or column.shape is None:
            if not place.optional:
                raise self._no_value(place, column)
            sizes = tuple(self._size(dim) or 0 for dim in place.dims)
            blank = self._feature(address).file_dtype
            self._columns[place.path] = Blank(blank, sizes)
            return place._replace(shape=sizes[1:] if place.lead is not None else sizes)
        where = f"{self.nodes.name}: {place.path}"
        self._expect_shape(place, column.shape, where)
        self._columns[place.path] = understood(self._feature(address), column, where)
        return place._replace(shape=column.shape[1:] if place.lead is not None else column.shape)

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
        sizes = [self._size(dim) for dim in place.dims]
        if len(sizes) != len(shape):
            raise FileError(
                f"its shape is {list(shape)}, but the schema gives it {len(sizes)} dims",
                where=where,
                do=f"write `dims` with {len(shape)} items" if shape else "leave `dims` out: it is one value",
            )
        for dim, size, found in zip(place.dims, sizes, shape, strict=True):
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
        address, _, part = path.removeprefix(layout.of_feature("", "").rstrip("/") + "/").rpartition("/")
        return _PARTS[part](self, address)

    def _present(self, address: str) -> Column:
        """Which entries of an optional feature are there: all of them, or none."""
        place = self._model.places[address]
        assert place.lead is not None
        there = np.full(self.length_of(place.lead), self.raw(address) is not None, _BOOL)
        return Held(there, self.nodes.name, place.path)


_PARTS: dict[str, Callable[[Shown, str], Column]] = {"present": Shown._present}
