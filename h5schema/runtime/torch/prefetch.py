"""Work that threads of this process do ahead, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

JobT = TypeVar("JobT")
MadeT = TypeVar("MadeT")


def prefetched(work: Callable[[JobT], MadeT], jobs: Iterator[JobT], threads: int) -> Iterator[MadeT]:
    """What `work` makes of each job, in the order of the jobs; as many as there are threads, and one more, are ahead.

    An error comes where its job would have come. However the iteration ends, no thread is left: what has begun is
    waited for, the rest is not begun.
    """
    waiting: deque[Future[MadeT]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix="h5schema-loader")
    try:
        waiting.extend(pool.submit(work, job) for job in islice(jobs, threads + 1))
        while waiting:
            made = waiting.popleft().result()
            waiting.extend(pool.submit(work, job) for job in islice(jobs, 1))
            yield made
    finally:
        pool.shutdown(cancel_futures=True)
