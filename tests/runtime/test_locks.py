"""Reading needs no lock; who writes says who else does; and where there are no locks, what to set."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import pytest
from blank import declare

from h5schema.errors import FileError, TargetExistsError
from h5schema.runtime import Array, IdAxis

HERE = Path(__file__).parent
Reader, Creator = declare(row=IdAxis(dict), x=Array(np.int64, "row 10"))
ROW = np.arange(10)
PRELUDE = f"""
import os, sys, time
sys.path.insert(0, {str(HERE / "packages")!r})
import h5py
import numpy as np
from blank import declare
from h5schema.errors import FileError
from h5schema.runtime import Array, IdAxis
Reader, Creator = declare(row=IdAxis(dict), x=Array(np.int64, "row 10"))
path, ROW = sys.argv[1], np.arange(10)
"""
NONE = {"ENOLCK": 37, "ENOSYS": 38, "EOPNOTSUPP": 95, "ENOTSUPP": 524}
"""What systems say that have no locks (Linux)."""


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A finished file of one entry."""
    with Creator.create(tmp_path / "a.h5") as w:
        w.row["a"] = {"x": ROW}
    return tmp_path / "a.h5"


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library that takes the place of the calls that lock."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None or sys.platform != "linux":
        pytest.skip("a file system without locks is played by a C library: it needs Linux and a compiler")
    library = tmp_path_factory.mktemp("shim") / "no_locks.so"
    command = [compiler, "-shared", "-fPIC", "-o", str(library), str(HERE / "no_locks.c"), "-ldl"]
    subprocess.run(command, check=True, timeout=60)
    return library


def run(code: str, path: Path, **environment: str) -> str:
    """What a process prints that runs code."""
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(code), str(path)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == "", done.stderr
    return done.stdout


READ_AND_WRITE = """
with Reader(path) as f:
    print("read", f.x["a"].tolist())
    f.verify()
for begin in (lambda: Creator.create(path + ".new"), lambda: Creator.edit(path)):
    try:
        with begin() as w:
            w.row["b"] = {"x": ROW}
        print("wrote")
    except FileError as error:
        print(error)
print(sorted(os.listdir(os.path.dirname(path))))
"""


@pytest.mark.parametrize("number", NONE.values(), ids=NONE)
def test_without_locks(made: Path, shim: Path, number: int) -> None:
    before = made.read_bytes()
    said = run(READ_AND_WRITE, made, LD_PRELOAD=str(shim), NO_LOCKS=str(number))
    assert f"read {ROW.tolist()}" in said
    assert said.count("the file system has no locks, so nothing keeps another process from writing this file") == 2
    assert said.count("set HDF5_USE_FILE_LOCKING=FALSE in the environment") == 2
    assert "['a.h5']" in said, "a writer that was refused leaves nothing"
    assert made.read_bytes() == before


def test_without_locks_and_without_fear(made: Path, shim: Path) -> None:
    said = run(READ_AND_WRITE, made, LD_PRELOAD=str(shim), NO_LOCKS="37", HDF5_USE_FILE_LOCKING="FALSE")
    assert said.count("wrote\n") == 2
    assert "['a.h5', 'a.h5.new']" in said
    with Reader(made) as f:
        assert list(f.row) == ["a", "b"]
        f.verify()


def test_locks_that_are_demanded(made: Path, shim: Path) -> None:
    code = "try:\n    Reader(path).row['a']\nexcept FileError as error:\n    print(error)"
    said = run(code, made, LD_PRELOAD=str(shim), NO_LOCKS="37", HDF5_USE_FILE_LOCKING="TRUE")
    assert "the file system has no locks" in said
    assert "set HDF5_USE_FILE_LOCKING=FALSE" in said


def test_a_log_without_locks(made: Path, shim: Path) -> None:
    """A writer adds and others read, on a file system without locks."""
    code = """
    with Creator.edit(path) as w:
        for i in range(30):
            w.row[f"b{i}"] = {"x": ROW + i}
            w.commit()
            with Reader(path) as f:
                assert len(f.row) == i + 2
                assert f.x[i + 1].tolist() == (ROW + i).tolist()
    print("read all")
    """
    assert "read all" in run(code, made, LD_PRELOAD=str(shim), NO_LOCKS="95", HDF5_USE_FILE_LOCKING="FALSE")
    with Reader(made) as f:
        assert len(f.row) == 31
        f.verify()


