"""Windows give what plain numpy gives, position by position, and never reach from one entry into another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="loaders need torch")

from blank import declare  # noqa: E402

from h5schema.errors import DataError  # noqa: E402
from h5schema.runtime import (  # noqa: E402
    Among,
    Array,
    Axis,
    Batch,
    Frame,
    IdAxis,
    Plan,
    Position,
    Ragged,
    RaggedAxis,
    Scalar,
    Split,
    Take,
    Window,
    optional,
)
from h5schema.runtime.torch import Loader  # noqa: E402
from h5schema.runtime.torch.bench import measure  # noqa: E402

LENGTHS = [7, 0, 23, 3, 1, 40, 12]
Clips, ClipsWriter = declare(
    clip=IdAxis(dict),
    time=RaggedAxis(per="clip"),
    frame=RaggedAxis(per="clip"),
    wave=Ragged(np.float32, "clip time"),
    stereo=Ragged(np.int16, "clip time 2"),
    heard=optional(Ragged(np.int16, "clip time")),
    mel=Ragged(np.float32, "clip frame"),
    digit=Scalar(np.uint8, "clip"),
)
Spans, SpansWriter = declare(
    clip=Axis(dict),
    time=RaggedAxis(per="clip"),
    span=RaggedAxis(per="clip"),
    wave=Ragged(np.float32, "clip time"),
    spans=optional(Ragged(np.int64, "clip span 2")),
)
STEPS = 31
Steps, StepsWriter = declare(step=Axis(dict), x=Scalar(np.float64, "step"), y=Array(np.int32, "step 2"))


def wave(clip: int) -> Any:
    return np.arange(LENGTHS[clip], dtype=np.float32) + 100 * clip


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("windows") / "clips.h5"
    with ClipsWriter.create(path) as w:
        for i, length in enumerate(LENGTHS):
            w.clip[f"clip-{i}"] = {
                "wave": wave(i),
                "stereo": np.stack([wave(i), -wave(i)], 1).astype(np.int16),
                "heard": None if i == 2 else wave(i).astype(np.int16),
                "mel": np.arange(length // 2 + 2, dtype=np.float32),
                "digit": i,
            }
    return path


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("windows") / "steps.h5"
    with StepsWriter.create(path) as w:
        w.step.extend({"x": np.arange(STEPS) / 2, "y": np.arange(STEPS * 2, dtype=np.int32).reshape(-1, 2)})
    return path


def loader(file: Any, **plan: Any) -> Any:
    return type("Tried", (Loader,), {"file": file, "plan": Plan(**plan)})


frames = st.none() | st.builds(
    Frame, st.integers(1, 3), st.none() | st.integers(1, 4), align=st.sampled_from(["start", "center"])
)


@st.composite
def windows(draw: st.DrawFn) -> tuple[Window, Window]:
    """The window of a loader, and what an input says of its own."""
    length, frame = draw(st.integers(1, 8)), draw(frames)
    if frame is not None:
        length = max(length, frame.length)
    loaders = Window(
        length=length,
        hop=draw(st.none() | st.integers(1, 9)),
        shift=draw(st.none() | st.integers(-12, 12)),
        step=draw(st.none() | st.integers(1, 3)),
        edge=draw(st.sampled_from([None, "drop", "repeat", "pad"])),
        align=draw(st.sampled_from([None, "start", "center"])),
        frame=frame,
    )
    own = Window(
        length=draw(st.none() | st.integers(max(1, frame.length if frame else 1), 8)),
        shift=draw(st.none() | st.integers(-12, 12)),
        step=draw(st.none() | st.integers(1, 3)),
        align=draw(st.sampled_from([None, "start", "center"])),
    )
    return loaders, own


def taken(window: Window, own: Window | None, position: int) -> list[Any]:
    """Numbers of the values that a window takes at a position: written for nothing but to be plain."""

    def said(key: str, default: Any) -> Any:
        for one in (own, window):
            if one is not None and getattr(one, key) is not None:
                return getattr(one, key)
        return default

    length, step = said("length", None), said("step", 1)
    begin = position + said("shift", 0)
    if said("align", "start") == "center":
        begin -= (length // 2) * step
    piece = [begin + i * step for i in range(length)]
    frame = said("frame", None)
    if frame is None:
        return piece
    hop = frame.hop or frame.length
    if frame.align == "center":
        return [
            [begin + (i + j - frame.length // 2) * step for j in range(frame.length)] for i in range(0, length, hop)
        ]
    return [[piece[i + j] for j in range(frame.length)] for i in range(0, length, hop) if i + frame.length <= length]


def flat(numbers: Any) -> list[int]:
    return np.array(numbers).reshape(-1).tolist()


def expected(window: Window, owns: list[Window | None], values: list[Any]) -> list[tuple[int, int, list[Any]]]:
    """Of each sample its entry, its position, and its windows in the array of that entry."""
    found = []
    keeps = window.edge in ("repeat", "pad")
    for entry, array in enumerate(values):
        for position in range(0, len(array), window.hop or window.length):
            numbers = [taken(window, own, position) for own in owns]
            inside = all(0 <= number < len(array) for own in numbers for number in flat(own))
            if not (keeps or inside):
                continue
            pieces = []
            for own in numbers:
                piece = array[np.clip(np.array(own), 0, len(array) - 1)].copy()
                if window.edge == "pad":
                    outside = (np.array(own) < 0) | (np.array(own) >= len(array))
                    piece[outside] = 0
                pieces.append(piece)
            found.append((entry, position, pieces))
    return found


@given(both=windows(), size=st.integers(1, 5), shuffle=st.booleans())
def test_M13_T8_windows_of_a_ragged_dim(clips: Path, both: tuple[Window, Window], size: int, shuffle: bool) -> None:
    window, own = both
    wanted = expected(window, [None, own], [wave(i) for i in range(len(LENGTHS))])
    tried = loader(
        Clips,
        over="time",
        window={"time": window},
        sample={
            "x": Take("wave"),
            "y": Take("stereo", window={"time": own}),
            "at": Position("time"),
            "clip": Position("clip"),
            "digit": Take("digit"),
        },
        batch=Batch(size, shuffle=shuffle),
    )
    if not wanted:
        with pytest.raises(DataError, match="no sample is left"):
            tried.loader(clips)
        return
    assert len(tried(clips)) == len(wanted)
    got = []
    for batch in tried.loader(clips, seed=1):
        for i in range(len(batch["at"])):
            got.append((int(batch["clip"][i]), int(batch["at"][i]), batch["x"][i].numpy(), batch["y"][i].numpy()))
            assert batch["digit"][i] == batch["clip"][i]
    if shuffle:
        got.sort(key=lambda one: one[:2])
    for (clip, at, x, y), (entry, position, (piece, other)) in zip(got, wanted, strict=True):
        assert (clip, at) == (entry, position)
        assert np.array_equal(x, piece)
        assert np.array_equal(y, np.stack([other, -other], -1).astype(np.int16))


@given(both=windows())
def test_M13_windows_of_a_dim_of_entries(steps: Path, both: tuple[Window, Window]) -> None:
    window, own = both
    wanted = expected(window, [None, own], [np.arange(STEPS)])
    tried = loader(
        Steps,
        over="step",
        window={"step": window},
        sample={"x": Take("x"), "y": Take("y", window={"step": own}), "at": Position("step")},
        batch=Batch(4),
    )
    if not wanted:
        with pytest.raises(DataError, match="no sample is left"):
            tried.loader(steps)
        return
    batches = list(tried.loader(steps))
    assert [int(at) for batch in batches for at in batch["at"]] == [position for _, position, _ in wanted]
    x = np.concatenate([batch["x"].numpy() for batch in batches])
    y = np.concatenate([batch["y"].numpy() for batch in batches])
    assert np.array_equal(x, np.stack([piece for _, _, (piece, _) in wanted]) / 2)
    double = np.stack([2 * other for _, _, (_, other) in wanted])
    if window.edge == "pad":
        pads = np.array([[not 0 <= one < STEPS for one in flat(taken(window, own, at))] for _, at, _ in wanted])
        assert np.array_equal(y[..., 1], np.where(pads.reshape(double.shape), 0, double + 1))
    else:
        assert np.array_equal(y, np.stack([double, double + 1], -1))


def test_M13_next_values_and_horizons(clips: Path) -> None:
    tried = loader(
        Clips,
        over="time",
        window={"time": Window(length=4, hop=2)},
        sample={
            "history": Take("wave"),
            "next": Take("wave", window={"time": Window(shift=1)}),
            "horizon": Take("wave", window={"time": Window(shift=4, length=3)}),
        },
        batch=Batch(100),
    )
    (batch,) = tried.loader(clips)
    assert len(tried(clips)) == sum(max(0, (length - 7) // 2 + 1) for length in LENGTHS)
    assert torch.equal(batch["next"], batch["history"] + 1)
    assert batch["horizon"].shape[1] == 3
    assert torch.equal(batch["horizon"][:, 0], batch["history"][:, 0] + 4)


def test_M13_jitter_moves_positions_and_no_more(clips: Path) -> None:
    tried = loader(
        Clips,
        over="time",
        window={"time": Window(length=3, hop=5, jitter=2)},
        sample={"x": Take("wave"), "at": Position("time"), "clip": Position("clip")},
        batch=Batch(4, shuffle=True),
    )
    still = [(entry, at) for entry, at, _ in expected(Window(length=3, hop=5), [None], [wave(i) for i in range(7)])]
    seen = set()
    for epoch in range(30):
        batches = tried.loader(clips, seed=3)
        batches.set_epoch(epoch)
        found = [
            (int(clip), int(at), x.tolist())
            for batch in batches
            for clip, at, x in zip(batch["clip"], batch["at"], batch["x"], strict=True)
        ]
        for (clip, at, x), (entry, position) in zip(sorted(found), still, strict=True):
            assert clip == entry
            assert abs(at - position) <= 2
            assert x == wave(clip)[at : at + 3].tolist()
            assert len(x) == 3
        seen |= {(clip, at) for clip, at, _ in found}
    assert len(seen) > 2 * len(still)


@pytest.mark.filterwarnings("ignore:This DataLoader will create 4")
@pytest.mark.parametrize("workers", [1, 4])
def test_M13_chance_is_the_same_in_workers(clips: Path, workers: int) -> None:
    tried = loader(
        Clips,
        over="time",
        window={"time": Window(length=3, hop=1, jitter=4), "frame": Window(length=2, at="random")},
        sample={"x": Take("wave"), "mel": Take("mel"), "at": Position("time")},
        batch=Batch(2, shuffle=True),
    )
    globals()["Tried"] = tried
    tried.__module__ = __name__
    alone, many = tried.loader(clips, seed=5), tried.loader(clips, seed=5, workers=workers)
    for _ in range(2):
        for one, other in zip(alone, many, strict=True):
            assert all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("at", ["start", "center", None])
def test_M13_one_piece_of_another_dim(clips: Path, at: Any) -> None:
    sample = {"mel": Take("mel"), "clip": Position("clip")}
    tried = loader(Clips, over="clip", window={"frame": Window(length=4, at=at)}, sample=sample, batch=Batch(9))
    (batch,) = tried.loader(clips)
    assert batch["clip"].tolist() == [0, 2, 5, 6]
    mel = batch["mel"][:, 0].tolist()
    lengths = [LENGTHS[int(clip)] // 2 + 2 for clip in batch["clip"]]
    assert mel == [(length - 4) // 2 if at == "center" else 0 for length in lengths]
    padded = loader(
        Clips, over="clip", window={"frame": Window(length=4, at=at, edge="pad")}, sample=sample, batch=Batch(9)
    )
    (batch,) = padded.loader(clips)
    assert len(batch["clip"]) == len(LENGTHS)
    assert batch["mel"][1].tolist() == [0, 1, 0, 0]


@pytest.mark.parametrize("at", ["start", "center", "random"])
def test_nothing_is_repeated_of_an_entry_without_values(clips: Path, at: Any) -> None:
    sample = {"x": Take("wave"), "clip": Position("clip")}
    window = {"time": Window(length=4, at=at, edge="repeat")}
    (batch,) = loader(Clips, over="clip", window=window, sample=sample, batch=Batch(99)).loader(clips)
    assert batch["clip"].tolist() == [clip for clip, length in enumerate(LENGTHS) if length]
    for clip, piece in zip(batch["clip"].tolist(), batch["x"].tolist(), strict=True):
        assert set(piece) <= set(range(100 * clip, 100 * clip + LENGTHS[clip]))


def test_conditions_leave_entries_and_positions(clips: Path) -> None:
    window = {"time": Window(length=2, hop=3)}
    sample = {"x": Take("wave"), "clip": Position("clip")}
    tried = loader(Clips, over="time", window=window, sample=sample, where={"digit": Among(2, 5)}, batch=Batch(99))
    (batch,) = tried.loader(clips)
    assert set(batch["clip"].tolist()) == {2, 5}
    (part,) = tried.loader(clips, subset=["clip-2"])
    assert set(part["clip"].tolist()) == {2}
    assert len(tried(clips, limit=3)) == 3
    values = {"wave": Among(*range(200, 210))}
    (batch,) = loader(Clips, over="time", window=window, sample=sample, where=values, batch=Batch(99)).loader(clips)
    assert batch["x"][:, 0].tolist() == [200, 203, 206, 209]


def test_a_feature_that_may_be_absent_in_a_window(clips: Path) -> None:
    window = {"time": Window(length=2)}
    with pytest.raises(DataError, match="has no value, and the input has no `fill`"):
        loader(Clips, over="time", window=window, sample=Take("heard"), batch=Batch(99)).loader(clips)
    sample = {"x": Take("heard", fill=-1), "clip": Position("clip"), "at": Position("time")}
    (batch,) = loader(Clips, over="time", window=window, sample=sample, batch=Batch(99)).loader(clips)
    for x, clip, at in zip(batch["x"], batch["clip"].tolist(), batch["at"].tolist(), strict=True):
        assert x.tolist() == ([-1, -1] if clip == 2 else wave(clip)[at : at + 2].tolist())


def test_T3_over_a_ragged_dim_a_sample_is_one_element(clips: Path) -> None:
    sample = {
        "x": Take("wave"),
        "s": Take("stereo"),
        "digit": Take("digit"),
        "mel": Take("mel"),
        "at": Position("time"),
    }
    tried = loader(Clips, over="time", sample=sample, batch=Batch(1000))
    (batch,) = tried.loader(clips)
    assert batch["x"].tolist() == np.concatenate([wave(i) for i in range(len(LENGTHS))]).tolist()
    assert batch["s"].shape == (sum(LENGTHS), 2)
    assert batch["digit"].tolist() == np.repeat(np.arange(len(LENGTHS)), LENGTHS).tolist()
    assert batch["mel"].lengths.tolist() == np.repeat(np.array(LENGTHS) // 2 + 2, LENGTHS).tolist()
    assert batch["at"].tolist() == [at for length in LENGTHS for at in range(length)]


def test_windows_over_several_files(clips: Path, tmp_path: Path) -> None:
    second = tmp_path / "second.h5"
    second.write_bytes(clips.read_bytes())
    sample = {"x": Take("wave"), "clip": Position("clip")}
    tried = loader(Clips, over="time", window={"time": Window(length=3)}, sample=sample, batch=Batch(5, shuffle=True))
    assert len(tried([clips, second])) == 2 * len(tried(clips))
    for batch in tried.loader([clips, second], seed=1):
        for x, clip in zip(batch["x"], batch["clip"].tolist(), strict=True):
            assert x[0] // 100 == clip % len(LENGTHS)


@given(data=st.data(), step=st.integers(1, 3), shift=st.integers(-3, 3), held=st.booleans())
def test_T8_explicit_ranges(clips: Path, steps: Path, data: st.DataObject, step: int, shift: int, held: bool) -> None:
    pair = st.tuples(st.integers(0, 20), st.integers(1, 15)).map(lambda one: (one[0], one[0] + one[1]))
    ranges = data.draw(st.lists(pair, min_size=1, max_size=5))
    sample = {"x": Take("wave"), "y": Take("wave", form="packed", window={"time": Window(shift=shift, step=step)})}
    window = {"time": Window(ranges="spans" if held else ranges)}
    tried = loader(
        Spans if held else Clips,
        over="time",
        window=window,
        sample=sample | {"clip": Position("clip"), "at": Position("time")},
        batch=Batch(100),
    )
    path = clips
    if held:
        path = clips.with_name("spans.h5")
        with SpansWriter.create(path, overwrite=True) as w:
            for i in range(len(LENGTHS)):
                spans = None if i == 2 else np.array(ranges[: i % 3], np.int64).reshape(-1, 2)
                w.clip.append({"wave": wave(i), "spans": spans})
    wanted = []
    for clip, length in enumerate(LENGTHS):
        own = ([] if clip == 2 else ranges[: clip % 3]) if held else ranges
        inside = [one for one in own if one[0] + min(0, shift) >= 0 and one[1] + max(0, shift) <= length]
        wanted += [(clip, *one) for one in inside]
    if not wanted:
        with pytest.raises(DataError, match="no sample is left"):
            tried.loader(path)
        return
    (batch,) = tried.loader(path)
    assert list(zip(batch["clip"].tolist(), batch["at"].tolist(), strict=True)) == [one[:2] for one in wanted]
    assert batch["x"].lengths.tolist() == [stop - start for _, start, stop in wanted]
    y = [wave(clip)[start + shift : stop + shift : step] for clip, start, stop in wanted]
    assert batch["y"].values.tolist() == np.concatenate(y).tolist()
    assert np.diff(batch["y"].offsets).tolist() == [len(one) for one in y]


def test_T8_ranges_of_a_dim_of_entries(steps: Path) -> None:
    ranges = [(3, 7), (0, 31), (30, 33), (10, 11)]
    sample = {"x": Take("x"), "y": Take("y", form="list")}
    tried = loader(Steps, over="step", window={"step": Window(ranges=ranges)}, sample=sample, batch=Batch(9))
    (batch,) = tried.loader(steps)
    assert batch["x"].lengths.tolist() == [4, 31, 1]
    assert batch["y"][0].tolist() == [[6, 7], [8, 9], [10, 11], [12, 13]]
    with pytest.raises(DataError, match=r"the range \[5, 5\] of step ends where it begins"):
        loader(Steps, over="step", window={"step": Window(ranges=[(5, 5)])}, sample=sample).loader(steps)


@pytest.mark.parametrize("edge", ["drop", "repeat", "pad"])
def test_windows_do_not_reach_from_file_to_file(steps: Path, tmp_path: Path, edge: Any) -> None:
    second = tmp_path / "second.h5"
    with StepsWriter.create(second) as w:
        w.step.extend({"x": np.arange(10) + 1000.0, "y": np.zeros((10, 2), np.int32)})
    sample = {"x": Take("x"), "at": Position("step")}
    window = {"step": Window(length=4, hop=3, shift=-1, edge=edge)}
    tried = loader(Steps, over="step", window=window, sample=sample, batch=Batch(100))
    (one,), (other,), (both,) = tried.loader(steps), tried.loader(second), tried.loader([steps, second])
    assert torch.equal(both["x"], torch.cat([one["x"], other["x"]]))
    assert torch.equal(both["at"], torch.cat([one["at"], other["at"] + STEPS]))
    ranges = {"step": Window(ranges=[(2, 4), (8, 12)])}
    tried = loader(Steps, over="step", window=ranges, sample=Take("x", form="list"), batch=Batch(9))
    (listed,) = tried.loader([steps, second])
    assert [x.tolist() for x in listed] == [[1, 1.5], [4, 4.5, 5, 5.5], [1002, 1003]]


Parted, PartedWriter = declare(
    step=Axis(dict), x=Scalar(np.int64, "step"), half=optional(Scalar(np.int16, "step")), day=Scalar(np.int32, "step")
)
Parted.splits = {"days": Split("step", {"train": Among(0, 1, 3), "test": Among(2)}, by="day")}
DAYS = [0] * 5 + [1] * 9 + [2] * 4 + [0] * 7 + [2] * 2 + [3] * 13


@pytest.fixture(scope="module")
def parted(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two files, so that a part also ends where a file does."""
    paths = [tmp_path_factory.mktemp("windows") / f"{name}.h5" for name in ("first", "second")]
    for path, rows in zip(paths, (slice(0, 22), slice(22, None)), strict=True):
        with PartedWriter.create(path) as w:
            for row in range(*rows.indices(len(DAYS))):
                w.step.append({"x": row, "half": None if row % 4 == 1 else row, "day": DAYS[row]})
    return paths


