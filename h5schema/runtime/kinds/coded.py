"""Coded: row i of one dataset is the code of entry i, and a dictionary beside it has the words."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from ..blocks import Categories, Texts
from ..spans import Reading, Rows, Spans
from .kind import Place, Stored

_CODE = np.dtype(np.int32)


class Coded:
    """A group with `codes`, of which -1 is an absent entry, and `categories`, in AnnData's encoding.

    The categories are no rows of entries: they are read when the file is opened, and written when it is committed.
    """

    def stored(self, place: Place, dtype: np.dtype[np.generic]) -> tuple[Stored, ...]:
        return (Stored(f"{place.path}/codes", _CODE, axes=place.dims),)

    def read(self, place: Place, rows: Rows) -> Reading[tuple[Categories, NDArray[np.bool_] | None]]:
        """See `Kind.read`."""
        (stored,) = yield (Spans(f"{place.path}/codes", rows, inside=True),)
        codes, words = stored.astype(np.int64), place.words.texts if place.words else Texts.of([])
        wrong = (codes < (-1 if place.optional else 0)) | (codes >= len(words))
        if wrong.any():
            at = int(np.argmax(wrong))
            raise DataError(
                f"the code is {codes[at]}, but there are {len(words)} categories",
                where=f"{place.path}/codes, row {int(rows[at])}",
                do="the file is damaged; extract or copy it again",
            )
        return Categories(codes, words), codes >= 0 if place.optional else None

    def write(
        self, place: Place, block: Categories, present: NDArray[np.bool_] | None, ends: Mapping[str, int]
    ) -> dict[str, NDArray[np.generic]]:
        """See `Kind.write`; without a dictionary the codes are those of the block."""
        if present is not None:
            block = Categories(np.where(present, block.codes, -1), block.words)
        codes = block.codes if place.words is None else place.words.codes_of(block)
        return {f"{place.path}/codes": codes.astype(_CODE)}
