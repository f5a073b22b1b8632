"""Whoever adds to a finished file is stopped: at each call of the system, by a full disk, by Ctrl-C, by a power cut."""

from __future__ import annotations

import contextlib
import gc
import os
import random
import resource
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from assorted import extraction, make
from blank import declare
from instants import Counter, recorded
from power import Disk
from test_edits import Creator, Reader, appending, entry, expect_whole

from h5schema.errors import FileError, H5SchemaError
from h5schema.runtime import Array, Axis, IdAxis, Scalar, SparseRow

CALLS = ("pwrite", "fsync", "ftruncate", "replace", "rename", "unlink")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A finished file with two steps and a run."""
    path = tmp_path / "log.h5"
    with Creator.create(path) as w:
        for i in range(2):
            w.step.append(entry(i))
        w.run["first"] = {"best": 1}
    return path


def add(path: Path, first: int, commits: int, each: int, note: Callable[[int], None]) -> None:
    with Creator.edit(path) as w:
        for commit in range(commits):
            for i in range(first + commit * each, first + (commit + 1) * each):
                w.step.append(entry(i))
            w.run[f"run {first + commit}"] = {"best": first + commit}
            w.commit()
            note(commit + 1)


def killed(
    path: Path, at: int, half: bool, work: Callable[[Callable[[int], None]], None], calls: Sequence[str] = CALLS
) -> tuple[bool, int]:
    """Works in a child that dies at a call of the system; whether it did, and the commits it had made.

    Args:
        path: What the child changes.
        at: Number of the call.
        half: Whether half of a write is done first.
        work: Is handed what takes the number of commits.
        calls: That count.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        _die(at, half, calls)
        try:
            work(lambda commits: _tell(writer))
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as said:
        commits = len(said.read())
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status), commits


def _tell(writer: int) -> None:
    os.write(writer, b"x")


def _die(at: int, half: bool, calls: Sequence[str]) -> None:
    """This process is killed at a call."""
    count = 0

    def wrap(name: str) -> None:
        real = getattr(os, name)

        def call(*given: Any, **named: Any) -> Any:
            nonlocal count
            count += 1
            if count == at:
                if half and name == "pwrite":
                    real(given[0], bytes(given[1])[: len(given[1]) // 2], given[2])
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*given, **named)

        setattr(os, name, call)

    for name in calls:
        wrap(name)


@pytest.mark.parametrize(("half", "first"), [(False, 1), (True, 10)])
def test_killed_at_every_call(log: Path, tmp_path: Path, half: bool, first: int) -> None:
    """What was committed is there, with at most the commit that was under way; and the next writer goes on."""
    kept = tmp_path / "kept.h5"
    shutil.copy(log, kept)
    at, step = (first, 37) if "H5SCHEMA_LONG" not in os.environ else (1, 1)
    while True:
        shutil.copy(kept, log)
        died, commits = killed(log, at, half, lambda note: add(log, 2, 3, 40, note))
        count = expect_whole(log, sums=at % 9 == 0)
        assert count in (2 + 40 * commits, 2 + 40 * min(3, commits + 1)), (at, commits)
        if commits < 3:  # the journal was not being brought in
            with h5py.File(log, "r") as file:
                assert file["step"].shape[0] == 2, "any other program can open it, too"
        add(log, count, 1, 3, lambda commits: None)
        assert expect_whole(log, sums=at % 9 == 0) == count + 3
        assert sorted(os.listdir(tmp_path)) == ["kept.h5", "log.h5"]
        if not died:
            break
        at += step
    assert at > 60, "there were so many calls"


def test_killed_while_the_journal_goes_into_the_file(log: Path, tmp_path: Path) -> None:
    """The second writer is killed at every call while it brings in what the first has left."""
    with Reader(log) as reader:  # so the journal stays
        reader.loss[:]
        add(log, 2, 3, 40, lambda commits: None)
    kept = {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)}
    assert len(kept) == 2
    at, step = (1, 4) if "H5SCHEMA_LONG" not in os.environ else (1, 1)
    while True:
        for name, data in kept.items():
            (tmp_path / name).write_bytes(data)
        died, _ = killed(log, at, True, lambda note: add(log, 122, 0, 0, note))
        assert expect_whole(log, sums=at % 9 == 0) == 122
        if not died:
            break
        at += step
    assert at > 10
    assert os.listdir(tmp_path) == [log.name]


