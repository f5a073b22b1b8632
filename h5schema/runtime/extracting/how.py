"""How an extraction is run: what changes the time it takes and what it says, never what is in the file."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from h5schema.errors import UsageError

OnError = Literal["skip", "fail", "retry"]
Workers = Literal["process", "thread"]
Shown = Literal["auto", "bar", "lines", "none"]


@dataclass(frozen=True, slots=True)
class How:
    """How an extraction is run.

    Attributes:
        workers: How many work; 0: nobody but the caller; None: one for each core.
        kind: Processes, which cannot harm each other; or threads, where functions drop the GIL.
        on_error: A source that fails is skipped; or ends the run; or is tried three times more, and then skipped.
        retry_after: Seconds before a source that failed is tried again, each time.
        timeout: Seconds that one source may take; None: as long as it wants. Only a process can be stopped.
        commit_every: Seconds between commits: what a killed process loses at most.
        memory: Bytes of entries that may wait to be written.
        progress: A bar; a line every ten seconds; nothing; or `auto`, a bar on a terminal.
    """

    workers: int | None = None
    kind: Workers = "process"
    on_error: OnError = "skip"
    retry_after: Sequence[float] = (0.5, 2.0, 8.0)
    timeout: float | None = None
    commit_every: float = 10.0
    memory: int = 512 << 20
    progress: Shown = "auto"

    def __post_init__(self) -> None:
        for name, value, words in (
            ("kind", self.kind, ("process", "thread")),
            ("on_error", self.on_error, ("skip", "fail", "retry")),
            ("progress", self.progress, ("auto", "bar", "lines", "none")),
        ):
            _expect_word(name, value, words)
        if self.timeout is not None and (self.kind == "thread" or self.workers == 0):
            raise UsageError(
                "only a process can be stopped when a source takes too long",
                where=f"timeout={self.timeout:g}",
                do="leave the timeout out, or use processes (workers of 1 or more)",
            )
        if self.timeout is not None and not 0 < self.timeout < math.inf:
            raise UsageError(f"{self.timeout:g} is no number of seconds", where="timeout", do="give one above 0")
        if not 0 <= self.commit_every < math.inf:
            raise UsageError(
                f"{self.commit_every:g} is no number of seconds", where="commit_every", do="give 0 or more"
            )
        if (self.workers is not None and self.workers < 0) or self.memory < 1:
            raise UsageError("workers are 0 or more, and memory is above 0", do="give other numbers")

    @property
    def retries(self) -> Sequence[float]:
        """Seconds before a source that failed is tried again, each time; empty: it is not."""
        return self.retry_after if self.on_error == "retry" else ()

    def size(self, sources: int) -> int:
        """How many work on so many sources; 0: nobody but the caller."""
        wanted = len(os.sched_getaffinity(0)) if self.workers is None else self.workers
        return min(wanted, max(1, sources))


def _expect_word(name: str, value: str, words: Sequence[str]) -> None:
    if value not in words:
        raise UsageError(f"{value!r} is none of {', '.join(words)}", where=name, do="choose one of these")


DEFAULT = How()
