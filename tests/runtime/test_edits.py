"""Entries added to a finished file: while others read it, and whatever happens to the one who adds."""

from __future__ import annotations

import json
import os
import pickle
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from blank import declare
from everything import EverythingWriter

from h5schema.errors import DataError, FileError, UsageError
from h5schema.runtime import Array, Axis, Scalar, open_files

PACKAGES = Path(__file__).parent / "packages"
DECLARED = """
from blank import declare
from h5schema.runtime import Array, Axis, IdAxis, Ragged, RaggedAxis, Scalar, Text
Reader, Creator = declare(
    step=Axis(dict), word=RaggedAxis(per="step"), run=IdAxis(dict),
    loss=Scalar(np.float64, "step"), weights=Array(np.int32, "step 7"), words=Ragged(np.int16, "step word"),
    note=Text("step"), packed=Array(np.uint8, "step 100", codec="default"), best=Scalar(np.int64, "run"),
)
def entry(i):
    return {"loss": i / 2, "weights": np.full(7, i, np.int32), "words": np.arange(i % 5, dtype=np.int16),
            "note": f"step {i}", "packed": np.full(100, i % 256, np.uint8)}
"""
WRITER = f"""
import sys, time
import numpy as np
sys.path.insert(0, {str(PACKAGES)!r})
{DECLARED}
with Creator.edit(sys.argv[1]) as w:
    print("begun", flush=True)
    i = len(w.step)
    while True:
        for _ in range(1 + i % 4):
            w.step.append(entry(i))
            i += 1
        w.run[f"run {{i}}"] = {{"best": i}}
        w.commit()
        time.sleep(0.003)
"""
space: dict[str, Any] = {"np": np, "__name__": "declared"}
exec(DECLARED, space)
Reader, Creator, entry = space["Reader"], space["Creator"], space["entry"]
Reader.__module__, Reader.__qualname__ = __name__, "Reader"  # so that it pickles


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A finished file with two steps and a run."""
    path = tmp_path / "log.h5"
    with Creator.create(path) as w:
        for i in range(2):
            w.step.append(entry(i))
        w.run["first"] = {"best": 1}
    return path


def expect_whole(path: Path, *, sums: bool = True) -> int:
    """Every entry of the file is as it was appended; returns how many there are."""
    with Reader(path) as f:
        count = len(f.step)
        assert np.array_equal(f.loss[:], np.arange(count) / 2)
        assert np.array_equal(f.weights[:], np.repeat(np.arange(count, dtype=np.int32)[:, None], 7, axis=1))
        assert np.array_equal(f.packed[:], np.repeat((np.arange(count) % 256).astype(np.uint8)[:, None], 100, axis=1))
        assert list(f.note) == [f"step {i}" for i in range(count)]
        assert [len(one) for one in f.words] == [i % 5 for i in range(count)]
        assert [f.best[text] for text in f.run] == [1, *(int(text.split()[1]) for text in list(f.run)[1:])]
        if sums:
            f.verify()
    return count


@contextmanager
def appending(path: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that appends for ever, after its first commit."""
    with subprocess.Popen([sys.executable, "-c", WRITER, path], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            yield process
        finally:
            process.kill()


def test_entries_are_added_and_committed(log: Path) -> None:
    with Creator.edit(log) as w:
        w.step.append(entry(2))
        w.commit()
        time.sleep(0.003)
        assert expect_whole(log) == 3, "a commit is seen at once"
        w.step.append(entry(3))
        assert expect_whole(log) == 3, "and what is not committed is not"
        w.run["run 7"] = {"best": 7}
    assert expect_whole(log) == 4
    assert os.listdir(log.parent) == [log.name], "nothing is left beside it"
    with h5py.File(log) as file:
        assert file["weights"].shape == (4, 7)
        assert file["weights"].dims[0][0].name == "/step"
        assert file["step"].shape == (4,)


def test_a_block_that_fails_adds_nothing(log: Path) -> None:
    before = log.read_bytes()

    def fail() -> None:
        with Creator.edit(log) as w:
            w.step.append(entry(2))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert log.read_bytes()[: len(before)] == before
    assert expect_whole(log) == 2
    with pytest.raises(DataError, match="already"), Creator.edit(log) as w:
        w.run.extend(["first"], {"best": [3]})
    assert expect_whole(log) == 2
    assert os.listdir(log.parent) == [log.name]


def test_readers_at_a_hundred_instants(log: Path) -> None:
    counts: list[int] = []
    with appending(log) as process:
        for instant in range(100):
            counts.append(expect_whole(log, sums=instant % 20 == 0))
        assert process.poll() is None
    assert counts == sorted(counts)
    assert counts[-1] > counts[0] + 10, "it was written meanwhile"
    assert expect_whole(log) >= counts[-1]


def test_a_reader_keeps_what_it_opened(log: Path) -> None:
    """Neither more commits nor the end of the writer changes what an open file shows."""
    with Creator.edit(log) as w:
        w.step.append(entry(2))
        w.commit()
        time.sleep(0.003)
        reader = Reader(log)
        assert len(reader.step) == 3
        for i in range(3, 150):
            w.step.append(entry(i))
            w.commit()
    assert [reader.note[i] for i in range(3)] == ["step 0", "step 1", "step 2"]
    assert reader.loss[:].tolist() == [0, 0.5, 1]
    reader.close()
    assert expect_whole(log) == 150
    with Creator.edit(log) as w:
        w.step.append(entry(150))
    assert expect_whole(log) == 151
    assert os.listdir(log.parent) == [log.name], "once nobody reads, the journal goes into the file"


@pytest.mark.parametrize("seed", range(12))
def test_killed_while_appending(log: Path, seed: int) -> None:
    with appending(log) as process:
        time.sleep(random.Random(seed).random() * 0.4)
        process.send_signal(signal.SIGKILL)
        process.wait()
    count = expect_whole(log)
    with Creator.edit(log) as w:
        assert len(w.step) == count
        w.step.append(entry(count))
    assert expect_whole(log) == count + 1
    assert os.listdir(log.parent) == [log.name]


def losses(reader: Any) -> list[float]:
    """Read by a child that was forked."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            os.write(write, json.dumps(reader.loss[:].tolist()).encode())
        finally:
            os._exit(0)
    os.close(write)
    with open(read) as said:
        found: list[float] = json.loads(said.read())
    os.waitpid(child, 0)
    return found


def test_whoever_reads_for_a_reader_reads_the_same_commit(log: Path) -> None:
    """A worker opens the file again, and others have changed it since its loader opened it."""
    first = Reader(log)
    assert first.loss[:].tolist() == [0, 0.5]
    with Creator.edit(log) as w:
        w.loss[:] = [7.0, 8.0]
        w.commit()
        second = Reader(log)
        assert second.loss[:].tolist() == [7, 8]
        w.step.append(entry(2))
        del w.step[0]
        w.commit()
        with Reader(log) as third:
            assert third.loss[:].tolist() == [1, 8]
        for reader, wanted in ((first, [0, 0.5]), (second, [7, 8])):
            assert pickle.loads(pickle.dumps(reader)).loss[:].tolist() == wanted
            assert losses(reader) == wanted
            assert reader.loss[:].tolist() == wanted
    sent = [pickle.dumps(first), pickle.dumps(second)]
    assert [pickle.loads(one).loss[:].tolist() for one in sent] == [[0, 0.5], [7, 8]], "though the writer has ended"
    first.close()
    second.close()
    with Creator.edit(log):
        pass
    assert os.listdir(log.parent) == [log.name]
    with Reader(log) as reader, Creator.edit(log) as w:
        assert reader.loss[:].tolist() == [1, 8]
        w.loss[:] = [3, 4]
        w.commit()
        for one in sent:
            with pytest.raises(FileError, match="the file was changed or replaced while it was read"):
                pickle.loads(one).loss[:]


def test_a_file_of_several_that_is_opened_again_is_as_it_was(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_files, "_MOST", 1)
    other = Path(shutil.copy(log, tmp_path / "other.h5"))
    f = Reader([log, other])
    assert f.loss[:].tolist() == [0, 0.5, 0, 0.5]
    with Reader(log) as reader:  # so the journal stays
        assert len(reader.step) == 2
        with Creator.edit(log) as w:
            w.loss[:] = [7.0, 8.0]
        assert f.loss[:].tolist() == [0, 0.5, 0, 0.5]
        assert f.loss[3] == 0.5, "the first is closed"
    with Creator.edit(log) as w:
        w.loss[:] = [8.0, 9.0]
    with pytest.raises(FileError, match="the file was changed or replaced while it was read"):
        f.loss[0]


ENDED = f"""
import sys
import numpy as np
sys.path.insert(0, {str(PACKAGES)!r})
{DECLARED}
import ctypes
kept = Creator.edit(sys.argv[1]) if sys.argv[2] == "writes" else Reader(sys.argv[1])
if sys.argv[2] == "writes":
    kept.step.append(entry(3))
print(len(kept.step))
ctypes.pythonapi.Py_IncRef(ctypes.py_object(kept))  # as what a worker of a DataLoader has is never collected
"""


@pytest.mark.parametrize("how", ["reads", "writes"])
def test_a_process_that_ends_with_the_file_open(log: Path, how: str) -> None:
    """HDF5 closes files when there is no Python any more, through which it reads one that has a journal."""
    with Reader(log) as earlier:
        assert len(earlier.step) == 2
        with Creator.edit(log) as w:
            w.step.append(entry(2))
        ended = subprocess.run(
            [sys.executable, "-c", ENDED, str(log), how], capture_output=True, text=True, timeout=60, check=False
        )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == {"reads": "3\n", "writes": "4\n"}[how]
    assert expect_whole(log) == 3


def test_two_who_add(log: Path) -> None:
    with Creator.edit(log) as w:
        with pytest.raises(FileError, match="this very process is changing this file"):
            Creator.edit(log)
        w.step.append(entry(2))
    assert expect_whole(log) == 3


def test_what_cannot_be_edited(log: Path, tmp_path: Path) -> None:
    with pytest.raises(FileError, match="there is no such file"):
        Creator.edit(tmp_path / "none.h5")
    with pytest.raises(FileError, match="they differ"):
        EverythingWriter.edit(log)
    (tmp_path / "text.h5").write_text("hello")
    with pytest.raises(FileError, match="not an HDF5 file"):
        Creator.edit(tmp_path / "text.h5")
    assert sorted(os.listdir(tmp_path)) == ["log.h5", "text.h5"]
    assert expect_whole(log) == 2


def test_a_feature_without_entries_stays(tmp_path: Path) -> None:
    reader, writer = declare(step=Axis(dict), loss=Scalar(np.float32, "step"), rate=Scalar(np.float32))
    with writer.create(tmp_path / "a.h5") as w:
        w.rate = 0.5
    with pytest.raises(UsageError, match="of a finished file only entries change"), writer.edit(tmp_path / "a.h5") as w:
        w.rate = 0.25
    with writer.edit(tmp_path / "a.h5") as w:
        w.step.append({"loss": 1.0})
    with reader(tmp_path / "a.h5") as f:
        assert (f.rate[()], f.loss[0]) == (0.5, 1.0)
        f.verify()


def test_a_large_file_is_added_to(tmp_path: Path) -> None:
    """What lay in one piece is laid out in chunks, and larger than what is copied at a time."""
    reader, writer = declare(row=Axis(dict), x=Array(np.float32, "row 256"))
    values = np.random.default_rng(0).random((20_000, 256), np.float32)
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"x": values[:900]})
    with writer.edit(tmp_path / "a.h5") as w:
        for at in range(900, 20_000, 3000):
            w.row.extend({"x": values[at : at + 3000]})
            w.commit()
    with reader(tmp_path / "a.h5") as f:
        assert np.array_equal(f.x[:], values)
        f.verify()


def test_a_copy_without_its_journal_is_the_file_before(log: Path, tmp_path: Path) -> None:
    """A plain copy of the file alone is whole, too: it lacks what the journal holds."""
    with Creator.edit(log) as w:
        for i in range(2, 40):
            w.step.append(entry(i))
            w.commit()
        shutil.copy(log, tmp_path / "copy.h5")
    assert expect_whole(tmp_path / "copy.h5") == 2
    assert expect_whole(log) == 40


def test_a_journal_of_another_file(log: Path, tmp_path: Path) -> None:
    """Somebody puts another file in the place of a log that was being written."""
    with appending(log) as process:
        time.sleep(0.3)
        process.kill()
        process.wait()
    journal = log.with_name(log.name + ".journal")
    assert journal.exists()
    with Creator.create(tmp_path / "other.h5") as w:
        for i in range(700):
            w.step.append(entry(i))
        w.run["first"] = {"best": 1}
    os.replace(tmp_path / "other.h5", log)
    for use in (expect_whole, Creator.edit):
        with pytest.raises(FileError, match="another program has changed or replaced the file since"):
            use(log)
    assert journal.exists(), "nothing that was added is thrown away without a word"
    journal.unlink()
    assert expect_whole(log) == 700
    with Creator.edit(log) as w:
        w.step.append(entry(700))
    assert expect_whole(log) == 701
    assert not journal.exists()


def test_another_program_changes_the_file_and_not_its_journal(log: Path) -> None:
    with Reader(log) as reader:
        assert len(reader.step) == 2
        with Creator.edit(log) as w:
            for i in range(2, 40):
                w.step.append(entry(i))
    assert expect_whole(log) == 40
    with h5py.File(log, "a") as file:
        file.attrs["note"] = "changed"
    with pytest.raises(FileError, match="and another program has changed or replaced the file since"):
        expect_whole(log)


RAGGED = f"""
import sys
import numpy as np
sys.path.insert(0, {str(PACKAGES)!r})
from blank import declare
from h5schema.runtime import Axis, Ragged, RaggedAxis, Scalar
Reader, Creator = declare(
    step=Axis(dict), word=RaggedAxis(per="step"), loss=Scalar(np.float64, "step"),
    weights=Ragged(np.float32, "step word", codec="CODEC"),
)
def weights(i):
    return np.full(i % 5, i, np.float32)
"""
RAGGED_WRITER = """
with Creator.edit(sys.argv[1]) as w:
    print("begun", flush=True)
    i = len(w.step)
    while True:
        w.step.append({"loss": i / 2, "weights": weights(i)})
        w.step.extend({"loss": [(i + 1) / 2, (i + 2) / 2], "weights": [weights(i + 1), weights(i + 2)]})
        i += 3
        w.commit()
"""


@pytest.mark.parametrize("codec", ["default", "lzf"])
def test_encoded_ragged_values_while_others_read_and_after_kills(tmp_path: Path, codec: str) -> None:
    """A chunk that is encoded anew may become shorter, and the file with it."""
    code = RAGGED.replace("CODEC", codec)
    names: dict[str, Any] = {"__name__": "declared"}
    exec(code, names)
    path = tmp_path / "log.h5"
    wanted: list[np.ndarray[Any, Any]] = [names["weights"](i) for i in range(15_000)]
    with names["Creator"].create(path) as w:
        w.step.extend({"loss": np.arange(15_000) / 2, "weights": wanted})

    def expect() -> int:
        with names["Reader"](path) as f:
            found = list(f.weights)
            wanted.extend(names["weights"](i) for i in range(len(wanted), len(found)))
            assert len(f.loss) == len(found)
            assert all(np.array_equal(a, b) for a, b in zip(found, wanted, strict=False))
            f.verify()
        return len(found)

    count = 0
    for seed in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", code + RAGGED_WRITER, path], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            until = time.monotonic() + 0.7 + random.Random(seed).random() * 0.1
            while time.monotonic() < until:
                count = max(count, expect())
            process.kill()
            process.wait()
        assert expect() >= count
    assert count > 15_000
