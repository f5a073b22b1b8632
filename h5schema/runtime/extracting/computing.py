"""A function of the user's over every entry of a file, on every core."""

from __future__ import annotations

import os
import pickle
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Generic, NamedTuple, TypeAlias, TypeVar, cast

import numpy as np

from h5schema.errors import UserCodeError

from ..entries import Entries, IdEntries
from ..users_code import UsersCodeFailedError, users_code
from ..view import View
from .crew import Crew, at_work
from .how import How, Workers
from .tasks import Died

EntryT = TypeVar("EntryT")
BlockT = TypeVar("BlockT")
ResultT = TypeVar("ResultT")
Key: TypeAlias = str | int
Given: TypeAlias = View[EntryT, object] | IdEntries[EntryT] | Entries[EntryT]

_SECONDS = 0.1
"""What a span should take."""
_MOST = 1024
"""Entries of a span."""
_AHEAD = 3
"""Spans for each worker that may be under way, or wait for one before them."""
_PATIENCE = 1.0


class Span(NamedTuple):
    """Entries that follow each other."""

    number: int
    first: int
    last: int


class Applied(NamedTuple):
    """What came of them.

    Attributes:
        number: Of the span.
        results: Pickled: (key, result) of each.
        seconds: That it took.
    """

    number: int
    results: bytes
    seconds: float


def compute(
    entries: View[EntryT, BlockT] | IdEntries[EntryT] | Entries[EntryT],
    function: Callable[[EntryT], ResultT],
    *,
    workers: int | None = None,
    kind: Workers = "process",
    timeout: float | None = None,
) -> Iterator[tuple[Key, ResultT]]:
    """Calls a function for every entry; its results come in the order of the file, as they are made.

    `dict(compute(f.image, mean))` is a mapping by id. A loop writes results into another file: few of them wait in
    memory at a time.

    Args:
        entries: Of an open file: a feature (`f.image`), or a dim with all that it leads (`f.photo`).
        function: Called with one entry; a process has to find it in a module, a thread need not.
        workers: How many work; 0: nobody but the caller; None: one for each core.
        kind: Processes, or threads, where the function drops the GIL.
        timeout: Seconds that one entry may take; only a process can be stopped.

    Yields:
        The id of the entry, or its position where there are no ids, and what the function returned.

    Raises:
        UsageError: Another process cannot find the function.
        UserCodeError: The function failed, or ended its process; the entry is named.
    """
    how = How(workers=workers, kind=kind, timeout=timeout)
    task = Applying(cast("Given[EntryT]", entries), function)
    count, size = len(entries), how.size(len(entries))
    nothing = os.open(os.devnull, os.O_RDONLY)  # workers of an extraction are given the file that they make
    try:
        with at_work(size, how, task, nothing) as crew:
            yield from _in_order(crew, task, count)
    finally:
        os.close(nothing)


def _in_order(crew: Crew[Span, Applied], task: Applying[EntryT, ResultT], count: int) -> Iterator[tuple[Key, ResultT]]:
    idle, waiting = list(range(crew.size)), dict[int, Applied]()
    spans: dict[int, Span] = {}
    begun = taken = first = 0
    length = 1
    while first < count or taken < begun:
        while idle and first < count and begun - taken < _AHEAD * crew.size:
            spans[begun] = Span(begun, first, min(count, first + length))
            crew.tell(idle.pop(), spans[begun])
            first, begun = spans[begun].last, begun + 1
        for worker, answer in crew.answers(_PATIENCE):
            if isinstance(answer, Died):
                raise task.failed(max(0, answer.source), answer.why)
            idle.append(worker)
            waiting[answer.number] = answer
            span = spans.pop(answer.number)
            fitting = _SECONDS * (span.last - span.first) / max(answer.seconds, 1e-6)
            length = int(max(1, min(fitting, 2 * length, _MOST)))
        while taken in waiting:
            yield from cast("list[tuple[Key, ResultT]]", pickle.loads(waiting.pop(taken).results))
            taken += 1


class Applying(Generic[EntryT, ResultT]):
    """What every worker does: it opens the file anew, and calls the function."""

    def __init__(self, entries: Given[EntryT], function: Callable[[EntryT], ResultT]) -> None:
        self.entries = entries
        self.function = function

    @property
    def missed(self) -> str:
        """The function, if another process does not find it."""
        inner = cast("object", self.function)
        while isinstance(inner, partial):
            inner = cast("partial[object]", inner).func
        name = f"{getattr(inner, '__module__', '')}.{getattr(inner, '__qualname__', type(inner).__qualname__)}"
        try:
            with users_code:
                pickle.dumps(self.function)
        except UsersCodeFailedError:
            return name
        return name if name.startswith("__main__.") else ""

    def begin(self, handle: int, begins: Callable[[int], None], /) -> Applier[EntryT, ResultT]:
        """One more worker."""
        return Applier(self, begins)

    def some(self, first: int, last: int) -> Iterator[tuple[Key, EntryT]]:
        """Keys and entries from `first` to before `last`."""
        rows = range(first, last)
        match self.entries:
            case View() as view:
                block = view.read(np.arange(first, last, dtype=np.int64))
                keys = cast("list[Key]", list(view.names(rows)))
                yield from ((key, view.entry(block, at)) for at, key in enumerate(keys))
            case IdEntries() as by_id:
                ids = by_id.ids(np.arange(first, last, dtype=np.int64))
                yield from ((key, by_id.at(row)) for key, row in zip(ids, rows, strict=True))
            case Entries() as by_position:
                yield from ((row, by_position.at(row)) for row in rows)

    def failed(self, row: int, why: str) -> UserCodeError:
        """Of one entry."""
        key, _ = next(self.some(row, row + 1))
        return UserCodeError(
            why,
            where=f"{getattr(self.function, '__name__', self.function)}, entry {key!r}",
            do="mend the function",
        )


class Applier(Generic[EntryT, ResultT]):
    """One who works."""

    def __init__(self, task: Applying[EntryT, ResultT], begins: Callable[[int], None]) -> None:
        self._task = task
        self._begins = begins

    def obey(self, order: Span, /) -> Applied:
        """What the function makes of some entries."""
        start, row = time.perf_counter(), order.first
        results: list[tuple[Key, ResultT]] = []
        try:
            for row, (key, entry) in enumerate(self._task.some(order.first, order.last), order.first):
                self._begins(row)
                with users_code:
                    results.append((key, self._task.function(entry)))
            with users_code:
                pickled = pickle.dumps(results, pickle.HIGHEST_PROTOCOL)
        except UsersCodeFailedError as failed:
            why = f"it raised {type(failed.error).__name__}\n{failed.frames}"
            raise self._task.failed(row, why) from None
        self._begins(-1)
        return Applied(order.number, pickled, time.perf_counter() - start)
