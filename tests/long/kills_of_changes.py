"""Kills who changes entries 100 times, at seeded instants: `python tests/long/kills_of_changes.py [COUNT] [SEED]`.

Each transaction changes everything (`tests/runtime/changing.py`). After each kill the file has all of a transaction or
none of it, with what was reported and at most the commit that was under way; and the next writer goes on with it.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNTIME = Path(__file__).resolve().parents[1] / "runtime"
sys.path.insert(0, str(RUNTIME))

import changing  # noqa: E402

from h5schema.errors import H5SchemaError  # noqa: E402


def killed(path: Path, seconds: float) -> int:
    """Lets a process change the file for so long, and kills it; the last transaction that it reported, or 0."""
    command = [sys.executable, changing.__file__, path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        time.sleep(seconds)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        return [0, *(int(line) for line in process.stdout.read().split("\n") if line)][-1]


def main(count: int, seed: int) -> int:
    """Kills so often; returns how often something was wrong."""
    rng, wrong, turn, begun = random.Random(seed), 0, 0, time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.h5"
        changing.make(path)
        for number in range(count):
            reported = killed(path, rng.random() * 0.4) or turn
            try:
                turn = changing.expect(path)
                assert turn in (reported, reported + 1), (turn, reported)
                if number % 10 == 9:
                    with changing.Creator.edit(path) as w:
                        changing.change(w, turn + 1)
                    turn = changing.expect(path)
                    assert os.listdir(folder) == ["a.h5"]
            except (AssertionError, H5SchemaError, OSError) as error:
                wrong += 1
                print(f"kill {number}: {type(error).__name__}: {error}", flush=True)
    print(f"{count} kills, {turn} transactions, {wrong} wrong, {time.monotonic() - begun:.0f} s")
    return wrong


if __name__ == "__main__":
    sys.exit(bool(main(*(int(one) for one in (*sys.argv[1:], *("100", "0")[len(sys.argv) - 1 :])))))
