"""A journal brings a file to its last commit, and never another one; what was left behind damages nothing."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest
from assorted import add, differences, extraction, make, verify
from instants import Lab, lab
from power import Disk, cuts

from h5schema.runtime.writing.journal import Commit, Journal, path_of
from h5schema.runtime.writing.overlay import Overlay
from h5schema.runtime.writing.sink import Sink

AT_ONCE = {"memory": 512 << 20, "commit_every": 10.0}


@pytest.fixture(scope="module")
def runs() -> Iterator[Lab]:
    with lab() as made:
        yield made


def sink_of(path: Path) -> Sink:
    """A sink at the last commit of a file."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT)
    journal = Journal(path, sync=False)
    done = journal.recover(handle)
    if done is None:
        journal.begin()
    return Sink(path, handle, journal, 0 if done is None else done.size, sync=False)


# What it keeps.


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_written_the_last_commit_can_be_had_again(tmp_path: Path, seed: int) -> None:
    """Random writes, truncations and commits; the process is gone at any of them."""
    rng = random.Random(seed)
    path = tmp_path / "file"
    sink, now, committed, state = sink_of(path), bytearray(), b"", 0
    for step in range(120):
        kind = rng.random()
        if kind < 0.75:
            offset = rng.randrange(len(now) + 20)
            data = rng.randbytes(rng.randrange(1, 60))
            now.extend(bytes(max(0, offset + len(data) - len(now))))
            now[offset : offset + len(data)] = data
            sink.seek(offset)
            sink.write(memoryview(data))
        elif kind < 0.85:
            found = bytearray(len(now))
            sink.seek(0)
            sink.readinto(memoryview(found))
            assert found == now
        elif kind < 0.95:
            state = step
            sink.commit(len(now), b"%d" % state)
            committed = bytes(now)
        elif committed:  # killed
            sink.close(keep=True)
            sink, now = sink_of(path), bytearray(committed)
            assert path.read_bytes()[: len(committed)] == committed
    assert sink.error is None
    sink.commit(len(now), b"end")
    sink.settle()
    sink.close(keep=False)
    assert path.read_bytes() == now
    assert list(tmp_path.iterdir()) == [path]


def test_a_journal_that_is_cut_or_changed_counts_up_to_there(tmp_path: Path) -> None:
    """Every length, and a flip of every byte: the file is that of some commit, with that commit's state."""
    path = tmp_path / "file"
    sink = sink_of(path)
    contents = {b"0": b""}
    for number in range(1, 4):
        for offset in (0, 30, 60 * number):
            sink.seek(offset)
            sink.write(memoryview(bytes([64 + number]) * 20))
        size = 60 * number + 20
        sink.commit(size, b"%d" % number)
        whole = bytearray(size)
        sink.seek(0)
        sink.readinto(memoryview(whole))
        contents[b"%d" % number] = bytes(whole)
    file, journal = path.read_bytes(), path_of(path).read_bytes()
    sink.close(keep=True)
    damaged = [journal[:length] for length in range(len(journal))]
    damaged += [journal[:at] + bytes([journal[at] ^ 1]) + journal[at + 1 :] for at in range(len(journal))]
    for one in damaged:
        path.write_bytes(file)
        path_of(path).write_bytes(one)
        handle = os.open(path, os.O_RDWR)
        found = Journal(path, sync=False)
        done = found.recover(handle)
        found.close()
        os.close(handle)
        if done is not None:
            assert path.read_bytes()[: done.size] == contents[done.state]


