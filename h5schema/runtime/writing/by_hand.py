"""A file whose entries are given by hand: they may also be replaced, written in part, renamed and taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np

from ..declared import Schema
from ..kinds import Indexed
from ..model import Model
from ..spans import Rows
from ..where import Where
from .altering import Altering, last_of
from .claim import Claim, Standing
from .growing import Growing
from .plans import Values
from .taken import Checked
from .unchangeable import expect_growing, expect_resizable


class ByHand(Altering):
    """A transaction in which entries that are there may be changed; everything is checked before anything is.

    Args:
        claim: See `Transaction`.
        model: See `Transaction`.
        schema: See `Transaction`.
        text: See `Transaction`.
        lengths: Number of entries that a dim will have, where it is said beforehand.
    """

    def __init__(
        self, claim: Claim | Standing, model: Model, schema: Schema, text: str, lengths: Mapping[str, int] | None = None
    ) -> None:
        self._growing: dict[str, Growing] = {}
        self._resizable: set[str] = set()
        super().__init__(claim, model, schema, text, lengths)

    def show_ids(self) -> None:
        """The file has all ids as they are now."""
        for dim, ids in self._ids.items():
            self.flush(dim)
            if ids.changed() is not None:
                with self._kept():
                    ids.settle()

    def changed_ids(self, dim: str) -> Sequence[str] | None:
        """The ids of a dim, if they are not in the file as they are now."""
        self.flush(dim)
        return self._ids[dim].changed() if dim in self._ids else None

    def grow(self, address: str, row: int, more: object) -> None:
        """Adds values at the end of an entry.

        Args:
            address: Of the feature.
            row: Of the entry.
            more: One value, or some.

        Raises:
            UsageError: The feature has no length of its own.
            DataError: The values do not fit.
        """
        feature, place = self.model.features[address], self.model.places[address]
        dim = place.lead or ""
        if address not in self._growing:
            self._expect_changeable(dim, [address])
            expect_growing(self.model, address, str(self.target))
            self._growing[address] = Growing(feature, place)
        self._expect_untorn()
        growing = self._growing[address]
        if growing.add(row, more):
            self._sized.give(address, np.array([row]))
            if growing.is_full:
                self._grow(address)
            return
        entry = [more] if np.ndim(cast("Values", more)) == len(place.shape) else more
        where = self._where(place.path, dim, np.array([row]))
        block, _ = feature.block_of([entry], place._replace(optional=False), 1, where)
        values = feature.write(place, block, None, {place.path: 0})[place.path]
        self.flush(dim)
        with self._changing():
            self._changes.grow(place, row, values)
            self._sized.give(address, np.array([row]))

    def flush(self, dim: str) -> None:
        super().flush(dim)
        for address in self._growing:
            if self.model.places[address].lead == dim:
                self._grow(address)

    def _grow(self, address: str) -> None:
        """Writes the values that were added one by one."""
        place = self.model.places[address]
        super().flush(place.lead or "")  # entries that wait themselves
        taken_now = list(self._growing[address].taken())
        if taken_now:
            with self._changing():
                for row, values in taken_now:
                    self._changes.grow(place, row, values)

    def put_values(self, address: str, at: Rows, values: Values) -> None:
        """Writes over values that lie end to end.

        Args:
            address: Of the feature.
            at: Their rows in its dataset; where one is named twice the last value stays.
            values: They are checked here.
        """
        feature, place = self.model.features[address], self.model.places[address]
        self._expect_changeable(place.lead or "", [address])
        where = Where(f"{self.target}: {place.path}")
        block, _ = feature.block_of([values], place._replace(optional=False), 1, where)
        stored = feature.write(place, block, None, {place.path: 0})[place.path]
        rising, order = last_of(at)
        with self._changing():
            self._datasets.put_at(place.path, rising, stored[order])

    def values_at(self, address: str, at: Rows) -> Values:
        """Values that lie end to end, by their rows in the dataset of a feature."""
        place = self.model.places[address]
        rising, number = np.unique(at, return_inverse=True)
        return self.model.features[address].number.from_file(self._datasets.read_at(place.path, rising)[number])

    def indexed(self, address: str, rows: Rows) -> Indexed:
        """Where the values of entries lie."""
        place = self.model.places[address]
        self._expect_changeable(place.lead or "", [address])
        rising, number = np.unique(rows, return_inverse=True)
        found = self._changes.indexed(place, rising)
        return Indexed(found.starts[number], found.lengths[number])

    # How many there will be.

    def expect_given(self, address: str, rows: Rows) -> None:
        """Refuses to read entries that were said beforehand and are not there yet."""
        self._sized.expect_given(address, rows)

    def put_plain(self, dim: str, entry: object, key: str | None) -> bool:
        self._expect_room(dim, 1)
        return super().put_plain(dim, entry, key)

    def commit(self, run: Mapping[str, object] | None = None) -> None:
        self._settle_all()
        super().commit(run)

    def publish(self, run: Mapping[str, object] | None = None) -> None:
        self._sized.expect_all(self._counts)
        self._settle_all()
        super().publish(run)

    def _accepted(self, dim: str, given: Mapping[str, object], count: int, ids: list[str] | None) -> Checked:
        self._expect_room(dim, count)
        return super()._accepted(dim, given, count, ids)

    def _expect_room(self, dim: str, count: int) -> None:
        """Refuses more entries than there may be."""
        self._sized.expect_room(dim, self._counts[dim] + count)
        if dim not in self._resizable:
            expect_resizable(self._datasets, [part.path for part in self.model.grown(dim)], str(self.target))
            self._resizable.add(dim)
