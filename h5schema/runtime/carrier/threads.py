"""Work that drops the GIL, shared among the threads of a process."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TypeVar

JobT = TypeVar("JobT")


def each(work: Callable[[JobT], None], jobs: Sequence[JobT], threads: int) -> None:
    """Does every job; this thread takes its share, and the first error is raised when all have ended."""
    shares = min(threads, len(jobs))
    others = [_pool(os.getpid()).submit(_in_turn, work, jobs[share::shares]) for share in range(1, shares)]
    try:
        _in_turn(work, jobs[::shares] if shares else ())
    finally:
        for other in others:
            other.exception()
    for other in others:
        other.result()


def _in_turn(work: Callable[[JobT], None], jobs: Sequence[JobT]) -> None:
    for job in jobs:
        work(job)


@cache
def _pool(process: int) -> ThreadPoolExecutor:
    """The threads of this process; a child that was forked has none of its parent's."""
    return ThreadPoolExecutor(max(1, cores() - 1), thread_name_prefix="h5schema")


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
