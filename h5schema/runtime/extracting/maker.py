"""The work of one worker: sources become checked entries, and entries go where the transaction says."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np

from h5schema.errors import DataError
from h5schema.vocabulary.patterns import Pattern

from .. import system
from ..kinds import PlannedWords
from ..model import Model, model_of
from ..sources import Source
from ..writing.plans import Aside, InChunks, Written
from ..writing.taken import Checked, Given, checked, rows_of, together, words_of
from ..writing.transaction import Planned
from .calls import Calls, stat_of
from .failures import Failure
from .old import OldEntries, OldFile, in_order
from .orders import Batch, Job, Order, Report, Wrote
from .origins import Call
from .returned import SourceFailedError

_SMALL_BYTES = 64 << 10
"""Rows of fewer bytes are handed to the transaction as they are."""
_Values: TypeAlias = Mapping[int, Mapping[str, object]]
"""By the number of the source: what its entry has, or what it lacks if it stays."""


class _Made(NamedTuple):
    """A batch in work."""

    dim: str
    entries: Checked


class Maker:
    """Makes entries of sources.

    Args:
        job: What is made.
        handle: Descriptor of the file in the making.
        begins: Called with the number of each source before it is read.
    """

    def __init__(self, job: Job, handle: int, begins: Callable[[int], None]) -> None:
        self._job = job
        self._model: Model = model_of(job.writer).in_file_of(job.lengths)
        self._calls = Calls(job.features, job.functions)
        self._handle = handle
        self._begins = begins
        self._held: dict[int, _Made] = {}
        self._old = None if job.old is None else OldFile(job.writer, job.old, self._calls)

    def obey(self, order: Order) -> Report | Wrote:
        """What comes of an order."""
        return self.make(order) if isinstance(order, Batch) else self.write(*order)

    def make(self, batch: Batch) -> Report:
        """Makes the entries of a batch and holds them."""
        start, spent = time.perf_counter(), (self._calls.spent.load, self._calls.spent.derive)
        model, dim = self._model, batch.dim
        led = model.led_by(dim)
        order, seconds = self._calls.of_dim(led), self._calls.seconds_of(led)
        old = self._staying(batch)
        failures = dict(batch.dropped)
        made: dict[int, Mapping[str, object]] = {}
        stats: dict[int, tuple[int, int]] = {}
        for number, source in enumerate(batch.sources, batch.first):
            if number in failures:
                continue
            self._begins(number)
            try:
                if old is not None and number in old:
                    stats[number], made[number] = old.stat(number), self._completed(old, number, source)
                else:  # what changes from now on is another source
                    stats[number], made[number] = _stat(source, seconds), self._tried(order, source)
            except SourceFailedError as error:
                failures[number] = Failure(source.id, source.path, error.said(source.path), error.frames, error.do)
        self._begins(-1)
        entries, numbers = self._checked(batch, made, old, failures)
        stale: dict[int, Failure] = {}
        if left := self._left(batch, failures):
            stale = {number: failures.pop(number) for number in left.numbers}
            as_it_was, good = self._good(batch, {number: {} for number in stale}, list(stale), left, failures)
            stale = {number: stale[number] for number in good}
            stats |= {number: left.stat(number) for number in good}
            entries, numbers = in_order(together([entries, as_it_was]), [*numbers, *good])
        self._held[batch.number] = _Made(dim, entries)
        rows = rows_of(model, dim, entries, _Zeros()) if numbers else {}
        load, derive = self._calls.spent.load - spent[0], self._calls.spent.derive - spent[1]
        return Report(
            batch.number,
            len(numbers),
            entries.ids if model.has_ids(dim) else None,
            {path: len(values) for path, values in rows.items()},
            np.array([stats[number] for number in numbers], np.int64).reshape(-1, 2),
            failures,
            stale,
            _unique(model, entries) if numbers else None,
            sum(values.nbytes for values in rows.values()),
            words_of(entries),
            {"load": load, "derive": derive, "check": time.perf_counter() - start - load - derive},
        )

    def write(self, number: int, planned: Planned) -> Wrote:
        """Carries the entries of a batch where they go, and lets go of them."""
        made = self._held.pop(number)
        words = {address: PlannedWords(codes) for address, codes in planned.words.items()}
        rows = rows_of(self._model.worded(words), made.dim, made.entries, planned.ends)
        seconds = {"compress": 0.0, "write": 0.0}
        written: dict[str, Written] = {}
        for path, plan in planned.plans.items():
            start = time.perf_counter()
            values = rows[path]
            with system.explained(Path(self._job.target)):
                written[path] = (Aside() if values.nbytes < _SMALL_BYTES else plan).write(self._handle, values)
            seconds["compress" if isinstance(plan, InChunks) else "write"] += time.perf_counter() - start
        return Wrote(number, written, seconds)

    def _staying(self, batch: Batch) -> OldEntries | None:
        """The entries of a batch that stay; None: there is none."""
        rows = enumerate(batch.rows, batch.first)
        return self._of_file(batch.dim, {n: row for n, row in rows if row >= 0 and n not in batch.changed})

    def _left(self, batch: Batch, failures: Mapping[int, Failure]) -> OldEntries | None:
        """The entries of changed sources that failed, as they were; None: there is none, or they lack a new feature."""
        numbers = batch.changed.intersection(failures)
        old = self._of_file(batch.dim, {n: batch.rows[n - batch.first] for n in sorted(numbers)})
        return None if old is None or old.asking.missing else old

    def _of_file(self, dim: str, rows: Mapping[int, int]) -> OldEntries | None:
        """The entries of the file that is updated in these rows, by the number of the source."""
        if self._old is None or not rows:
            return None
        start = time.perf_counter()
        old = self._old.of(dim, list(rows), list(rows.values()))
        self._calls.spent.load += time.perf_counter() - start
        return old

    def _completed(self, old: OldEntries, number: int, source: Source) -> Mapping[str, object]:
        """What an entry that stays lacks."""
        missing = old.asking.missing
        if not missing:
            return {}
        order, known = old.asked(number, source)
        values = self._tried(order, source, known)
        return {address: values[address] for address in missing}

    def _tried(
        self, order: Sequence[str], source: Source, known: Mapping[str, object] | None = None
    ) -> Mapping[str, object]:
        """The values of one source; the last failure is raised."""
        for pause in self._job.retries:
            try:
                return self._calls.of_source(order, source, known)
            except SourceFailedError:
                time.sleep(pause)
        return self._calls.of_source(order, source, known)

    def _checked(
        self,
        batch: Batch,
        made: _Values,
        old: OldEntries | None,
        failures: dict[int, Failure],
    ) -> tuple[Checked, list[int]]:
        """The entries that fit, and the numbers of their sources; a bad value fails its source and no other."""
        if old is None:
            return self._good(batch, made, list(made), None, failures)
        stay = [number for number in made if number in old]
        others = [number for number in made if number not in old]
        entries, numbers = self._good(batch, made, stay, old, failures)
        more, added = self._good(batch, made, others, None, failures)
        return in_order(together([entries, more]) if added else entries, [*numbers, *added])

    def _good(
        self,
        batch: Batch,
        made: _Values,
        numbers: list[int],
        old: OldEntries | None,
        failures: dict[int, Failure],
    ) -> tuple[Checked, list[int]]:
        """Of some entries: those that all stay, or none of which does."""
        try:
            return self._fitted(batch, made, numbers, old), numbers
        except DataError:
            pass
        parts: list[Checked] = []
        good: list[int] = []
        for number in numbers:
            source = batch.sources[number - batch.first]
            try:
                parts.append(self._fitted(batch, made, [number], old))
                good.append(number)
            except DataError as error:
                place = error.where.removeprefix(f"{self._job.target}: ").partition(", row")[0]
                failures[number] = Failure(source.id, source.path, f"{place}: {error.what}", help=error.do)
        return (together(parts) if parts else self._fitted(batch, made, [], None)), good

    def _fitted(
        self,
        batch: Batch,
        made: _Values,
        numbers: Sequence[int],
        old: OldEntries | None,
    ) -> Checked:
        addresses = list(made[numbers[0]]) if numbers else []
        values: dict[str, object] = {address: self._given(address, [made[n] for n in numbers]) for address in addresses}
        values |= {} if old is None else old.values(numbers)
        ids = [batch.sources[n - batch.first].id for n in numbers] if self._model.has_ids(batch.dim) else None
        for text in ids or ():
            _expect_utf8(text, self._job.target)
        return checked(self._model, batch.dim, Given(values, len(numbers), 0, ids), self._job.target)

    def _given(self, address: str, made: Sequence[Mapping[str, object]]) -> list[object]:
        """The values of a feature as its entries are given."""
        values, origin = [one[address] for one in made], self._job.features.get(address)
        if not isinstance(origin, Call) or origin.function != "bytes":
            return values
        feature, place = self._model.features[address], self._model.places[address]
        where = f"{self._job.target}: {place.path}"
        return [None if value is None else feature.of_source(value, place, where) for value in values]


class _Zeros(dict[str, int]):
    """Every dataset has no rows so far."""

    def __missing__(self, path: str) -> int:
        return 0


def _stat(source: Source, seconds: Sequence[Pattern]) -> tuple[int, int]:
    try:
        return stat_of(source, seconds)
    except DataError as error:  # elsewhere, and nobody answers
        raise SourceFailedError(error.what, where=error.where, do=error.do) from None


def _expect_utf8(text: str, target: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise DataError(f"the id {text!r} cannot be written as utf-8", where=target, do="rename the source") from None


def _unique(model: Model, entries: Checked) -> Checked | None:
    """The blocks of features whose check says `unique`."""
    checks = {address: model.features[address].options.check for address in entries.blocks}
    blocks = {
        address: entries.blocks[address] for address, check in checks.items() if check is not None and check.unique
    }
    return Checked(blocks, {}, entries.ids) if blocks else None
