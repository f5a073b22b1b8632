"""Sources that fail by the hundred thousand, and what is known of them after a run that was stopped."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from blank import declare

from h5schema.errors import UsageError
from h5schema.runtime import Call, Extraction, How, IdAxis, Scalar
from h5schema.runtime.extracting.endings import StoppedError
from h5schema.runtime.extracting.failures import Failure, Failures
from h5schema.runtime.sources import find

COUNT = 100_000
MINE = """\
import os

def number(path):
    if path.stem == os.environ.get("STOP_AT"):
        raise KeyboardInterrupt
    if int(path.stem) % 2:
        raise ValueError(f"odd: {path}")
    return int(path.stem)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "in").mkdir()
    (tmp_path / "failing_tools.py").write_text(MINE)
    for number in range(10):
        (tmp_path / "in" / f"{number}.txt").write_bytes(b"")
    yield tmp_path
    sys.modules.pop("failing_tools", None)
    while str(tmp_path) in sys.path:
        sys.path.remove(str(tmp_path))


def many(folder: Path) -> Failures:
    """None yet, of a list of a hundred thousand sources."""
    lines = "".join(f"{number},in/{number}.txt\n" for number in range(COUNT))
    (folder / "table.csv").write_text(f"n,path\n{lines}")
    return Failures({"x": find([folder], "x", "table.csv", "in/{n}.txt").sources})


def failure(number: int, folder: Path, said: str) -> Failure:
    path = folder / f"in/{number}.txt"
    return Failure(f"in/{number}.txt", path, "mine:f raised ValueError", f"ValueError: {said} {path}\n" + 400 * "x")


def test_what_fails_alike_is_kept_once(folder: Path) -> None:
    failures = many(folder)
    for number in range(0, COUNT, 2):
        failures.add("x", {number: failure(number, folder, "no good:")})
    assert len(json.dumps(failures.state())) < COUNT * 4, "four bytes each in every commit"
    again = Failures(failures._sources, failures.state())
    for found in (failures, again):
        assert len(found) == COUNT // 2
        assert found[4321] == failure(8642, folder, "no good:")
        (group,) = found.groups()
        assert group.size == COUNT // 2
        assert [one.source for one in group.first[:3]] == ["in/0.txt", "in/2.txt", "in/4.txt"]


def test_what_fails_in_ways_of_its_own_is_bounded(folder: Path) -> None:
    failures = many(folder)
    for number in range(COUNT):
        failures.add("x", {number: failure(number, folder, f"{number * 7919} is wrong:")})
    assert len(json.dumps(failures.state())) < 3 << 20
    assert failures[0] == failure(0, folder, "0 is wrong:")
    last = failures[COUNT - 1]
    assert (last.source, last.message, last.frames) == (f"in/{COUNT - 1}.txt", "mine:f raised ValueError", "")
    assert last.help.startswith("its traceback is not kept, because many failed")


@pytest.mark.parametrize("name", ["p", "n", "pn", "np", "x.txt"])
def test_a_text_that_names_its_source_comes_back_as_it_was(folder: Path, name: str) -> None:
    sources = find([folder / "in/0.txt"], "x", "{n}.txt", None).sources
    path = folder / "in/0.txt"
    given = Failure("0.txt", path, f"{name} {path}{name} 0.txt.0.txt", f"{path}{path}", name)
    failures = Failures({"x": sources})
    failures.add("x", {0: given})
    assert list(failures) == [given]


def stopped(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Extraction:
    """A job that was stopped at its eighth source."""
    _, writer = declare(row=IdAxis(dict), number=Scalar(np.int64, "row"))
    job = Extraction(writer, sources={"row": "{n}.txt"}, features={"number": Call("failing_tools:number")})
    monkeypatch.setenv("STOP_AT", "7")
    how = How(workers=0, commit_every=0)
    with pytest.raises(StoppedError):
        job.run([folder / "in"], folder / "a.h5", functions=folder, how=how)
    monkeypatch.delenv("STOP_AT")
    return job


def test_failures_of_a_stopped_run_are_told_by_the_next(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(10, 60):
        (folder / "in" / f"{number}.txt").write_bytes(b"")
    job = stopped(folder, monkeypatch)
    summary = job.run([folder / "in"], folder / "a.h5", functions=folder, failures=folder / "list.jsonl")
    assert summary.entries == {"row": 30}
    assert summary.earlier > 0
    assert f", after {summary.earlier} of 60 sources were done before" in str(summary)
    assert len(summary.failures) == 30
    assert all(f"ValueError: odd: {one.path}" in one.frames for one in summary.failures)
    assert len((folder / "list.jsonl").read_text().splitlines()) == 30


def test_another_source_where_one_failed_is_noticed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(10, 60):
        (folder / "in" / f"{number}.txt").write_bytes(b"")
    job = stopped(folder, monkeypatch)
    os.rename(folder / "in/11.txt", folder / "in/110.txt")
    with pytest.raises(UsageError, match=r"source 3 of row was another one, which failed; it is 110\.txt now"):
        job.run([folder / "in"], folder / "a.h5", functions=folder)
