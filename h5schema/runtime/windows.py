"""Windows: pieces of a dim, by position; where positions are, and which values belong to each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Literal, NamedTuple, TypeAlias

import numpy as np

from .spans import Rows

Edge: TypeAlias = Literal["drop", "repeat", "pad"]
Align: TypeAlias = Literal["start", "center"]


@dataclass(frozen=True, slots=True)
class Frame:
    """Cuts a window into frames, one more axis.

    Attributes:
        length: Values of a frame.
        hop: From one frame to the next; None: its length.
        align: `start`: frames lie inside the window; `center`: the middle of frame i is value `i * hop` of it.
    """

    length: int
    hop: int | None = None
    align: Align = "start"


@dataclass(frozen=True, slots=True)
class Window:
    """A piece of a dim; None: as the loader says, or else the default.

    Attributes:
        length: Values of the window.
        hop: From one position to the next; default: the length.
        shift: Moves the window from its position; default: 0.
        jitter: Moves positions by chance, at most so far; default: 0.
        step: Every how many-th value; default: 1.
        edge: `drop` (default) keeps the positions at which every window lies inside its entry; `repeat` and `pad` all.
        align: Whether the position is the window's `start` (default) or its middle.
        frame: Cuts the window into frames.
        at: Where the one piece of a dim is cut that the loader does not run over.
        ranges: In place of `length` and `hop`, each (start, stop); or the address of the feature that holds them.
    """

    length: int | None = None
    hop: int | None = None
    shift: int | None = None
    jitter: int | None = None
    step: int | None = None
    edge: Edge | None = None
    align: Align | None = None
    frame: Frame | None = None
    at: Literal["random", "start", "center"] | None = None
    ranges: str | Sequence[Sequence[int]] | None = None

    def over(self, own: Window | None) -> Window:
        """This window of a loader, with what an input says of its own."""
        if own is None:
            return self
        said = {one.name: value for one in fields(own) if (value := getattr(own, one.name)) is not None}
        return replace(self, **said)


class Cut(NamedTuple):
    """Which values a window takes.

    Attributes:
        low: Of the first value, counted from the position.
        high: Of the last value, counted from the position, plus one.
        values: int64 [length] or [frames, length of a frame], of each value, counted from the position.
    """

    low: int
    high: int
    values: Rows


def cut_of(window: Window) -> Cut:
    """Which values a window takes that knows its length."""
    assert window.length is not None
    step = window.step or 1
    first = (window.shift or 0) - (step * (window.length // 2) if window.align == "center" else 0)
    values = first + step * _taken(window.length, window.frame)
    return Cut(int(values.min()), int(values.max()) + 1, values)


def _taken(length: int, frame: Frame | None) -> Rows:
    """Numbers of the values of a window of some length, in frames if it has any."""
    if frame is None:
        return np.arange(length, dtype=np.int64)
    hop, inside = frame.hop or frame.length, np.arange(frame.length, dtype=np.int64)
    if frame.align == "center":
        starts = np.arange(0, length, hop, dtype=np.int64) - frame.length // 2
    else:
        starts = np.arange(0, length - frame.length + 1, hop, dtype=np.int64)
    return starts[:, None] + inside


class Places(NamedTuple):
    """Where positions are in an entry: every `hop` from its start on, as far as windows allow.

    Attributes:
        hop: From one position to the next.
        low: Lowest value of any window, counted from the position.
        high: Highest value of any window, counted from the position, plus one.
        keep: Whether all positions are kept, also those at which a window reaches beyond the entry.
        jitter: How far chance moves a position, at most.
    """

    hop: int = 1
    low: int = 0
    high: int = 1
    keep: bool = False
    jitter: int = 0

    @classmethod
    def of(cls, window: Window, cuts: Sequence[Cut]) -> Places:
        """Positions of a loader's window, at which these windows are cut."""
        hop = window.hop or window.length
        assert hop is not None
        low, high = min((cut.low for cut in cuts), default=0), max((cut.high for cut in cuts), default=1)
        return cls(hop, low, high, window.edge in ("repeat", "pad"), window.jitter or 0)

    @property
    def first(self) -> int:
        """Number of the first position that is kept."""
        return 0 if self.keep else -(min(0, self.low) // self.hop)

    def last(self, lengths: Rows) -> Rows:
        """The highest place that a position may have in entries of some lengths; below 0: none."""
        return lengths - (1 if self.keep else max(1, self.high))

    def counts(self, lengths: Rows) -> Rows:
        """How many positions there are in entries of some lengths: int64 [n]."""
        return np.maximum(0, self.last(lengths) // self.hop - self.first + 1)

    def least(self) -> int:
        """The lowest place that a position may have."""
        return 0 if self.keep else -min(0, self.low)