def test_killed_while_it_is_replaced_by_another(log: Path, tmp_path: Path) -> None:
    """The name has the old file with what its journal says, or the new one without."""
    with Reader(log) as reader:  # so the journal stays
        reader.loss[:]
        add(log, 2, 1, 40, lambda commits: None)
    kept = {name: (tmp_path / name).read_bytes() for name in os.listdir(tmp_path)}
    assert len(kept) == 2

    def replace(note: Callable[[int], None]) -> None:
        with Creator.create(log, overwrite=True) as w:
            for i in range(3):
                w.step.append(entry(i))
            w.run["first"] = {"best": 1}

    found, died, at = list[int](), True, 0
    while died:
        at += 1
        for name, data in kept.items():
            (tmp_path / name).write_bytes(data)
        died, _ = killed(log, at, False, replace, ("fsync", "replace", "rename", "unlink"))
        found.append(expect_whole(log))
        add(log, found[-1], 1, 1, lambda commits: None)
        assert expect_whole(log) == found[-1] + 1, at
    assert sorted(set(found)) == [3, 42]
    assert found.count(3) > 2, "it was killed after it had the name, too"


def test_the_power_is_cut(log: Path, tmp_path: Path) -> None:
    """Whatever the disk has lost of what was not forced to it: every commit that was reported is there, and whole."""
    disk, record = Disk(tmp_path, [log.name]), tmp_path / "record"
    child = os.fork()
    if not child:
        _edit_twice(log, record)
    assert os.waitpid(child, 0)[1] == 0
    rng, commits = random.Random(0), 0
    for call in recorded(record):
        if call.given[:1] == ("commit",):
            commits += 1
            continue
        disk.play(call)
        if "H5SCHEMA_LONG" in os.environ or rng.random() < (0.03 if call.what in ("pwrite", "ftruncate") else 0.3):
            expect_after(disk.cut(rng), tmp_path / "after", commits)
    assert commits == 6


def _edit_twice(path: Path, record: Path) -> None:
    """Ends this process."""
    counter = Counter(0, signal.SIGKILL, -1, torn=False, names=False)
    counter.install(record)

    def note(commits: int) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink("commit")  # for the record

    add(path, 2, 3, 40, note)
    add(path, 122, 3, 40, note)
    counter.end()
    os._exit(0)


def expect_after(files: dict[str, bytes], folder: Path, commits: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    count = expect_whole(folder / "log.h5", sums=False)
    assert count in (2 + 40 * commits, 2 + 40 * min(6, commits + 1))
    with Creator.edit(folder / "log.h5") as w:
        w.step.append(entry(count))
    assert expect_whole(folder / "log.h5") == count + 1


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk needs the right to mount one")
    yield folder
    subprocess.run(["umount", str(folder)], check=False)


def test_a_full_disk(log: Path, small_disk: Path) -> None:
    """The last commit stands, others read it, and once there is room the next writer goes on."""
    path = shutil.copy(log, small_disk / "log.h5")
    done = 2

    def fill() -> None:
        nonlocal done
        with Creator.edit(path) as w:
            while True:
                for i in range(done, done + 500):
                    w.step.append(entry(i) | {"packed": np.random.default_rng(i).integers(0, 256, 100).astype("u1")})
                w.commit()
                done += 500

    with pytest.raises(FileError, match="the disk is full"):
        fill()
    assert done > 1000
    with Reader(path) as f:
        assert len(f.step) == done
        f.verify()
    subprocess.run(["mount", "-o", "remount,size=12m", str(small_disk)], check=True)
    with Creator.edit(path) as w:
        w.step.append(entry(done))
    with Reader(path) as f:
        assert len(f.step) == done + 1
        f.verify()
    assert os.listdir(small_disk) == ["log.h5"]


@pytest.mark.parametrize("wait", [0.02, 0.07, 0.15])
def test_interrupted(log: Path, wait: float) -> None:
    with appending(log) as process:
        time.sleep(wait)
        process.send_signal(signal.SIGINT)
        process.wait(30)
    count = expect_whole(log)
    with Creator.edit(log) as w:
        w.step.append(entry(count))
    assert expect_whole(log) == count + 1
    assert os.listdir(log.parent) == [log.name]


def test_what_failed_leaves_no_room_behind(tmp_path: Path) -> None:
    """Ten times 4 MiB are given and dropped; the file grows by what is kept."""
    reader, writer = declare(row=Axis(dict), x=Array(np.float32, "row 256"))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"x": np.zeros((100, 256), np.float32)})
    for _ in range(10):
        with contextlib.suppress(ZeroDivisionError), writer.edit(tmp_path / "a.h5") as w:
            w.row.extend({"x": np.ones((4096, 256), np.float32)})
            raise ZeroDivisionError
    with writer.edit(tmp_path / "a.h5") as w:
        w.row.extend({"x": np.ones((10, 256), np.float32)})
    assert (tmp_path / "a.h5").stat().st_size < 6 << 20
    with reader(tmp_path / "a.h5") as f:
        assert f.x[:].sum() == 2560
        f.verify()


