"""A file whose entries are given by hand: they may also be replaced, written in part, renamed and taken away."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import cast

import numpy as np

from h5schema.errors import UsageError

from ..blocks import taken
from ..declared import Schema
from ..kinds import EndToEnd, Files, Indexed, Spread
from ..model import Model
from ..spans import Rows
from ..where import Where
from .agreed import Block, agreed_lengths
from .changes import Changes
from .claim import Claim, Standing
from .growing import Growing
from .in_making import stats_of
from .new_lengths import Chosen, new_lengths
from .plans import Values
from .sized import Sized
from .taken import Checked, TwiceError
from .transaction import Transaction
from .unchangeable import agreeing, expect_changeable, expect_growing, expect_resizable, expect_whole

_TOGETHER = 1024
"""Entries without values that are written at a time."""


class ByHand(Transaction):
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
        known = lengths or {}
        self._growing: dict[str, Growing] = {}
        self._resizable: set[str] = set()
        try:
            self._sized = Sized(model, known, str(claim.target))
        except BaseException:
            claim.leave()
            raise
        super().__init__(claim, model, schema, text, expected=known, lengths=known)

    @cached_property
    def _changes(self) -> Changes:
        return Changes(self._datasets)

    def put_at(self, dim: str, rows: Rows, given: Mapping[str, object]) -> None:
        """Replaces values of entries.

        Args:
            dim: Address of the dim.
            rows: Of the entries; of one that is named twice the last value stays.
            given: By address: of each feature that is replaced, a block or a list of values.

        Raises:
            DataError: A value, shape or length does not fit.
        """
        nodes = [address for address in given if self._is_whole_node(address)]
        self._expect_changeable(dim, [address for address in given if address not in nodes])
        if not len(rows):
            return
        if rows.max() >= self._counts[dim]:
            self._lay_out(dim)
        at, order = last_of(rows)
        blocks: dict[str, Block] = {}
        for address, value in given.items():
            feature, place = self.model.features[address], self.model.places[address]
            block, present = feature.block_of(value, place, len(rows), self._where(place.path, dim, rows))
            blocks[address] = taken(block, order), None if present is None else present[order]
        chosen = Chosen(at, blocks, self._staying(given, at))
        lengths = new_lengths(self.model, self._changes, dim, chosen, self._where(dim, dim, at))
        self._swap_unique(at, blocks, self._where(dim, dim, at))
        tables = self.model.tables
        with self._changing():
            for address, (block, present) in blocks.items():
                feature, place = self.model.features[address], self.model.places[address]
                self._changes.put(feature, place, at, block, present, tables.get(place.path))
                self._sized.give(address, at)
            for ragged, one in lengths.items():
                self._changes.put_lengths(ragged, at, one)
            if nodes:
                texts = self._ids[dim].texts()
                paths = [self.model.places[address].path for address in nodes]
                self._datasets.lay_anew(paths, [texts[int(row)] for row in at])

    def delete(self, dim: str, row: int) -> None:
        """Takes an entry away; the last one gets its row."""
        nodes = self.model.nodes(dim)
        others = [one for one in self.model.led_by(dim) if self.model.places[one].path not in nodes]
        self._expect_changeable(dim, others)
        across = [address for address, place in self.declared.places.items() if dim in place.across]
        if across:
            raise UsageError(
                f"{', '.join(across)}: every entry has a value for each of {dim}, so none of {dim} is taken away",
                where=f"{self.target}: {dim}",
                do="write the file anew without it",
            )
        parts = (*self.model.grown(dim), stats_of(dim))
        wanted = dict.fromkeys(part.path for part in parts if part.per_entry)  # members of a table have one
        paths = [path for path in wanted if self._datasets.grows(path)]
        expect_resizable(self._datasets, paths, str(self.target))
        for address in self._uniques:
            if self.model.places[address].lead == dim and self._sized.given(address, np.array([row])).all():
                self._unique.release(self.model, self._blocks([address], np.array([row])))
        with self._changing():
            self._changes.forget()
            self._changes.take_away(paths, row, self._counts[dim] - 1)
            if dim in self._ids:
                self._datasets.drop_node(nodes, self._ids[dim].texts()[row] if nodes else "")
                self._ids[dim].take_away(row)
            self._sized.take_away(dim, row)
            self._counts[dim] -= 1
            self._taken[dim] -= 1

    def rename(self, dim: str, old: str, new: str) -> None:
        """Gives an entry another id.

        Raises:
            DataError: The new one is no id, or there already.
        """
        self._expect_untorn()
        self.flush(dim)
        if old == new:
            return
        nodes = self.model.nodes(dim)
        self._datasets.expect_nodes(nodes, [new])
        self._ids[dim].rename(old, new)
        with self._changing():
            self._datasets.move_node(nodes, old, new)

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

    def room(self, dim: str) -> int:
        """Entries that may be given by position."""
        return self._sized.room(dim, self._counts[dim])

    def expect_given(self, address: str, rows: Rows) -> None:
        """Refuses to read entries that were said beforehand and are not there yet."""
        self._sized.expect_given(address, rows)

    def put_plain(self, dim: str, entry: object, key: str | None) -> bool:
        self._expect_room(dim, 1)
        return super().put_plain(dim, entry, key)

    def publish(self, run: Mapping[str, object] | None = None) -> None:
        self._sized.expect_all(self._counts)
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

    def _lay_out(self, dim: str) -> None:
        """Entries are given by their positions: all of them are there, without values."""
        count, size = self._counts[dim], self.room(dim)
        self._sized.lay_out(dim, count)
        for first in range(count, size, _TOGETHER):
            some = min(_TOGETHER, size - first)
            blocks: dict[str, Block] = {}
            for address in self.model.led_by(dim):
                feature, place = self.model.features[address], self.model.places[address]
                block = feature.pack([feature.placeholder(place)] * some, place, Where(f"{self.target}: {place.path}"))
                blocks[address] = block, np.zeros(some, bool)
            lengths = agreed_lengths(self.model, dim, blocks, some, Where(str(self.target)))
            self._counts[dim] += some
            self._append(dim, Checked(blocks, lengths, []))

    # Inside.

    def _append(self, dim: str, entries: Checked) -> None:
        self._changes.forget()
        super()._append(dim, entries)

    def _staying(self, given: Collection[str], at: Rows) -> Mapping[str, Block]:
        """What entries have of the features that stay, and that agree with those that change on lists of lengths."""
        others = agreeing(self.model, given)
        if not all(self._is_read(one) and self._sized.given(one, at).all() for one in others):
            expect_whole(self.model, given, str(self.target))
        return self._blocks(others, at)

    def _is_read(self, address: str) -> bool:
        """Whether the entries of a feature can be read before the file is complete."""
        return isinstance(self.model.features[address].kind, EndToEnd | Files)

    def _is_whole_node(self, address: str) -> bool:
        """Whether entries of a feature are datasets, on whose lengths no other feature agrees."""
        return isinstance(self.model.features[address].kind, Spread) and not self.model.places[address].ragged

    def _expect_changeable(self, dim: str, addresses: Iterable[str]) -> None:
        self._expect_untorn()
        self.flush(dim)
        expect_changeable(self.model, addresses, str(self.target))

    @contextmanager
    def _changing(self) -> Generator[None]:
        """If this fails half way, nothing more can be done with the file."""
        self._torn = True
        with self._kept():
            yield
        self._torn = False

    def _where(self, path: str, dim: str, rows: Rows) -> Where:
        return Where(f"{self.target}: {path}", at=rows)

    def _swap_unique(self, at: Rows, blocks: Mapping[str, Block], where: Where) -> None:
        known = [address for address in self._uniques if address in blocks]
        if not known:
            return
        old: dict[str, Block] = {}
        for address in known:
            old |= self._blocks([address], at[self._sized.given(address, at)])
        self._unique.release(self.model, old)
        try:
            self._unique.take(self.model, {address: blocks[address] for address in known}, where)
        except TwiceError:
            self._unique.take(self.model, old, where)
            raise


def last_of(rows: Rows) -> tuple[Rows, Rows]:
    """Rows, each once and rising; and where each was named last."""
    at, first = np.unique(rows[::-1], return_index=True)
    return at, len(rows) - 1 - first
