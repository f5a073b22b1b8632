"""Dense: row i of one dataset is entry i."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from h5schema.vocabulary import layout

from ..spans import Reading, Rows, Spans
from .kind import Place, Stored

_BOOL = np.dtype(np.bool_)


class Dense:
    """Row i is entry i. An optional feature has a second dataset that says which rows hold a value."""

    def stored(self, place: Place, dtype: np.dtype[np.generic]) -> tuple[Stored, ...]:
        values = Stored(place.path, dtype, place.shape)
        if place.optional and place.lead is not None:
            return values, Stored(layout.of_feature(place.address, "present"), _BOOL, data=False)
        return (values,)

    def read(self, place: Place, rows: Rows) -> Reading[tuple[NDArray[np.generic], NDArray[np.bool_] | None]]:
        if place.lead is None:
            (values,) = yield (Spans(place.path, np.zeros(1, np.int64), place.shape[0] if place.shape else 1),)
            return values.reshape(1, *place.shape), None
        if not place.optional:
            (values,) = yield (Spans(place.path, rows, inside=True),)
            return values, None
        known = layout.of_feature(place.address, "present")
        values, present = yield (Spans(place.path, rows, inside=True), Spans(known, rows, inside=True))
        return values, present.astype(np.bool_)

    def write(
        self,
        place: Place,
        block: NDArray[np.generic],
        present: NDArray[np.bool_] | None,
        ends: Mapping[str, int],
    ) -> dict[str, NDArray[np.generic]]:
        if present is None:
            return {place.path: block}
        return {place.path: block, layout.of_feature(place.address, "present"): present}