def test_a_commit_that_did_not_fit_is_none(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\0" * 100)
    journal = Journal(path, sync=False)
    journal.begin()
    journal.commit([(0, b"first")], Commit(100, b"1"))
    size = path_of(path).stat().st_size
    journal.commit([(0, b"other")], Commit(100, b"2"))
    journal.close()
    with path_of(path).open("rb+") as file:
        file.truncate(size + 20)
    handle = os.open(path, os.O_RDWR)
    found = Journal(path, sync=False)
    assert found.recover(handle) == Commit(100, b"1")
    assert path.read_bytes()[:5] == b"first"
    found.close()
    os.close(handle)


def test_pieces_of_an_overlay(tmp_path: Path) -> None:
    """Against a plain array, whatever is laid over what."""
    rng = random.Random(1)
    for _ in range(200):
        overlay, plain = Overlay(), bytearray(200)
        for _ in range(rng.randrange(1, 30)):
            offset = rng.randrange(180)
            data = rng.randbytes(rng.randrange(1, 20))
            overlay.write(offset, memoryview(data))
            plain[offset : offset + len(data)] = data
            assert overlay.has(offset, offset + 1)
        found = bytearray(200)
        overlay.patch(0, memoryview(found))
        assert found == plain
        ends = [(offset, offset + len(data)) for offset, data in overlay]
        assert all(a[1] <= b[0] for a, b in pairwise(ends))


# What was left behind.


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


@pytest.fixture
def folder(tmp_path: Path, runs: Lab) -> Path:
    """Sources, `plain.h5` of all of them, and `a.h5` in a folder `place`, with the journal of the run that made it."""
    made = make(tmp_path, 12)
    (made / "place").mkdir()
    assert runs.run(made, "plain.h5", options=AT_ONCE).error == ""
    shutil.copy(made / "plain.h5", made / "place/a.h5")
    count = runs.run(made, "place/a.h5", names=True, options={"overwrite": True}).calls
    for die in range(count, 0, -1):
        assert runs.run(made, "place/a.h5", names=True, die=die, options={"overwrite": True}).killed
        if names(made / "place") == ["a.h5", "a.h5.partial.journal"]:
            return made
    raise AssertionError(names(made / "place"))


def test_the_journal_of_a_finished_run_is_none_of_the_next_one(folder: Path, runs: Lab) -> None:
    """It is killed at every third call of the system, and then ends."""
    target = folder / "place/a.h5"
    old = (folder / "place/a.h5.partial.journal").read_bytes()
    add(folder, 11, "")  # the same source, written anew
    assert runs.run(folder, "new.h5", options=AT_ONCE).error == ""
    count = runs.run(folder, "place/a.h5", options={"overwrite": True}).calls
    for die in [1, 2, 3, 4, 5, 6, 8, *range(10, count, count // 8)]:
        for one in (folder / "place").iterdir():
            one.unlink()
        shutil.copy(folder / "plain.h5", target)
        (folder / "place/a.h5.partial.journal").write_bytes(old)
        assert runs.run(folder, "place/a.h5", die=die, options={"overwrite": True}).killed
        assert differences(folder / "plain.h5", target) == [], die
        assert runs.run(folder, "place/a.h5", options={"overwrite": True, **AT_ONCE}).error == "", die
        assert differences(folder / "new.h5", target) == [], die
        assert names(folder / "place") == ["a.h5"]


def test_the_journal_of_a_finished_run_is_none_of_a_writer_by_hand(folder: Path, runs: Lab) -> None:
    """Its unfinished file is larger than that of the journal; then an extraction begins anew."""
    target = folder / "place/a.h5"
    writer = extraction(folder).writer
    child = os.fork()
    if not child:
        with suppress(BaseException):
            made = writer.create(target, overwrite=True)
            ids = list(map(str, range(40_000)))
            made.page.extend(ids, {"name": ids, "letters": [[1, 2, 3, 4, 5, 6]] * len(ids)})
            made.commit()
        os._exit(0)
    os.waitpid(child, 0)
    assert (folder / "place/a.h5.partial").stat().st_size > target.stat().st_size
    assert runs.run(folder, "place/a.h5", options={"overwrite": True, **AT_ONCE}).error == ""
    assert differences(folder / "plain.h5", target) == []
    assert names(folder / "place") == ["a.h5"]


def test_a_partial_file_that_somebody_removed(folder: Path, runs: Lab) -> None:
    """Of an unfinished run only the journal is left."""
    (folder / "place/a.h5").unlink()
    assert runs.run(folder, "place/a.h5", die=500).killed
    (folder / "place/a.h5.partial").unlink()
    assert runs.run(folder, "place/a.h5", options=AT_ONCE).error == ""
    assert differences(folder / "plain.h5", folder / "place/a.h5") == []
    assert names(folder / "place") == ["a.h5"]


def test_a_journal_that_somebody_removed(folder: Path, runs: Lab) -> None:
    """The file is begun anew."""
    (folder / "place/a.h5").unlink()
    assert runs.run(folder, "place/a.h5", die=500).killed
    (folder / "place/a.h5.partial.journal").unlink()
    assert runs.run(folder, "place/a.h5", options=AT_ONCE).error == ""
    assert differences(folder / "plain.h5", folder / "place/a.h5") == []


def test_a_complete_file_that_only_lacks_its_name_gets_it(folder: Path, runs: Lab) -> None:
    """Nothing is read again; where there are other sources by now it is said."""
    place, target, calls = folder / "place", folder / "place/a.h5", folder / "calls"
    for one in place.iterdir():
        one.unlink()
    count = runs.run(folder, "place/a.h5", names=True).calls
    target.unlink()
    for die in range(count, 0, -1):
        assert runs.run(folder, "place/a.h5", names=True, die=die).killed
        if not target.exists():
            break
        for one in place.iterdir():
            one.unlink()
    kept = {one.name: one.read_bytes() for one in place.iterdir()}
    assert sorted(kept) == ["a.h5.partial", "a.h5.partial.journal"]
    add(folder, 12)
    os.environ["MIXTURE_CALLS"] = str(calls)
    try:
        with lab() as counting:
            assert counting.run(folder, "place/a.h5").error == (
                f"TargetExistsError: {target}: the stopped run had done all 13 sources of thing, and its file is "
                "complete now; but there are 14 by now\n"
                "  help: say --update to bring it up to date (in Python update=True)"
            )
            assert differences(folder / "plain.h5", target) == []
            assert names(place) == ["a.h5"]
            target.unlink()
            for name, content in kept.items():
                (place / name).write_bytes(content)
            for one in folder.glob("in/*/*012*"):
                one.unlink()
            assert counting.run(folder, "place/a.h5").error == ""
    finally:
        del os.environ["MIXTURE_CALLS"]
    assert not calls.exists()
    assert differences(folder / "plain.h5", target) == []
    assert names(place) == ["a.h5"]


def test_a_list_of_failures_that_a_killed_run_wrote_is_replaced(folder: Path, runs: Lab) -> None:
    """The same command goes on, at whichever name it was killed."""
    place, listed = folder / "place", folder / "place/failed.jsonl"
    for one in place.iterdir():
        one.unlink()
    asked = {"failures": str(listed)}
    count = runs.run(folder, "place/a.h5", options=dict(asked)).calls
    text = listed.read_text()
    assert len(text.splitlines()) == 3
    for die in (30, count - 400, count - 100, count - 15):
        for one in place.iterdir():
            one.unlink()
        assert runs.run(folder, "place/a.h5", die=die, options=dict(asked)).killed
        assert runs.run(folder, "place/a.h5", options={**AT_ONCE, **asked}).error == "", die
        assert listed.read_text() == text
        assert names(place) == ["a.h5", "failed.jsonl"]


# Sources that come while a run is stopped.


def test_new_sources_behind_those_that_are_done(folder: Path, runs: Lab) -> None:
    """Datasets in one piece get more room, and a kill in the middle of that, or after it, loses nothing."""
    place, target = folder / "place", folder / "place/a.h5"
    for one in place.iterdir():
        one.unlink()
    (folder / "later").mkdir()
    rng = random.Random(4)
    for number in (9, 10, 11):
        (folder / "in/things" / f"blue-{number:03}.json").rename(folder / "later" / f"blue-{number:03}.json")
    (folder / "in/things/red-003.json").unlink()
    assert runs.run(folder, "place/a.h5", die=300).killed
    kept = {one.name: one.read_bytes() for one in place.iterdir()}
    for one in (folder / "later").iterdir():
        one.rename(folder / "in/things" / one.name)
    (folder / "in/things/red-003.json").write_text(json.dumps({"seed": 1003}))
    assert runs.run(folder, "all.h5", options=AT_ONCE).error == ""
    count = runs.run(folder, "place/a.h5").calls
    for die in [*range(5, 120, 9), *rng.sample(range(120, count), 4)]:
        for one in place.iterdir():
            one.unlink()
        for name, content in kept.items():
            (place / name).write_bytes(content)
        assert runs.run(folder, "place/a.h5", die=die).killed
        if not target.exists():
            assert runs.run(folder, "place/a.h5", options=AT_ONCE).error == "", die
        found = [one for one in differences(folder / "all.h5", target) if ": chunks: " not in one]
        assert found == [], die
        extraction(folder)
        verify(folder, target)


def test_a_power_cut_after_a_writer_by_hand_took_a_journal_away(folder: Path, runs: Lab, tmp_path: Path) -> None:
    """That the journal is gone is on the disk before the file is another one."""
    place = folder / "place"
    disk = Disk(place, names(place))
    assert (
        runs.run(folder, "place/a.h5", record=tmp_path / "record", hand=40_000, options={"overwrite": True}).error == ""
    )
    states = [state for state, _ in cuts(disk, tmp_path / "record", 80, 2)]
    both = [state for state in states if {"a.h5.partial", "a.h5.partial.journal"} <= state.keys()]
    for number, state in enumerate([*states[-3:], *both[-5:]]):
        for one in place.iterdir():
            one.unlink()
        for name, content in state.items():
            (place / name).write_bytes(content)
        assert runs.run(folder, "place/a.h5", options={"overwrite": True, **AT_ONCE}).error == "", number
        assert differences(folder / "plain.h5", place / "a.h5") == [], number
