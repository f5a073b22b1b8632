"""Whoever adds and prunes checkpoints is killed: the file has all of a transaction, or none of it."""

from __future__ import annotations

import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_edits_stopped import killed
from test_keyed_entries import Creator, Reader, run


def change(w: Any, turn: int) -> None:
    """A checkpoint comes, one goes, the best one is another, and the log grows."""
    state = {"layer.weight": np.full((turn % 5, 3), turn), "inner": {"bias": np.full(7, turn), "turn": turn}}
    entry = {"epoch": turn, "scores": [turn, turn], "notes": None, "state": state}
    w.checkpoint["run", f"at {turn}"] = entry
    w.checkpoint["run", "best"] = entry
    if turn > 2:
        del w.checkpoint["run", f"at {turn - 2}"]
    w.step.append("run", {"loss": turn})
    w.run.rename(f"turn {turn - 1}", f"turn {turn}")


def expect(path: Path) -> int:
    """The turn after which the file is; everything in it is of that turn."""
    with Reader(path) as f:
        f.verify()
        turn = len(f.loss["run"])
        assert f.loss["run"].tolist() == list(range(1, turn + 1))
        names = {"best": turn} | {f"at {one}": one for one in (turn - 1, turn) if one > 0} if turn else {}
        found = f.checkpoint.of("run")
        assert {name: one["epoch"] for name, one in found.items()} == names
        for name, one in names.items():
            state = f.state["run", name]
            assert sorted(state) == ["inner/bias", "inner/turn", "layer.weight"]
            assert (state["layer.weight"] == one).all()  # type: ignore[union-attr]
            assert state["layer.weight"].shape == (one % 5, 3)  # type: ignore[union-attr]
            assert state["inner/bias"].tolist() == [one] * 7  # type: ignore[union-attr]
        assert dict(f.state[f"turn {turn}", "kept"]).keys() == {"x"}
    return turn


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "a.h5"
    with Creator.create(made) as w:
        w.run["run"] = run()
        w.run["turn 0"] = run()
        w.checkpoint["turn 0", "kept"] = {"epoch": 0, "scores": [0, 0], "notes": None, "state": {"x": 1}}
    return made


def three(path: Path, note: Callable[[int], None]) -> None:
    with Creator.edit(path) as w:
        for turn in (1, 2, 3):
            change(w, turn)
            w.commit()
            note(turn)


def test_M16_every_transaction_alone(path: Path) -> None:
    for turn in range(1, 6):
        with Creator.edit(path) as w:
            change(w, turn)
        assert expect(path) == turn


@pytest.mark.parametrize("half", [False, True])
def test_M16_killed_at_calls_of_the_system(path: Path, tmp_path: Path, half: bool) -> None:
    kept = tmp_path / "kept.h5"
    shutil.copy(path, kept)
    at, step = (7 + 20 * half, 311) if "H5SCHEMA_LONG" not in os.environ else (1, 1)
    while True:
        shutil.copy(kept, path)
        died, commits = killed(path, at, half, lambda note: three(path, note))
        turn = expect(path)
        assert turn in (commits, min(3, commits + 1)), at
        with Creator.edit(path) as w:
            change(w, turn + 1)
        assert expect(path) == turn + 1
        assert sorted(os.listdir(tmp_path)) == ["a.h5", "kept.h5"]
        if not died:
            break
        at += step
    assert at > 100, "there were so many calls"


@pytest.mark.parametrize("seed", range(4))
def test_M16_killed_at_a_seeded_instant(path: Path, seed: int) -> None:
    child = os.fork()
    if not child:
        try:
            with Creator.edit(path) as w:
                for turn in range(1, 10_000):
                    change(w, turn)
                    w.commit()
        finally:
            os._exit(0)
    time.sleep(random.Random(seed).random() * 0.4)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    turn = expect(path)
    with Creator.edit(path) as w:
        change(w, turn + 1)
    assert expect(path) == turn + 1
