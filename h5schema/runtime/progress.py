"""A progress bar on a terminal; silence elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import Self, TextIO

_WIDTH = 30
_EVERY = 0.1


class Progress:
    """`extract photo ███████▌     412/1000  1203/s  0:03 left  2 failed`.

    Args:
        label: What is being done.
        total: Number of steps.
        stream: Where to draw; None: standard error. Nothing is drawn if it is no terminal.
    """

    def __init__(self, label: str, total: int, stream: TextIO | None = None) -> None:
        self._label = label
        self._total = total
        self._stream = stream or sys.stderr
        self._shown = self._stream.isatty()
        self._done = 0
        self._failed = 0
        self._start = time.monotonic()
        self._drawn = 0.0

    def step(self, *, failed: bool = False) -> None:
        """One more is done."""
        self._done += 1
        self._failed += failed
        now = time.monotonic()
        if self._shown and (now - self._drawn >= _EVERY or self._done == self._total):
            self._drawn = now
            self._stream.write(f"\r\x1b[K{self.line(now - self._start)}")
            self._stream.flush()

    def line(self, seconds: float) -> str:
        """The bar after so many seconds."""
        eighths = 8 * _WIDTH * self._done // max(1, self._total)
        bar = "█" * (eighths // 8) + ("▏▎▍▌▋▊▉"[eighths % 8 - 1] if eighths % 8 else "")
        rate = self._done / seconds if seconds > 0 else 0.0
        left = int((self._total - self._done) / rate) if rate else 0
        failed = f"  {self._failed} failed" if self._failed else ""
        return (
            f"{self._label} {bar:<{_WIDTH}} {self._done}/{self._total}  {rate:.0f}/s  "
            f"{left // 60}:{left % 60:02d} left{failed}"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown and self._done:
            self._stream.write("\n")
            self._stream.flush()
