"""Entries that are changed: in place where the new values fit, else behind all others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from h5schema.vocabulary import layout

from ..blocks import Block, FilesBlock, RaggedBlock
from ..kinds import EndToEnd, Indexed, Place, as_bytes, firsts_of, lengths_of, starts_of
from ..spans import Rows, offsets_of, positions
from .datasets import Datasets
from .plans import Values
from .room import Room

if TYPE_CHECKING:
    from ..model import AnyFeature
    from ..tables import Table

Lengths: TypeAlias = "Rows | RaggedBlock[np.int64]"
"""Of a ragged dim in some entries: int64 [n], or a list for each."""

_FEWEST = 16
"""Rows that are kept free behind an entry that moves because it grows, at least."""


class Changes:
    """Changes rows of the datasets of features.

    Args:
        datasets: Of the file.
    """

    def __init__(self, datasets: Datasets) -> None:
        self._datasets = datasets
        self._rooms: dict[str, Room] = {}

    def forget(self) -> None:
        """Entries came, went or moved by other ways than `grow`."""
        self._rooms.clear()

    def put(
        self,
        feature: AnyFeature,
        place: Place,
        at: Rows,
        block: object,
        present: NDArray[np.bool_] | None,
        table: Table | None = None,
    ) -> None:
        """Gives entries other values of a feature; the lengths of a ragged dim are not written here.

        Args:
            feature: Whose values.
            place: Where it lies.
            at: Rows of the entries; they rise.
            block: The values.
            present: Which are there; None: all.
            table: Of which the feature is a member, if it is one.
        """
        parts = feature.stored(place)
        ends = {part.path: self._datasets.rows(part.path) for part in parts if self._datasets.grows(part.path)}
        rows = feature.write(place, block, present, ends)
        if isinstance(block, FilesBlock):
            rows |= self._kept_in_place(as_bytes(place), at, block.encoded.offsets, rows)
        elif isinstance(feature.kind, EndToEnd) and isinstance(block, Block) and has_one_length(place):
            self._rooms.pop(place.path, None)
            rows |= self._kept_in_place(place, at, block.row_offsets, rows)
        for part in parts:
            if table is not None and part.path == place.path:
                records = self._datasets.read_at(table.path, at)
                table.column(records, place.path)[...] = rows[part.path]
                self._datasets.put_at(table.path, at, records)
            elif part.per_entry and not part.nodes:
                self._datasets.put_at(part.path, at, rows[part.path])
            else:
                self._datasets.append(part.path, rows[part.path])

    def indexed(self, place: Place, at: Rows) -> Indexed:
        """Where the values of entries lie; the rows rise."""
        starts, lengths = (self._datasets.read_at(path, at) for path in (starts_of(place), _lengths_of(place)))
        return Indexed(starts.astype(np.int64, copy=False), lengths.astype(np.int64, copy=False))

    def _kept_in_place(self, place: Place, at: Rows, offsets: Rows, rows: dict[str, Values]) -> dict[str, Values]:
        """Writes the values that need no more room than there is; what is returned is to be appended.

        The values of the last entry also grow where they are.
        """
        path, values, lengths = place.path, rows[place.path], np.diff(offsets)
        old, there, end = (
            self.indexed(place, at),
            rows[starts_of(place)].astype(np.int64) >= 0,
            self._datasets.rows(path),
        )
        room = np.where((old.starts >= 0) & there, old.lengths, 0)
        stays = there & (old.starts >= 0) & ((lengths <= room) | ((room > 0) & (old.starts + room == end)))
        inside = np.where(stays, np.minimum(lengths, room), 0)
        for i in np.flatnonzero(inside).tolist():
            self._datasets.put(path, int(old.starts[i]), values[offsets[i] : offsets[i] + inside[i]])
        behind = np.where(there, lengths - inside, 0)
        order = np.argsort(~stays, kind="stable")  # what the last entry has more comes first
        starts = np.empty(len(at), np.int64)
        starts[order] = end + offsets_of(behind[order])[:-1]
        return {
            path: values[positions((offsets[:-1] + inside)[order], behind[order])],
            starts_of(place): np.where(stays, old.starts, np.where(there, starts, -1)),
        }

    def put_lengths(self, ragged: str, at: Rows, lengths: Lengths) -> None:
        """Gives entries other lengths of a ragged dim."""
        path = layout.of_dim(ragged, "lengths")
        if isinstance(lengths, RaggedBlock):
            firsts = lengths.offsets[:-1] + self._datasets.rows(path)
            self._datasets.append(path, lengths.values)
            self._datasets.put_at(firsts_of(path), at, firsts)
        else:
            self._datasets.put_at(path, at, lengths)

    def grow(self, places: Sequence[Place], row: int, more: Sequence[Values]) -> None:
        """Adds values at the end of an entry; where there is no room it moves, and gets some for more.

        Args:
            places: Where all features lie that have the same lengths, and are there.
            row: Of the entry.
            more: As they lie in the file, as many of each feature.
        """
        if not len(more[0]):
            return
        old = [self.indexed(place, np.array([row])) for place in places]
        for place, one, values in zip(places, old, more, strict=True):
            self._grow(place, row, one, values)
        there = int(old[0].lengths[0]) if (old[0].starts >= 0).all() else 0
        self._datasets.put(_lengths_of(places[0]), row, np.array([there + len(more[0])]))

    def _grow(self, place: Place, row: int, old: Indexed, more: Values) -> None:
        path, end = place.path, self._datasets.rows(place.path)
        start, length = int(old.starts[0]), int(old.lengths[0])
        if start < 0 or not length:
            start, length = end, 0
            self._rooms.pop(path, None)
        if start + length == end:
            self._datasets.append(path, more)
        elif start + length + len(more) <= self._room(place).end(start, end):
            self._datasets.put(path, start + length, more)
        else:
            moved = np.concatenate([self._datasets.read(path, start, start + length), more])
            free = np.zeros((max(_FEWEST, len(moved)), *moved.shape[1:]), moved.dtype)
            self._datasets.append(path, np.concatenate([moved, free]))
            self._room(place).move(start, end)
            start = end
        if start != int(old.starts[0]):
            self._datasets.put(starts_of(place), row, np.array([start]))

    def _room(self, place: Place) -> Room:
        if place.path not in self._rooms:
            every = np.arange(self._datasets.rows(starts_of(place)))
            self._rooms[place.path] = Room(self.indexed(place, every))
        return self._rooms[place.path]

    def take_away(self, paths: Sequence[str], row: int, last: int) -> None:
        """The last entry gets the row of another, which is gone.

        Args:
            paths: Of the datasets that have a row for each entry.
            row: That is free.
            last: Of the last entry.
        """
        for path in paths:
            if row != last:
                self._datasets.put(path, row, self._datasets.read(path, last, last + 1))
            self._datasets.shrink(path, last)


def has_one_length(place: Place) -> bool:
    """Whether a length says how many values an entry has."""
    return len(place.ragged) <= 1 and not place.lists and len(place.outer) <= 1


def _lengths_of(place: Place) -> str:
    return layout.of_dim(place.ragged[0], "lengths") if place.ragged else lengths_of(place)
