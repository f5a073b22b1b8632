"""A dataset that is not made yet: its first rows wait in memory."""

from __future__ import annotations

import numpy as np

from ..features import Options
from ..kinds import Stored
from .chunking import chunk_rows, is_plain, row_bytes
from .plans import Aside, Plan, Values, Written


class Begun:
    """What a dataset is to be, and its rows as long as it is not made.

    Args:
        part: What is stored.
        options: Of the user's values.
        expected: Rows that there will be at most; None: nobody knows.
    """

    def __init__(self, part: Stored, options: Options, expected: int | None) -> None:
        self.part = part
        self.options = options
        self.expected = expected
        self.row_bytes = max(1, row_bytes(part))
        self.chunk = chunk_rows(part, options, expected)
        self.rows: list[Values] = []
        self.count = 0
        self.planned: list[int] = []

    def plan(self, rows: int) -> Plan:
        """The rows come here."""
        self.planned.append(rows)
        return Aside()

    def take(self, written: Written) -> None:
        """Takes a copy, because they may be the user's own."""
        self.planned.pop(0)
        self.rows += [rows.copy() for rows in written.left]
        self.count += written.rows

    def values(self) -> Values:
        """The rows that wait."""
        return np.concatenate([np.empty((0, *self.part.shape), self.part.dtype), *self.rows])

    @property
    def is_encoded(self) -> bool:
        """Whether its chunks have filters."""
        return self.part.data and self.options.codec != "none"

    @property
    def is_plain(self) -> bool:
        """Whether it may lie in one piece."""
        return is_plain(self.options)

    def is_whole(self, rows: int) -> bool:
        """Whether it is to lie in one piece if it has so many rows at the end, and nobody knew."""
        return self.is_plain and (rows <= self.chunk or self.options.layout == "contiguous")
