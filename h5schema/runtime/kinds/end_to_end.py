"""End to end: entries of different lengths, one after the other in one dataset."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from h5schema.vocabulary import layout

from ..blocks import RaggedBlock
from ..spans import Reading, Rows, Spans, offsets_of
from .kind import Place, Stored

_INT64 = np.dtype(np.int64)


class EndToEnd:
    """Values end to end; the first value of each entry in `starts`, and how many in `lengths`.

    The lengths belong to the ragged dim, because every feature over it has them; a text
    has no such dim and keeps its own. A negative start is an absent entry, a length of
    zero an empty one. Entries need not lie in order, nor without gaps.
    """

    def stored(self, place: Place, dtype: np.dtype[np.generic]) -> tuple[Stored, ...]:
        values = Stored(place.path, dtype, place.shape, per_entry=False)
        starts = Stored(layout.of_feature(place.address, "starts"), _INT64, data=False)
        if place.ragged is None:
            return values, starts, Stored(self.lengths_of(place), _INT64, data=False)
        return values, starts

    def lengths_of(self, place: Place) -> str:
        """Path of the lengths of a feature's entries."""
        if place.ragged is None:
            return layout.of_feature(place.address, "lengths")
        return layout.of_dim(place.ragged, "lengths")

    def read(self, place: Place, rows: Rows) -> Reading[tuple[RaggedBlock[np.generic], NDArray[np.bool_] | None]]:
        starts_at = layout.of_feature(place.address, "starts")
        index = yield (Spans(starts_at, rows, inside=True), Spans(self.lengths_of(place), rows))
        starts, lengths = (part.astype(np.int64, copy=False) for part in index)
        present = starts >= 0 if place.optional else None
        if present is not None:
            lengths = np.where(present, lengths, 0)
            starts = np.where(present, starts, 0)
        (values,) = yield (Spans(place.path, starts, lengths),)
        return RaggedBlock(values, offsets_of(lengths)), present

    def write(
        self,
        place: Place,
        block: RaggedBlock[np.generic],
        present: NDArray[np.bool_] | None,
        ends: Mapping[str, int],
    ) -> dict[str, NDArray[np.generic]]:
        """See `Kind.write`. The lengths of a ragged dim are written once for all its features, not here."""
        starts = block.offsets[:-1] + ends[place.path]
        if present is not None:
            starts = np.where(present, starts, -1)
        rows: dict[str, NDArray[np.generic]] = {
            place.path: block.values,
            layout.of_feature(place.address, "starts"): starts,
        }
        if place.ragged is None:
            rows[self.lengths_of(place)] = block.lengths
        return rows
