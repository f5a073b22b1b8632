"""End to end: entries of different lengths, one after the other in one dataset."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..blocks import RaggedBlock
from ..spans import Part, Reading, Rows, Spans, offsets_of
from .index import lengths_of, starts_of
from .kind import Place, Stored


class EndToEnd:
    """Values end to end; an index says where those of each entry begin, and how many there are.

    The lengths belong to the ragged dim, because every feature over it has them; a text
    has no such dim and keeps its own. A negative start is an absent entry, a length of
    zero an empty one. Entries need not lie in order, nor without gaps.
    """

    def stored(self, place: Place, dtype: np.dtype[np.generic]) -> tuple[Stored, ...]:
        return Stored(place.path, dtype, place.shape, per_entry=False), *place.located.stored(place)

    def read(self, place: Place, rows: Rows) -> Reading[tuple[RaggedBlock[np.generic], NDArray[np.bool_] | None]]:
        starts, lengths, present = yield from self._located(place, rows)
        (values,) = yield (Spans(place.path, starts, lengths),)
        return RaggedBlock(values, offsets_of(lengths)), present

    def read_part(
        self, place: Place, rows: Rows, part: Part
    ) -> Reading[tuple[RaggedBlock[np.generic], NDArray[np.bool_] | None]]:
        starts, lengths, present = yield from self._located(place, rows)
        first = np.clip(part.first, 0, lengths)
        lengths = np.clip(part.first + part.size, first, lengths) - first
        (values,) = yield (Spans(place.path, starts + first, lengths),)
        return RaggedBlock(values, offsets_of(lengths)), present

    def _located(self, place: Place, rows: Rows) -> Reading[tuple[Rows, Rows, NDArray[np.bool_] | None]]:
        """Start and length of each entry; absent ones are empty."""
        starts, lengths = yield from place.located.read(place, rows)
        if not place.optional:
            return starts, lengths, None
        present = starts >= 0
        return np.where(present, starts, 0), np.where(present, lengths, 0), present

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
            starts_of(place): starts,
        }
        if not place.ragged:
            rows[lengths_of(place)] = block.lengths
        return rows
