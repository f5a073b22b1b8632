"""`extract --update` in processes of its own: what it calls, what it says, and what a kill leaves."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import pytest

from h5schema.runtime.writing.journal import found_in

from .conftest import REPOSITORY

SCHEMA = """\
h5schema: 1
name: things
version: 1.0.0
dims:
  thing: {source: '{number:int}.txt'}
features:
  number: {dims: [thing], dtype: int64, from: '{number}'}
  values: {dims: [thing, 2000], dtype: float64, call: mine:values}
"""
MEAN = "  mean: {dims: [thing], dtype: float64, from: values, call: mine:mean}\n"
MINE = """\
import time
from pathlib import Path

import numpy as np


def noted(name):
    with open("log", "a") as log:
        log.write(f"{name}\\n")


def values(path):
    noted(path.stem)
    time.sleep(0.003)
    return np.full(2000, float(path.read_text()))


def mean(values):
    noted("mean")
    return float(values.mean())
"""
CODE = "from h5schema.cli import main; import sys; sys.exit(main(sys.argv[1:]))"
COUNT = 300


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A schema, its functions, sources, and the file that was made of them."""
    (tmp_path / "things.yaml").write_text(SCHEMA)
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "in").mkdir()
    for number in range(COUNT):
        (tmp_path / "in" / f"{number:03}.txt").write_text(str(number))
    assert extract(tmp_path).returncode == 0
    called(tmp_path)
    return tmp_path


def started(folder: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CODE, "extract", "things.yaml", "in", "-o", "things.h5", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def extract(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    with started(folder, *options) as process:
        try:
            out, err = process.communicate(timeout=120)
        finally:
            process.kill()
    return subprocess.CompletedProcess([], process.returncode, out, err)


def called(folder: Path) -> list[str]:
    log = folder / "log"
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return sorted(lines)


def expect(folder: Path, values: list[float]) -> None:
    with h5py.File(folder / "things.h5") as file:
        assert file[".h5schema"].attrs["complete"] == 1
        assert file["values"][:, 1999].tolist() == values


@pytest.mark.parametrize("workers", ["0", "2"])
def test_new_and_changed_sources_and_a_new_feature(folder: Path, workers: str) -> None:
    (folder / "things.yaml").write_text(SCHEMA + MEAN)
    (folder / "in" / "003.txt").write_text("-3")
    (folder / "in" / "900.txt").write_text("900")
    (folder / "in" / "000.txt").unlink()
    done = extract(folder, "--update", "--workers", workers)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].startswith("301 entries of thing; ")
    assert "299 kept, 1 changed, 1 new" in done.stdout
    assert called(folder) == ["003", "900", *["mean"] * 301]
    wanted = [-3.0 if number == 3 else float(number) for number in [*range(COUNT), 900]]
    expect(folder, wanted)
    with h5py.File(folder / "things.h5") as file:
        assert file["mean"][:].tolist() == wanted
        assert file["number"][:].tolist() == [*range(COUNT), 900]


def test_nothing_to_do(folder: Path) -> None:
    before = (folder / "things.h5").read_bytes()
    done = extract(folder, "--update")
    assert (done.returncode, done.stderr) == (0, "")
    assert "300 kept, 0 changed, 0 new" in done.stdout
    assert called(folder) == []
    assert (folder / "things.h5").read_bytes() == before


def test_a_finished_file_is_refused_and_the_ways_out_are_named(folder: Path) -> None:
    done = extract(folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: things.h5: the file exists already\n"
        "  help: say --update to bring it up to date, or --overwrite to replace it (in Python update=True, "
        "overwrite=True); or choose another name\n"
    )
    done = extract(folder, "--update", "--overwrite")
    assert (done.returncode, done.stderr) == (
        2,
        "error: things.h5: a file is brought up to date or replaced, not both\n"
        "  help: leave out --update or --overwrite\n",
    )


def committed(folder: Path) -> int:
    """How many entries the run has committed that goes on."""
    found = found_in(folder / "things.h5.partial.journal")
    return 0 if found is None else sum(json.loads(found.commit.state)["counts"].values())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize("workers", ["0", "2"])
def test_stopped_in_the_middle_and_gone_on_with(folder: Path, number: signal.Signals, workers: str) -> None:
    """The file that is updated is what it was until the new one is complete; committed work is not done again."""
    target = folder / "things.h5"
    before = target.read_bytes()
    for name in range(20, COUNT):
        (folder / "in" / f"{name:03}.txt").write_text(str(-name))
    with started(folder, "--update", "--workers", workers, "--commit-every", "0.02") as process:
        try:
            until = time.monotonic() + 60
            while committed(folder) < 40:
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < until
                time.sleep(0.002)
            process.send_signal(number)
            process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode in (-signal.SIGKILL, 130)
    assert target.read_bytes() == before
    first = called(folder)
    assert len(first) < 280
    done = extract(folder, "--update", "--workers", workers)
    assert (done.returncode, done.stderr) == (0, "")
    assert "20 kept, 280 changed, 0 new" in done.stdout
    again = called(folder)
    assert set(first) | set(again) == {f"{name:03}" for name in range(20, COUNT)}
    assert len(again) < 280, "what was committed is not done again"
    expect(folder, [float(name) if name < 20 else -float(name) for name in range(COUNT)])
    assert not list(folder.glob("things.h5.*"))


def test_the_updated_file_is_the_same_for_any_number_of_workers(folder: Path) -> None:
    old = (folder / "things.h5").read_bytes()
    for name in range(0, COUNT, 3):
        (folder / "in" / f"{name:03}.txt").write_text(str(-name))
    (folder / "in" / "500.txt").write_text("5")
    made: list[bytes] = []
    for options in (("--workers", "0"), ("--workers", "2"), ("--workers", "3", "--threads", "--memory", "1")):
        (folder / "things.h5").write_bytes(old)
        assert extract(folder, "--update", *options).returncode == 0
        with h5py.File(folder / "things.h5") as file:
            made.append(b"".join(file[name][()].tobytes() for name in ("number", "values", ".h5schema/dims/thing/ids")))
    assert made[0] == made[1] == made[2]


@pytest.mark.parametrize("workers", ["0", "2"])
def test_a_changed_source_that_fails_is_not_lost(folder: Path, workers: str) -> None:
    """Its entry stays; the others are brought up to date, and the next update tries it again."""
    for name in (5, 250):
        (folder / "in" / f"{name:03}.txt").write_text("-1")
    (folder / "in" / "200.txt").write_text("no number")
    done = extract(folder, "--update", "--workers", workers)
    assert (done.returncode, f"of the entries {COUNT - 2} kept, 2 changed, 0 new\n" in done.stdout) == (1, True)
    assert done.stderr.startswith("skipped 1 source that failed:\n  200.txt: mine:values raised ValueError\n")
    expect(folder, [{5: -1.0, 250: -1.0}.get(name, float(name)) for name in range(COUNT)])
    assert "005" in called(folder)
    (folder / "in" / "200.txt").write_text("-2")
    assert extract(folder, "--update", "--workers", workers).returncode == 0
    assert "005" not in called(folder)
    expect(folder, [{5: -1.0, 250: -1.0, 200: -2.0}.get(name, float(name)) for name in range(COUNT)])
