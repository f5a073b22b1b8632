"""How far a run is: a bar on a terminal, lines for a log, or nothing."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from types import TracebackType
from typing import Self, TextIO

from h5schema.errors import visible

from ..amounts import clock, short
from .how import Shown

_WIDTH, _NARROWEST = 30, 5
"""Characters of the bar, and of the shortest one that says something."""
_EVERY = {"bar": 0.1, "lines": 10.0}
_SLOW = 2.0
"""Seconds after which a source is named."""
_NAME = 40
"""Letters at the end of its id that are shown."""
_RECENT = 30.0
"""Seconds over which the rate is taken: it changes when processes join, or where sources are larger."""


class Progress:
    """`extract photo ███████▌     412/1000  1,203/s  0:03 left  2 failed`.

    Args:
        label: What is being done.
        total: Number of steps.
        shown: `auto` is a bar if the stream is a terminal, lines if that is a dumb one, and else nothing.
        done: Steps that an earlier run did; they do not count for the rate.
        stream: Where to draw; None: standard error.
    """

    def __init__(
        self, label: str, total: int, shown: Shown = "auto", done: int = 0, stream: TextIO | None = None
    ) -> None:
        self._label = label
        self._total = total
        self._stream = stream or sys.stderr
        self._shown = _shown(self._stream) if shown == "auto" else shown
        self._before = done
        self._done = done
        self._failed = 0
        self._start = self._drawn = time.monotonic()
        self._past = deque([(self._start, done)])
        self._said: str = ""
        self._slow = ""

    def step(self, count: int = 1, failed: int = 0) -> None:
        """So many more are done, some of which failed."""
        self._done += count
        self._failed += failed
        self._slow = ""
        now = time.monotonic()
        if now - self._past[-1][0] >= 1.0:
            self._past.append((now, self._done))
        while len(self._past) > 2 and now - self._past[1][0] >= _RECENT:
            self._past.popleft()
        self._draw_if_due(now)

    def waiting(self, source: str, seconds: float) -> None:
        """Nothing was finished meanwhile; that source is being made for so long, if its id is known."""
        self._slow = f"{visible(source[-_NAME:])} for {clock(seconds)}" if source and seconds >= _SLOW else ""
        self._draw_if_due(time.monotonic())

    def _draw_if_due(self, now: float) -> None:
        if self._shown != "none" and now - self._drawn >= _EVERY[self._shown]:
            self._draw(now)

    def line(self, now: float) -> str:
        """What is said at a time, on the clock that only goes forward."""
        since, done = self._past[0]
        is_done, rate = self._done == self._total, 0.0
        if is_done:
            since, done = self._start, self._before
        if self._done > done and now > since:
            rate = (self._done - done) / (now - since)
        parts = [f"{self._done}/{self._total}"]
        if rate:
            parts.append(f"{short(rate)}/s")
            parts.append(
                f"in {clock(now - self._start)}" if is_done else f"{clock((self._total - self._done) / rate + 1)} left"
            )
        elif self._before:
            parts.append("going on")
        if self._failed:
            parts.append(f"{self._failed} failed")
        if self._slow:
            parts.append(self._slow)
        said = "  ".join(parts)
        return self._with_bar(said) if self._shown == "bar" else f"{self._label} {said}"

    def _with_bar(self, said: str) -> str:
        """As much as a line of the terminal holds: the bar becomes short, and then it goes."""
        room = _columns(self._stream) - 1
        width = min(_WIDTH, room - len(self._label) - len(said) - 2)
        whole = f"{self._label} {self._bar(width):<{width}} {said}" if width >= _NARROWEST else f"{self._label} {said}"
        return (whole if len(whole) <= room else said)[:room]

    def _bar(self, width: int) -> str:
        eighths = 8 * width * self._done // max(1, self._total)
        if not _draws_blocks(self._stream):
            return "#" * (eighths // 8)
        return "█" * (eighths // 8) + ("▏▎▍▌▋▊▉"[eighths % 8 - 1] if eighths % 8 else "")

    def _draw(self, now: float) -> None:
        line = self.line(now)
        if line != self._said:
            self._stream.write(f"\r{line:<{len(self._said)}}" if self._shown == "bar" else f"{line}\n")
            self._stream.flush()
        self._drawn, self._said = now, line

    def __enter__(self) -> Self:
        if self._shown == "lines":
            self._draw(self._start)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown == "none" or self._done == self._before:
            return
        self._draw(time.monotonic())
        if self._shown == "bar":
            self._stream.write("\n")
            self._stream.flush()


def _shown(stream: TextIO) -> Shown:
    if not stream.isatty():
        return "none"
    return "lines" if os.environ.get("TERM") == "dumb" else "bar"


def _columns(stream: TextIO) -> int:
    try:
        return os.get_terminal_size(stream.fileno()).columns or 80
    except OSError:  # it is no terminal
        return 80


def _draws_blocks(stream: TextIO) -> bool:
    try:
        "█▏▎▍▌▋▊▉".encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True