@given(both=windows(), part=st.sampled_from(["train", "test"]), jitter=st.integers(0, 2))
def test_T8_T12_no_window_reaches_from_one_part_into_another(
    parted: list[Path], both: tuple[Window, Window], part: str, jitter: int
) -> None:
    """Kept are the positions of which every value in the file that any window takes, or might, is in the part."""
    window, own = replace(both[0], jitter=jitter), both[1]
    mine = [(day == 2) is (part == "test") for day in DAYS]
    wanted: list[int] = []
    for first, last in ((0, 22), (22, len(DAYS))):
        for _, at, _ in expected(replace(window, jitter=None), [None, own], [np.arange(last - first)]):
            numbers = flat(taken(window, None, at)) + flat(taken(window, own, at))
            reach = range(first + min(numbers) - jitter, first + max(numbers) + jitter + 1)
            if mine[first + at] and all(mine[row] for row in reach if first <= row < last):
                wanted.append(first + at)
    sample = {"x": Take("x"), "y": Take("x", window={"step": own}), "at": Position("step")}
    tried = loader(Parted, over="step", split=f"days/{part}", window={"step": window}, sample=sample, batch=Batch(50))
    if not wanted:
        with pytest.raises(DataError, match="no sample is left"):
            tried.loader(parted)
        return
    batches = list(tried.loader(parted, seed=2))
    assert sum(len(batch["at"]) for batch in batches) == len(wanted)
    if not jitter:
        assert [int(at) for batch in batches for at in batch["at"]] == wanted
    pads = window.edge == "pad"  # beyond the file: zeros
    rows = {int(x) for batch in batches for key in ("x", "y") for x in batch[key].reshape(-1)} - (
        {0} if pads else set()
    )
    assert all(mine[row] for row in rows)


