"""An extraction that is stopped or killed, in a process of its own: all or nothing at the final name, and no litter."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import h5py
import pytest

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
COUNT = 120
MINE = """\
import time
from pathlib import Path

import numpy as np


def values(path):
    Path("begun").touch()
    time.sleep(0.005)
    return np.full(2000, float(path.read_text()))
"""
CODE = "from h5schema.cli import main; import sys; sys.exit(main(sys.argv[1:]))"
EXTRACT = ("-c", CODE, "extract", "things.yaml")
BEFORE = ["in", "mine.py", "temporary", "things.yaml"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A schema, its function, 120 sources, and a folder for temporary files of its own."""
    (tmp_path / "things.yaml").write_text(SCHEMA)
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "temporary").mkdir()
    (tmp_path / "in").mkdir()
    for number in range(COUNT):
        (tmp_path / "in" / f"{number:03}.txt").write_text(str(number))
    return tmp_path


@contextmanager
def extracting(folder: Path, *options: str, command: Sequence[str] = EXTRACT) -> Iterator[subprocess.Popen[str]]:
    """A run that has made its first value."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1"}
    (folder / "begun").unlink(missing_ok=True)  # of a run before
    with subprocess.Popen(
        [sys.executable, *command, "in", "-o", "things.h5", *options],
        cwd=folder,
        env={**environment, "TMPDIR": str(folder / "temporary")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            until = time.monotonic() + 60
            while not (folder / "begun").exists():
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < until
                time.sleep(0.002)
            (folder / "begun").unlink()
            yield process
        finally:
            process.kill()


def run_to_the_end(folder: Path, *options: str) -> None:
    with extracting(folder, *options) as process:
        out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    assert out.startswith(f"{COUNT} entries of thing; ")


def expect_whole(path: Path) -> None:
    with h5py.File(path) as file:
        assert file[".h5schema"].attrs["complete"] == 1
        assert file["number"][:].tolist() == list(range(COUNT))
        assert file["values"][:, 1999].tolist() == list(range(COUNT))


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "begun")


def resumed(folder: Path, *options: str) -> None:
    """The same command again makes the file that an uninterrupted run makes, and leaves nothing else."""
    run_to_the_end(folder, *options)
    expect_whole(folder / "things.h5")
    assert left(folder) == sorted([*BEFORE, "things.h5"])


@pytest.mark.parametrize("seed", range(8))
def test_a_killed_run_leaves_nothing_or_a_whole_file(folder: Path, seed: int) -> None:
    """The one who gives orders is killed, or its workers too; the last instants are about when the file gets its name.

    `tests/runtime/test_never_lost.py` has every call of the system as an instant.
    """
    part = (seed + random.Random(seed).random()) / 8
    with extracting(folder, "--commit-every", "0.02") as process:
        time.sleep(part * COUNT * 0.003)
        (os.killpg if seed % 2 else os.kill)(process.pid, signal.SIGKILL)
        process.communicate(timeout=60)
    target = folder / "things.h5"
    beside = {"things.h5.partial", "things.h5.partial.journal", "things.h5.partial.journal.new"}
    assert set(left(folder)) <= {*BEFORE, "things.h5", *beside}
    if target.exists():
        expect_whole(target)
        target.unlink()
    resumed(folder)


def test_a_killed_run_leaves_the_file_that_it_would_replace(folder: Path) -> None:
    run_to_the_end(folder)
    before = (folder / "things.h5").read_bytes()
    with extracting(folder, "--overwrite") as process:
        time.sleep(0.1)
        process.kill()
        process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    assert (folder / "things.h5").read_bytes() == before
    resumed(folder, "--overwrite")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_says_so_in_a_line_and_the_same_command_goes_on(folder: Path, number: signal.Signals) -> None:
    with extracting(folder) as process:
        time.sleep(0.1)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert re.fullmatch(r"stopped after \d+ of 120 sources; the same command goes on\n", err)
    assert left(folder) == sorted([*BEFORE, "things.h5.partial", "things.h5.partial.journal"])
    assert list((folder / "temporary").iterdir()) == []
    resumed(folder)


def test_ctrl_c_while_sources_are_listed_says_that_the_same_command_goes_on(folder: Path) -> None:
    """Where a run was stopped before; else nothing is left, and it says so."""
    slow = "    if 'SLOW' in os.environ:\n        Path('begun').touch()\n        time.sleep(60)\n"
    each = "    for path in sorted(folder.iterdir()):\n        yield path.stem, path, {'number': int(path.stem)}\n"
    lists = f"import os, time\nfrom pathlib import Path\n\n\ndef listed(folder):\n{slow}{each}"
    (folder / "lists.py").write_text(lists)
    (folder / "things.yaml").write_text(SCHEMA.replace("'{number:int}.txt'", "lists:listed"))
    before = left(folder)

    def stopped_while_listed() -> str:
        with extracting(folder, command=("-c", f"import os; os.environ['SLOW'] = ''; {CODE}", *EXTRACT[2:])) as process:
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        assert (process.returncode, out) == (130, "")
        return err

    assert stopped_while_listed() == "stopped; nothing unfinished is left behind\n"
    assert left(folder) == before
    with extracting(folder) as process:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert stopped_while_listed() == "stopped; the same command goes on with what was committed\n"


def test_ctrl_c_in_the_job_of_the_package(folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    generate = [sys.executable, "-c", CODE, "generate", "things.yaml"]
    subprocess.run(generate, cwd=folder, env=environment, check=True, capture_output=True, timeout=60)
    with extracting(folder, command=("-m", "things.extract")) as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert re.fullmatch(r"stopped after \d+ of 120 sources; the same command goes on\n", err)


def test_ctrl_c_leaves_the_file_that_it_would_replace(folder: Path) -> None:
    run_to_the_end(folder)
    before = (folder / "things.h5").read_bytes()
    with extracting(folder, "--overwrite") as process:
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert (folder / "things.h5").read_bytes() == before


def _aged(folder: Path) -> list[Path]:
    """The temporary folders, made older than a run could leave its own unheld."""
    found = sorted((folder / "temporary").iterdir())
    for one in found:
        os.utime(one, (time.time() - 3600,) * 2)
    return found


def test_what_a_killed_run_left_among_temporary_files_goes_with_the_next(folder: Path) -> None:
    with extracting(folder) as process:
        process.kill()
        process.communicate(timeout=60)
    assert len(_aged(folder)) == 1
    (folder / "temporary" / "h5schema-run-notes.txt").write_text("a file of somebody's\n")
    run_to_the_end(folder)
    assert [path.name for path in (folder / "temporary").iterdir()] == ["h5schema-run-notes.txt"]


def test_a_run_leaves_alone_what_another_one_works_with(folder: Path) -> None:
    (folder / "mine.py").write_text(MINE.replace("0.005", "1.0"))
    with extracting(folder) as process:
        (held,) = _aged(folder)
        done = subprocess.run(
            [sys.executable, "-c", CODE, "extract", "things.yaml", "in/000.txt", "-o", "second.h5"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "TMPDIR": str(folder / "temporary")},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert process.poll() is None
        assert sorted((folder / "temporary").iterdir()) == [held]


def test_inspect_says_what_an_unfinished_file_is(folder: Path) -> None:
    def inspect(name: str) -> str:
        command = [sys.executable, "-c", CODE, "inspect", name]
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert (done.returncode, done.stdout) == (2, "")
        return done.stderr

    (folder / "mine.py").write_text(MINE.replace("0.005", "0.3"))
    with extracting(folder) as process:
        assert re.fullmatch(
            rf"error: things\.h5\.partial: process {process.pid} \(.*\) is writing it\n"
            r"  help: wait until it is finished: it will be things\.h5\n",
            inspect("things.h5.partial"),
        )
        process.kill()
        process.communicate(timeout=60)
    said = (
        "error: things.h5.partial: this is the unfinished file of a run that was killed\n"
        "  help: run it again, which replaces this file and makes things.h5; or delete it\n"
    )
    assert inspect("things.h5.partial") == said
    (folder / "things.h5.partial").write_bytes((folder / "things.h5.partial").read_bytes()[:100])
    assert inspect("things.h5.partial") == said
    (folder / "things.h5.partial").write_bytes(b"")
    assert inspect("things.h5.partial") == said
    assert inspect("things.h5") == (
        "error: things.h5: there is no such file\n"
        "  help: things.h5.partial beside it is unfinished: its run goes on, or was killed and is to be run again\n"
    )
