"""The work of one worker: sources become checked entries, and entries go where the transaction says."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from h5schema.errors import DataError
from h5schema.vocabulary.patterns import Pattern

from .. import system
from ..model import Model, model_of
from ..sources import Source
from ..spans import Rows
from ..writer import Writer
from ..writing.plans import Aside, InChunks, Written
from ..writing.taken import Checked, Given, checked, rows_of, together
from ..writing.transaction import Planned
from .failures import Failure
from .kept import Keeping, Kept, Old, in_order
from .origins import Calls, Origin, SourceFailedError, stat_of

_SMALL_BYTES = 64 << 10
"""Rows of fewer bytes are handed to the transaction as they are."""


class Job(NamedTuple):
    """What every worker does; it pickles as names, and so is the same in a spawned process.

    Attributes:
        writer: The generated writer.
        features: How each feature is made.
        functions: Folder in which the user's modules are looked for first.
        target: Name of the file, for errors.
        retries: Seconds before a source that failed is tried again, each time.
        old: The file that is updated, if there is one.
    """

    writer: type[Writer]
    features: Mapping[str, Origin]
    functions: Path
    target: str
    retries: Sequence[float] = ()
    old: Old | None = None

    @property
    def is_found(self) -> bool:
        """Whether another process finds the writer by its name."""
        module = sys.modules.get(self.writer.__module__)
        return getattr(module, self.writer.__qualname__, None) is self.writer


class Batch(NamedTuple):
    """Sources that follow each other.

    Attributes:
        number: Of the batch, in the order of the sources.
        dim: Address of their dim.
        first: Number of the first source.
        sources: The sources.
        dropped: Numbers of those that are left out, and why.
        rows: The row that each has in the file that is updated, -1 if it is made anew; nothing: there is no such file.
    """

    number: int
    dim: str
    first: int
    sources: Sequence[Source]
    dropped: Mapping[int, Failure] = {}
    rows: Sequence[int] = ()


class Report(NamedTuple):
    """What a batch has become; its entries wait at the worker until they are planned.

    Attributes:
        number: Of the batch.
        entries: How many they are.
        ids: Theirs; None: the dim has none.
        rows: Rows that they have in each dataset.
        stats: int64 [entries, 2], what `Source.stat` says of each.
        failures: Sources that are no entries, by number.
        unique: The blocks whose values no two entries may share.
        bytes: Of all rows.
        seconds: Where the time went, by what was done.
    """

    number: int
    entries: int
    ids: Sequence[str] | None
    rows: Mapping[str, int]
    stats: Rows
    failures: Mapping[int, Failure]
    unique: Checked | None
    bytes: int
    seconds: Mapping[str, float]


class Wrote(NamedTuple):
    """What came of the plans of a batch.

    Attributes:
        number: Of the batch.
        written: By path.
        seconds: Where the time went, by what was done.
    """

    number: int
    written: Mapping[str, Written]
    seconds: Mapping[str, float]


@dataclass(slots=True)
class _Made:
    """A batch in work."""

    dim: str
    entries: Checked
    failures: dict[int, Failure] = field(default_factory=dict[int, Failure])


class Maker:
    """Makes entries of sources.

    Args:
        job: What is made.
        handle: Descriptor of the file in the making.
        begins: Called with the number of each source before it is read.
    """

    def __init__(self, job: Job, handle: int, begins: Callable[[int], None]) -> None:
        self._job = job
        self._model: Model = model_of(job.writer)
        self._calls = Calls(job.features, job.functions)
        self._handle = handle
        self._begins = begins
        self._held: dict[int, _Made] = {}
        self._keeping = None if job.old is None else Keeping(job.writer, job.old, self._calls)

    def make(self, batch: Batch) -> Report:
        """Makes the entries of a batch and holds them."""
        start, spent = time.perf_counter(), (self._calls.spent.load, self._calls.spent.derive)
        model, dim = self._model, batch.dim
        led = model.led_by(dim)
        order, seconds = self._calls.of_dim(led), self._calls.seconds_of(led)
        kept = self._kept(batch)
        failures = dict(batch.dropped)
        made: dict[int, Mapping[str, object]] = {}
        stats: dict[int, tuple[int, int]] = {}
        for number, source in enumerate(batch.sources, batch.first):
            if number in failures:
                continue
            self._begins(number)
            try:
                if kept is not None and number in kept:
                    stats[number], made[number] = kept.stat(number), self._completed(kept, number, source)
                else:  # what changes from now on is another source
                    stats[number], made[number] = _stat(source, seconds), self._tried(order, source)
            except SourceFailedError as error:
                failures[number] = Failure(source.id, source.path, error.said(source.path), error.frames, error.do)
        self._begins(-1)
        entries, numbers = self._checked(batch, made, kept, failures)
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
            _unique(model, entries) if numbers else None,
            sum(values.nbytes for values in rows.values()),
            {"load": load, "derive": derive, "check": time.perf_counter() - start - load - derive},
        )

    def write(self, number: int, planned: Planned) -> Wrote:
        """Carries the entries of a batch where they go, and lets go of them."""
        made = self._held.pop(number)
        rows = rows_of(self._model, made.dim, made.entries, planned.ends)
        seconds = {"compress": 0.0, "write": 0.0}
        written: dict[str, Written] = {}
        for path, plan in planned.plans.items():
            start = time.perf_counter()
            values = rows[path]
            with system.explained(Path(self._job.target)):
                written[path] = (Aside() if values.nbytes < _SMALL_BYTES else plan).write(self._handle, values)
            seconds["compress" if isinstance(plan, InChunks) else "write"] += time.perf_counter() - start
        return Wrote(number, written, seconds)

    def _kept(self, batch: Batch) -> Kept | None:
        """The entries of a batch that stay; None: there is none."""
        rows = {number: row for number, row in enumerate(batch.rows, batch.first) if row >= 0}
        if self._keeping is None or not rows:
            return None
        start = time.perf_counter()
        kept = self._keeping.of(batch.dim, list(rows), list(rows.values()))
        self._calls.spent.load += time.perf_counter() - start
        return kept

    def _completed(self, kept: Kept, number: int, source: Source) -> Mapping[str, object]:
        """What an entry that stays lacks."""
        missing = kept.asking.missing
        if not missing:
            return {}
        order, known = kept.asked(number, source)
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
        self, batch: Batch, made: Mapping[int, Mapping[str, object]], kept: Kept | None, failures: dict[int, Failure]
    ) -> tuple[Checked, list[int]]:
        """The entries that fit, and the numbers of their sources; a bad value fails its source and no other."""
        if kept is None:
            return self._good(batch, made, list(made), None, failures)
        stay = [number for number in made if number in kept]
        others = [number for number in made if number not in kept]
        entries, numbers = self._good(batch, made, stay, kept, failures)
        more, added = self._good(batch, made, others, None, failures)
        return in_order(together([entries, more]) if added else entries, [*numbers, *added])

    def _good(
        self,
        batch: Batch,
        made: Mapping[int, Mapping[str, object]],
        numbers: list[int],
        kept: Kept | None,
        failures: dict[int, Failure],
    ) -> tuple[Checked, list[int]]:
        """Of some entries: those that all stay, or none of which does."""
        try:
            return self._fitted(batch, made, numbers, kept), numbers
        except DataError:
            pass
        parts: list[Checked] = []
        good: list[int] = []
        for number in numbers:
            source = batch.sources[number - batch.first]
            try:
                parts.append(self._fitted(batch, made, [number], kept))
                good.append(number)
            except DataError as error:
                place = error.where.removeprefix(f"{self._job.target}: ").partition(", row")[0]
                failures[number] = Failure(source.id, source.path, f"{place}: {error.what}", help=error.do)
        return (together(parts) if parts else self._fitted(batch, made, [], None)), good

    def _fitted(
        self,
        batch: Batch,
        made: Mapping[int, Mapping[str, object]],
        numbers: Sequence[int],
        kept: Kept | None,
    ) -> Checked:
        addresses = list(made[numbers[0]]) if numbers else []
        values: dict[str, object] = {address: [made[number][address] for number in numbers] for address in addresses}
        values |= {} if kept is None else kept.values(numbers)
        ids = [batch.sources[n - batch.first].id for n in numbers] if self._model.has_ids(batch.dim) else None
        for text in ids or ():
            _expect_utf8(text, self._job.target)
        return checked(self._model, batch.dim, Given(values, len(numbers), 0, ids), self._job.target)


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
