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
        at: Row of each entry, where they do not follow each other.
        lists: For entries that lie in lists: what the items are called, and the offsets of the lists, outermost first.
    """

    place: str
    first: int | None = None
    ids: Sequence[str] | None = None
    at: Rows | None = None
    lists: tuple[tuple[str, Rows], ...] = ()

    def within(self, dim: str, offsets: Rows) -> Where:
        """The place of the items of lists."""
        return self._replace(lists=(*self.lists, (dim, offsets)))

    def entry(self, index: int) -> str:
        """The place of one entry of the block."""
        said = ""
        for dim, offsets in reversed(self.lists):
            outer = int(np.searchsorted(offsets, index, side="right")) - 1
            said, index = f", {dim} {index - int(offsets[outer])}{said}", outer
        row = self._row(index)
        if row is None:
            return self.place
        named = f" ({self.ids[index]!r})" if self.ids is not None and index < len(self.ids) else ""
        return f"{self.place}, row {row}{named}{said}"

    def _row(self, index: int) -> int | None:
        if self.at is not None:
            return int(self.at[index])
        return None if self.first is None else self.first + index

    def rows(self, count: int) -> Rows | None:
        """The rows of the first `count` entries of the block."""
        rows = self._rows(len(self.lists[0][1]) - 1 if self.lists else count)
        for _, offsets in self.lists:
            rows = None if rows is None else np.repeat(rows, np.diff(offsets))
        return rows

    def _rows(self, count: int) -> Rows | None:
        if self.at is not None:
            return self.at[:count]
        return None if self.first is None else np.arange(self.first, self.first + count, dtype=np.int64)

    def __str__(self) -> str:
        return self.place
