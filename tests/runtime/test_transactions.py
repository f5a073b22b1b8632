"""Writing is all or nothing: the final name appears when the file is complete, whatever happens before."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from blank import declare

from h5schema.errors import DataError, FileError, TargetExistsError, UsageError
from h5schema.runtime import Array, IdAxis, Scalar

PACKAGES = Path(__file__).parent / "packages"
Reader, Creator = declare(row=IdAxis(dict), x=Array(np.int64, "row 10"))
ROW = np.arange(10)


def left(folder: Path) -> list[str]:
    """Names in a folder."""
    return sorted(one.name for one in folder.iterdir())


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit, GeneratorExit])
@pytest.mark.parametrize("count", [0, 1, 600])
def test_an_exception_leaves_nothing(tmp_path: Path, error: type[BaseException], count: int) -> None:

    def write() -> None:
        with Creator.create(tmp_path / "a.h5") as w:
            for i in range(count):
                w.row[str(i)] = {"x": ROW}
            assert left(tmp_path) == ["a.h5.partial"]
            raise error

    with pytest.raises(error):
        write()
    assert left(tmp_path) == []


def test_the_name_appears_at_the_end(tmp_path: Path) -> None:
    with Creator.create(tmp_path / "a.h5") as w:
        for i in range(300):
            w.row[str(i)] = {"x": ROW + i}
        w.commit()
        assert left(tmp_path) == ["a.h5.partial"]
    assert left(tmp_path) == ["a.h5"]
    with Reader(tmp_path / "a.h5") as f:
        assert np.array_equal(f.x[:], ROW + np.arange(300)[:, None])


def test_publish_by_hand_and_use_after_it(tmp_path: Path) -> None:
    w = Creator.create(tmp_path / "a.h5")
    w.row["a"] = {"x": ROW}
    w.publish()
    assert left(tmp_path) == ["a.h5"]
    with pytest.raises(UsageError, match="no file is being written"):
        w.row["b"] = {"x": ROW}
    w.close()
    w = Creator.create(tmp_path / "b.h5")
    w.row["a"] = {"x": ROW}
    w.close()
    assert left(tmp_path) == ["a.h5"]


def test_an_existing_target(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    precious = b"\x89HDF\r\n\x1a\n and more"
    path.write_bytes(precious)
    with pytest.raises(TargetExistsError, match="overwrite"):
        Creator.create(path)
    assert path.read_bytes() == precious
    assert left(tmp_path) == ["a.h5"]
    with suppress(ZeroDivisionError), Creator.create(path, overwrite=True) as w:
        w.row["a"] = {"x": ROW}
        raise ZeroDivisionError
    assert path.read_bytes() == precious
    with Creator.create(path, overwrite=True) as w:
        w.row["a"] = {"x": ROW}
        assert path.read_bytes() == precious
    assert left(tmp_path) == ["a.h5"]
    with Reader(path) as f:
        assert list(f.row) == ["a"]


def test_a_target_that_comes_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    w = Creator.create(path)
    w.row["a"] = {"x": ROW}
    path.write_bytes(b"of another program")
    with pytest.raises(TargetExistsError, match="meanwhile"):
        w.publish()
    w.close()
    assert path.read_bytes() == b"of another program"
    assert left(tmp_path) == ["a.h5"]


def test_a_target_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="folder is not there"):
        Creator.create(tmp_path / "no/a.h5")
    with pytest.raises(UsageError, match="is a folder"):
        Creator.create(tmp_path)
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileError):
        Creator.create(tmp_path / "file/a.h5")
    with pytest.raises(FileError) as caught:
        Creator.create(tmp_path / ("x" * 300))
    assert "help: " in str(caught.value)
    assert left(tmp_path) == ["file"]


def test_two_writers_of_one_target(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with Creator.create(path) as first:
        first.row["a"] = {"x": ROW}
        for overwrite in (False, True):
            with pytest.raises(FileError, match="this very process is writing this file"):
                Creator.create(path, overwrite=overwrite)
        first.row["b"] = {"x": ROW}
    with Reader(path) as f:
        assert list(f.row) == ["a", "b"]
        f.verify()


def test_a_refused_block_can_be_followed_by_good_ones(tmp_path: Path) -> None:
    with Creator.create(tmp_path / "a.h5") as w:
        for i in range(5):
            with pytest.raises(DataError):
                w.row.extend([f"{i}/bad"], {"x": np.zeros((1, 9), np.int64)})
            w.row.extend([str(i)], {"x": ROW[None] + i})
    with Reader(tmp_path / "a.h5") as f:
        assert np.array_equal(f.x[:], ROW + np.arange(5)[:, None])


PRELUDE = f"""
import sys, signal, os, resource, time
sys.path.insert(0, {str(PACKAGES)!r})
import numpy as np
from blank import declare
from h5schema.errors import FileError
from h5schema.runtime import Array, IdAxis
Reader, Creator = declare(row=IdAxis(dict), x=Array(np.int64, "row 1000"))
path = sys.argv[1]
ROW = np.arange(1000)
"""


def python(code: str, *arguments: Path | str) -> subprocess.CompletedProcess[str]:
    """Runs code in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", PRELUDE + textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


LIMIT = "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))"


