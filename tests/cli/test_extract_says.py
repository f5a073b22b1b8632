"""What `h5schema extract` says: to people, to logs, to programs."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import REPOSITORY, Command

SCHEMA = """\
h5schema: 1
name: things
version: 1.0.0
dims:
  thing: {source: '{number:int}.txt'}
features:
  number: {dims: [thing], dtype: int64, from: '{number}'}
  values: {dims: [thing, 3000], dtype: float64, call: said_tools:values, store: default}
"""
MINE = """\
import numpy as np


def values(path):
    return np.full(3000, float(path.read_text()))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Twenty sources, of which one fails."""
    (tmp_path / "things.yaml").write_text(SCHEMA)
    (tmp_path / "said_tools.py").write_text(MINE)
    (tmp_path / "in").mkdir()
    for number in range(20):
        (tmp_path / "in" / f"{number}.txt").write_text("no number" if number == 7 else str(number))
    return tmp_path


def test_for_people(folder: Path, h5schema: Command) -> None:
    done = h5schema("extract", "things.yaml", "in", "-o", "a.h5")
    assert done.returncode == 1
    first, second = done.stdout.splitlines()
    assert re.fullmatch(r"19 entries of thing, 1 source skipped; [\d.]+ KiB in [\d.]+ s", first)
    assert re.fullmatch(r"compressed [\d.]+ to 1: 445\.3 KiB of values take [\d.]+ (KiB|B)", second)


def test_quiet_says_what_fails_and_nothing_else(folder: Path, h5schema: Command) -> None:
    done = h5schema("extract", "things.yaml", "in", "-o", "a.h5", "-q", "--progress", "lines")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("skipped 1 source that failed:\n  7.txt: said_tools:values raised ValueError\n")
    (folder / "in/7.txt").write_text("7")
    done = h5schema("extract", "things.yaml", "in", "-o", "a.h5", "--overwrite", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_for_programs(folder: Path, h5schema: Command) -> None:
    (folder / "in/readme.md").write_text("")
    done = h5schema("extract", "things.yaml", "in", "-o", "a.h5", "--format", "json")
    assert (done.returncode, done.stderr) == (1, "")
    said = json.loads(done.stdout)
    assert (said["path"], said["entries"], said["skipped"], said["sources"]) == ("a.h5", {"thing": 19}, 1, 20)
    assert (said["earlier"], said["changes"], said["unmatched"]) == (0, None, ["readme.md"])
    assert said["bytes"] == (folder / "a.h5").stat().st_size
    assert said["compressed"]["decoded"] == 19 * 3000 * 8
    assert said["compressed"]["ratio"] == said["compressed"]["decoded"] / said["compressed"]["stored"]
    assert set(said["spent"]["by_workers"]) == {"load", "derive", "check", "compress", "write"}
    assert said["spent"]["by_workers"]["load"] > 0
    assert set(said["spent"]["by_caller"]) == {"find", "place", "commit", "finish"}
    assert sum(said["spent"]["by_caller"].values()) < said["seconds"]
    (failure,) = said["failures"]
    assert (failure["source"], failure["path"], failure["error"]) == (
        "7.txt",
        "in/7.txt",
        "said_tools:values raised ValueError",
    )
    assert "could not convert string to float" in failure["frames"]
    (folder / "in/7.txt").write_text("7")
    done = h5schema("extract", "things.yaml", "in", "-o", "a.h5", "--format", "json", "--overwrite")
    assert done.returncode == 0
    assert json.loads(done.stdout)["failures"] == []


def test_lines_for_a_log(folder: Path, h5schema: Command) -> None:
    done = h5schema("extract", "things.yaml", "in", "-o", "a.h5", "--progress", "lines")
    lines = done.stderr.splitlines()
    assert lines[0] == "extract thing 0/20"
    assert re.fullmatch(r"extract thing 20/20  [\d.,]+/s  in \d:\d\d  1 failed", lines[1])


@pytest.mark.parametrize("colors", [{}, {"NO_COLOR": "1"}, {"TERM": "xterm-256color"}])
def test_a_bar_in_a_terminal(folder: Path, colors: dict[str, str]) -> None:
    """One line, drawn over and over, without anything that a terminal has to understand."""
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "h5schema", "extract", "things.yaml", "in", "-o", "a.h5"]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "TERM": "xterm", **colors}
    done = subprocess.run(
        command, cwd=folder, env=environment, stderr=theirs, stdout=subprocess.PIPE, timeout=60, check=False
    )
    os.close(theirs)
    said = b""
    while select.select([ours], [], [], 0.2)[0]:
        try:
            said += os.read(ours, 1 << 16)
        except OSError:  # all of it is read
            break
    os.close(ours)
    assert done.returncode == 1
    bar, _, failed = said.decode().replace("\r\n", "\n").partition("\n")
    last = bar.split("\r")[-1].rstrip()
    assert re.fullmatch(r"extract thing █+ 20/20  [\d.,]+/s  in \d:\d\d  1 failed", last)
    assert failed.startswith("skipped 1 source that failed:\n")
    assert b"\x1b" not in said


def test_no_output(folder: Path, h5schema: Command) -> None:
    done = h5schema("extract", "things.yaml", "in")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: nothing says which file to make\n  help: say -o FILE; or --plan, which writes nothing\n"
    )


def test_a_plan(folder: Path, h5schema: Command) -> None:
    done = h5schema("extract", "things.yaml", "in", "--plan", COLUMNS="100")
    assert done.returncode == 1
    assert done.stderr.startswith(
        "1 source of those that were loaded failed, and would be skipped:\n"
        "  7.txt: said_tools:values raised ValueError\n"
    )
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"20 sources of thing; \d+ loaded, .* each", lines[0])
    assert lines[3].split() == ["feature", "an", "entry", "dtype", "stored", "codec", "each", "all"]
    assert re.match(r"  values   \[3000\] +float64 +chunks of 19 x 23\.4 KiB +default", lines[5])
    assert "\nvalues: codecs on 4" in done.stdout
    assert sorted(path.name for path in folder.iterdir() if path.suffix in (".h5", ".partial")) == []


def test_a_plan_for_programs(folder: Path, h5schema: Command) -> None:
    (folder / "in/7.txt").unlink()
    done = h5schema("extract", "things.yaml", "in", "--plan", "--format", "json", "-o", "a.h5")
    assert (done.returncode, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    assert (said["sources"], said["output"], said["has_room"], said["failures"]) == ({"thing": 19}, "a.h5", True, [])
    values = said["features"][1]
    assert (values["address"], values["entry"], values["dtype"], values["chunk"]) == ("values", "[3000]", "float64", 19)
    assert [one["codec"] for one in values["codecs"]][:3] == ["none", "default", "lzf"]
    assert values["advice"]
