"""A finished file is brought up to date: only what is new or changed is made, and nothing is lost."""

from __future__ import annotations

import os
import re
from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blank import declare

from h5schema.errors import FileError, TargetExistsError, UsageError, UserCodeError
from h5schema.runtime import (
    Array,
    Axis,
    Call,
    Capture,
    Check,
    Enumerated,
    Extraction,
    FixedAxis,
    How,
    IdAxis,
    Ragged,
    RaggedAxis,
    Scalar,
    Summary,
    Text,
    optional,
)
from h5schema.runtime.extracting.endings import StoppedError

PACKAGES = Path(__file__).parent / "packages"


class Kind(IntEnum):
    """Of sounds."""

    low = 0
    high = 1


ALONE = How(workers=0)
WAVE = {
    "wave": (Ragged(np.float32, "sound time"), Call("sounding:wave")),
    "kind": (Enumerated(Kind, "sound"), Capture("kind")),
    "total": (Scalar(np.float64, "sound"), Call("sounding:total", given=("wave",))),
    "note": (optional(Text("sound")), Call("sounding:note", source="notes/{number}.md")),
    "window": (Array(np.float64, "bin"), Call("sounding:window")),
}
"""The features of every test, and how they are made."""


class Place:
    """A folder of sources, what was called, and a target."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "log"
        self.target = folder / "sounds.h5"
        self.sources = folder / "in"
        (self.sources / "notes").mkdir(parents=True)
        for number in range(6):
            self.source(number, " ".join(map(str, range(number + 1))))
        (self.sources / "notes/1.md").write_text("one")

    def source(self, number: int, text: str, kind: str = "low") -> Path:
        path = self.sources / f"{kind}_{number}.txt"
        path.write_text(text)
        return path

    def run(self, features: Any = WAVE, *sources: Path, how: How = ALONE, **options: Any) -> Summary:
        """A run of these features, and after it the file that they are in."""
        declared = {name: feature for name, (feature, _) in features.items()}
        made = {name: origin for name, (_, origin) in features.items() if origin is not None}
        self.reader, writer = declare(sound=IdAxis(dict), time=RaggedAxis(per="sound"), bin=FixedAxis(4), **declared)
        job = Extraction(writer, sources={"sound": "{kind}_{number}.txt"}, features=made)
        return job.run(sources or [self.sources], self.target, functions=PACKAGES, how=how, **options)

    def update(self, features: Any = WAVE, *sources: Path, **options: Any) -> Summary:
        return self.run(features, *sources, update=True, **options)

    def calls(self) -> list[str]:
        """What was called since this was asked last."""
        called = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return sorted(called)

    def content(self) -> dict[str, Any]:
        """All entries by id, in the order of the file, and the window; the file is sound."""
        with self.reader(self.target) as file:
            file.verify()
            return {**{key: plain(entry) for key, entry in file.sound.items()}, "window": file.window[()].tolist()}

    def left(self) -> set[str]:
        return {path.name for path in self.target.parent.iterdir()} - {"in", "log"}


def plain(entry: Any) -> Any:
    return {name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in entry.items()}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("SOUNDING_LOG", str(tmp_path / "log"))
    return Place(tmp_path)


def test_no_file_there_is_an_ordinary_run(place: Place) -> None:
    summary = place.update()
    assert (summary.entries, summary.changes) == ({"sound": 6}, None)
    assert len(place.content()) == 7


def test_nothing_changed(place: Place) -> None:
    place.run()
    place.calls()
    before = place.target.read_bytes(), place.target.stat()
    summary = place.update()
    assert place.calls() == []
    assert (place.target.read_bytes(), place.target.stat()) == before
    assert (summary.entries, summary.changes) == ({"sound": 6}, (6, 0, 0, 0))
    assert place.left() == {"sounds.h5"}


@pytest.mark.parametrize("how", [How(workers=0), How(workers=2, kind="thread")])
def test_one_changed_one_new_one_that_failed_before(place: Place, how: How) -> None:
    place.source(2, "!broken")
    place.source(7, "!broken too")
    assert len(place.run().failures) == 2
    place.calls()
    place.source(2, "2 2")
    place.source(4, "4 4 4 4")
    place.source(6, "6", "high")
    summary = place.update(how=how)
    assert place.calls() == [
        "total 1", "total 2", "total 4", "wave high_6", "wave low_2", "wave low_4", "wave low_7",
    ]  # fmt: skip
    assert summary.entries == {"sound": 7}
    assert summary.changes[:3] == (4, 1, 2)
    assert [failure.source for failure in summary.failures] == ["low_7.txt"]
    assert "of the entries 4 kept, 1 changed, 2 new" in str(summary)
    content = place.content()
    order = ["low_0.txt", "low_1.txt", "low_3.txt", "low_4.txt", "low_5.txt", "high_6.txt", "low_2.txt", "window"]
    assert list(content) == order
    assert content["low_4.txt"] == {"wave": [4, 4, 4, 4], "kind": Kind.low, "total": 16, "note": None}
    assert content["high_6.txt"] == {"wave": [6], "kind": Kind.high, "total": 6, "note": None}
    assert content["low_1.txt"] == {"wave": [0, 1], "kind": Kind.low, "total": 1, "note": "one"}
    place.run(overwrite=True)
    again = place.content()
    assert {key: again[key] for key in order} == content


def test_a_further_file_of_an_entry_that_is_changed_or_new(place: Place) -> None:
    place.run()
    place.calls()
    (place.sources / "notes/1.md").write_text("another")
    (place.sources / "notes/3.md").write_text("three")
    assert place.update().changes[:3] == (4, 2, 0)
    assert [call for call in place.calls() if call.startswith(("note", "wave"))] == [
        "note 1", "note 3", "wave low_1", "wave low_3",
    ]  # fmt: skip
    assert [entry["note"] for key, entry in place.content().items() if key != "window"] == [
        None, "another", None, "three", None, None,
    ]  # fmt: skip
    assert place.update().changes[:3] == (6, 0, 0)


def test_new_features_are_made_of_those_that_stay(place: Place) -> None:
    place.run()
    old = place.content()
    place.calls()
    for path in place.sources.glob("low_*"):
        if path.stem != "low_0":
            path.unlink()
    features = {
        **WAVE,
        "half": (Scalar(np.float64, "sound", check=Check(max=8)), Call("sounding:half", given=("total",))),
        "again": (Scalar(np.float64, "sound"), Call("sounding:total", given=("wave",), params={"times": 3})),
        "longer": (optional(Text("sound")), Call("sounding:longer", given=("note",))),
        "quarter": (Scalar(np.float64, "sound"), Call("sounding:half", given=("half",))),
        "second": (Array(np.float64, "bin"), Call("sounding:window", params={"size": 7})),
    }
    summary = place.update(features)
    assert place.calls() == sorted(
        [f"half {float(sum(range(n)))}" for n in range(1, 7)]
        + [f"half {sum(range(n)) / 2}" for n in range(1, 7)]
        + [f"total {n}" for n in range(1, 7)]
        + ["longer one", "window"]
    )
    assert summary.changes[:3] == (6, 0, 0)
    content = place.content()
    assert content["low_1.txt"] == {
        **old["low_1.txt"], "half": 0.5, "again": 3.0, "longer": "one!", "quarter": 0.25,
    }  # fmt: skip
    assert content["low_2.txt"]["longer"] is None
    with place.reader(place.target) as file:
        assert file.second[()].tolist() == [7.0] * 4
        assert file.parameters["again"] == {"call": "sounding:total", "params": {"times": 3}, "from": ["wave"]}
    assert place.update(features).changes[:3] == (6, 0, 0)
    assert place.calls() == []


def test_a_new_feature_of_a_capture_is_handed_what_the_path_says(place: Place) -> None:
    """Of an enum the file has numbers, but the function knows texts."""
    place.run()
    place.calls()
    features = {**WAVE, "shout": (Text("sound"), Call("sounding:shout", given=("kind",)))}
    place.update(features)
    assert place.calls() == ["shout low"] * 6
    assert place.content()["low_3.txt"]["shout"] == "LOW"


def test_a_new_feature_of_the_source_reads_every_source_and_calls_nothing_else(place: Place) -> None:
    place.run()
    place.calls()
    place.source(9, "9")
    features = {**WAVE, "size": (Scalar(np.int64, "sound"), Call("sounding:size"))}
    assert place.update(features).changes[:3] == (6, 0, 1)
    assert place.calls() == [*(f"size low_{n}" for n in (0, 1, 2, 3, 4, 5, 9)), "total 1", "wave low_9"]
    assert [entry["size"] for key, entry in place.content().items() if key != "window"] == [1, 3, 5, 7, 9, 11, 1]


def test_changed_parameters_and_what_is_derived_from_them(place: Place) -> None:
    features = {**WAVE, "half": (Scalar(np.float64, "sound"), Call("sounding:half", given=("total",)))}
    place.run(features)
    place.calls()
    features["total"] = (WAVE["total"][0], Call("sounding:total", given=("wave",), params={"times": 10}))
    features["window"] = (WAVE["window"][0], Call("sounding:window", params={"size": 5}))
    assert place.update(features).changes[:3] == (6, 0, 0)
    assert place.calls() == sorted(
        [f"half {10.0 * sum(range(n))}" for n in range(1, 7)] + [f"total {n}" for n in range(1, 7)] + ["window"]
    )
    content = place.content()
    assert (content["low_5.txt"]["total"], content["low_5.txt"]["half"]) == (150, 75)
    assert content["window"] == [5.0] * 4


def test_another_input_is_another_parameter(place: Place) -> None:
    features = {
        **WAVE,
        "half": (Scalar(np.float64, "sound"), Call("sounding:half", given=("total",))),
        "quarter": (Scalar(np.float64, "sound"), Call("sounding:half", given=("total",))),
    }
    place.run(features)
    place.calls()
    features["quarter"] = (features["quarter"][0], Call("sounding:half", given=("half",)))
    place.update(features)
    assert place.calls() == sorted(f"half {sum(range(n)) / 2}" for n in range(1, 7))
    assert place.content()["low_5.txt"]["quarter"] == 3.75


def test_entries_whose_sources_are_not_given_stay(place: Place, tmp_path: Path) -> None:
    place.run()
    before = place.content()
    place.calls()
    more = tmp_path / "more"
    more.mkdir()
    (more / "high_8.txt").write_text("8 8")
    place.update(WAVE, more)
    assert place.calls() == ["total 2", "wave high_8"]
    window = before.pop("window")
    new = {"wave": [8, 8], "kind": Kind.high, "total": 16, "note": None}
    assert place.content() == {**before, "high_8.txt": new, "window": window}
    summary = place.update()
    assert summary.changes == (7, 0, 0, 1)
    assert "of the entries 7 kept, 0 changed, 0 new; 1 entry kept whose sources are gone\n" in f"{summary}\n"
    assert place.calls() == []


def test_a_source_that_a_new_feature_needs_and_that_is_not_given(place: Place) -> None:
    place.run()
    before = place.target.read_bytes()
    place.calls()
    for number in range(5):
        (place.sources / f"low_{number}.txt").unlink()
    features = {**WAVE, "size": (Scalar(np.int64, "sound"), Call("sounding:size"))}
    with pytest.raises(UsageError) as caught:
        place.update(features)
    assert str(caught.value) == (
        f"{place.target}: size: to be made for all entries, but the sources of 5 are not among those that are given: "
        "low_0.txt, low_1.txt, low_2.txt, …\n"
        "  help: give their sources too, or take the change of the schema back"
    )
    assert place.calls() == []
    assert place.target.read_bytes() == before
    assert place.left() == {"sounds.h5"}


def test_another_store_is_a_rewrite_that_calls_nothing(place: Place) -> None:
    place.run()
    before = place.content()
    place.calls()
    place.source(9, "9")
    features = {**WAVE, "wave": (Ragged(np.float32, "sound time", codec="default", chunk=64), WAVE["wave"][1])}
    place.update(features)
    assert place.calls() == ["total 1", "wave low_9"]
    with place.reader(place.target) as file:
        assert file.hdf5()["wave"].compression == "gzip"
    content = place.content()
    assert {key: content[key] for key in before} == before


def test_values_of_every_kind_stay(place: Place) -> None:
    """Optional or not, of fixed size or not; changed and kept entries in turns, also within a batch."""
    features = {
        **WAVE,
        "loud": (optional(Ragged(np.float32, "sound time")), None),
        "text": (Text("sound", size=20), Call("sounding:longer", capture="number")),
        "maybe": (optional(Array(np.float64, "sound 2")), None),
    }
    for number in range(60):
        place.source(number, f"{number} 1")
        if number % 3 == 0:
            (place.sources / f"notes/{number}.md").write_text(f"note ü {number}")
    place.run(features)
    for number in range(0, 60, 7):
        place.source(number, f"{number} 2 2")
    summary = place.update(features)
    assert summary.changes[:3] == (51, 9, 0)
    updated = place.content()
    place.run(features, overwrite=True)
    assert place.content() == updated
    assert updated["low_7.txt"]["wave"] == [7, 2, 2]
    assert updated["low_9.txt"] == {
        "wave": [9, 1], "kind": Kind.low, "total": 10, "note": "note ü 9", "loud": None, "text": "9!", "maybe": None,
    }  # fmt: skip


@pytest.mark.parametrize("how", [ALONE, How(workers=2, kind="thread", memory=1)])
def test_a_changed_source_that_fails_stays_as_it_was(place: Place, how: How) -> None:
    """It is reported, and tried again."""
    place.run()
    before = place.content()
    place.source(1, "1 1 1 1 1")
    place.source(3, "!broken")
    place.source(4, "!broken")
    place.source(9, "9")
    summary = place.update(how=how)
    assert summary.changes == (5, 1, 1, 0)
    assert [failure.source for failure in summary.failures] == ["low_3.txt", "low_4.txt"]
    assert summary.tell() == 1
    content = place.content()
    assert (content["low_1.txt"]["total"], content["low_9.txt"]["total"]) == (5, 9)
    assert [content[f"low_{number}.txt"] == before[f"low_{number}.txt"] for number in (0, 2, 3, 4, 5)] == [True] * 5
    place.source(3, "3 3")
    place.calls()
    summary = place.update(how=how)
    assert "total 2" in place.calls()
    assert (summary.changes, [failure.source for failure in summary.failures]) == ((6, 1, 0, 0), ["low_4.txt"])
    assert place.content()["low_3.txt"]["total"] == 6


def test_on_error_fail_ends_an_update_and_it_is_gone_on_with(place: Place) -> None:
    place.run()
    before = place.target.read_bytes()
    place.calls()
    place.source(1, "1 1 1 1 1")
    place.source(3, "!broken")
    place.source(9, "9")
    with pytest.raises(UserCodeError, match=r"a source failed: low_3\.txt: sounding:wave raised ValueError"):
        place.update(how=How(workers=0, on_error="fail"))
    assert place.target.read_bytes() == before
    assert place.left() == {"sounds.h5", "sounds.h5.partial", "sounds.h5.partial.journal"}
    assert place.update().changes == (5, 1, 1, 0)
    assert place.left() == {"sounds.h5"}
    assert place.content()["low_1.txt"]["total"] == 5


def test_a_stopped_update_goes_on_after_what_stayed_as_it_was(place: Place) -> None:
    """The failure of a changed source is remembered, and its entry is one all the same."""
    place.run()
    before = place.content()
    place.source(2, "!broken")
    for number in range(10, 20):
        place.source(number, f"{number}" if number < 19 else "stop")
    with pytest.raises(StoppedError, match=r"stopped after ([89]|1[0-5]) of 16 sources"):
        place.update(how=How(workers=0, memory=1, commit_every=0.0))
    place.source(19, "19")
    place.calls()
    summary = place.update()
    assert (summary.earlier >= 8, summary.changes) == (True, (6, 0, 10, 0))
    assert [failure.source for failure in summary.failures] == ["low_2.txt"]
    assert "wave low_2" not in place.calls()
    content = place.content()
    assert {key: content[key] for key in before} == before
    assert len(content) == 17


def test_an_entry_that_can_neither_be_made_nor_stay_ends_the_update(place: Place) -> None:
    """It would lack the new feature; or its value is that of another entry by now."""
    place.run()
    before = place.target.read_bytes()
    place.source(3, "!broken")
    lost = "an entry of the file cannot be made now, and it would be lost: low_3.txt: "
    with pytest.raises(UserCodeError) as caught:
        place.update({**WAVE, "size": (Scalar(np.int64, "sound"), Call("sounding:size"))})
    text = str(caught.value)
    assert text.startswith(f"{place.target}: {lost}sounding:wave raised ValueError\n")
    assert text.endswith(
        "\n  help: the file stays as it was; mend the source and run the same command again, which goes on"
    )
    assert place.target.read_bytes() == before
    (place.target.parent / "sounds.h5.partial").unlink()
    unique = {**WAVE, "total": (Scalar(np.float64, "sound", check=Check(unique=True)), WAVE["total"][1])}
    place.source(1, "1 5")  # the total of 3, as it is in the file
    with pytest.raises(UserCodeError, match=re.escape(f"{lost}total: 6.0 stands twice")):
        place.update(unique)
    assert place.target.read_bytes() == before


def test_a_kept_value_that_breaks_a_new_check_is_not_lost(place: Place) -> None:
    place.run()
    before = place.target.read_bytes()
    place.source(9, "9")
    features = {**WAVE, "total": (Scalar(np.float64, "sound", check=Check(below=10)), WAVE["total"][1])}
    with pytest.raises(
        UserCodeError, match=r"low_4.txt: /total: 10.0 breaks the check \(below: 10\) \(and 1 more: low_5.tx"
    ):
        place.update(features)
    assert place.target.read_bytes() == before


@pytest.mark.parametrize(
    ("name", "feature", "said"),
    [
        ("note", None, "feature note: in the file only"),
        ("total", Scalar(np.float32, "sound"), "feature total: dtype float64 in the file, float32 in the class"),
        ("window", Array(np.float64, "4"), 'feature window: dims ["bin"] in the file, [4] in the class'),
        ("note", optional(Text("sound", unit="s")), 'feature note: unit "" in the file, s in the class'),
    ],
)
def test_wrong_layouts_are_refused(place: Place, name: str, feature: Any, said: str) -> None:
    place.run()
    before = place.target.read_bytes()
    features = {**WAVE, name: (feature, WAVE[name][1])}
    if feature is None:
        del features[name]
    with pytest.raises(FileError) as caught:
        place.update(features)
    assert str(caught.value) == (
        f"{place.target}: it cannot be updated, because it differs from the schema in more than what it lacks:\n"
        f"  - {said}\n"
        "  help: take these changes of the schema back, or extract everything anew with `--overwrite`"
    )
    assert place.target.read_bytes() == before
    assert place.left() == {"sounds.h5"}


def test_what_cannot_be_updated(place: Place, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        place.run(WAVE, overwrite=True, update=True)
    assert str(caught.value) == (
        f"{place.target}: a file is brought up to date or replaced, not both\n  help: leave out --update or --overwrite"
    )
    place.run()
    with pytest.raises(TargetExistsError) as exists:
        place.run()
    assert str(exists.value) == (
        f"{place.target}: the file exists already\n"
        "  help: say --update to bring it up to date, or --overwrite to replace it (in Python update=True, "
        "overwrite=True); or choose another name"
    )
    _, writer = declare(sound=IdAxis(dict), time=RaggedAxis(per="sound"), bin=FixedAxis(4),
                        **{name: feature for name, (feature, _) in WAVE.items()}, clip=IdAxis(dict))  # fmt: skip
    job = Extraction(writer, sources={"clip": "{kind}_{number}.txt"}, features={"window": WAVE["window"][1]})
    with pytest.raises(FileError) as lost:
        job.run([place.sources], place.target, functions=PACKAGES, update=True)
    assert str(lost.value) == (
        f"{place.target}: sound has 6 entries, and the schema names no source of them, so they would be lost\n"
        "  help: give sound its `source` again, or extract everything anew with `--overwrite`"
    )
    assert place.left() == {"sounds.h5"}
    _, writer = declare(sound=Axis(dict), kind=Text("sound"))
    job = Extraction(writer, sources={"sound": "{kind}_{number}.txt"}, features={"kind": Capture("kind")})
    job.run([place.sources], tmp_path / "plain.h5")
    with pytest.raises(FileError, match="the entries of sound have no ids, so nobody can tell which sources are new"):
        job.run([place.sources], tmp_path / "plain.h5", update=True)


def test_an_unfinished_run_that_did_something_else_is_refused(place: Place) -> None:
    def stop(text: str, **options: Any) -> None:
        place.source(3, text)
        with pytest.raises(UserCodeError):
            place.run(how=How(workers=0, on_error="fail", commit_every=0), **options)

    place.run()
    place.source(5, "5")
    stop("!broken", update=True)
    with pytest.raises(UsageError) as caught:
        place.run(overwrite=True)
    assert str(caught.value) == (
        f"{place.target}: an unfinished run is there, and it cannot be gone on with:\n"
        "  - it began with `--update`\n"
        "  help: undo the change and run it again, which goes on; or begin anew: remove sounds.h5.partial first"
    )
    os.utime(place.target, (1, 1))
    with pytest.raises(UsageError, match="  - the file that it updates is another one now\n"):
        place.update()
    place.target.with_name("sounds.h5.partial").unlink()
    stop("!broken", overwrite=True)
    with pytest.raises(UsageError, match="  - it began without `--update`\n"):
        place.update()


def test_the_old_file_is_read_and_never_written(place: Place) -> None:
    place.run()
    place.source(9, "9")
    place.target.chmod(0o444)
    before = place.target.read_bytes()
    link = place.target.with_name("before.h5")
    link.hardlink_to(place.target)
    place.update()
    assert link.read_bytes() == before
    assert len(place.content()) == 8


def test_a_file_to_which_entries_were_added_by_hand(place: Place) -> None:
    """Nobody knows their sources, so they stay until one of their ids is given."""
    place.run()
    _, writer = declare(
        sound=IdAxis(dict),
        time=RaggedAxis(per="sound"),
        bin=FixedAxis(4),
        **{key: one for key, (one, _) in WAVE.items()},
    )
    by_hand = {"wave": [7, 7], "kind": Kind.high, "total": 14.0, "note": "by hand"}
    added = {**by_hand, "wave": np.array(by_hand["wave"], np.float32)}
    with writer.edit(place.target) as w:
        w.sound["by hand"] = added
        with pytest.raises(FileError, match="is writing this file\n"):
            place.update()
        w.sound["low_9.txt"] = added
    place.calls()
    place.source(8, "8")
    assert place.update().changes[:3] == (8, 0, 1)
    assert place.calls() == ["total 1", "wave low_8"]
    assert place.content()["by hand"] == place.content()["low_9.txt"] == by_hand
    place.source(9, "9 9 9")
    assert place.update().changes[:3] == (8, 1, 0)
    assert place.content()["low_9.txt"]["wave"] == [9, 9, 9]
    assert place.content()["by hand"] == by_hand


def test_a_file_written_by_hand_is_made_of_its_sources(place: Place) -> None:
    place.run()
    expected = place.content()
    place.target.unlink()
    _, writer = declare(sound=IdAxis(dict), kind=Enumerated(Kind, "sound"))
    with writer.create(place.target) as w:
        for number in range(5, -1, -1):
            w.sound[f"low_{number}.txt"] = {"kind": Kind.high}
    assert place.update().changes[:3] == (0, 6, 0)
    assert place.content() == expected
    assert next(iter(place.content())) == "low_5.txt"


def test_the_list_of_failures_is_replaced(place: Place) -> None:
    place.source(2, "!broken")
    listed = place.target.with_name("failed.jsonl")
    place.update(failures=listed)
    assert len(listed.read_text().splitlines()) == 1
    place.update(failures=listed)
    assert len(listed.read_text().splitlines()) == 1
    place.source(2, "2")
    place.update(failures=listed)
    assert listed.read_text() == ""
    place.update(failures=listed)
    assert listed.read_text() == ""


def test_values_that_no_two_may_share_change_places(place: Place) -> None:
    features = {**WAVE, "total": (Scalar(np.float64, "sound", check=Check(unique=True)), WAVE["total"][1])}
    place.run(features)
    place.source(1, "0 1 2")
    place.source(2, "0 1")
    assert place.update(features).changes[:3] == (4, 2, 0)
    place.source(8, "1")
    summary = place.update(features)
    assert summary.changes[:3] == (6, 0, 0)
    assert [failure.source for failure in summary.failures] == ["low_8.txt"]
    place.source(4, "3")
    summary = place.update(features)
    assert summary.changes[:3] == (6, 0, 0)
    assert [failure.source for failure in summary.failures] == ["low_4.txt", "low_8.txt"]
    assert place.content()["low_4.txt"]["total"] == 10


def test_many_entries_and_nothing_to_do(place: Place, tmp_path: Path) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for number in range(2_000):
        (many / f"low_{number}.txt").touch()
    features = {"kind": WAVE["kind"], "window": WAVE["window"]}
    place.run(features, many)
    assert place.update(features, many).changes[:3] == (2_000, 0, 0)
    (many / "high_0.txt").touch()
    assert place.update(features, many).changes[:3] == (2_000, 0, 1)
