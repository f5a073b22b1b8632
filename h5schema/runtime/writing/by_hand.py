"""A file whose entries are given by hand: they may also be replaced, written in part, renamed and taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np

from h5schema.errors import DataError, UsageError

from ..declared import Schema
from ..kinds import Indexed
from ..model import Model
from ..spans import Rows
from ..where import Where
from .altering import Altering, last_of
from .claim import Claim, Standing
from .growing import Growing
from .new_lengths import over
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
        self._growing: dict[tuple[str, ...], Growing] = {}
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

    def grow(self, row: int, given: Mapping[str, object]) -> None:
        """Adds values at the end of an entry, of features that share a ragged dim.

        Args:
            row: Of the entry.
            given: By address of the feature: one value, or some; as many of each.

        Raises:
            UsageError: A feature has no length of its own.
            DataError: The values do not fit, or another feature shares the dim and has none.
        """
        addresses = tuple(given)
        dim = self.model.places[addresses[0]].lead or ""
        features = [(self.model.features[one], self.model.places[one]) for one in addresses]
        growing = self._growing.get(addresses)
        if growing is None:
            self._expect_changeable(dim, addresses)
            expect_growing(self.model, addresses, str(self.target))
            growing = self._growing[addresses] = Growing(features)
        self._expect_untorn()
        if row not in growing.fitting:
            self.flush(dim)
            self._expect_alone(addresses, row)
            growing.fitting.add(row)
        if growing.add(row, [*given.values()]):
            self._note_grown(addresses, row)
            if growing.is_full:
                self._grow(addresses)
            return
        places = [place for _, place in features]
        values = self._more(dim, row, given)
        self.flush(dim)
        with self._changing():
            self._changes.grow(places, row, values)
            self._note_grown(addresses, row)

    def _more(self, dim: str, row: int, given: Mapping[str, object]) -> list[Values]:
        """Values to be added, as they lie in the file."""
        found: list[Values] = []
        for address, more in given.items():
            feature, place = self.model.features[address], self.model.places[address]
            entry = [more] if np.ndim(cast("Values", more)) == len(place.shape) else more
            where = self._where(place.path, dim, np.array([row]))
            block, _ = feature.block_of([entry], place._replace(optional=False), 1, where)
            found.append(feature.write(place, block, None, {place.path: 0})[place.path])
        sizes = {address: len(values) for address, values in zip(given, found, strict=True)}
        if len(set(sizes.values())) > 1:
            said = ", ".join(f"{size} of {address}" for address, size in sizes.items())
            at = self._where(dim, dim, np.array([row])).entry(0)
            raise DataError(f"{said} would be added", where=at, do="give as many of each")
        return found

    def _expect_alone(self, addresses: Sequence[str], row: int) -> None:
        """Refuses to let some features of an entry grow without others that have the same length."""
        at, ragged = np.array([row]), self.model.places[addresses[0]].ragged[0]
        for address in over(self.model, ragged):
            place = self.model.places[address]
            known = self._changes.indexed(place, at)
            there = bool(known.starts[0] >= 0)
            where = self._where(place.path, place.lead or "", at).entry(0)
            if address not in addresses and (there or not place.optional):
                what = f"{address} run over {ragged} too, and would no longer have the same length"
                do = f"add to all of them at once: file.{ragged.replace('/', '.')}.append(id, {{...}})"
                raise UsageError(what, where=where, do=do)
            if address in addresses and not there and known.lengths[0]:
                what = f"{address} is absent in this entry, which has {known.lengths[0]} values of others already"
                raise UsageError(what, where=where, do="leave it out, or replace the entry as a whole")

    def _note_grown(self, addresses: Sequence[str], row: int) -> None:
        for address in addresses:
            self._sized.give(address, np.array([row]))

    def flush(self, dim: str) -> None:
        super().flush(dim)
        for addresses in self._growing:
            if self.model.places[addresses[0]].lead == dim:
                self._grow(addresses)

    def _grow(self, addresses: tuple[str, ...]) -> None:
        """Writes the values that were added one by one."""
        places = [self.model.places[address] for address in addresses]
        super().flush(places[0].lead or "")  # entries that wait themselves
        taken_now = list(self._growing[addresses].taken())
        if taken_now:
            with self._changing():
                for row, values in taken_now:
                    self._changes.grow(places, row, values)

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
