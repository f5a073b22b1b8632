"""Whoever changes entries is killed: the file has all of a transaction, or none of it, and readers see the same."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import changing
import h5py
import pytest
from test_edits_stopped import killed


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "a.h5"
    changing.make(made)
    return made


@contextmanager
def running(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that makes transactions for ever."""
    command = [sys.executable, changing.__file__, path]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            yield process
        finally:
            process.kill()


def test_every_transaction_alone(path: Path) -> None:
    for turn in range(1, 30):
        with changing.Creator.edit(path) as w:
            changing.change(w, turn)
        assert changing.expect(path) == turn
        assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("seed", range(20))
def test_M8_killed_at_a_seeded_instant(path: Path, seed: int) -> None:
    """What was reported is there; at most the commit that was under way is there too."""
    with running(path) as process:
        time.sleep(random.Random(seed).random() * 0.5)
        process.send_signal(signal.SIGKILL)
        process.wait(30)
        assert process.stdout is not None
        reported = [0, *(int(line) for line in process.stdout.read().split("\n") if line)][-1]
    turn = changing.expect(path)
    assert turn in (reported, reported + 1)
    with changing.Creator.edit(path) as w:
        changing.change(w, turn + 1)
    assert changing.expect(path) == turn + 1
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize(("half", "first"), [(False, 3), (True, 20)])
def test_killed_at_calls_of_the_system(path: Path, tmp_path: Path, half: bool, first: int) -> None:
    kept = tmp_path / "kept.h5"
    shutil.copy(path, kept)
    at, step = (first, 179) if "H5SCHEMA_LONG" not in os.environ else (1, 1)
    while True:
        shutil.copy(kept, path)
        died, commits = killed(path, at, half, lambda note: three(path, note))
        turn = changing.expect(path)
        assert turn in (commits, min(3, commits + 1)), at
        if commits < 3:  # the journal was not being brought in
            with h5py.File(path) as file:
                assert (file["turn"][:] == 0).all(), "any other program sees the file as it was"
        with changing.Creator.edit(path) as w:
            changing.change(w, turn + 1)
        assert changing.expect(path) == turn + 1
        assert sorted(os.listdir(tmp_path)) == ["a.h5", "kept.h5"]
        if not died:
            break
        at += step
    assert at > 80, "there were so many calls"


def three(path: Path, note: Callable[[int], None]) -> None:
    with changing.Creator.edit(path) as w:
        for turn in (1, 2, 3):
            changing.change(w, turn)
            w.commit()
            note(turn)


def test_readers_meanwhile(path: Path) -> None:
    with running(path) as process:
        turns = [changing.expect(path, sums=number % 10 == 0) for number in range(60)]
        assert process.poll() is None
    assert turns == sorted(turns)
    assert turns[-1] > turns[0] + 3, "it was changed meanwhile"


def test_a_reader_keeps_what_it_opened(path: Path) -> None:
    reader = changing.Reader(path)
    assert reader.turn["clip 3"] == 0
    with changing.Creator.edit(path) as w:
        for turn in range(1, 9):
            changing.change(w, turn)
            w.commit()
    assert reader.x[:].sum() == 0
    assert [len(one) for one in reader.wave] == [len(changing.entry(i, 0)["wave"]) for i in (*range(12), 90, 91)]
    reader.close()
    assert changing.expect(path) == 8
