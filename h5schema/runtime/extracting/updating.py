"""An update: what of a finished file stays, and what is made anew."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Self, cast

import numpy as np

from h5schema.errors import FileError, UsageError
from h5schema.vocabulary import layout
from h5schema.vocabulary.patterns import Pattern

from .. import locks, stamp, system
from ..file import File
from ..ids import hashes_of
from ..pieces import PIECE
from ..sources import Source, Sources
from ..spans import Rows
from .calls import Calls, stat_of
from .gone import Gone
from .old import Old, OldReader
from .work import Work

_NAMED = 3
"""Entries that an error names."""


class Updated(Work):
    """The entries of a dim: first those of the file, in their order, and then of the sources that are new.

    Args:
        dim: Address of the dim.
        sources: Those that are given.
        seconds: Patterns of the further files of an entry.
        reader: Of the file.
    """

    def __init__(self, dim: str, sources: Sources, seconds: Sequence[Pattern], reader: OldReader) -> None:
        super().__init__(dim, sources, seconds)
        self._ids = reader.ids(dim)
        self._stats = reader.stats(dim)
        self.there = len(self._stats)
        rows = reader.rows_of(dim, hashes_of(sources.ids()))
        given = np.full(self.there, -1, np.int64)
        given[rows[rows >= 0]] = np.flatnonzero(rows >= 0)
        self._numbers = np.concatenate([given, np.flatnonzero(rows < 0)])
        self._stays = np.ones(self.there, bool)
        for row, stat in self._given_stats(rows):
            self._stays[row] = stat == tuple(self._stats[row].tolist())
        self.changed = int((~self._stays).sum())
        self.gone = len(self.gone_rows)

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def is_same(self) -> bool:
        """Whether no source is new or another one."""
        return len(self) == self.there and not self.changed

    @property
    def gone_rows(self) -> Rows:
        """Rows of the entries whose sources were not given."""
        return np.flatnonzero(self._numbers[: self.there] < 0)

    def names(self, rows: Rows) -> str:
        """Some ids of entries of the file."""
        named = ", ".join(self._ids.read(rows[:_NAMED]))
        return f"{named}, …" if len(rows) > _NAMED else named

    def part(self, first: int, last: int) -> list[Source]:
        numbers = self._numbers[first:last]
        runs = np.where(numbers < 0, -len(self), numbers - np.arange(len(numbers)))  # the same for what follows on
        cuts = [0, *(np.flatnonzero(np.diff(runs)) + 1).tolist(), len(numbers)]
        found: list[Source] = []
        for start, stop in pairwise(cuts):
            number = int(numbers[start])
            if number >= 0:
                found += self._sources.part(number, number + stop - start)
            else:
                found += self._gone(np.arange(first + start, first + stop))
        return found

    def _gone(self, rows: Rows) -> Iterator[Source]:
        for text, stat in zip(self._ids.read(rows), self._stats[rows].tolist(), strict=True):
            was = Gone(*stat)
            yield Source(text, text, was, was)

    def rows(self, first: int, last: int) -> Sequence[int]:
        rows = np.arange(first, last)
        rows[rows >= self.there] = -1
        return rows.tolist()

    def anew(self, first: int, last: int) -> frozenset[int]:
        return frozenset((np.flatnonzero(~self._stays[first:last]) + first).tolist())

    def known(self, done: int) -> Iterator[tuple[Source, tuple[int, int]]]:
        for source in (one for first in range(0, done, PIECE) for one in self.part(first, min(first + PIECE, done))):
            yield source, source.stat() if isinstance(source.base, Gone) else stat_of(source, self._seconds)

    def _given_stats(self, rows: Rows) -> Iterator[tuple[int, tuple[int, int]]]:
        """What is known now of the sources of entries that are there, by row."""
        for first in range(0, len(rows), PIECE):
            part = rows[first : first + PIECE].tolist()
            for row, source in zip(part, self._sources.part(first, first + len(part)), strict=True):
                if row >= 0:
                    yield row, stat_of(source, self._seconds)


class Update:
    """A finished file that is to be brought up to date.

    Args:
        target: The file.
        writer: The generated writer.
        parameters: How each feature is made now.
        calls: The functions that make them.

    Attributes:
        base: Size and time of the file, and of the journal beside it, which may have more entries.

    Raises:
        FileError: It differs from the class in more than what it lacks.
    """

    def __init__(self, target: Path, writer: type[File], parameters: Mapping[str, object], calls: Calls) -> None:
        self._claim = locks.claim_standing(target) if os.access(target, os.W_OK) else None  # nobody adds entries now
        self.base = _state(target)
        self._target = target
        self._writer = writer
        self._calls = calls
        self._reader = OldReader(writer, target)
        try:
            self._reader.open()
        except BaseException:
            self.close()
            raise
        self._layout = cast("Mapping[str, Mapping[str, object]]", stamp.layout_of(self._reader.hdf5()))
        self._parameters = cast("Mapping[str, object]", json.loads(layout.canonical(parameters)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the file."""
        self._reader.close()
        if self._claim is not None:
            os.close(self._claim)
            self._claim = None

    @cached_property
    def old(self) -> Old:
        """The file, and the features whose values stay: those that are in it and would be made as they were."""
        were, model = self._reader.parameters(), self._reader.model
        anew: set[str] = set()
        for address in [*self._calls.of_dim(tuple(model.features)), *model.features]:  # each after what it is made from
            known = model.places[address].address  # under which it was extracted
            same = address not in self._parameters or were.get(known) == self._parameters[address]
            if known not in self._layout["features"] or not same or not anew.isdisjoint(self._calls.given(address)):
                anew.add(address)
        return Old(Path(self._reader.path), frozenset(model.features) - anew)

    def work(self, sources: Mapping[str, Sources]) -> dict[str, Work]:
        """What is to be made of each dim.

        Raises:
            UsageError: An entry of the file needs a source that was not given, or cannot be told from others.
        """
        self._expect_sourced(sources)
        made: dict[str, Work] = {}
        for dim, one in sources.items():
            seconds = self._calls.seconds_of(self._reader.model.led_by(dim))
            if self._length(dim):
                made[dim] = updated = Updated(dim, one, seconds, self._reader)
                self._expect_given(updated)
            else:
                made[dim] = Work(dim, one, seconds)
        return made

    def is_idle(self, work: Mapping[str, Work]) -> bool:
        """Whether the file is up to date."""
        file = self._reader.hdf5()
        return (
            self.old.kept == frozenset(self._reader.model.features)
            and all(isinstance(one, Updated) and one.is_same for one in work.values())
            and self._reader.parameters() == self._parameters
            and stamp.read_text(file, stamp.SCHEMA) == stamp.schema_text(self._writer)
        )

    def whole(self, address: str) -> object:
        """The value of a feature without entries; None: it has none."""
        return self._reader.view(address)[()]

    def _length(self, dim: str) -> int:
        return self._reader.length(dim) if dim in self._layout["dims"] else 0

    def _expect_sourced(self, sources: Mapping[str, Sources]) -> None:
        for dim in self._reader.model.open_dims():
            count = self._length(dim)
            if count and dim not in sources:
                raise FileError(
                    f"{dim} has {count} entries, and the schema names no source of them, so they would be lost",
                    where=str(self._target),
                    do=f"give {dim} its `source` again, or extract everything anew with `--overwrite`",
                )
            if count and not self._reader.model.has_ids(dim):
                raise FileError(
                    f"the entries of {dim} have no ids, so nobody can tell which sources are new",
                    where=str(self._target),
                    do="extract everything anew with `--overwrite`",
                )

    def _expect_given(self, updated: Updated) -> None:
        led = self._calls.of_dim(self._reader.model.led_by(updated.dim))
        needing = self._calls.need_source([address for address in led if address not in self.old.kept])
        gone = updated.gone_rows
        if needing and len(gone):
            raise UsageError(
                f"{', '.join(needing)}: to be made for all entries, but the sources of {len(gone)} are not among those "
                f"that are given: {updated.names(gone)}",
                where=str(self._target),
                do="give their sources too, or take the change of the schema back",
            )


def _state(path: Path) -> tuple[int, ...]:
    known = path, path.with_name(path.name + system.JOURNAL)
    statuses = [one.stat() for one in known if one.exists()]
    return tuple(number for status in statuses for number in (status.st_size, status.st_mtime_ns))
