"""Coordinates: of each entry only some elements are stored, and of each where it stands along every dim."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from math import prod

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError
from h5schema.vocabulary import layout

from ..blocks import SparseBlock
from ..spans import Reading, Rows, Spans, offsets_of
from .kind import Gapless, Place, Stored

_INT64 = np.dtype(np.int64)
_BOOL = np.dtype(np.bool_)


class Coordinates:
    """Elements end to end in the order of their coordinates, and int64 coordinates beside them, a dataset for each dim.

    The coordinates of the first dim are in ascending order; where those of each entry end lies among our own.

    Args:
        shared: Whether all such features in the group of this one have the same coordinates, which lie in that group;
            else they lie in a group at the feature's path, and the elements in `data`.
    """

    def __init__(self, *, shared: bool) -> None:
        self.shared = shared

    def stored(self, place: Place, dtype: np.dtype[np.generic]) -> tuple[Stored, ...]:
        base = self.base(place)
        elements = (f"{base}/stored.values",)
        ends = self.ends(place)
        parts = (
            Stored(self._data(place), dtype, per_entry=False, axes=elements),
            *(Stored(path, _INT64, per_entry=False, axes=elements) for path in self._coordinates(place, base)),
            Stored(ends, _INT64, data=False, before=1),
        )
        return (*parts, Stored(_present(place), _BOOL, data=False)) if place.optional else parts

    def read(self, place: Place, rows: Rows) -> Reading[tuple[SparseBlock[np.generic], NDArray[np.bool_] | None]]:
        """See `Kind.read`; all rows are one fetch of ends, and one of elements and where they stand."""
        present = None
        if place.optional:
            bounds, known = yield (Spans(self.ends(place), rows, 2, inside=True), Spans(_present(place), rows))
            present = known.astype(np.bool_)
        else:
            (bounds,) = yield (Spans(self.ends(place), rows, 2, inside=True),)
        pairs = bounds.astype(np.int64).reshape(-1, 2)
        starts, lengths = np.ascontiguousarray(pairs[:, 0]), pairs[:, 1] - pairs[:, 0]
        paths = (self._data(place), *self._coordinates(place, self.base(place))[1:])
        values, *coordinates = yield tuple(Spans(path, starts, lengths) for path in paths)
        offsets = offsets_of(lengths)
        for path, along, size in zip(paths[1:], coordinates, place.shape, strict=True):
            _expect_inside(along, size, path)
        indices = raveled(tuple(coordinates), place.shape)
        return SparseBlock(values, indices, offsets, prod(place.shape), place.shape), present

    def write(
        self,
        place: Place,
        block: SparseBlock[np.generic],
        present: NDArray[np.bool_] | None,
        ends: Mapping[str, int],
    ) -> dict[str, NDArray[np.generic]]:
        """See `Kind.write`; features that share coordinates all give the same."""
        data, known = self._data(place), self.ends(place)
        first = ends[known] - 1 if ends[known] else 0
        others = (
            np.unravel_index(block.indices, place.shape) if len(block.indices) else [block.indices] * len(place.shape)
        )
        along = (block.rows + first, *others)
        rows: dict[str, NDArray[np.generic]] = {data: block.values, known: block.offsets[1:] + ends[data]}
        for path, one in zip(self._coordinates(place, self.base(place)), along, strict=True):
            rows[path] = np.asarray(one, np.int64)
        return rows if present is None else rows | {_present(place): present}

    def gapless(self, place: Place) -> Gapless:
        """The datasets of the elements; features that share coordinates name the same ends."""
        first, *others = self._coordinates(place, self.base(place))
        return Gapless(self.ends(place), (self._data(place), *others), first)

    def base(self, place: Place) -> str:
        """Path of the group in which the coordinates lie."""
        return posixpath.dirname(place.path).rstrip("/") if self.shared else place.path

    def _data(self, place: Place) -> str:
        return place.path if self.shared else f"{place.path}/data"

    def _coordinates(self, place: Place, base: str) -> list[str]:
        names = (f"axis{n}" if isinstance(dim, int) else dim.rpartition("/")[2] for n, dim in enumerate(place.dims))
        return [f"{base}/{name}" for name in names]

    def ends(self, place: Place) -> str:
        """Path of where the elements of each entry end."""
        return f"/{layout.RESERVED}/coordinates{self.base(place)}/ends"


def raveled(coordinates: tuple[NDArray[np.generic], ...], shape: tuple[int, ...]) -> Rows:
    """Coordinates as places among all elements, in C order; all are inside."""
    places = np.zeros(len(coordinates[0]), np.int64)
    for along, size in zip(coordinates, shape, strict=True):
        places = places * size + along.astype(np.int64)
    return places


def _present(place: Place) -> str:
    return layout.of_feature(place.address, "present")


def _expect_inside(along: NDArray[np.generic], size: int, path: str) -> None:
    """Refuses elements that stand outside of their entry."""
    at = along.astype(np.int64)
    outside = (at < 0) | (at >= size)
    if outside.any():
        raise DataError(
            f"an element stands at {at[outside][0]}, but there are {size} places",
            where=path,
            do="the file is damaged; extract or copy it again",
        )
