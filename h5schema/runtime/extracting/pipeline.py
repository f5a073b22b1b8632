"""Many workers, one order: what is written does not depend on who is done first.

Batches of sources are given out in order, planned in order and taken in order. A worker that has made a batch waits
for its plan, which needs only the numbers of rows of those before; meanwhile it makes another.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from h5schema.errors import FileError

from ..where import Where
from ..writing.taken import TwiceError
from ..writing.transaction import Transaction
from .crew import Crew
from .failures import Failure
from .orders import Order, Report, Wrote
from .tasks import AHEAD, Died
from .under_way import Going, Pace, Ready, Taken
from .work import Work

_HELD = 4
"""Batches that a worker may have in its memory."""
_PATIENCE = 0.25
"""Seconds after which is said who is slow."""
_DEATHS = 2
"""A source at which so many workers died is left out."""
_DEATHS_IN_A_ROW = 50
"""So many workers died, and none made a batch: then it is not the sources."""
_TRIES = 5
"""A batch with which so many workers died is given up."""


class Pipeline:
    """Takes the sources of one dim into a transaction.

    Args:
        transaction: Where they go.
        crew: Who works.
        work: All sources of a dim.
        done: How many are done already.
        memory: Bytes of entries that may wait, of all workers together.
        waiting: Called again and again while nobody has finished anything, with the id of the source at which somebody
            is longest, and for how many seconds; "": nobody knows.

    Attributes:
        waited: Seconds that it waited for workers.
    """

    def __init__(
        self,
        transaction: Transaction,
        crew: Crew[Order, Report | Wrote],
        work: Work,
        *,
        done: int,
        memory: int,
        waiting: Callable[[str, float], None],
    ) -> None:
        self.waited = 0.0
        self._transaction = transaction
        self._crew = crew
        self._waiting = waiting
        self._work = work
        self._next = done  # the first source that nobody has
        self._until = len(work)
        self._number = 0
        self._going: dict[int, Going] = {}
        self._idle = list(range(crew.size)) * AHEAD  # a worker as often as it may be told something
        self._pace = Pace(max(1, memory // (crew.size * _HELD)))
        self._deaths: dict[int, int] = {}
        self._deaths_in_a_row = 0
        self._again: list[int] = []
        self._sizes: dict[int, Mapping[str, int]] = {}

    def run(self, seconds: float | None = None) -> Iterator[Ready]:
        """Each batch when it can be taken into the file, in order.

        Args:
            seconds: After so long no new batch is begun; None: until all sources are done.

        Raises:
            FileError: The file cannot be written, or workers die again and again.
            H5SchemaError: A worker cannot go on.
        """
        planned = taken = 0
        start = time.monotonic()
        while self._going or self._next < self._until:
            if seconds is not None and time.monotonic() - start > seconds:
                self._until = self._next
                seconds = None
                continue
            self._give()
            for worker, answer in self._answers():
                self._hear(worker, answer)
            while (going := self._going.get(planned)) is not None and going.report is not None:
                if not self._plan(going):
                    break
                planned += 1
            while (going := self._going.get(taken)) is not None and going.wrote is not None:
                del self._going[taken]
                assert going.report is not None
                yield Ready(going.report.failures, going.report.stale, partial(self._take, going))
                taken += 1

    # What the workers are told.

    def _give(self) -> None:
        """Gives everybody who waits something to do, if there is something."""
        for worker in list(self._idle):
            if self._tell(worker):
                self._idle.remove(worker)

    def _tell(self, worker: int) -> bool:
        own = [going for going in self._going.values() if going.worker == worker]
        for going in own:
            if going.report and going.planned and not (going.is_told or going.wrote):
                going.is_told = True
                self._crew.tell(worker, (going.batch.number, going.planned))
                return True
        is_making = any(going.report is None and going.batch.number not in self._again for going in own)
        if self._again and not is_making:
            going = self._going[self._again.pop(0)]
            going.worker = worker
            self._crew.tell(worker, going.batch)
            return True
        if len(own) >= _HELD or self._next >= self._until or (is_making and not self._is_long()):
            return False
        batch = self._work.batch(self._number, self._next, self._end())
        self._next += len(batch.sources)
        self._number += 1
        self._going[batch.number] = Going(batch, worker)
        self._crew.tell(worker, batch)
        return True

    def _is_long(self) -> bool:
        """Whether a batch may wait behind another: sources are quick, and enough are left for everybody."""
        return 1 < self._pace.sources < (self._until - self._next) // (2 * self._crew.size)

    def _end(self) -> int:
        """Where the next batch ends."""
        return min(self._until, self._next + self._pace.sources)

    # What they answer.

    def _answers(self) -> Iterable[tuple[int, Report | Wrote | Died]]:
        start = time.monotonic()
        while not (answers := self._crew.answers(_PATIENCE)):
            slowest, now = self._crew.slowest(), time.monotonic()
            self._waiting(*("", 0.0) if slowest is None else (self._work[slowest.source].id, now - slowest.since))
        self.waited += time.monotonic() - start
        return answers

    def _hear(self, worker: int, answer: Report | Wrote | Died) -> None:
        if isinstance(answer, Died):
            self._idle = [one for one in self._idle if one != worker] + [worker] * AHEAD
            self._bury(worker, answer)
            return
        self._idle.append(worker)
        going = self._going[answer.number]
        if isinstance(answer, Wrote):
            going.wrote = answer
            return
        if going.planned is not None and going.report is None and dict(answer.rows) != self._sizes[answer.number]:
            raise FileError(
                "sources changed while they were read, or a function does not always return the same",
                where=str(self._transaction.target),
                do="run it again",
            )
        going.report = answer
        self._deaths_in_a_row = 0
        self._pace.learn(answer, len(going.batch.sources))

    def _bury(self, worker: int, died: Died) -> None:
        """All batches of a worker that died are made again; the source at which workers die is left out."""
        self._deaths_in_a_row += not died.late
        if self._deaths_in_a_row > _DEATHS_IN_A_ROW:
            raise self._hopeless(died)
        own = [going for going in self._going.values() if going.worker == worker and going.wrote is None]
        is_blamed = any(going.has(died.source) for going in own)
        for going in own:
            number, inside = going.batch.number, going.has(died.source)
            going.report = None
            going.is_told = False
            going.worker = -1
            going.tries += inside or not is_blamed
            if inside and going.planned is None:
                self._blame(going, died)
            elif going.tries >= _TRIES:
                raise self._hopeless(died)
            if number not in self._again:
                self._again.append(number)

    def _hopeless(self, died: Died) -> FileError:
        return FileError(
            f"{died.why}, again and again",
            where=str(self._transaction.target),
            do="look for what ends processes (memory?), or at what they said; then run it again",
        )

    def _blame(self, going: Going, died: Died) -> None:
        self._deaths[died.source] = self._deaths.get(died.source, 0) + 1
        if self._deaths[died.source] < _DEATHS and not died.late:
            return
        source = going.batch.sources[died.source - going.batch.first]
        self._drop(going, died.source, Failure(source.id, source.path, died.why, help="look at this source"))
        going.tries = 0

    def _drop(self, going: Going, number: int, failure: Failure) -> None:
        going.batch = going.batch._replace(dropped={**going.batch.dropped, number: failure})

    # What becomes of it.

    def _plan(self, going: Going) -> bool:
        """Plans a batch; False: it has to be made again without one of its sources."""
        report = going.report
        assert report is not None
        if going.planned is not None:
            return True
        clash = self._clash(report)
        if clash is not None:
            number, failure = clash
            self._drop(going, number, failure)
            if number in report.stale:  # what it was is another entry's now, so it cannot stay either
                going.batch = going.batch._replace(changed=going.batch.changed - {number})
            going.report = None
            self._again.append(going.batch.number)
            return False
        self._sizes[going.batch.number] = dict(report.rows)
        going.planned = self._transaction.plan(self._work.dim, report.rows, report.entries, report.words)
        if not going.planned.plans:  # no entry at all
            going.wrote = Wrote(going.batch.number, {}, {})
        return True

    def _clash(self, report: Report) -> tuple[int, Failure] | None:
        """A source whose value another one has already, though the schema says that no two may."""
        if report.unique is None:
            return None
        try:
            self._transaction.new_of(report.unique, Where(str(self._transaction.target), 0, report.ids))
        except TwiceError as error:
            batch = self._going[report.number].batch
            number = [n for n in range(batch.first, batch.first + len(batch.sources)) if n not in report.failures][
                error.row
            ]
            source = batch.sources[number - batch.first]
            return number, Failure(source.id, source.path, f"{error.address}: {error.what}", help=error.do)
        return None

    def _take(self, going: Going) -> Taken:
        report, wrote = going.report, going.wrote
        assert report is not None
        assert wrote is not None
        self._transaction.take(self._work.dim, wrote.written, report.stats, report.ids)
        seconds = {**report.seconds, **wrote.seconds}
        done = going.batch.first + len(going.batch.sources)
        failures = {**report.failures, **report.stale}
        return Taken(done, report.entries, report.stats, failures, report.bytes, seconds)
