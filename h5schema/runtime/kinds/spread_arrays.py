"""Arrays of one dtype, each a dataset of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError
from h5schema.vocabulary import layout

from ..any_values import Record, record_of
from ..blocks import RaggedBlock, ShapedBlock
from ..spans import Part, Reading, Rows, Spans, offsets_of
from .index import Indexed
from .kind import Place, Stored
from .spread import CHANGED, Spread, present_at

Values: TypeAlias = NDArray[np.generic]
Ragged: TypeAlias = RaggedBlock[np.generic]


class SpreadArrays(Spread[Values]):
    """Arrays of one shape."""

    def encoded(self, block: Values) -> Iterable[bytes]:
        """See `Spread`."""
        return (record_of(block[row, ...], "").encoded() for row in range(len(block)))

    def block(self, place: Place, records: Sequence[Record | None]) -> Values:
        """See `Spread`."""
        arrays = [None if one is None else _array(one, place.shape, place) for one in records]
        rows = np.zeros((len(arrays), *place.shape), _dtype_of(arrays, place))
        for row, array in enumerate(arrays):
            if array is not None:
                rows[row] = array
        return rows


class SpreadRagged(Spread[Ragged]):
    """Arrays of their own length or shape, which is also that of the ragged dims."""

    def encoded(self, block: Ragged) -> Iterable[bytes]:
        """See `Spread`."""
        return (record_of(one, "").encoded() for one in block)

    def block(self, place: Place, records: Sequence[Record | None]) -> Ragged:
        """See `Spread`."""
        sizes = (*place.outer, *place.shape)
        arrays = [None if one is None else _array(one, sizes, place) for one in records]
        nothing = np.empty([size or 0 for size in sizes], _dtype_of(arrays, place))
        return _joined(place, [nothing if one is None else one for one in arrays], nothing)

    def read_part(self, place: Place, rows: Rows, part: Part) -> Reading[tuple[Ragged, NDArray[np.bool_] | None]]:
        """See `PartKind`."""
        if len(place.outer) > 1 or place.nodes is None:
            what = "of arrays of any shape, each of which is a dataset, no part is read"
            raise DataError(what, where=place.path, do="read the whole entry")
        present = yield from present_at(place, rows)
        lengths = (yield (Spans(layout.of_dim(place.ragged[0], "lengths"), rows),))[0].astype(np.int64, copy=False)
        first = np.clip(part.first, 0, lengths)
        sizes = np.where(present, np.clip(part.first + part.size, first, lengths) - first, 0)
        asked = tuple(
            Spans(path, first[row : row + 1], int(sizes[row]))
            for path, row in zip(place.nodes.paths(rows[present]), np.flatnonzero(present).tolist(), strict=True)
        )
        fetched = list((yield asked) if asked else ())
        dtype = _dtype_of(fetched, place)
        values = np.concatenate([np.empty((0, *place.shape), dtype), *fetched])
        return RaggedBlock(values, offsets_of(sizes)), present if place.optional else None


class NodeLengths:
    """The index of entries that are datasets of their own: only their lengths are kept besides."""

    def stored(self, place: Place) -> tuple[Stored, ...]:
        """See `Index`."""
        return ()

    def read(self, place: Place, rows: Rows) -> Reading[Indexed]:
        """See `Index`."""
        found = yield tuple(Spans(layout.of_dim(dim, "lengths"), rows) for dim in place.ragged)
        first, *inner = (one.astype(np.int64, copy=False) for one in found)
        return Indexed(np.zeros(len(rows), np.int64), first, tuple(inner))


def _array(record: Record, sizes: Sequence[int | None], place: Place) -> Values:
    """The array of a node, which has these sizes."""
    fits = len(record.shape) == len(sizes) and all(
        wanted in (None, size) for wanted, size in zip(sizes, record.shape, strict=True)
    )
    if not fits or not record.is_array:
        raise DataError(f"a node is {record.dtype} {list(record.shape)}", where=place.path, do=CHANGED)
    return record.array


def _dtype_of(arrays: Sequence[Values | None], place: Place) -> np.dtype[np.generic]:
    """The dtype that all of them have."""
    dtypes = dict.fromkeys(one.dtype for one in arrays if one is not None)
    if len(dtypes) > 1:
        raise DataError(f"nodes are {' and '.join(map(str, dtypes))}", where=place.path, do=CHANGED)
    return next(iter(dtypes), np.dtype(np.uint8))


def _joined(place: Place, arrays: Sequence[Values], nothing: Values) -> Ragged:
    outer = len(place.outer)
    flat = [one.reshape(-1, *place.shape) if one.size else nothing.reshape(0, *place.shape) for one in arrays]
    values = np.concatenate([np.empty((0, *place.shape), nothing.dtype), *flat])
    if outer == 1:
        return RaggedBlock(values, offsets_of(np.array([len(one) for one in arrays], np.int64)))
    shapes = np.array([one.shape[:outer] for one in arrays], np.int64).reshape(len(arrays), outer)
    return ShapedBlock(values, offsets_of(shapes.prod(axis=1)), shapes)
