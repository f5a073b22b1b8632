"""Entries of a file that is written: they are replaced, renamed and taken away; everything is checked before."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import cast

import numpy as np

from h5schema.errors import UsageError

from ..blocks import SparseBlock, taken
from ..declared import Schema
from ..kinds import EndToEnd, Files, Spread
from ..model import Model
from ..spans import Carrier, Rows
from ..where import Where
from .agreed import Block, agreed_lengths
from .changes import Changes
from .claim import Claim, Standing
from .compact import Compact, Compacts
from .in_making import stats_of
from .new_lengths import Chosen, new_lengths
from .plans import Values
from .shared import expect_shared
from .sized import Sized
from .taken import Checked, TwiceError
from .transaction import Transaction
from .unchangeable import (
    agreeing,
    expect_begun,
    expect_changeable,
    expect_movable,
    expect_resizable,
    expect_untransposed,
    expect_whole,
)

_TOGETHER = 1024
"""Entries without values that are written at a time."""


class Altering(Transaction):
    """A transaction in which entries that are there may be changed.

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
        expect_begun(self.declared, given.keys() & self._shapes.waiting(), str(self.target))
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
        self._expect_shared(dim, at, blocks)
        expect_untransposed(self.model, blocks, self._shapes.waiting(), str(self.target))
        tables = self.model.tables
        sparse = {address: one for address in blocks if (one := self._compacts.of(self.model, address)) is not None}
        elements = [path for compact in sparse.values() for path in compact.gapless.paths]
        expect_resizable(self._datasets, elements, str(self.target))
        for address, compact in sparse.items():
            sizes = cast("SparseBlock[np.generic]", blocks[address][0]).lengths
            expect_movable(compact.moved_by(at, sizes), str(self.target), self.model.places[address].path)
        with self._changing():
            self._put_sparse(at, blocks, sparse)
            for address, (block, present) in blocks.items():
                feature, place = self.model.features[address], self.model.places[address]
                if address not in sparse:
                    self._changes.put(feature, place, at, block, present, tables.get(place.path))
                self._sized.give(address, at)
            for ragged, new in lengths.items():
                self._changes.put_lengths(ragged, at, new)
            if nodes:
                texts = self._ids[dim].texts()
                paths = [self.model.places[address].path for address in nodes]
                self._datasets.lay_anew(paths, [texts[int(row)] for row in at])

    def _expect_shared(self, dim: str, at: Rows, blocks: Mapping[str, Block]) -> None:
        """Refuses elements that stand elsewhere than those of features that stay and share their coordinates."""
        groups = {self.model.features[one].shares(self.model.places[one]) for one in blocks}.difference((None,))
        places = self.model.places
        staying = [
            one
            for one, feature in self.model.features.items()
            if one not in blocks and feature.shares(places[one]) in groups
        ]
        if groups:
            given = [one for one in staying if self._sized.given(one, at).all()]
            expect_shared(self.model, {**self._blocks(given, at), **blocks}, self._where(dim, dim, at))

    def _put_sparse(self, at: Rows, blocks: Mapping[str, Block], sparse: Mapping[str, Compact]) -> None:
        """Gives entries other elements; those of features that share coordinates together."""
        rows: dict[Compact, dict[str, Values]] = {}
        for address, compact in sparse.items():
            feature, place = self.model.features[address], self.model.places[address]
            ends = {part.path: 0 for part in feature.stored(place)}
            written = feature.write(place, *blocks[address], ends)
            rows.setdefault(compact, {}).update(written)
            for path in written.keys() - {compact.gapless.ends, *compact.gapless.paths}:
                self._datasets.put_at(path, at, written[path])
        for compact, some in rows.items():
            compact.put(at, some)
        if self._compacts.is_full:
            self._compacts.settle()

    def delete(self, dim: str, row: int) -> None:
        """Takes an entry away; the last one gets its row."""
        nodes = self.model.nodes(dim)
        others = [one for one in self.model.led_by(dim) if self.model.places[one].path not in nodes]
        self._expect_changeable(dim, others)
        across = [address for address, place in self.model.places.items() if dim in place.across]
        if across:
            raise UsageError(
                f"{', '.join(across)}: every entry has a value for each of {dim}, so none of {dim} is taken away",
                where=f"{self.target}: {dim}",
                do="write the file anew without it",
            )
        parts = (*self.model.grown(dim), stats_of(dim))
        wanted = dict.fromkeys(part.path for part in parts if part.per_entry)  # members of a table have one
        found = (self._compacts.of(self.model, address) for address in self.model.led_by(dim))
        compacts = {one.gapless.ends: one for one in found if one is not None}
        paths = [path for path in wanted if self._datasets.grows(path) and path not in compacts]
        elements = [path for one in compacts.values() for path in (one.gapless.ends, *one.gapless.paths)]
        expect_resizable(self._datasets, [*paths, *elements], str(self.target))
        for one in compacts.values():
            expect_movable(one.moved_without(row), str(self.target), one.gapless.ends)
        for address in self._uniques:
            if self.model.places[address].lead == dim and self._sized.given(address, np.array([row])).all():
                self._unique.release(self.model, self._blocks([address], np.array([row])))
        with self._changing():
            self._changes.forget()
            self._changes.take_away(paths, row, self._counts[dim] - 1)
            for one in compacts.values():
                one.take_away(row)
            if dim in self._ids:
                self._datasets.drop_node(nodes, self._ids[dim].text(row) if nodes else "")
                self._ids[dim].take_away(row)
            self._sized.take_away(dim, row)
            self._counts[dim] -= 1
            self._taken[dim] -= 1

    def delete_all(self, dim: str, rows: Iterable[int]) -> None:
        """Takes entries away; the last ones get their rows."""
        for row in sorted(rows, reverse=True):
            self.delete(dim, row)

    def expect_paths(self, dim: str, ids: Sequence[str]) -> None:
        """Refuses ids of which no node could be.

        Raises:
            DataError: There is one.
        """
        self._datasets.expect_paths(self.model.nodes(dim), ids)

    @contextmanager
    def whole(self) -> Generator[None]:
        """If this fails half way, nothing more can be done with the file."""
        try:
            yield
        except BaseException:
            self._torn = True
            raise

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

    def room(self, dim: str) -> int:
        """Entries that may be given by position."""
        return self._sized.room(dim, self._counts[dim])

    # Inside.

    @cached_property
    def _compacts(self) -> Compacts:
        return Compacts(self._datasets)

    @property
    def carrier(self) -> Carrier:
        carrier = super().carrier
        return self._compacts.seen(carrier)

    def _settle_all(self) -> None:
        """Writes everything that waits."""
        self._expect_untorn()
        for dim in self.model.open_dims():
            self.flush(dim)
        self._settle_compacts()

    def _settle_compacts(self) -> None:
        """Writes what waits of sparse kinds."""
        if self._compacts.is_changed:
            with self._changing():
                self._compacts.settle()

    def _append(self, dim: str, entries: Checked) -> None:
        self._changes.forget()
        self._settle_compacts()
        super()._append(dim, entries)

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
