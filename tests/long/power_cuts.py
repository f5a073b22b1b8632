"""Cuts the power 1000 times, and says what that lost: `python tests/long/power_cuts.py [COUNT] [SEED]`.

Runs of four kinds are recorded: a new file, one that replaces another, one that goes on with a killed run, and one
whose journal is brought into the file again and again. `tests/runtime/power.py` makes of each record what the disk may
have after a power cut; the same command then ends what is there, and the file is compared with that of a run that
nobody stopped.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "runtime"))

from assorted import differences, make
from instants import Lab, lab
from power import Disk, commits, cuts

AT_ONCE = {"memory": 512 << 20, "commit_every": 10.0}


class Kind:
    """A kind of run.

    Args:
        folder: Of `assorted.make`.
        runs: Where it runs.
        name: Of the kind.
    """

    def __init__(self, folder: Path, runs: Lab, name: str) -> None:
        self.folder, self.name, self._runs = folder, name, runs
        self.place = folder / name
        self.place.mkdir()
        self._options: dict[str, Any] = {"overwrite": True} if name == "replacing" else {}
        self._asked: dict[str, Any] = {"journal": 3000} if name in ("resuming", "applying") else {}
        self.complete = self.wrong = self.count = 0

    def _run(self, **asked: Any) -> str:
        return self._runs.run(self.folder, f"{self.name}/a.h5", **asked).error

    def cut(self, count: int, seed: int) -> None:
        """Records a run, and looks at what the disk may have."""
        if self.name == "replacing":
            shutil.copy(self.folder / "plain.h5", self.place / "a.h5")
        if self.name == "resuming":
            self._run(die=400)
        disk = Disk(self.place, [one.name for one in self.place.iterdir()])
        record = self.folder / "record"
        error = self._run(record=str(record), options=dict(self._options), **self._asked)
        assert error == "", error
        old = disk.forced().get("a.h5")
        for number, (state, kept) in enumerate(cuts(disk, record, count, seed)):
            self.count += 1
            found = "a commit is gone" if commits(state, old) < kept else self._look(state)
            if found:
                self.wrong += 1
                print(f"{self.name}, cut {number}: {found}", flush=True)

    def _look(self, state: dict[str, bytes]) -> str:
        for one in self.place.iterdir():
            one.unlink()
        for name, content in state.items():
            (self.place / name).write_bytes(content)
        target, plain = self.place / "a.h5", self.folder / "plain.h5"
        if target.exists():
            self.complete += 1
            found = differences(plain, target)
            if found or self.name != "replacing":
                return str(found[:1] or "")
        elif self.name == "replacing":
            return "the file that was there is gone"
        error = self._run(options={**AT_ONCE, **self._options})
        return error or str(differences(plain, target)[:1] or "")


def main(count: int = 1000, seed: int = 1) -> None:
    """Cuts the power, and prints a figure."""
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="h5schema-power-") as name, lab() as runs:
        folder = make(Path(name), 12)
        assert runs.run(folder, "plain.h5", options=dict(AT_ONCE)).error == ""
        for kind in (Kind(folder, runs, name) for name in ("new", "replacing", "resuming", "applying")):
            kind.cut(count // 4, seed)
            print(
                f"{kind.name}: {kind.count} cuts, {kind.complete} with a complete file, {kind.wrong} wrong", flush=True
            )
            wrong += kind.wrong
    raise SystemExit(wrong > 0)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
