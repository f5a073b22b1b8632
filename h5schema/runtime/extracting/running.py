"""One run: it goes on where an earlier one stopped, commits as it goes, and ends in a complete file."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

from h5schema.errors import FileError, TargetExistsError, UserCodeError
from h5schema.vocabulary.extractors import EXTRACTORS

from .. import stamp, system
from ..model import model_of
from ..writing import intact
from ..writing.claim import Claim
from ..writing.in_making import State
from ..writing.transaction import Transaction
from . import failure_list
from .across import expect_wide_as_before, in_turn
from .calls import Calls
from .crew import at_work
from .earlier import Run, expect_same_sources, gone_on, new_run
from .endings import StoppedError, failed_at, lost_entries, none_of
from .failures import Failures
from .how import How
from .orders import Job
from .origins import Call
from .pipeline import Pipeline
from .progress import Progress
from .spending import Spending, coded
from .summary import Changes, Summary
from .under_way import Ready, Taken
from .updating import Update
from .work import Work

_ALONE = 0.5
"""Seconds for which the caller works alone, before processes are begun."""


class Running:
    """One run of an extraction.

    Args:
        claim: The name under which the file is made.
        job: What every worker does.
        parameters: What is stored in the file of how each feature was made.
        work: The sources of each dim.
        how: Workers, failures, memory, progress.
        spending: Where the time goes.
        update: What of an earlier file stays; None: there is none.
    """

    def __init__(
        self,
        claim: Claim,
        job: Job,
        parameters: Mapping[str, object],
        work: Mapping[str, Work],
        how: How,
        spending: Spending,
        update: Update | None = None,
    ) -> None:
        self._claim = claim
        self._job = job
        self._parameters = parameters
        self._sources = work
        self._update = update
        self._how = how
        self._spending = spending
        self._committed = time.monotonic()
        self._model = model_of(job.writer)
        self._run: Run = new_run(self._model, parameters, None if update is None else update.base)
        self._failures = Failures(work)
        self._earlier = 0

    def run(self, calls: Calls, unmatched: Sequence[str], listed: Path | None, *, overwrite: bool) -> Summary:
        """Takes every source into the file.

        Args:
            calls: The functions of features without entries.
            unmatched: Files that are no sources.
            listed: File for the list of failures, or None.
            overwrite: Whether another such list is replaced.

        Raises:
            H5SchemaError: See `Extraction.run`.
        """
        try:
            return self._through(calls, unmatched, listed, overwrite=overwrite)
        except FileError as error:
            if self._claim.sink.committed:
                error.do += "; the same command then goes on with what was committed"
            raise

    def _through(self, calls: Calls, unmatched: Sequence[str], listed: Path | None, *, overwrite: bool) -> Summary:
        state = cast("State | None", self._claim.state)
        if state is None and self._update is not None and self._update.is_idle(self._sources):
            return self._nothing_to_do(unmatched, listed)
        try:
            if state is not None:
                self._go_on(state)
            if state is not None and state["complete"]:  # only its name was missing
                intact.expect_complete(self._claim.sink)
                self._claim.appear()
                self._expect_all()
                return self._summary(state["counts"], unmatched)
        except BaseException:
            self._claim.leave()
            raise
        transaction = self._transaction()
        try:
            with self._listed(listed, overwrite=overwrite):
                self._fill(transaction, calls)
            self._expect_some()
            self._run["failures"] = self._failures.state()
            with self._spending.on("finish"):
                transaction.publish(cast("Mapping[str, object]", self._run))
        except StoppedError:
            transaction.discard()
            raise
        except KeyboardInterrupt:
            transaction.discard()
            if not transaction.is_published:
                raise StoppedError("stopped when all sources were done; the same command goes on") from None
        except BaseException:
            transaction.discard()
            raise
        return self._summary({dim: transaction.count(dim) for dim in self._sources}, unmatched)

    @contextmanager
    def _listed(self, listed: Path | None, *, overwrite: bool) -> Generator[None]:
        """Writes the list of failures at the end, also if it is one of them that ends the run."""
        try:
            yield
        except UserCodeError:
            if listed is not None and self._failures:
                failure_list.write(listed, self._failures, overwrite=overwrite)
            raise
        if listed is not None:
            failure_list.write(listed, self._failures, overwrite=overwrite)

    def _nothing_to_do(self, unmatched: Sequence[str], listed: Path | None) -> Summary:
        """The file is up to date, and stays as it is."""
        self._claim.leave()
        if listed is not None:
            failure_list.write(listed, self._failures, overwrite=True)
        return self._summary({dim: len(work) for dim, work in self._sources.items()}, unmatched)

    def _go_on(self, state: State) -> None:
        """Takes up an earlier run."""
        self._run = gone_on(cast("Run", state["run"]), self._run, self._claim.target)
        self._failures = Failures(self._sources, self._run["failures"])
        self._earlier = sum(self._run["done"].values())

    def _expect_all(self) -> None:
        """Refuses to say that all is done where sources came or went since the stopped run."""
        for dim, work in self._sources.items():
            done = self._run["done"].get(dim, 0)
            if done != len(work):
                raise TargetExistsError(
                    f"the stopped run had done all {done} sources of {dim}, and its file is complete now; "
                    f"but there are {len(work)} by now",
                    where=str(self._claim.target),
                    do="say --update to bring it up to date (in Python update=True)",
                )

    def _transaction(self) -> Transaction:
        return Transaction(
            self._claim,
            self._model,
            self._job.writer.schema,
            stamp.schema_text(self._job.writer),
            parameters=self._parameters,
            expected={dim: len(one) for dim, one in self._sources.items()},
            sourced=tuple(self._sources),
        )

    def _fill(self, transaction: Transaction, calls: Calls) -> None:
        try:
            for dim, work in self._sources.items():
                expect_same_sources(transaction, work, self._run["done"].get(dim, 0), self._failures)
            self._put_wholes(transaction, calls)
            for dim in in_turn(self._model, self._sources):
                work = self._sources[dim]
                expect_wide_as_before(transaction, work, self._run["done"])
                transaction.settle_across(dim)
                with Progress(
                    f"extract {dim}", len(work), self._how.progress, self._run["done"].get(dim, 0)
                ) as progress:
                    self._extract(transaction, work, progress)
        except KeyboardInterrupt:
            with suppress(KeyboardInterrupt):  # a second Ctrl-C waits for the commit, too
                self._commit(transaction)
            done = sum(self._run["done"].values())
            raise StoppedError(
                f"stopped after {done} of {sum(map(len, self._sources.values()))} sources; the same command goes on"
            ) from None

    def _put_wholes(self, transaction: Transaction, calls: Calls) -> None:
        """Features without entries: those that stay, and those that are made."""
        for address, place in self._model.places.items():
            if place.lead is not None:
                continue
            if self._update is not None and address in self._update.old.kept:
                value = self._update.whole(address)
                if value is not None:
                    transaction.put_whole(address, value)
            elif address in self._job.features:
                transaction.put_whole(address, calls.of_file(address))

    def _extract(self, transaction: Transaction, work: Work, progress: Progress) -> None:
        """Takes the sources of one dim: alone for a moment if that is safe, and then with everybody."""
        size = self._how.size(len(work))
        if self._how.workers is None and self._how.timeout is None:
            if self._is_ours():
                self._work(transaction, work, progress, 0, _ALONE)
            if self._job.missed:
                size = 0
        self._work(transaction, work, progress, size, None)

    def _work(
        self,
        transaction: Transaction,
        work: Work,
        progress: Progress,
        size: int,
        seconds: float | None,
    ) -> None:
        done = self._run["done"].get(work.dim, 0)
        if done == len(work):
            return
        lengths = {dim: transaction.count(dim) for dim in self._model.across(work.dim)}
        with at_work(size, self._how, self._job._replace(lengths=lengths), self._claim.sink.handle) as crew:
            memory = self._how.memory
            pipeline = Pipeline(transaction, crew, work, done=done, memory=memory, waiting=progress.waiting)
            with self._spending.work(size, pipeline):
                for ready in pipeline.run(seconds):
                    self._expect_good(transaction, work, ready)
                    with system.uninterrupted():
                        taken = ready.take()
                        self._note(work.dim, taken)
                    progress.step(taken.done - done, len(taken.failures))
                    done = taken.done
                    if time.monotonic() - self._committed > self._how.commit_every:
                        self._commit(transaction)

    def _is_ours(self) -> bool:
        """Whether no code of the user's is run: then nothing is likely to end this process."""
        return all(one.function in EXTRACTORS for one in self._job.features.values() if isinstance(one, Call))

    def _expect_good(self, transaction: Transaction, work: Work, ready: Ready) -> None:
        """Ends the run before a batch that has failures, if it is to end there."""
        failures = {**ready.failures, **ready.stale}
        lost = [failure for number, failure in sorted(ready.failures.items()) if number < work.there]
        if lost or (failures and self._how.on_error == "fail"):
            self._commit(transaction)
            self._failures.add(work.dim, failures)  # to be listed; the next run has them to do again
            target = str(self._claim.target)
            raise lost_entries(lost, target) if lost else failed_at(min(failures.items())[1], target)

    def _note(self, dim: str, taken: Taken) -> None:
        """What a batch adds to what is known of the run."""
        self._run["done"][dim] = taken.done
        self._failures.add(dim, taken.failures)
        self._run["bytes"] += taken.bytes
        self._spending.add(taken.seconds)

    def _commit(self, transaction: Transaction) -> None:
        self._run["failures"] = self._failures.state()
        with self._spending.on("commit"):
            transaction.commit(cast("Mapping[str, object]", self._run))
        self._committed = time.monotonic()

    def _expect_some(self) -> None:
        total = sum(map(len, self._sources.values()))
        if total and len(self._failures) == total and not any(work.there for work in self._sources.values()):
            self._claim.forget()
            raise none_of(total, self._failures[0], str(self._claim.target))

    def _summary(self, counts: Mapping[str, int], unmatched: Sequence[str]) -> Summary:
        target = self._claim.target
        return Summary(
            {dim: counts[dim] for dim in self._sources},
            self._failures,
            tuple(unmatched),
            self._spending.seconds,
            target.stat().st_size,
            self._run["bytes"],
            coded(target, self._model),
            self._spending.spent(),
            sum(map(len, self._sources.values())),
            self._earlier,
            self._changes(counts),
        )

    def _changes(self, counts: Mapping[str, int]) -> Changes | None:
        """What an update did; None: it is none."""
        if self._update is None:
            return None
        there = sum(work.there for work in self._sources.values())
        gone = sum(work.gone for work in self._sources.values())
        changed = sum(work.changed for work in self._sources.values()) - sum(map(self._stale, self._sources.values()))
        return Changes(there - changed, changed, sum(counts[dim] for dim in self._sources) - there, gone)

    def _stale(self, work: Work) -> int:
        """How many changed sources failed; their entries stay as they were."""
        return sum(number < work.there for number, _ in self._failures.in_order(work.dim))