def test_a_writer_that_is_forgotten_lets_go(log: Path, tmp_path: Path) -> None:
    for begin in (lambda: Creator.create(tmp_path / "new.h5"), lambda: Creator.edit(log)):
        w = begin()
        w.step.append(entry(2))
        del w
        gc.collect()
        with begin() as w:
            w.step.append(entry(len(w.step)))
    assert expect_whole(log) == 3
    assert sorted(os.listdir(tmp_path)) == ["log.h5", "new.h5"]


def test_in_a_thread_with_readers_in_others(log: Path) -> None:
    stop, errors, counts = threading.Event(), list[Exception](), list[int]()

    def write() -> None:
        try:
            with Creator.edit(log) as w:
                for i in range(2, 80):
                    w.step.append(entry(i))
                    w.commit()
        except (H5SchemaError, AssertionError) as error:
            errors.append(error)
        finally:
            stop.set()

    def read() -> None:
        try:
            while not stop.is_set():
                counts.append(expect_whole(log, sums=False))
        except (H5SchemaError, AssertionError) as error:
            errors.append(error)
            stop.set()

    threads = [threading.Thread(target=one) for one in (write, read, read)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not errors
    assert expect_whole(log) == 80
    assert len(counts) > 2
    add(log, 80, 1, 1, lambda commits: None)
    assert os.listdir(log.parent) == [log.name]


def test_hundreds_of_commits_of_one_entry(tmp_path: Path) -> None:
    """Neither the file, nor its journal, nor memory grows by more than what is added."""
    reader, writer = declare(row=IdAxis(dict), x=Array(np.float32, "row 64"), n=Scalar(np.int64, "row"))
    path = tmp_path / "a.h5"
    with writer.create(path):
        pass
    with writer.edit(path) as w:
        for i in range(250):
            w.row[str(i)] = {"x": np.full(64, i, np.float32), "n": i}
            w.commit()
            if i == 100:
                before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            assert path.with_name("a.h5.journal").stat().st_size < 2 << 20
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10 << 10
    assert path.stat().st_size < 250 * 264 + (2 << 20)
    with reader(path) as f:
        assert f.n[:].tolist() == list(range(250))
        assert f.n["177"] == 177
        f.verify()


def test_adding_to_an_extracted_file(tmp_path: Path) -> None:
    """Every kind of feature, in one piece and in chunks, with codecs and without; what is added has no source."""
    make(tmp_path, 20, failing=False)
    job = extraction(tmp_path)
    job.run([tmp_path / "in"], tmp_path / "out.h5", functions=tmp_path)
    reader, writer = job.writer.__mro__[1], job.writer
    with reader(tmp_path / "out.h5") as f:
        things, pages = dict(f.thing.items()), dict(f.page.items())
    with writer.edit(tmp_path / "out.h5") as w:
        for turn in range(1, 4):
            for key, thing in things.items():
                w.thing[f"{key} {turn}"] = thing | {"number": thing["number"] + 1000 * turn}
            for key, page in pages.items():
                w.page[f"{key} {turn}"] = page
            w.commit()
            with reader(tmp_path / "out.h5") as f:
                assert len(f.thing) == 20 * (turn + 1)
    with reader(tmp_path / "out.h5") as f:
        f.verify()
        assert len(f.thing) == 80
        for key, thing in f.thing.items():
            assert_same(thing | {"number": 0}, things[key.partition(" ")[0]] | {"number": 0})
        assert_same(f.page["page3 2"], pages["page3"])
        for dim, old in (("thing", 20), ("page", 7)):
            stats = f.hdf5()[f"/.h5schema/dims/{dim}/sources"][()]
            assert len(stats) == 4 * old
            assert (stats[:old] >= 0).all()
            assert (stats[old:] == -1).all()
    job.run([tmp_path / "in"], tmp_path / "out.h5", functions=tmp_path, update=True)
    with reader(tmp_path / "out.h5") as f:
        assert len(f.thing) == 80, "an update leaves alone what was added"
        f.verify()


def assert_same(one: Any, other: Any) -> None:
    assert one.keys() == other.keys()
    for name, value in one.items():
        assert np.array_equal(as_array(value), as_array(other[name])), name


def as_array(value: Any) -> Any:
    return value.dense() if isinstance(value, SparseRow) else np.asarray(value)
