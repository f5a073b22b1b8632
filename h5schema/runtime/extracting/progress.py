"""How far a run is: a bar on a terminal, lines for a log, or nothing."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self, TextIO

from .how import Shown

_WIDTH = 30
_EVERY = {"bar": 0.1, "lines": 10.0}


class Progress:
    """`extract photo ███████▌     412/1000  1203/s  0:03 left  2 failed`.

    Args:
        label: What is being done.
        total: Number of steps.
        shown: `auto` is a bar if the stream is a terminal, and else nothing.
        done: Steps that an earlier run did.
        stream: Where to draw; None: standard error.
    """

    def __init__(
        self, label: str, total: int, shown: Shown = "auto", done: int = 0, stream: TextIO | None = None
    ) -> None:
        self._label = label
        self._total = total
        self._stream = stream or sys.stderr
        self._shown = ("bar" if self._stream.isatty() else "none") if shown == "auto" else shown
        self._before = done
        self._done = done
        self._failed = 0
        self._start = time.monotonic()
        self._drawn = self._start

    def step(self, count: int = 1, failed: int = 0) -> None:
        """So many more are done, some of which failed."""
        self._done += count
        self._failed += failed
        now = time.monotonic()
        if self._shown != "none" and (now - self._drawn >= _EVERY[self._shown] or self._done == self._total):
            self._drawn = now
            line = self.line(now - self._start)
            self._stream.write(f"\r\x1b[K{line}" if self._shown == "bar" else f"{line}\n")
            self._stream.flush()

    def line(self, seconds: float) -> str:
        """What is said after so many seconds."""
        rate = (self._done - self._before) / seconds if seconds > 0 else 0.0
        left = int((self._total - self._done) / rate) if rate else 0
        failed = f"  {self._failed} failed" if self._failed else ""
        bar = f"{self._bar():<{_WIDTH}} " if self._shown == "bar" else ""
        return f"{self._label} {bar}{self._done}/{self._total}  {rate:.0f}/s  {left // 60}:{left % 60:02d} left{failed}"

    def _bar(self) -> str:
        eighths = 8 * _WIDTH * self._done // max(1, self._total)
        return "█" * (eighths // 8) + ("▏▎▍▌▋▊▉"[eighths % 8 - 1] if eighths % 8 else "")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown == "bar" and self._done > self._before:
            self._stream.write("\n")
            self._stream.flush()
