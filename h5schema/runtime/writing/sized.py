"""Dims of which it was said beforehand how many entries they will have, and which of these were given."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError, UsageError

from ..model import Model
from ..spans import Rows

_NAMED = 5
"""Runs of rows that an error names."""


class Sized:
    """What was said of the numbers of entries, and what is still missing.

    Args:
        model: What the file class declares.
        lengths: Number of entries by address of the dim.
        target: Name of the file, for errors.

    Raises:
        UsageError: There is no such open dim, or the number is none.
    """

    def __init__(self, model: Model, lengths: Mapping[str, int], target: str) -> None:
        self._model = model
        self._lengths = lengths
        self._target = target
        self._given: dict[str, NDArray[np.bool_]] = {}
        for dim, size in lengths.items():
            if dim not in model.open_dims():
                what = f"`lengths` names {dim}, which is no dim of entries"
                raise UsageError(what, where=target, do=f"these are: {', '.join(model.open_dims())}")
            _expect_count(dim, size, target)

    def room(self, dim: str, count: int) -> int:
        """Entries that may be given by position; there are `count` so far."""
        return count if self._model.has_ids(dim) else max(count, self._lengths.get(dim, 0))

    def expect_room(self, dim: str, count: int) -> None:
        """Refuses an entry too many.

        Raises:
            DataError: There would be more than was said.
        """
        if count > self._lengths.get(dim, count):
            raise DataError(
                f"{count} entries would be more than the {self._lengths[dim]} that were said beforehand",
                where=f"{self._target}: {dim}",
                do="say more with `lengths`, or give an entry by its position",
            )

    def lay_out(self, dim: str, count: int) -> None:
        """All entries are there from now on, but only the first ones have values."""
        for address in self._model.led_by(dim):
            if self._model.transposes(address) is None:  # else it is made at the end
                self._given[address] = np.arange(self._lengths[dim]) < count

    def give(self, address: str, at: Rows) -> None:
        """Some entries have values now."""
        if address in self._given:
            self._given[address][at] = True

    def take_away(self, dim: str, row: int) -> None:
        """The last entry gets the row of one that is gone."""
        for address in self._model.led_by(dim):
            if address in self._given:
                given = self._given[address]
                given[row] = given[-1]
                self._given[address] = given[:-1].copy()

    def given(self, address: str, at: Rows) -> NDArray[np.bool_]:
        """Which of some entries have values."""
        return self._given[address][at] if address in self._given else np.ones(len(at), bool)

    def expect_given(self, address: str, at: Rows) -> None:
        """Refuses to read what is not there yet.

        Raises:
            DataError: An entry has no value so far.
        """
        known = self._given.get(address)
        if known is None or known.all():
            return
        inside = at[(at >= 0) & (at < len(known))]
        if not known[inside].all():
            raise DataError(
                f"row {int(inside[np.argmin(known[inside])])} was not given yet",
                where=f"{self._target}: {self._model.places[address].path}",
                do="give it a value first",
            )

    def expect_all(self, counts: Mapping[str, int]) -> None:
        """Refuses to end where something is missing.

        Args:
            counts: Entries of each dim.

        Raises:
            DataError: It names what is missing.
        """
        for dim, size in self._lengths.items():
            if counts[dim] < size:
                raise DataError(
                    f"{size} entries were said beforehand, and rows {counts[dim]} to {size - 1} were never given",
                    where=f"{self._target}: {dim}",
                    do="give them, or say fewer with `lengths`",
                )
        missing = [f"{address} ({_said(~given)})" for address, given in self._given.items() if not given.all()]
        if missing:
            raise DataError(
                f"never given: {', '.join(missing)}",
                where=self._target,
                do="give every entry; where one has no value, None if the feature is `optional`",
            )


def _expect_count(dim: str, size: object, target: str) -> None:
    if isinstance(size, bool) or not isinstance(size, int) or size < 0:
        raise UsageError(f"{dim} would have {size!r} entries", where=target, do="give a whole number")


def _said(rows: NDArray[np.bool_]) -> str:
    """Which rows are meant, as runs."""
    edges = np.flatnonzero(np.diff(rows, prepend=False, append=False)).reshape(-1, 2).tolist()
    runs = [f"row {first}" if last - first == 1 else f"rows {first} to {last - 1}" for first, last in edges]
    more = [f"and {len(runs) - _NAMED} more runs"] if len(runs) > _NAMED else []
    return ", ".join(runs[:_NAMED] + more)
