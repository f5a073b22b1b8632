"""Features that run across several open dims: each gets its shape with its first value."""

from __future__ import annotations

from collections.abc import Mapping

from h5schema.errors import DataError

from ..where import Where
from .in_making import InMaking
from .waiting import Waiting

_TOGETHER = 256
"""Absent entries that are written at a time."""


class Across(InMaking):
    """A file in the making, with features that wait for their shape."""

    def put_all(self, address: str, value: object) -> None:
        """Gives a feature that runs across several open dims its values for all entries that are there, at once.

        Args:
            address: Of the feature.
            value: A block: an array [n, ...], or whatever else the feature takes for n entries.

        Raises:
            DataError: Some entries have a value already, or it does not fit.
        """
        self._expect_untorn()
        place = self.declared.places[address]
        assert place.lead is not None
        where = Where(f"{self.target}: {place.path}")
        if address not in self._shapes.waiting(place.lead):
            raise DataError("it has values already", where=str(where), do="give it with each entry, or all at once")
        if self._shapes.sharing(address):
            raise DataError(
                "its coordinates are those of other features too",
                where=str(where),
                do="give all of them with each entry",
            )
        self.flush(place.lead)
        self._begin_sized(address)
        feature, place = self.model.features[address], self.model.places[address]
        block = feature.block_of(value, place, self._taken[place.lead or ""], where)
        self._append_rows(feature.write(place, *block, self._ends([address])))

    def _settle(self, dim: str, given: Mapping[str, object]) -> None:
        """Features that get their first value now have a shape from here on."""
        for address in self._shapes.waiting(dim):
            if given.get(address) is not None:
                self._complete(address)

    def _complete(self, address: str) -> None:
        """Gives a feature its shape; no entry so far has a value."""
        place = self.declared.places[address]
        assert place.lead is not None
        self.flush(place.lead)
        before = self._taken[place.lead]
        if before and not place.optional:
            raise DataError(
                f"{before} entries of {place.lead} have no {address}",
                where=f"{self.target}: {place.path}",
                do=f"give it with every entry, or for all of them at the end: file.{address.replace('/', '.')} = ...",
            )
        self._begin_sized(address)
        self._make_up(address)

    def _begin_sized(self, address: str) -> None:
        lead = self.declared.places[address].lead
        assert lead is not None
        self._shapes.settle(address, self._counts)
        self._waiting[lead] = Waiting(self.model, lead, str(self.target))
        with self._kept():
            for one in self._shapes.sharing(address) or [address]:
                self._begin_feature(one, None)

    def _make_up(self, address: str) -> None:
        """The entries before the first value: they are absent, if they may be."""
        feature, place = self.model.features[address], self.model.places[address]
        before = self._taken[place.lead or ""]
        for first in range(0, before, _TOGETHER):
            some = min(_TOGETHER, before - first)
            block = feature.block_of([None] * some, place, some, Where(str(self.target), first))
            self._append_rows(feature.write(place, *block, self._ends([address])))