def test_a_window_of_entries_of_which_some_have_no_value(parted: list[Path]) -> None:
    window = {"step": Window(length=4, hop=2, shift=-1, edge="pad")}
    sample = {"half": Take("half", fill=-7), "at": Position("step")}
    (batch,) = loader(Parted, over="step", window=window, sample=sample, batch=Batch(50)).loader(parted[:1])
    for half, at in zip(batch["half"].tolist(), batch["at"].tolist(), strict=True):
        rows = range(at - 1, at + 3)
        assert half == [0 if not 0 <= row < 22 else -7 if row % 4 == 1 else row for row in rows]


@pytest.mark.parametrize(
    ("over", "window", "names"),
    [
        ("time", {"time": Window(length=3, hop=2)}, ["x", "x (2)", "digit"]),
        ("time", {"time": Window(length=4, hop=1, edge="pad", shift=-2)}, ["x", "x (2)", "digit"]),
        ("time", {}, ["x", "x (2)", "digit"]),
        ("time", {"time": Window(ranges=[(0, 3), (2, 7)])}, ["x", "x (2)", "digit"]),
        ("clip", {"time": Window(length=3, at="random", edge="pad")}, ["x", "x (2)", "digit"]),
        ("step", {"step": Window(length=3, hop=2)}, ["x", "x (2)"]),
    ],
)
def test_pieces_are_measured(clips: Path, steps: Path, over: str, window: dict[str, Window], names: list[str]) -> None:
    """`bench` reads with h5py what the windows of a loader take, as many values as they do."""
    own = {over: Window(shift=1)} if over in window else {}
    of_steps = over == "step"
    address = "x" if of_steps else "wave"
    sample: dict[str, Any] = {"x": Take(address), "y": Take(address, window=own)}
    if not of_steps:
        sample["digit"] = Take("digit")
    tried = loader(Steps if of_steps else Clips, over=over, window=window, sample=sample, batch=Batch(4, shuffle=True))
    figures = measure("tried", tried, steps if of_steps else clips, 0.04)
    assert figures.samples == len(tried(steps if of_steps else clips))
    assert figures.rates[0].name == "h5schema"
    assert all(rate.samples_per_second > 0 for rate in figures.rates)
    assert [one.address.replace(address, "x") for one in figures.features] == names
