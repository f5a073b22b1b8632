"""Features that run across several open dims: each gets its shape with its first value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from ..blocks import SparseBlock
from ..features import as_sparse
from ..where import Where
from .in_making import InMaking
from .transposing import TOGETHER_BYTES, transposed
from .unchangeable import expect_not_made
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
        expect_not_made(self.declared, [address], str(self.target))
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

    def settle_across(self, dim: str) -> None:
        """Gives the features that a dim leads their shape: all entries of the dims that they run across are there."""
        for address in self._shapes.waiting(dim):
            if self.declared.transposes(address) is None:
                self._begin_sized(address)

    def _settle(self, dim: str, given: Mapping[str, object]) -> None:
        """Features that get their first value now have a shape from here on."""
        for address in self._shapes.waiting(dim):
            if given.get(address) is not None:
                expect_not_made(self.declared, [address], str(self.target))
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

    def _complete_all(self) -> None:
        """Gives every feature that waits its shape, and transposes their values."""
        for address in sorted(self._shapes.waiting(), key=lambda one: self.declared.transposes(one) is not None):
            matrix = self.declared.transposes(address)
            if matrix is None:
                self._complete(address)
            else:
                self._transpose(matrix, address)

    def _transpose(self, matrix: str, address: str) -> None:
        """Makes a feature of the matrix of which it is the transpose."""
        lead = self.declared.places[address].lead or ""
        self.flush(lead)
        self._begin_sized(address)
        feature, place = self.model.features[address], self.model.places[address]
        rows = 0
        for block in transposed(lambda: self._matrix(matrix), self._taken[lead], self.target.parent):
            where = Where(f"{self.target}: {place.path}", rows)
            made, present = feature.block_of(block if feature.store else block.dense(), place, len(block), where)
            self._append_rows(feature.write(place, made, present, self._ends([address])))
            rows += len(block)

    def _matrix(self, address: str) -> Iterator[SparseBlock[np.generic]]:
        """The rows of a matrix that are there, some at a time; what is absent has no elements."""
        place = self.model.places[address]
        step = max(1, TOGETHER_BYTES // max(1, place.shape[0] * 32))
        for first in range(0, self._taken[place.lead or ""], step):
            rows = np.arange(first, min(first + step, self._taken[place.lead or ""]))
            block, present = self._blocks([address], rows)[address]
            if present is not None and not isinstance(block, SparseBlock):
                cast("NDArray[np.generic]", block)[~present] = 0
            yield as_sparse(cast("SparseBlock[np.generic] | NDArray[np.generic]", block))

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
