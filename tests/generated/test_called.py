"""Every choice of a loader can be made at the call, held to the rules of the schema."""

from __future__ import annotations

import importlib
import pickle
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="loaders need torch")

from h5schema import pipeline  # noqa: E402
from h5schema.errors import DataError, UsageError, UserCodeError  # noqa: E402
from h5schema.runtime import Absent, Among, Balanced, Check, Frame, Present, Window  # noqa: E402

SCHEMA = """\
h5schema: 1
name: calls
version: 1.0.0
dims: {clip: {ids: true}, time: {per: clip}, frame: {per: clip}, word: open}
features:
  wave:    {dims: [clip, time], dtype: float32}
  mel:     {dims: [clip, frame], dtype: int16}
  digit:   {dims: [clip], dtype: uint8}
  accent:  {dims: [clip], dtype: {enum: [north, south]}, optional: true}
  speaker: {dims: [clip], dtype: str}
  meaning: {dims: [word], dtype: str}
splits:
  speakers: {over: clip, by: speaker, parts: {train: [ada, bob], test: [cyd]}}
  words:    {over: word, by: meaning, parts: {all: 1.0}}
loaders:
  windows:
    over: time
    split: speakers/train
    where: {digit: {max: 7}}
    window: {time: {length: 8, hop: 4}}
    inputs: {x: wave, digit: digit, clip: clip, at: time}
    targets: {feature: wave, window: {time: {shift: 1}}}
    batch: {size: 3, shuffle: true}
  clips:
    over: clip
    inputs: {mel: mel, digit: digit, clip: clip}
    transform: changes:twice
    batch: {size: 4, transform: changes:counted}
  ranges: {over: time, window: {time: {ranges: [[0, 3]]}}, inputs: wave}
"""
CHANGES = """\
def twice(sample):
    return {**sample, "digit": sample["digit"] * 2}

def thrice(sample):
    return {**sample, "digit": sample["digit"] * 3}

def counted(batch):
    return {**batch, "count": len(batch["clip"])}
"""
LENGTHS = [10 + 3 * i for i in range(12)]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("calls")
    (folder / "calls.yaml").write_text(SCHEMA, encoding="utf-8")
    (folder / "changes.py").write_text(CHANGES, encoding="utf-8")
    pipeline.generate([folder / "calls.yaml"], folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        package = importlib.import_module("calls")
        south = importlib.import_module("calls.groups").Accent.south
        with package.CallsWriter.create(folder / "data.h5") as w:
            for i, length in enumerate(LENGTHS):
                w.clip[f"c{i:02}"] = {
                    "wave": np.arange(length, dtype=np.float32),
                    "mel": np.arange(i % 3 + 1, dtype=np.int16),
                    "digit": i % 10,
                    "accent": south if i % 2 else None,
                    "speaker": ["ada", "bob", "cyd"][i % 3],
                }
        yield folder / "data.h5"
        for name in [name for name in sys.modules if name.partition(".")[0] in ("calls", "changes")]:
            del sys.modules[name]


@pytest.fixture
def loaders(path: Path) -> ModuleType:
    return importlib.import_module("calls.loaders")


def seen(loader: Any) -> set[int]:
    """The clips that come."""
    return {int(clip) for batch in loader for clip in (batch[0] if isinstance(batch, tuple) else batch)["clip"]}


def test_T12_another_split_or_none_and_other_conditions(loaders: ModuleType, path: Path) -> None:
    windows = loaders.windows_loader
    assert seen(windows(path)) == {i for i in range(12) if i % 3 < 2 and i % 10 <= 7}
    assert seen(windows(path, split="speakers/test")) == {2, 5, 11}
    assert seen(windows(path, split="", where={})) == set(range(12))
    assert seen(windows(path, split="", where={"speaker": Check(match="[ab].*"), "digit": Among(0, 1)})) == {0, 1, 10}
    assert seen(windows(path, where={"accent": Present()})) == {1, 3, 7, 9}
    assert seen(windows(path, where={"accent": Among("south"), "wave": Check(above=25)})) == {9}
    assert seen(windows(path, where={"accent": Absent(), "digit": Present()})) == {0, 4, 6, 10}


def test_M13_T8_other_windows_key_by_key(loaders: ModuleType, path: Path) -> None:
    whole = {"split": "", "where": {}}
    for window, length, hop in [(Window(hop=1), 8, 1), (Window(length=2), 2, 4), (Window(length=5, hop=7), 5, 7)]:
        loader = loaders.windows_loader(path, window={"time": window}, **whole)
        assert len(loader.dataset) == sum(max(0, (n - length - 1) // hop + 1) for n in LENGTHS)
        inputs, target = next(iter(loader))
        assert inputs["x"].shape == (3, length)
        assert torch.equal(target, inputs["x"] + 1)
        assert torch.equal(inputs["x"][:, 0], inputs["at"].float())
    frames = loaders.windows_loader(path, window={"time": Window(frame=Frame(4, hop=2))}, **whole)
    assert next(iter(frames))[0]["x"].shape == (3, 3, 4)
    ranges = loaders.ranges_loader(path, window={"time": Window(shift=2)})
    assert next(iter(ranges)).values.tolist() == [[2.0, 3.0, 4.0]]


def test_T6_T12_other_functions_dtypes_and_orders(loaders: ModuleType, path: Path) -> None:
    clips = loaders.clips_loader
    digits = [i % 10 for i in range(12)]

    def loaded(**choices: Any) -> list[Any]:
        return [int(digit) for batch in clips(path, **choices) for digit in batch["digit"]]

    assert loaded() == [2 * digit for digit in digits]
    assert loaded(transform="changes:thrice") == [3 * digit for digit in digits]
    assert loaded(transform="") == digits
    assert next(iter(clips(path)))["count"] == 4
    assert "count" not in next(iter(clips(path, batch_transform="")))
    batch = next(iter(clips(path, transform="", dtype={"digit": "float64", "mel": "int64"})))
    assert (batch["digit"].dtype, batch["mel"].values.dtype) == (torch.float64, torch.int64)
    assert len(next(iter(clips(path, batch_size=5, sampler=Balanced("speaker"))))["clip"]) == 5


def test_M12_B4_workers_are_told_the_choices_of_the_call(loaders: ModuleType, path: Path) -> None:
    choices: dict[str, Any] = {
        "split": "speakers/test",
        "where": {"digit": Among(2, 5)},
        "window": {"time": Window(hop=2, jitter=1)},
        "dtype": {"wave": "float64"},
    }
    dataset = loaders.Windows(path, seed=4, **choices)
    told = pickle.loads(pickle.dumps(dataset))
    (inputs, _), (others, _) = (one[list(range(len(dataset)))] for one in (dataset, told))
    assert set(inputs["clip"].tolist()) == {2, 5}
    assert torch.equal(inputs["x"], others["x"])


@pytest.mark.parametrize(
    ("loader", "choices", "text"),
    [
        (
            "Windows",
            {"split": "speakers/tests"},
            "Windows: split is 'speakers/tests', and there is no such part\n  help: did you mean 'speakers/test'?",
        ),
        (
            "Windows",
            {"split": "words/all"},
            "Windows: split: split `words` is over `word`, but this loader runs over `clip`\n"
            "  help: declare a split over `clip`",
        ),
        (
            "Windows",
            {"where": {"digits": Among(1)}},
            "Windows: where digits: there is no feature `digits`\n  help: did you mean `digit`?",
        ),
        (
            "Windows",
            {"where": {"meaning": Among("x")}},
            "Windows: where meaning: `meaning` has dims [word]: no value for each `time`\n"
            "  help: `where` asks features that begin with `clip`",
        ),
        (
            "Windows",
            {"where": {"mel": Among(1)}},
            "Windows: where mel: `mel` has dims [clip, frame]: more than one value for each `time`\n"
            "  help: `where` compares single values; of this one it can ask `present` or `absent`",
        ),
        (
            "Windows",
            {"where": {"digit": Absent()}},
            "Windows: where digit: `digit` is never absent, so there would be no samples\n"
            "  help: leave the condition out, or write `optional: true` in the feature",
        ),
        (
            "Windows",
            {"where": {"digit": Among("7")}},
            "Windows: where digit: `digit` holds numbers (uint8), not '7'\n  help: write a number",
        ),
        (
            "Windows",
            {"where": {"digit": 7}},
            "Windows: where is {'digit': 7}\n  help: give a dict by address, of Among, Check, Present, Absent",
        ),
        (
            "Windows",
            {"window": {"frame": Window(length=3)}},
            "Windows: window frame: the loader has no window of `frame` from which this one could differ\n"
            "  help: it has windows of `time`",
        ),
        (
            "Windows",
            {"window": {"time": Window(at="random")}},
            "Windows: window time: samples have positions in `time`, every `hop`: `at` is for other dims\n"
            "  help: leave it out",
        ),
        (
            "Windows",
            {"window": {"time": Window(hop=0)}},
            "Windows: window time: hop is 0\n  help: give a whole number, at least 1",
        ),
        (
            "Windows",
            {"window": {"time": Window(frame=Frame(9))}},
            "Windows: window time: a frame of 9 values does not fit a window of 8\n"
            "  help: make the window longer, or the frame shorter",
        ),
        (
            "Windows",
            {"window": {"time": Window(ranges=[[0, 3]])}},
            "Windows: window time: the windows have one length: with `ranges` a batch would be another\n"
            "  help: write it in the schema",
        ),
        (
            "Ranges",
            {"window": {"time": Window(length=3)}},
            "Ranges: window time: `ranges` say how long the windows are: no `length`\n  help: leave it out",
        ),
        (
            "Windows",
            {"dtype": {"mel": "int64"}},
            "Windows: dtype mel: the loader takes no `mel`\n  help: it takes `digit`, `wave`",
        ),
        (
            "Windows",
            {"dtype": {"wave": "int64"}},
            "Windows: dtype wave: `wave` is float32: it cannot be loaded as int64\n  help: leave it out",
        ),
        (
            "Windows",
            {"where": {"digit": Check(max="a")}},
            "Windows: where digit: a bound is a number, not 'a'\n  help: write a number",
        ),
        (
            "Windows",
            {"where": {"digit": Check(min=[5])}},
            "Windows: where digit: a bound is a number, not [5]\n  help: write a number",
        ),
        (
            "Windows",
            {"where": {"digit": Check(max=300)}},
            "Windows: where digit: `max: 300` is beyond what uint8 holds\n  help: uint8 holds 0 to 255",
        ),
        (
            "Windows",
            {"where": {"digit": Check(min=5, max=3)}},
            "Windows: where digit: no value is at least 5 and at most 3\n  help: swap the bounds, or move one",
        ),
        (
            "Windows",
            {"where": {"digit": Check()}},
            "Windows: where digit: this asks nothing, so every sample would meet it\n"
            "  help: write bounds, or leave the condition out",
        ),
        (
            "Windows",
            {"where": {"digit": Check(unique=True)}},
            "Windows: where digit: `unique` is about all values of a feature,"
            " and `where` looks at one sample at a time\n"
            "  help: write it in the `check` of the feature",
        ),
        (
            "Windows",
            {"where": {"speaker": Check(match="[")}},
            "Windows: where speaker: this is not a regular expression: unterminated character set\n"
            "  help: mend it; special characters need a backslash",
        ),
        (
            "Windows",
            {"where": {"digit": Check(match="7")}},
            "Windows: where digit: `match` is for texts, and `digit` is uint8\n  help: leave it out",
        ),
        (
            "Windows",
            {"where": {"accent": Among("sooth")}},
            "Windows: where accent: `accent` has no member 'sooth'\n  help: did you mean 'south'?",
        ),
        (
            "Windows",
            {"where": {"digit": Among(1.5)}},
            "Windows: where digit: `digit` holds whole numbers (uint8), not 1.5\n  help: write a whole number",
        ),
        (
            "Windows",
            {"window": {"time": Window(frame=5)}},
            "Windows: window time: frame is 5\n  help: give a Frame(length, hop)",
        ),
        (
            "Windows",
            {"window": {"time": Window(frame={"length": 3})}},
            "Windows: window time: frame is {'length': 3}\n  help: give a Frame(length, hop)",
        ),
        (
            "Windows",
            {"window": {"time": Window(frame=Frame(None))}},
            "Windows: window time: frame: length is None\n  help: give a whole number, at least 1",
        ),
        (
            "Windows",
            {"window": {"time": Window(length=10**12)}},
            "Windows: window time: `length` of a window is at most 134217728\n  help: write a smaller number",
        ),
        (
            "Windows",
            {"window": {"time": Window(shift=10**30)}},
            "Windows: window time: `shift` of a window is at most 2147483647\n  help: write a smaller number",
        ),
        (
            "Windows",
            {"window": {"time": Window(step=10**11)}},
            "Windows: window time: `step` of a window is at most 2147483647\n  help: write a smaller number",
        ),
        (
            "Windows",
            {"window": {"time": Window(step=10**9)}},
            "Windows: window time: 8 values, every 1000000000th of those in the file, reach further than 134217728\n"
            "  help: make the window shorter, or the step",
        ),
        (
            "Ranges",
            {"window": {"time": Window(ranges=[[0, 2]])}},
            "Ranges: window time: which `ranges` windows have is the schema's word\n  help: write others there",
        ),
        (
            "Windows",
            {"dtype": {"wave": "float63"}},
            "Windows: dtype wave: there is no dtype 'float63'\n  help: did you mean 'float64'?",
        ),
        (
            "Windows",
            {"transform": "twice"},
            "Windows: transform is 'twice'\n  help: give 'module:function', found beside the package",
        ),
    ],
)
def test_T12_a_call_is_held_to_the_rules_of_a_schema(
    loaders: ModuleType, path: Path, loader: str, choices: Any, text: str
) -> None:
    with pytest.raises(UsageError) as caught:
        getattr(loaders, loader).loader(path, **choices)
    assert str(caught.value) == text


def test_T6_a_function_that_is_not_there_is_said_at_the_call(loaders: ModuleType, path: Path) -> None:
    with pytest.raises(UserCodeError, match="no function 'four_times'"):
        loaders.Clips(path, transform="changes:four_times")


def test_T5_a_subset_of_nothing_is_a_loader_without_batches(loaders: ModuleType, path: Path) -> None:
    for make in (loaders.windows_loader, loaders.clips_loader, loaders.ranges_loader):
        for choices in ({"subset": []}, {"subset": [False] * 12}, {"limit": 0}):
            assert list(make(path, **choices)) == []
    assert list(loaders.windows_loader(path, subset=[], where={"wave": Check(above=3)})) == []
    with pytest.raises(DataError, match="no sample is left of 12 entries by where digit: min: 200"):
        loaders.clips_loader(path, subset=[], where={"digit": Check(min=200)})