@contextmanager
def holding(code: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has run code and waits."""
    command = [sys.executable, "-c", f"{PRELUDE}{textwrap.dedent(code)}\nprint('ready', flush=True)\ntime.sleep(60)"]
    with subprocess.Popen([*command, str(path)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


def test_a_file_that_another_program_writes(made: Path) -> None:
    with holding("file = h5py.File(path, 'r+')", made) as other:
        for use in (lambda: Reader(made).row["a"], lambda: Creator.edit(made)):
            with pytest.raises(FileError) as caught:
                use()
            assert f"process {other.pid} (" in str(caught.value)
            assert "is writing it" in str(caught.value)
            assert "errno" not in str(caught.value)
    assert list(Reader(made).row) == ["a"]


def test_a_file_that_another_program_writes_is_not_replaced(made: Path) -> None:
    """He would go on writing, and what he wrote would be gone."""
    for doing in ("file = h5py.File(path, 'r+')", "w = Creator.edit(path)"):
        with holding(doing, made), pytest.raises(FileError, match="another process is writing this file") as caught:
            Creator.create(made, overwrite=True)
        assert "stop it" in str(caught.value)
        assert not made.with_name("a.h5.partial").exists()
    with h5py.File(made, "r+"), pytest.raises(FileError, match="this very process is writing this file"):
        Creator.create(made, overwrite=True)
    assert list(Reader(made).row) == ["a"]


def test_swmr(made: Path) -> None:
    with h5py.File(made.with_name("log.h5"), "w", libver="latest") as file:
        file["x"] = 1
    with holding("file = h5py.File(path, 'r+', libver='latest'); file.swmr_mode = True", made.with_name("log.h5")):
        with pytest.raises(FileError, match="SWMR mode, or was killed") as caught:
            Reader(made.with_name("log.h5")).row["a"]
        assert "h5clear -s log.h5" in str(caught.value)


def test_a_reader_while_the_file_is_made(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with holding("w = Creator.create(path); w.row['a'] = {'x': ROW}", path) as other:
        with pytest.raises(FileError, match="there is no such file") as caught:
            Reader(path).row["a"]
        assert f"wait until process {other.pid} (" in str(caught.value)
        with pytest.raises(FileError, match=rf"process {other.pid} \(.*is writing it") as caught:
            Reader(path.with_name("a.h5.partial")).row["a"]
        assert "it will be a.h5" in str(caught.value)
        with pytest.raises(FileError, match="another process is writing this file") as caught:
            Creator.create(path)
        assert f"wait until process {other.pid} (" in str(caught.value)
    with pytest.raises(FileError, match="or was killed and is to be run again"):
        Reader(path).row["a"]


def test_two_of_one_process(tmp_path: Path) -> None:
    with Creator.create(tmp_path / "a.h5"), pytest.raises(FileError, match="this very process is writing this file"):
        Creator.create(tmp_path / "a.h5")


def test_a_writer_while_somebody_reads(made: Path) -> None:
    with holding("f = Reader(path).__enter__(); f.x[:]", made):
        with pytest.raises(TargetExistsError):
            Creator.create(made)
        with Creator.create(made, overwrite=True) as w:
            w.row["b"] = {"x": ROW + 1}
        with Creator.edit(made) as w:
            w.row["c"] = {"x": ROW + 2}
    with Reader(made) as f:
        assert list(f.row) == ["b", "c"]
        f.verify()


def test_a_log_is_not_opened_to_write_by_others(made: Path) -> None:
    """h5py in the mode r+ would write over what is being added."""
    code = "try:\n    h5py.File(path, 'r+')\nexcept OSError as error:\n    print('refused', error.errno)"
    with Creator.edit(made) as w:
        w.row["b"] = {"x": ROW}
        w.commit()
        assert "refused 11" in run(code, made)
        assert "['a']" in run("print(list(h5py.File(path)['/.h5schema/dims/row/ids'].asstr()))", made)
        w.row["c"] = {"x": ROW}
    with Reader(made) as f:
        assert list(f.row) == ["a", "b", "c"]


def test_a_reader_from_before(made: Path) -> None:
    """Who has the file open when somebody begins to add to it reads on, and sees what there was."""
    with Reader(made) as f:
        assert f.x["a"].tolist() == ROW.tolist()
        with Creator.edit(made) as w:
            for i in range(5000):
                w.row[f"b{i}"] = {"x": ROW}
            w.commit()
            assert f.x[:].tolist() == [ROW.tolist()]
            assert f.x.read(np.zeros(1000, np.int64)).tolist() == [ROW.tolist()] * 1000
        assert len(f.row) == 1
        assert f.x[:].tolist() == [ROW.tolist()]
        f.verify()
    with Reader(made) as f:
        assert len(f.row) == 5001
    with Creator.edit(made):
        pass
    assert os.listdir(made.parent) == [made.name]


def test_readers_while_the_journal_goes_into_the_file(made: Path) -> None:
    """None of them is refused, and each sees a whole number of commits."""
    code = """
    for i in range(40):
        with Creator.edit(path) as w:
            w.row[f"b{i}"] = {"x": ROW}
    """
    command = [sys.executable, "-c", PRELUDE + textwrap.dedent(code), str(made)]
    with subprocess.Popen(command) as process:
        try:
            until, counts = time.monotonic() + 30, list[int]()
            while process.poll() is None and time.monotonic() < until:
                with Reader(made) as f:
                    counts.append(len(f.row))
                    assert f.x[:].tolist() == [ROW.tolist()] * counts[-1]
        finally:
            process.kill()
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]


def test_children_of_a_writer_hold_nothing(tmp_path: Path) -> None:
    """Workers that were forked while a file was written may live on: it can be read, and added to."""
    children: list[int] = []

    def fork() -> None:
        if not (child := os.fork()):
            time.sleep(20)
            os._exit(0)
        children.append(child)

    path = tmp_path / "a.h5"
    try:
        with Creator.create(path) as w:
            w.row["a"] = {"x": ROW}
            fork()
        for name in ("b", "c"):
            with Creator.edit(path) as w:
                w.row[name] = {"x": ROW}
                fork()
            assert os.listdir(tmp_path) == ["a.h5"]
        assert list(Reader(path).row) == ["a", "b", "c"]
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
