"""An unfinished run that was damaged is refused: it never begins anew without a word, and loses nothing by that."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from assorted import differences, extraction, make
from instants import Lab, lab

from h5schema.errors import FileError
from h5schema.runtime.writing.journal import found_in

AT_ONCE = {"memory": 512 << 20, "commit_every": 10.0}


@pytest.fixture(scope="module")
def runs() -> Iterator[Lab]:
    with lab() as made:
        yield made


@pytest.fixture
def stopped(tmp_path: Path, runs: Lab) -> Path:
    """A folder `place` with the unfinished file of a run that was killed after some commits."""
    made = make(tmp_path, 12)
    (made / "place").mkdir()
    assert runs.run(made, "plain.h5", options=AT_ONCE).error == ""
    assert runs.run(made, "place/a.h5", die=500).killed
    return made


def flipped(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def message(target: Path, what: str, name: str) -> str:
    return (
        f"{target}: an unfinished run is there, and it cannot be gone on with: {what}\n"
        f"  help: bring {name} back as it was and run it again, which goes on; "
        "or begin anew: remove a.h5.partial first"
    )


@pytest.mark.parametrize("at", [3, 20, 60, 200])
def test_a_damaged_journal_is_refused(stopped: Path, runs: Lab, at: int) -> None:
    target, journal = stopped / "place/a.h5", stopped / "place/a.h5.partial.journal"
    whole = journal.read_bytes()
    flipped(journal, at)
    left = {one.name: one.read_bytes() for one in (stopped / "place").iterdir()}
    said = message(target, "a.h5.partial.journal is damaged", "a.h5.partial.journal")
    assert runs.run(stopped, "place/a.h5", options=AT_ONCE).error == f"FileError: {said}"
    assert {one.name: one.read_bytes() for one in (stopped / "place").iterdir()} == left
    with pytest.raises(FileError) as failed:  # a writer by hand would not go on with it, and begin anew
        extraction(stopped).writer.create(target).commit()
    assert str(failed.value) == said
    journal.write_bytes(whole)
    assert runs.run(stopped, "place/a.h5", options=AT_ONCE).error == ""
    assert differences(stopped / "plain.h5", target) == []


def test_one_that_was_stopped_twice_is_refused_too(stopped: Path, runs: Lab) -> None:
    """Its journal begins with a commit that stands for all the work before."""
    journal = stopped / "place/a.h5.partial.journal"
    assert runs.run(stopped, "place/a.h5", die=40).killed
    whole = journal.read_bytes()
    for at in (19, 60, 300):
        journal.write_bytes(whole)
        flipped(journal, at)
        assert "a.h5.partial.journal is damaged" in runs.run(stopped, "place/a.h5").error, at


def test_a_partial_file_that_was_cut_is_refused_until_it_is_removed(stopped: Path, runs: Lab) -> None:
    target, partial = stopped / "place/a.h5", stopped / "place/a.h5.partial"
    found = found_in(stopped / "place/a.h5.partial.journal")
    assert found is not None
    shutil.copy(partial, stopped / "kept")
    with partial.open("rb+") as file:
        file.truncate(found.commit.size - 1)
    said = message(
        target,
        f"a.h5.partial was cut short ({found.commit.size - 1} of {found.commit.size} bytes)",
        "a.h5.partial",
    )
    assert runs.run(stopped, "place/a.h5", options={"overwrite": True}).error == f"FileError: {said}"
    partial.unlink()
    assert runs.run(stopped, "place/a.h5", options=AT_ONCE).error == ""
    assert differences(stopped / "plain.h5", target) == []


def test_what_a_killed_writer_or_a_power_cut_leaves_is_no_damage(stopped: Path, runs: Lab) -> None:
    """The last record has not come to its end, or a block of it is zeros: the same command goes on."""
    target, partial, journal = (stopped / "place" / name for name in ("a.h5", "a.h5.partial", "a.h5.partial.journal"))
    kept, whole = partial.read_bytes(), journal.read_bytes()
    found = found_in(journal)
    assert found is not None
    last = whole.rindex(b"done", 0, found.end)
    hole = -(-last // 512) * 512
    for data in (
        whole[: found.end - 7],
        whole[: last + 10],
        whole[:19],
        whole[:30],
        b"",
        whole[:hole] + bytes(min(512, len(whole) - hole)) + whole[hole + 512 :],
    ):
        partial.write_bytes(kept)
        journal.write_bytes(data)
        target.unlink(missing_ok=True)
        assert runs.run(stopped, "place/a.h5", options=AT_ONCE).error == "", len(data)
        assert differences(stopped / "plain.h5", target) == []
