"""Compressed rows, in AnnData's encoding of sparse matrices: of each entry only some elements are stored."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError
from h5schema.vocabulary import layout

from ..blocks import SparseBlock
from ..spans import Reading, Rows, Spans, offsets_of
from .kind import Gapless, Place, Stored

_INT64 = np.dtype(np.int64)
_INDEX = np.dtype(np.int32)
_BOOL = np.dtype(np.bool_)


class Compressed:
    """A group with `data`, `indices` (where each stands in its row) and `indptr` (a 0, and the end of each row)."""

    def stored(self, place: Place, dtype: np.dtype[np.generic]) -> tuple[Stored, ...]:
        elements = (f"{place.path}/data.values",)
        parts = (
            Stored(f"{place.path}/data", dtype, per_entry=False, axes=elements),
            Stored(f"{place.path}/indices", _INDEX, per_entry=False, axes=elements),
            Stored(f"{place.path}/indptr", _INT64, data=False, before=1, axes=(f"{place.path}/indptr.0",)),
        )
        return (*parts, Stored(_present(place), _BOOL, data=False)) if place.optional else parts

    def read(self, place: Place, rows: Rows) -> Reading[tuple[SparseBlock[np.generic], NDArray[np.bool_] | None]]:
        """See `Kind.read`; all rows are one fetch of ends, and one of elements and where they stand."""
        ends, present = f"{place.path}/indptr", None
        if place.optional:
            bounds, known = yield (Spans(ends, rows, 2, inside=True), Spans(_present(place), rows, inside=True))
            present = known.astype(np.bool_)
        else:
            (bounds,) = yield (Spans(ends, rows, 2, inside=True),)
        pairs = bounds.astype(np.int64).reshape(-1, 2)
        starts, lengths = np.ascontiguousarray(pairs[:, 0]), pairs[:, 1] - pairs[:, 0]
        values, indices = yield (
            Spans(f"{place.path}/data", starts, lengths),
            Spans(f"{place.path}/indices", starts, lengths),
        )
        block = SparseBlock(values, indices.astype(np.int64), offsets_of(lengths), place.shape[0])
        _expect_inside(block, f"{place.path}/indices", rows)
        return block, present

    def write(
        self,
        place: Place,
        block: SparseBlock[np.generic],
        present: NDArray[np.bool_] | None,
        ends: Mapping[str, int],
    ) -> dict[str, NDArray[np.generic]]:
        rows: dict[str, NDArray[np.generic]] = {
            f"{place.path}/data": block.values,
            f"{place.path}/indices": block.indices.astype(_INDEX),
            f"{place.path}/indptr": block.offsets[1:] + ends[f"{place.path}/data"],
        }
        return rows if present is None else rows | {_present(place): present}

    def gapless(self, place: Place) -> Gapless:
        """The datasets of the elements."""
        return Gapless(f"{place.path}/indptr", (f"{place.path}/data", f"{place.path}/indices"))


def _present(place: Place) -> str:
    return layout.of_feature(place.address, "present")


def _expect_inside(block: SparseBlock[np.generic], path: str, rows: Rows) -> None:
    """Refuses elements that stand outside of their row."""
    if not len(block.indices) or (int(block.indices.min()) >= 0 and int(block.indices.max()) < block.width):
        return
    at = int(np.argmax((block.indices < 0) | (block.indices >= block.width)))
    raise DataError(
        f"an element stands at {block.indices[at]}, but a row has {block.width} elements",
        where=f"{path}, row {int(rows[block.rows[at]])}",
        do="the file is damaged; extract or copy it again",
    )
