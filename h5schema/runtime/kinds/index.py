"""Where the values of entries lie that have a length of their own: the index of a ragged feature."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from h5schema.errors import DataError
from h5schema.vocabulary import layout

from ..spans import Reading, Rows, Spans, offsets_of

if TYPE_CHECKING:
    from .kind import Place, Stored

_INT64 = np.dtype(np.int64)
_MOST = 2**47
"""A longer array is in no memory."""


class Indexed(NamedTuple):
    """What an index says of n entries.

    Attributes:
        starts: int64 [n], the row of the first value of each; negative: the entry is absent.
        lengths: int64 [n], of the first ragged dim; of an absent entry it means nothing.
        inner: Lengths of the other ragged dims in stored order, and of texts in lists their bytes: int64, one for
            each entry of the dim that it is per, end to end; an absent entry has none.
    """

    starts: Rows
    lengths: Rows
    inner: tuple[Rows, ...] = ()


class Index(Protocol):
    """A way in which a file says where the values of an entry begin, and how many there are."""

    def stored(self, place: Place) -> tuple[Stored, ...]:
        """The datasets that are the feature's own; those of a dim belong to all features over it."""
        ...

    def read(self, place: Place, rows: Rows) -> Reading[Indexed]:
        """Where the values of the entries at `rows` lie; the feature has them all."""
        ...


class StartsAndLengths:
    """The index of our own files: a start for each entry of the feature, a length for each entry of the dim.

    A text has no ragged dim, so its lengths are its own. Lengths of a dim that is per a ragged one lie end to
    end, and have starts of their own, one for each entry of the feature.
    """

    def stored(self, place: Place) -> tuple[Stored, ...]:
        """See `Index`."""
        from .kind import Stored  # `Place` names this module

        starts = Stored(starts_of(place), _INT64, data=False)
        if len(place.ragged) > len(place.lists):
            return (starts,)
        lengths = Stored(lengths_of(place), _INT64, data=False, per_entry=not place.lists)
        return (
            (starts, lengths, Stored(firsts_of(lengths.path), _INT64, data=False)) if place.lists else (starts, lengths)
        )

    def read(self, place: Place, rows: Rows) -> Reading[Indexed]:
        """See `Index`."""
        first, *deeper = _levels(place)
        firsts = [firsts_of(path) for level in deeper for path in level]
        spans = (Spans(path, rows) for path in (*first, *firsts))
        fetched = yield (Spans(starts_of(place), rows, inside=True), *spans)
        starts, *found = (part.astype(np.int64, copy=False) for part in fetched)
        if len(found) == 1:  # spans of values with such a length would be refused
            return Indexed(starts, found[0])
        _expect_lengths(first, found)
        if not deeper:
            return Indexed(starts, found[0], tuple(found[1:]))
        lengths, begins = [found[0]], found[1:]
        offsets = offsets_of(np.where(starts < 0, 0, lengths[0]))
        for level in deeper:
            runs = (Spans(path, begins.pop(0), np.diff(offsets)) for path in level)
            fetched = yield tuple(runs)
            found = [part.astype(np.int64, copy=False) for part in fetched]
            _expect_lengths(level, found)
            lengths += found
            offsets = offsets_of(lengths[-1])[offsets]
        return Indexed(starts, lengths[0], tuple(lengths[1:]))


def _expect_lengths(paths: Sequence[str], found: Sequence[Rows]) -> None:
    """Refuses lengths that no array has: sums and products of others would hide them."""
    for path, lengths in zip(paths, found, strict=False):
        wrong = (lengths < 0) | (lengths > _MOST)
        if wrong.any():
            raise DataError(
                f"{int(lengths[wrong][0])} is no length",
                where=path,
                do="the file is damaged: its index is not what was written; extract or copy it again",
            )


def _levels(place: Place) -> tuple[tuple[str, ...], ...]:
    """Paths of lengths: first those with one for each entry, then those with one for each of what these count."""
    lists = tuple((layout.of_dim(dim, "lengths"),) for dim in place.lists)
    arrays = tuple(layout.of_dim(dim, "lengths") for dim in place.ragged[len(place.lists) :])
    return (*lists, arrays or (lengths_of(place),))


def starts_of(place: Place) -> str:
    """Path of the starts of a feature's entries, in a file of ours."""
    return layout.of_feature(place.address, "starts")


def lengths_of(place: Place) -> str:
    """Path of the lengths of a feature's texts, in a file of ours."""
    return layout.of_feature(place.address, "lengths")


def firsts_of(lengths: str) -> str:
    """Path of the rows at which the lengths begin that lie at a path end to end, one for each entry."""
    return posixpath.join(posixpath.dirname(lengths), "firsts")


def shapes_of(place: Place, lengths: tuple[Rows, ...]) -> Rows:
    """Sizes of the outer dims of arrays, int64 [n, outer dims], from the lengths of those that are ragged."""
    known = iter(lengths)
    columns = [next(known) if size is None else size for size in place.outer]
    shapes = np.stack(np.broadcast_arrays(*columns), axis=1).astype(np.int64, copy=False)
    rows = shapes.prod(axis=1, dtype=np.float64)
    if (rows > _MOST).any():
        raise DataError(
            f"an array of shape {shapes[np.argmax(rows)].tolist()} fits into no memory",
            where=place.path,
            do="the file is damaged: its index is not what was written; extract or copy it again",
        )
    return shapes
