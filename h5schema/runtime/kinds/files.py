"""Files: each entry is the bytes of a file, one after the other in one dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.vocabulary import layout

from ..blocks import RaggedBlock
from ..spans import Reading, Rows, Spans
from .end_to_end import EndToEnd
from .index import shapes_of
from .kind import Place, Stored

_BYTE = np.dtype(np.uint8)


class Kept(NamedTuple):
    """Files of some entries.

    Attributes:
        encoded: Their bytes.
        shapes: int64 [n, k], the sizes of the outer dims of the arrays that they hold.
    """

    encoded: RaggedBlock[np.uint8]
    shapes: Rows


class Files:
    """Bytes end to end, with starts and lengths of their own; the sizes of ragged dims belong to these dims."""

    def stored(self, place: Place, dtype: np.dtype[np.generic]) -> tuple[Stored, ...]:
        values, *index = EndToEnd().stored(as_bytes(place), _BYTE)
        return values._replace(axes=(f"{place.path}.values",)), *index

    def read(self, place: Place, rows: Rows) -> Reading[tuple[Kept, NDArray[np.bool_] | None]]:
        encoded, present = yield from EndToEnd().read(as_bytes(place), rows)
        shapes = np.empty((len(rows), 0), np.int64)
        if place.outer:
            lengths = yield tuple(Spans(layout.of_dim(dim, "lengths"), rows) for dim in place.ragged)
            shapes = shapes_of(place, tuple(one.astype(np.int64, copy=False) for one in lengths))
        return Kept(cast("RaggedBlock[np.uint8]", encoded), shapes), present

    def write(
        self, place: Place, block: Kept, present: NDArray[np.bool_] | None, ends: Mapping[str, int]
    ) -> dict[str, NDArray[np.generic]]:
        """See `Kind.write`. The lengths of ragged dims are written once for all their features, not here."""
        return EndToEnd().write(as_bytes(place), block.encoded, present, ends)


def as_bytes(place: Place) -> Place:
    """The place of the bytes, which know nothing of the arrays."""
    return place._replace(ragged=(), lists=(), outer=(None,), shape=())
