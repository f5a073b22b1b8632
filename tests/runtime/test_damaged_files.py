"""A damaged file is read as it was written, or refused in our words; after `verify` no number is another."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

from flips import write

FLIPS = Path(__file__).with_name("flips.py")
SECONDS = 20.0
"""For one damage; HDF5 may not come back from it."""


def verdicts(folder: Path, first: int, last: int) -> list[str]:
    """What came of each damage; `dead` where HDF5 took the process with it, or did not come back."""
    write(folder / "good.h5")
    found: list[str] = []
    while first + len(found) < last:
        count = min(50, last - first - len(found))
        command = [sys.executable, str(FLIPS), str(folder), str(first + len(found)), str(count)]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=SECONDS + 2 * count, errors="replace", check=False
            )
            printed, errors = done.stdout, done.stderr
        except subprocess.TimeoutExpired as late:
            printed, errors = (late.stdout or b"").decode(errors="replace"), "late"
        lines = [line.split(" ", 2) for line in printed.splitlines()]
        assert lines, errors
        found += [line[2] if len(line) == 3 and line[2] else "dead" for line in lines]
    return found


def judge(found: list[str]) -> Counter[str]:
    """Refuses what may not be; returns how often each other thing was."""
    bad = [(number, text) for number, text in enumerate(found) if text.startswith(("LEAK", "CHANGED"))]
    assert not bad
    assert found.count("dead") <= len(found) // 100, "HDF5 itself may fail, but hardly ever does"
    return Counter(text.partition(":")[0] for text in found)


def test_flipped_bits_and_bytes(tmp_path: Path) -> None:
    seen = judge(verdicts(tmp_path, 300, 450))
    assert seen["the same"] > 20, "much of a file is never read"
    assert seen["refused"] > 10
    assert seen["found by verify"]
