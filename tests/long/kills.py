"""Kills an extraction 200 times, and says what that lost: `python tests/long/kills.py [COUNT] [SEED]`.

Half of the kills are at calls of the system, spread evenly and with all of the last 25, at which the file gets its
name; every second of them tears the write. The others are at random instants of a run with two workers, of the one
who gives orders or of the whole process group. After each the same command ends what was begun, and the file is
compared with that of a run that nobody stopped.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

RUNTIME = Path(__file__).resolve().parents[1] / "runtime"
sys.path.insert(0, str(RUNTIME))

from assorted import counted, differences, make  # noqa: E402
from instants import Lab, lab  # noqa: E402

AT_ONCE = {"memory": 512 << 20, "commit_every": 10.0}
RUN = """
import sys
sys.path.insert(0, {here!r})
from pathlib import Path
from assorted import extraction
from h5schema.runtime import How
folder = Path({folder!r})
found = extraction(folder).run
print("ready", flush=True)
found([folder / "in"], folder / "place/a.h5", how=How(workers=2, memory=1, commit_every=0.02))
"""


class Tally:
    """What was seen."""

    def __init__(self, folder: Path, runs: Lab) -> None:
        self.folder, self.place = folder, folder / "place"
        self.kills = self.complete = self.unfinished = self.wrong = 0
        self._runs = runs

    def look(self, note: object) -> None:
        """Looks at what a kill left, and lets the same command end it."""
        self.kills += 1
        target = self.place / "a.h5"
        if target.exists():
            self.complete += 1
            error = ""
        else:
            self.unfinished += 1
            error = self._runs.run(self.folder, "place/a.h5", options=dict(AT_ONCE)).error
        found = [error] if error else differences(self.folder / "plain.h5", target)
        if found:
            self.wrong += 1
            print(f"kill {note}: {found[0]}", flush=True)
        self.clear()

    def clear(self) -> None:
        """Makes room for the next."""
        for one in self.place.iterdir():
            one.unlink()


def at_calls(tally: Tally, runs: Lab, kills: int) -> None:
    """At calls of the system."""
    count = runs.run(tally.folder, "place/a.h5").calls
    tally.clear()
    last = min(25, kills // 2)
    step = (count - last) / (kills - last)
    instants = [1 + int(number * step) for number in range(kills - last)] + list(range(count - last + 1, count + 1))
    for number, die in enumerate(instants):
        ended = runs.run(tally.folder, "place/a.h5", die=die, torn=number % 2 == 0)
        assert ended.killed, ended
        tally.look(f"at call {die} of {count}")


def at_random(tally: Tally, kills: int, rng: random.Random) -> tuple[int, int]:
    """At random instants, with two workers; returns the sources, and how many were read more than once."""
    folder, calls = tally.folder, tally.folder / "calls"
    command = [sys.executable, "-c", RUN.format(here=str(RUNTIME), folder=str(folder))]

    def run(seconds: float | None, *, whole: bool) -> float:
        with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            start = time.monotonic()
            if seconds is None:
                process.wait(timeout=120)
            else:
                time.sleep(seconds)
                (os.killpg if whole else os.kill)(process.pid, signal.SIGKILL)
                process.wait(timeout=120)
            return time.monotonic() - start

    longest = run(None, whole=False)
    tally.clear()
    read = again = 0
    for number in range(kills):
        calls.unlink(missing_ok=True)
        run(rng.random() * longest, whole=number % 2 == 0)
        until = time.monotonic() + 5
        while time.monotonic() < until and _is_held(tally.place / "a.h5.partial"):
            time.sleep(0.01)
        tally.look(f"at random, {number}")
        times = counted(calls).values()
        read += len(times)
        again += sum(times) - len(times)
    return read, again


def _is_held(path: Path) -> bool:
    import fcntl

    try:
        with path.open("rb+") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


@contextmanager
def calling(folder: Path) -> Iterator[None]:
    """Every call of the function is noted."""
    os.environ["MIXTURE_CALLS"] = str(folder / "calls")
    try:
        yield
    finally:
        del os.environ["MIXTURE_CALLS"]


def main(kills: int = 200, seed: int = 1) -> None:
    """Kills, and prints a figure."""
    with tempfile.TemporaryDirectory(prefix="h5schema-kills-") as name, calling(Path(name)), lab() as runs:
        folder = make(Path(name), 30)
        (folder / "place").mkdir()
        assert runs.run(folder, "plain.h5", options=dict(AT_ONCE)).error == ""
        tally = Tally(folder, runs)
        at_calls(tally, runs, kills // 2)
        read, again = at_random(tally, kills - kills // 2, random.Random(seed))
    print(
        f"{tally.kills} kills: {tally.unfinished} left an unfinished run, {tally.complete} a complete file; "
        f"{tally.wrong} ended in another file than that of a run that nobody stopped; "
        f"of {read} sources, with a commit every 0.02 s, {again} were read again after the kills at random"
    )
    raise SystemExit(tally.wrong > 0)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
