"""Contenders that write, interleaved, and what each of them wrote."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np


class Cost(NamedTuple):
    """Seconds on the clock, and of all processors."""

    clock: float
    processors: float


NOTHING = Cost(0.0, 0.0)


class Contender(NamedTuple):
    """One way to do a work.

    Attributes:
        name: In the table.
        run: Does it, into a new file; returns seconds.
        entries: What it wrote, in the order of the sources; None: it threw it away.
        target: The file.
        ours: Whether it is h5schema's.
        scale: Of its time, if it did less.
        beginning: What of its cost is not counted.
    """

    name: str
    run: Callable[[], float]
    entries: Callable[[], Iterator[Any]] | None
    target: Path
    ours: bool = False
    scale: float = 1.0
    beginning: Cost = NOTHING


def race(contenders: Sequence[Contender], rounds: int) -> None:
    """Every contender in every round, and what each wrote in the first."""
    took: dict[str, list[float]] = {one.name: [] for one in contenders}
    used: dict[str, list[float]] = {one.name: [] for one in contenders}
    sums: dict[str, int] = {}
    for number in range(rounds):
        for one in contenders:
            start = processors()
            took[one.name].append((one.run() - one.beginning.clock) * one.scale)
            used[one.name].append((processors() - start - one.beginning.processors) * one.scale)
            if number == 0 and one.entries is not None and one.scale == 1.0:
                sums[one.name] = summed(one.entries())
            one.target.unlink(missing_ok=True)
    for name, seconds in took.items():
        print(f"  {name:<52} {median(seconds):8.2f} s  {median(used[name]):8.2f} s of processors", flush=True)
    for own in (one.name for one in contenders if one.ours):
        for other in (one.name for one in contenders if not one.ours):
            ratio = median(b / a for a, b in zip(took[own], took[other], strict=True))
            print(f"    {own}: {ratio:.2f} x {other}", flush=True)
    same = "all equal" if len(set(sums.values())) == 1 else f"DIFFERENT: {sums}"
    print(f"  what {len(sums)} contenders wrote is {same}", flush=True)


def processors() -> float:
    """Seconds that this process and its children that have ended took of all processors."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def summed(entries: Iterator[Any]) -> int:
    """A checksum of entries and of their sizes."""
    total = 0
    for entry in entries:
        data = np.ascontiguousarray(entry)
        total = zlib.crc32(str(data.shape).encode(), zlib.crc32(data.data, total))
    return total
