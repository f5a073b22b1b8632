"""Where given values are to lie, for errors: file, HDF5 path, row and id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .spans import Rows


class Where(NamedTuple):
    """The place of a block; `str` names the file and path, `entry` one of its rows too.

    Attributes:
        place: File and HDF5 path.
        first: Row of the block's first entry; None: there are no rows, it is one value for the file.
        ids: Of the entries, if they have any.
    """

    place: str
    first: int | None = None
    ids: Sequence[str] | None = None

    def entry(self, index: int) -> str:
        """The place of one entry of the block."""
        if self.first is None:
            return self.place
        named = f" ({self.ids[index]!r})" if self.ids is not None and index < len(self.ids) else ""
        return f"{self.place}, row {self.first + index}{named}"

    def rows(self, count: int) -> Rows | None:
        """The rows of the first `count` entries of the block."""
        return None if self.first is None else np.arange(self.first, self.first + count, dtype=np.int64)

    def __str__(self) -> str:
        return self.place
