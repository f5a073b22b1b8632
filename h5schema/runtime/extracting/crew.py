"""Those who work: processes of their own, threads, or the one who calls. Each does one thing at a time, as told."""

from __future__ import annotations

import pickle
import time
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterable, Sequence
from concurrent import futures
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection, wait
from typing import Generic, TypeVar, cast

from h5schema.errors import H5SchemaError, UsageError

from .how import How
from .process import Process
from .tasks import Beat, Died, Task

TellT = TypeVar("TellT")
HeardT = TypeVar("HeardT")


class Crew(ABC, Generic[TellT, HeardT]):
    """Workers by number, each of which obeys in order; one that has died is replaced when it is told something."""

    size: int

    @abstractmethod
    def tell(self, worker: int, order: TellT) -> None:
        """Tells a worker what to do, which has at most `AHEAD` - 1 orders."""

    @abstractmethod
    def answers(self, patience: float) -> Sequence[tuple[int, HeardT | Died]]:
        """Waits until somebody has answered, for about so many seconds; nothing: nobody has.

        Raises:
            H5SchemaError: A worker cannot go on, for a reason that holds for all sources.
        """

    @abstractmethod
    def slowest(self) -> Beat | None:
        """Of the sources that somebody is at, the one that was begun first; None: nobody knows."""

    @abstractmethod
    def close(self) -> None:
        """Everybody stops now."""


def _first(beats: Iterable[Beat]) -> Beat | None:
    return min((one for one in beats if one.source >= 0), key=lambda one: one.since, default=None)


class Here(Crew[TellT, HeardT]):
    """Nobody else: the work is done when the answer is asked for."""

    size = 1

    def __init__(self, task: Task[TellT, HeardT], handle: int) -> None:
        self._worker = task.begin(handle, lambda number: None)
        self._told: list[TellT] = []

    def tell(self, worker: int, order: TellT) -> None:
        self._told.append(order)

    def answers(self, patience: float) -> Sequence[tuple[int, HeardT | Died]]:
        return [(0, self._worker.obey(self._told.pop(0)))]

    def slowest(self) -> Beat | None:
        """Nobody has the time to ask."""

    def close(self) -> None:
        self._told.clear()


class Threads(Crew[TellT, HeardT]):
    """Threads of this process; they help where functions drop the GIL."""

    def __init__(self, size: int, task: Task[TellT, HeardT], handle: int) -> None:
        self.size = size
        self._beats = [Beat(-1, 0.0)] * size
        self._workers = [task.begin(handle, partial(self._begins, worker)) for worker in range(size)]
        self._pools = [ThreadPoolExecutor(1, "h5schema") for _ in range(size)]
        self._told: dict[Future[HeardT], int] = {}

    def tell(self, worker: int, order: TellT) -> None:
        self._told[self._pools[worker].submit(self._workers[worker].obey, order)] = worker

    def answers(self, patience: float) -> Sequence[tuple[int, HeardT | Died]]:
        done, _ = futures.wait(self._told, patience, return_when=futures.FIRST_COMPLETED)
        return [(self._told.pop(one), one.result()) for one in done]

    def slowest(self) -> Beat | None:
        return _first(self._beats)

    def _begins(self, worker: int, number: int) -> None:
        self._beats[worker] = Beat(number, time.monotonic())

    def close(self) -> None:
        for pool in self._pools:
            pool.shutdown(wait=False, cancel_futures=True)
        for pool in self._pools:
            pool.shutdown()


class Processes(Crew[TellT, HeardT]):
    """Processes of their own, begun anew as a user's Python would be; one that dies or hangs takes nobody with it.

    Args:
        size: How many.
        task: What they are there for.
        handle: Descriptor of the file in the making; they hold it too, so nobody else has the file while one lives.
        limit: Seconds that a source may take; None: as long as it wants.
    """

    def __init__(self, size: int, task: Task[TellT, HeardT], handle: int, limit: float | None) -> None:
        self.size = size
        if task.missed:
            raise UsageError(
                f"another process cannot import {task.missed}",
                where=f"workers={size}",
                do="use workers=0 or threads, or put it where it can be imported: in a module, in a package",
            )
        self._job = pickle.dumps(task)
        self._handle = handle
        self._limit = limit
        self._workers: list[Process | None] = [Process(self._job, handle) for _ in range(size)]

    def tell(self, worker: int, order: TellT) -> None:
        process = self._workers[worker]
        if process is None:
            process = self._workers[worker] = Process(self._job, self._handle)
        process.tell(order)

    def answers(self, patience: float) -> Sequence[tuple[int, HeardT | Died]]:
        known = {process.talk: number for number, process in enumerate(self._workers) if process is not None}
        ready = wait(list(known), patience if self._limit is None else min(patience, self._limit / 4))
        found = [(known[talk], self._answer(known[talk])) for talk in ready if isinstance(talk, Connection)]
        return found or list(self._late())

    def slowest(self) -> Beat | None:
        return _first(process.beat() for process in self._workers if process is not None)

    def _answer(self, number: int) -> HeardT | Died:
        process = self._workers[number]
        assert process is not None
        try:
            answer = process.hear()
        except (EOFError, OSError):
            self._workers[number] = None
            return process.died()
        if isinstance(answer, H5SchemaError):
            raise answer
        return cast("HeardT", answer)

    def _late(self) -> Iterable[tuple[int, HeardT | Died]]:
        """Stops those whose source takes too long."""
        for number, process in enumerate(self._workers):
            if process is None or self._limit is None:
                continue
            source, since = process.beat()
            if source >= 0 and time.monotonic() - since > self._limit:
                self._workers[number] = None
                yield number, Died(source, f"it took longer than {self._limit:g} s (--timeout)", late=True)
                process.stop()

    def close(self) -> None:
        for process in self._workers:
            if process is not None:
                process.stop()
        self._workers = [None] * self.size


@contextmanager
def at_work(size: int, how: How, task: Task[TellT, HeardT], handle: int) -> Generator[Crew[TellT, HeardT]]:
    """So many who work, as long as the context lasts; 0: nobody but the caller."""
    crew: Crew[TellT, HeardT]
    if size == 0:
        crew = Here(task, handle)
    elif how.kind == "thread":
        crew = Threads(size, task, handle)
    else:
        crew = Processes(size, task, handle, how.timeout)
    try:
        yield crew
    finally:
        crew.close()