@contextmanager
def running(code: str, path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that runs code until it is ended, at the latest with the block."""
    command = [sys.executable, "-c", PRELUDE + textwrap.dedent(code), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


FULL = """
    {prepare}
    try:
        with Creator.create(path) as w:
            for i in range(5000):
                w.row[str(i)] = {{"x": ROW + i}}
                {each}
        print("wrote it all")
    except FileError as error:
        print(error)
    print("at the end", sorted(os.listdir(os.path.dirname(path))))
"""


@pytest.mark.parametrize("each", ["pass", "w.commit() if i % 50 == 0 else None", "len(w.row)"])
def test_a_file_that_may_not_grow(tmp_path: Path, each: str) -> None:
    prepare = (
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (9_000_000,) * 2)"
    )
    done = python(FULL.format(prepare=prepare, each=each), tmp_path / "a.h5")
    assert "larger than is allowed" in done.stdout
    assert "help: " in done.stdout
    assert "at the end []" in done.stdout
    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.parametrize("limit", [0, 100, 3000, 20_000, 100_000])
def test_a_file_that_may_hardly_begin(tmp_path: Path, limit: int) -> None:
    prepare = (
        f"signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, ({limit},) * 2)"
    )
    done = python(FULL.format(prepare=prepare, each="pass"), tmp_path / "a.h5")
    assert "larger than is allowed" in done.stdout, done
    assert "at the end []" in done.stdout
    assert done.stderr == ""
    assert done.returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=9m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk needs the right to mount one")
    yield folder
    subprocess.run(["umount", str(folder)], check=False)


def test_a_full_disk(small_disk: Path) -> None:
    done = python(FULL.format(prepare="", each="pass"), small_disk / "a.h5")
    assert "the disk is full" in done.stdout
    assert "at the end []" in done.stdout
    assert done.stderr == ""
    assert done.returncode == 0


def test_a_disk_that_was_full_from_the_beginning(small_disk: Path) -> None:
    with suppress(OSError), (small_disk / "filler").open("wb", buffering=0) as filler:
        while filler.write(b"\0" * 65536):
            pass
    done = python(FULL.format(prepare="", each="pass"), small_disk / "a.h5")
    assert "the disk is full" in done.stdout
    assert "at the end ['filler']" in done.stdout
    assert done.stderr == ""
    assert done.returncode == 0


def test_a_writer_that_goes_on_after_a_failed_write(tmp_path: Path) -> None:
    code = """
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (9_000_000, resource.RLIM_INFINITY))
    failures = 0
    try:
        with Creator.create(path) as w:
            for i in range(4000):
                try:
                    w.row[str(i)] = {"x": ROW + i}
                except FileError:
                    failures += 1
                    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
    except FileError as error:
        print(error, failures > 0)
    print("at the end", sorted(os.listdir(os.path.dirname(path))))
    """
    done = python(code, tmp_path / "a.h5")
    assert "an earlier write failed" in done.stdout
    assert "at the end []" in done.stdout
    assert done.stderr == ""
    assert done.returncode == 0


def test_killed_while_writing(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    code = """
    with Creator.create(path) as w:
        for i in range(2000):
            w.row[str(i)] = {"x": ROW + i}
            if i % 100 == 0:
                w.commit()
                print(i, flush=True)
        time.sleep(20)
    """
    for lines in (1, 3, 7):
        with running(code, path) as process:
            assert process.stdout is not None
            for _ in range(lines):
                assert process.stdout.readline()
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert not path.exists()
    with Creator.create(path) as w:
        w.row["a"] = {"x": ROW}
    assert left(tmp_path) == ["a.h5"]
    with Reader(path) as f:
        assert list(f.row) == ["a"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("wait", [0.0, 0.05, 0.11, 0.2])
def test_interrupted_while_writing(tmp_path: Path, number: signal.Signals, wait: float) -> None:
    code = """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(3))
    try:
        with Creator.create(path) as w:
            print("ready", flush=True)
            for i in range(100_000):
                w.row[str(i)] = {"x": ROW + i}
                w.row.at(0)
    except KeyboardInterrupt:
        sys.exit(3)
    """
    with running(code, tmp_path / "a.h5") as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(wait)
        process.send_signal(number)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 3
    assert errors == ""
    assert left(tmp_path) == []


def test_a_writer_that_is_forgotten(tmp_path: Path) -> None:
    done = python("w = Creator.create(path)\nw.row['a'] = {'x': np.arange(1000)}", tmp_path / "a.h5")
    assert done.returncode == 0
    assert done.stderr == ""
    assert not (tmp_path / "a.h5").exists()


def test_small_files_stay_small(tmp_path: Path) -> None:
    _, writer = declare(row=IdAxis(dict), x=Scalar(np.int64, "row"), y=Scalar(np.int64, "row"))
    with writer.create(tmp_path / "a.h5") as w:
        w.row["a"] = {"x": 1, "y": 2}
    assert (tmp_path / "a.h5").stat().st_size < 1_000_000


def test_a_file_of_another_kind_is_never_replaced(tmp_path: Path) -> None:
    source = tmp_path / "photo.jpg"
    source.write_bytes(b"precious")
    with pytest.raises(UsageError, match="no HDF5 file"):
        Creator.create(source, overwrite=True)
    assert source.read_bytes() == b"precious"
    with pytest.raises(UsageError, match="folder"):
        Creator.create(".")
