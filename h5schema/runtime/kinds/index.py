"""Where the values of entries lie that have a length of their own: the index of a ragged feature."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from h5schema.vocabulary import layout

from ..spans import Reading, Rows, Spans

if TYPE_CHECKING:
    from .kind import Place, Stored

_INT64 = np.dtype(np.int64)


class Indexed(NamedTuple):
    """What an index says of n entries.

    Attributes:
        starts: int64 [n], the row of the first value of each; negative: the entry is absent.
        lengths: int64 [n], of the first ragged dim; of an absent entry it means nothing.
    """

    starts: Rows
    lengths: Rows


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

    A text has no ragged dim, so its lengths are its own.
    """

    def stored(self, place: Place) -> tuple[Stored, ...]:
        """See `Index`."""
        from .kind import Stored  # `Place` names this module

        starts = Stored(starts_of(place), _INT64, data=False)
        return (starts,) if place.ragged else (starts, Stored(lengths_of(place), _INT64, data=False))

    def read(self, place: Place, rows: Rows) -> Reading[Indexed]:
        """See `Index`."""
        fetched = yield (Spans(starts_of(place), rows, inside=True), Spans(lengths_of(place), rows))
        starts, lengths = (part.astype(np.int64, copy=False) for part in fetched)
        return Indexed(starts, lengths)


def starts_of(place: Place) -> str:
    """Path of the starts of a feature's entries, in a file of ours."""
    return layout.of_feature(place.address, "starts")


def lengths_of(place: Place) -> str:
    """Path of the lengths of a feature's entries, in a file of ours."""
    if place.ragged:
        return layout.of_dim(place.ragged[0], "lengths")
    return layout.of_feature(place.address, "lengths")
