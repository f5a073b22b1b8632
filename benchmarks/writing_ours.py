"""Extractions as the benchmarks of writing time them."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import writing_peers as peers
from writing_race import Contender, Cost, processors

from h5schema.runtime.extracting.how import How

TWO = How(workers=2, progress="none")
ALONE = How(workers=0, progress="none")


def extracted(module: Any, folder: Path, target: Path, *, sync: bool, how: How = TWO) -> Any:
    """One extraction; its summary."""
    extract = import_module(f"{module.__name__}.extract")
    return extract.extraction.run([folder], target, sync=sync, how=how)


def start_up(module: Any, paths: Sequence[str], folder: Path) -> Cost:
    """What two processes add to an extraction of sixteen sources."""
    few, target = folder / "few.txt", folder / "few.h5"
    few.write_text("".join(f"{path}\n" for path in paths[:16]))
    costs: dict[How, list[Cost]] = {TWO: [], ALONE: []}
    for _ in range(5):
        for how, found in costs.items():
            start = processors()
            clock = peers.timed(lambda how=how: extracted(module, Path(f"@{few}"), target, sync=False, how=how))
            found.append(Cost(clock, processors() - start))
            target.unlink()
    pairs = list(zip(costs[TWO], costs[ALONE], strict=True))
    cost = Cost(median(a.clock - b.clock for a, b in pairs), median(a.processors - b.processors for a, b in pairs))
    print(
        f"  start-up of two workers, not counted: {cost.clock:.2f} s, {cost.processors:.2f} s of processors", flush=True
    )
    return cost


def own(name: str, module: Any, folder: Path, target: Path, beginning: Cost, address: str, *, sync: bool) -> Contender:
    """An extraction with two workers."""
    spent: list[str] = []

    def run() -> float:
        seconds = peers.timed(lambda: spent.append(str(extracted(module, folder, target, sync=sync).spent)))
        if len(spent) == 2:
            print(f"  [{name}] {spent[-1]}", flush=True)
        return seconds

    entries = partial(own_entries, module, target, address)
    return Contender(name, run, entries, target, ours=True, beginning=beginning)


def own_entries(module: Any, target: Path, address: str) -> Iterator[Any]:
    """What the file holds, read by our reader."""
    group = getattr(module, module.__name__.title().replace("_", ""))
    with group(target) as file:
        view = getattr(file, address)
        for first in range(0, len(view), 64):
            yield from view.read(np.arange(first, min(first + 64, len(view))))


def peaks(process: subprocess.Popen[bytes]) -> tuple[float, float]:
    """Most MiB that a process has had, and that any child of it has had, as the system says while they live."""
    own = child = 0.0
    while process.poll() is None:
        own = max(own, _peak(process.pid))
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        for number in children.read_text().split() if children.exists() else ():
            child = max(child, _peak(int(number)))
        time.sleep(0.02)
    return own, child


def _peak(number: int) -> float:
    try:
        lines = Path(f"/proc/{number}/status").read_text().splitlines()
    except OSError:  # it has ended
        return 0.0
    return max((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), default=0.0)
