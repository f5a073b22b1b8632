"""An extraction never loses anything: whoever works, and wherever it is killed, stopped or without power, it goes on
and ends in the file of a run that nobody stopped."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import h5py
import pytest
from assorted import counted, differences, extraction, make, thing, verify
from instants import Lab, lab
from power import Disk, commits, cuts

from h5schema.errors import FileError, TargetExistsError, UsageError
from h5schema.runtime import How

COUNT = 14
AT_ONCE = {"memory": 512 << 20, "commit_every": 10.0}
"""One commit, at the end."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sources of every kind of feature, and `plain.h5`, which nobody stopped."""
    made = make(tmp_path_factory.mktemp("assorted"), 40)
    summary = extraction(made).run([made / "in"], made / "plain.h5", how=How(workers=0))
    assert summary.entries == {"thing": 35, "page": 7}
    assert len(summary.failures) == 6
    verify(made, made / "plain.h5")
    return made


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with fewer sources, for runs that are repeated."""
    made = make(tmp_path_factory.mktemp("few"), COUNT)
    with lab() as runs:
        assert runs.run(made, "plain.h5", options=AT_ONCE).error == ""
        (made / "old").mkdir()
        shutil.copytree(made / "in", made / "less")
        for source in (made / "less/things").glob("*-00*"):
            source.unlink()
        assert runs.run(made, "old/a.h5", sources=[str(made / "less")]).error == ""
    return made


@pytest.fixture(scope="module")
def runs() -> Iterator[Lab]:
    with lab() as made:
        yield made


@contextmanager
def place(folder: Path) -> Iterator[Path]:
    """A folder for one file."""
    made = folder / "place"
    made.mkdir()
    try:
        yield made
    finally:
        shutil.rmtree(made)


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def expect_plain(folder: Path, target: Path, note: object = "") -> None:
    """The file is the one that nobody stopped, and nothing lies beside it."""
    assert differences(folder / "plain.h5", target) == [], note
    assert names(target.parent) == [target.name], note


# Whoever works.


@pytest.mark.parametrize(
    "how",
    [
        How(workers=0, memory=1, commit_every=0),
        How(workers=1, memory=1, commit_every=0),
        How(workers=2),
        How(workers=3, memory=1 << 16, commit_every=0.01),
        How(workers=2, kind="thread", memory=1, commit_every=0),
        How(workers=3, kind="thread", memory=1 << 17),
    ],
    ids=lambda how: f"{how.workers}-{how.kind}-{how.memory}-{how.commit_every}",
)
def test_the_file_is_equal_for_any_workers_batches_and_commits(folder: Path, how: How) -> None:
    with place(folder) as there:
        summary = extraction(folder).run([folder / "in"], there / "a.h5", how=how)
        assert sorted(one.source for one in summary.failures) == sorted(
            [*(f"things/{thing(number)}.json" for number in (5, 9, 21, 25, 37)), "things/red-003.json"]
        )
        expect_plain(folder, there / "a.h5")
        verify(folder, there / "a.h5")


# Wherever it is stopped.


@pytest.mark.parametrize("seed", range(3))
def test_stopped_again_and_again(folder: Path, runs: Lab, seed: int) -> None:
    """By a kill or Ctrl-C, each time with other batches and commits."""
    rng = random.Random(seed)
    with place(folder) as there:
        for _ in range(4):
            ended = runs.run(
                folder,
                "place/a.h5",
                die=rng.randrange(1, 900),
                signal=rng.choice([signal.SIGKILL, signal.SIGINT]),
                options={"memory": rng.choice([1, 1 << 16, 1 << 20]), "commit_every": rng.choice([0, 0, 0.02])},
                journal=rng.choice([2000, 64 << 20]),
            )
            assert ended.killed or ended.error.startswith("StoppedError: stopped") or (there / "a.h5").exists(), ended
        if (there / "a.h5").exists():  # the next run takes away what a kill left after the last step
            runs.run(folder, "place/a.h5", options=AT_ONCE)
        else:
            extraction(folder).run([folder / "in"], there / "a.h5", how=How(workers=rng.choice([0, 2])))
        expect_plain(folder, there / "a.h5", seed)
        verify(folder, there / "a.h5")


def killed(folder: Path, there: Path, runs: Lab, die: int, **asked: Any) -> None:
    """Kills a run at a call of the system; then the same command ends what it began."""
    target = there / "a.h5"
    ended = runs.run(folder, "place/a.h5", die=die, **asked)
    assert ended.killed, ended
    left = {"a.h5", "a.h5.partial", "a.h5.partial.journal", "a.h5.partial.journal.new"}
    assert set(names(there)) <= left
    if target.exists():
        assert differences(folder / "plain.h5", target) == [], die
        ended = runs.run(folder, "place/a.h5", options=AT_ONCE)
        assert ended.error.startswith(f"TargetExistsError: {target}: the file exists already"), (die, ended)
    else:
        ended = runs.run(folder, "place/a.h5", options=AT_ONCE)
        assert ended.error == "", (die, ended)
    expect_plain(folder, target, die)
    target.unlink()


def test_killed_at_any_call_of_the_system(few: Path, runs: Lab) -> None:
    """Ten seeded instants while batches are committed, and each of those at which the file gets its name."""
    with place(few) as there:
        count = runs.run(few, "place/a.h5").calls
        assert count > 500
        (there / "a.h5").unlink()
        rng = random.Random(8)
        for number, die in enumerate([*sorted(rng.sample(range(1, count - 9), 10)), *range(count - 9, count + 1)]):
            killed(few, there, runs, die, torn=number % 2 == 0)


def test_killed_while_a_long_journal_is_brought_into_the_file(few: Path, runs: Lab) -> None:
    with place(few) as there:
        count = runs.run(few, "place/a.h5", journal=3000).calls
        (there / "a.h5").unlink()
        for die in random.Random(9).sample(range(1, count), 8):
            killed(few, there, runs, die, torn=die % 2 == 0, journal=3000)


def test_a_file_that_is_replaced_stays_until_the_new_one_is_complete(few: Path, runs: Lab) -> None:
    """At every change of a name; the old file has other sources."""
    old = few / "old/a.h5"
    with place(few) as there:
        shutil.copy(old, there / "a.h5")
        count = runs.run(few, "place/a.h5", names=True, options={"overwrite": True}).calls
        expect_plain(few, there / "a.h5")
        for die in range(1, count + 1):
            (there / "a.h5").unlink()
            shutil.copy(old, there / "a.h5")
            assert runs.run(few, "place/a.h5", names=True, die=die, options={"overwrite": True}).killed
            found = there / "a.h5"
            if found.read_bytes() != old.read_bytes():
                assert differences(few / "plain.h5", found) == []
            assert runs.run(few, "place/a.h5", options={"overwrite": True, **AT_ONCE}).error == ""
            expect_plain(few, found, die)


def test_at_most_one_commit_interval_is_lost(folder: Path, tmp_path: Path) -> None:
    """Sources that were committed are not read again: with a commit after each, one of them at most is read twice."""
    calls = tmp_path / "calls"
    os.environ["MIXTURE_CALLS"] = str(calls)
    try:
        with lab() as runs, place(folder) as there:
            for die in (400, 300, 350):
                assert runs.run(folder, "place/a.h5", die=die).killed
            read = sum(counted(calls).values())
            assert runs.run(folder, "place/a.h5").error == ""
            expect_plain(folder, there / "a.h5")
    finally:
        del os.environ["MIXTURE_CALLS"]
    found = counted(calls)
    assert read > 20
    assert set(found) == {one.stem for one in (folder / "in/things").iterdir()}
    # The first batch has eight sources, and the others one.
    assert sum(found.values()) <= len(found) + 3 * 8
    assert max(found.values()) <= 4


# When the power goes.


@pytest.mark.parametrize("kind", ["new", "replaced", "resumed"])
def test_a_power_cut(few: Path, runs: Lab, kind: str) -> None:
    """Of the writes since the last fsync of each file some are lost, or torn, or there before others."""
    with place(few) as there:
        options: dict[str, object] = {"overwrite": True} if kind == "replaced" else {}
        journal = 64 << 20
        if kind == "replaced":
            shutil.copy(few / "plain.h5", there / "a.h5")
        if kind == "resumed":
            journal = 3000
            assert runs.run(few, "place/a.h5", die=400).killed
        disk = Disk(there, names(there))
        assert runs.run(few, "place/a.h5", record=few / "record", journal=journal, options=dict(options)).error == ""
        old = disk.forced().get("a.h5")
        for number, (state, kept) in enumerate(cuts(disk, few / "record", 12, 5)):
            assert commits(state, old) >= kept, number
            for one in there.iterdir():
                one.unlink()
            for name, content in state.items():
                (there / name).write_bytes(content)
            if kind == "replaced":
                assert "a.h5" in state
            if "a.h5" in state:
                assert differences(few / "plain.h5", there / "a.h5") == [], number
            if "a.h5" not in state or kind == "replaced":
                ended = runs.run(few, "place/a.h5", options={**AT_ONCE, **options})
                assert ended.error == "", (number, ended)
                expect_plain(few, there / "a.h5", number)


# When there is no room.


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk needs the right to mount one")
    yield disk
    subprocess.run(["umount", str(disk)], check=False)


@pytest.mark.parametrize(("workers", "memory"), [(0, 1 << 14), (2, 1 << 26)])
def test_a_full_disk_and_then_room_again(folder: Path, runs: Lab, small_disk: Path, workers: int, memory: int) -> None:
    """What was committed stays; the same command goes on with it."""
    options = {"workers": workers, "memory": memory, "commit_every": 0.0}
    target = small_disk / "a.h5"
    (small_disk / "filler").write_bytes(bytes(100 << 10))
    ended = runs.run(folder, str(target), options=options)
    assert (ended.error, ended.trace) == (
        f"FileError: {target}: the disk is full\n"
        "  help: make room and run it again; the same command then goes on with what was committed",
        "",
    )
    assert not target.exists()
    assert (small_disk / "a.h5.partial").exists()
    again = runs.run(folder, str(target), options=options)
    assert again.error.startswith(f"FileError: {target}: the disk is full\n")
    assert not target.exists()
    (small_disk / "filler").unlink()
    subprocess.run(["mount", "-o", "remount,size=9m", str(small_disk)], check=True)
    assert runs.run(folder, str(target), options=AT_ONCE).error == ""
    expect_plain(folder, target)


def test_a_limit_of_the_file_size_and_then_a_higher_one(folder: Path, runs: Lab) -> None:
    with place(folder) as there:
        for limit in (0, 10_000, 100_000, 200_000, 250_000):
            ended = runs.run(folder, "place/a.h5", limit=limit, options={"commit_every": 0.0, "memory": 1})
            assert ended.error.startswith(f"FileError: {there / 'a.h5'}: the file would be larger than is allowed"), (
                limit
            )
            if not (there / "a.h5.partial").exists():  # nothing was committed
                assert ended.error.endswith("\n  help: raise the limit (ulimit -f) and run it again"), limit
            assert not (there / "a.h5").exists()
        assert runs.run(folder, "place/a.h5").error == ""
        expect_plain(folder, there / "a.h5")


def test_a_folder_that_can_only_be_read_any_more(folder: Path, runs: Lab) -> None:
    """Neither the name nor a new journal can be made; what was committed stays."""
    if os.geteuid():
        pytest.skip("to close a folder needs the right to mount")
    with place(folder) as there:
        try:
            ended = runs.run(folder, "place/a.h5", forbid=str(there), options={"commit_every": 0.0, "memory": 1})
        finally:
            subprocess.run(["umount", str(there)], check=True)
        assert (ended.error, ended.trace) == (
            f"FileError: {there / 'a.h5'}: it cannot be written: Read-only file system\n"
            "  help: look at the folder and its permissions; the same command then goes on with what was committed",
            "",
        )
        assert names(there) == ["a.h5.partial", "a.h5.partial.journal"]
        assert runs.run(folder, "place/a.h5").error == ""
        expect_plain(folder, there / "a.h5")


# Others in between.


def test_the_writer_by_hand_does_not_destroy_an_unfinished_run(folder: Path, runs: Lab) -> None:
    writer = extraction(folder).writer
    with place(folder) as there:
        assert runs.run(folder, "place/a.h5", die=600).killed
        for overwrite in (False, True):
            with pytest.raises(FileError) as caught:
                writer.create(there / "a.h5", overwrite=overwrite)
            assert str(caught.value) == (
                f"{there / 'a.h5'}: an extraction into this file was stopped, and would be lost\n"
                "  help: run the extraction again, which goes on with it; or remove a.h5.partial"
            )
        assert runs.run(folder, "place/a.h5").error == ""
        expect_plain(folder, there / "a.h5")
        with pytest.raises(TargetExistsError) as caught:
            writer.create(there / "a.h5")
        assert str(caught.value).endswith("help: say overwrite=True to replace it, or choose another name")
        with pytest.raises(TargetExistsError) as caught:
            extraction(folder).run([folder / "in"], there / "a.h5")
        assert "--update" in str(caught.value)
        assert "--overwrite" in str(caught.value)


def test_a_finished_file_with_two_names_is_not_written_into(few: Path, runs: Lab) -> None:
    """A run that is killed when its file has just got its name leaves the first name, too: of the same file."""
    with place(few) as there:
        count = runs.run(few, "place/a.h5", names=True).calls
        (there / "a.h5").unlink()
        found = []
        for die in range(count - 4, count + 1):
            assert runs.run(few, "place/a.h5", names=True, die=die).killed
            if names(there) == ["a.h5", "a.h5.partial", "a.h5.partial.journal"]:
                found.append(die)
                with suppress(ZeroDivisionError), extraction(few).writer.create(there / "a.h5", overwrite=True):
                    raise ZeroDivisionError
                expect_plain(few, there / "a.h5", die)
            for one in there.iterdir():
                one.unlink()
        assert found


def test_an_unfinished_run_is_refused_where_the_timeout_could_not_be_kept() -> None:
    for given in ({"workers": 0}, {"kind": "thread"}):
        with pytest.raises(UsageError, match="only a process can be stopped"):
            How(timeout=1.0, **given)  # type: ignore[arg-type]


def test_a_source_that_fails_does_not_make_the_file_larger(tmp_path: Path) -> None:
    """Rows in one piece are not laid elsewhere because one of them does not come."""
    (tmp_path / "pieces.yaml").write_text(
        "h5schema: 1\nname: pieces\nversion: 1.0.0\ndims:\n  part: {source: '{number:int}.txt'}\nfeatures:\n"
        "  one: {dims: [part, 100000], dtype: uint8, call: pieces_tools:values}\n"
        "  two: {dims: [part, 50000], dtype: uint8, call: pieces_tools:values}\n"
    )
    (tmp_path / "pieces_tools.py").write_text(
        "import numpy as np\ndef values(path):\n    number = int(path.stem)\n    assert number != 7\n"
        "    return {'one': np.full(100000, number, 'u1'), 'two': np.full(50000, number, 'u1')}\n"
    )
    (tmp_path / "in").mkdir()
    for number in range(40):
        (tmp_path / "in" / f"{number:02}.txt").touch()
    for workers, every in ((0, "10"), (0, "0"), (2, "0.05")):
        command = [sys.executable, "-m", "h5schema", "extract", "pieces.yaml", "in", "-o", "a.h5", "--overwrite"]
        options = ["--workers", str(workers), "--commit-every", every]
        done = subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, timeout=120, check=False)
        assert done.returncode == 1
        with h5py.File(tmp_path / "a.h5") as file:
            assert file["two"][:, -1].tolist() == [number for number in range(40) if number != 7]
            assert file["one"].chunks is None
        assert (tmp_path / "a.h5").stat().st_size < 1.05 * 39 * 150_000


def _first_bytes(path: Path, address: str) -> bytes:
    """Of a dataset, as they lie in a file."""
    with h5py.File(path) as file:
        dataset = file[address]
        if dataset.chunks is None:
            return bytes(dataset[0].tobytes())
        return bytes(dataset.id.read_direct_chunk((0,) * dataset.ndim)[1])


@pytest.mark.parametrize(
    ("part", "addresses"),
    [(0.4, ["dense", "loose", "slope"]), (0.8, ["slope"])],
    ids=["unfinished", "without its name"],
)
def test_bytes_that_another_program_changes_in_an_unfinished_run_are_not_published(
    few: Path, runs: Lab, part: float, addresses: list[str]
) -> None:
    """In one piece, in chunks, and encoded."""
    with place(few) as there:
        calls = runs.run(few, "place/a.h5").calls
        (there / "a.h5").unlink()
        assert runs.run(few, "place/a.h5", die=int(calls * part)).killed
        partial = there / "a.h5.partial"
        left = {one: one.read_bytes() for one in there.iterdir()}
        for address in addresses:
            wanted = _first_bytes(few / "plain.h5", address)
            flipped = bytearray(left[partial])
            flipped[flipped.index(wanted) + len(wanted) // 2] ^= 4
            for path, content in {**left, partial: flipped}.items():
                path.write_bytes(content)
            error = runs.run(few, "place/a.h5", options=dict(AT_ONCE)).error
            assert "an unfinished run is there, and another program or the disk has changed it: " in error, address
            assert "not what was written" in error
            assert f"begin anew: remove {partial} first" in error
            assert part > 0.5 or f"{partial}: /{address}: " in error
        for path, content in left.items():
            path.write_bytes(content)
        assert runs.run(few, "place/a.h5", options=dict(AT_ONCE)).error == ""
        expect_plain(few, there / "a.h5")
