"""Entries that come, change and go in any order, against a dict: the file has the same at every commit.

What is committed is read by our reader, verified, and read by h5py alone as docs/file-format.md says.
"""

from __future__ import annotations

import copy
import os
import shutil
import tempfile
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from blank import declare
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from h5schema.runtime import (
    Array,
    Axis,
    Check,
    Coo,
    Csr,
    Group,
    IdAxis,
    Json,
    Ragged,
    RaggedAxis,
    Scalar,
    SparseRow,
    Text,
    optional,
)


class Pair(Group):
    """Two columns with one set of coordinates."""

    stars = Coo(np.float32, "clip 6 6", shared=True)
    time = Coo(np.int64, "clip 6 6", shared=True)


Reader, Creator = declare(
    clip=IdAxis(dict),
    time=RaggedAxis(per="clip"),
    mark=RaggedAxis(per="clip"),
    frame=Axis(dict),
    wave=Ragged(np.float32, "clip time"),
    mask=optional(Ragged(np.bool_, "clip time", codec="default", chunk=64)),
    log=Ragged(np.int16, "clip mark 2", codec="lzf", chunk=200),
    note=Text("clip"),
    word=optional(Text("clip", size=12)),
    tree=optional(Json("clip")),
    number=Scalar(np.int64, "clip", check=Check(unique=True, min=0)),
    image=Array(np.uint8, "clip 7", codec="default", chunk=7 * 3),
    box=optional(Array(np.int32, "clip 2", layout="chunked", chunk=8 * 4)),
    few=Csr(np.float32, "clip 9"),
    rare=optional(Csr(np.int16, "clip 700", codec="default", chunk=100)),
    cube=optional(Coo(np.uint8, "clip 3 4 5", codec="lzf", chunk=60)),
    pair=Pair("pair"),
    x=Array(np.float64, "frame 3"),
    y=Scalar(np.int8, "frame", codec="default", chunk=5),
)
KEYS = st.sampled_from([f"clip/{i}" for i in range(7)] + ["ä" * 40, "x" * 70])
Entry = dict[str, Any]


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    size, seed = draw(st.integers(0, 60)), draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    has = partial(draw, st.booleans())
    return {
        "wave": rng.random(size).astype(np.float32),
        "mask": rng.random(size) < 0.5 if has() else None,
        "log": rng.integers(-9, 9, (draw(st.integers(0, 40)), 2)).astype(np.int16),
        "note": "ö" * draw(st.integers(0, 9)) + str(seed),
        "word": str(seed) if has() else None,
        "tree": {"seed": [seed]} if has() else None,
        "number": seed,
        "image": rng.integers(0, 256, 7).astype(np.uint8),
        "box": rng.integers(0, 99, 2).astype(np.int32) if has() else None,
        "few": scattered(rng, 9).astype(np.float32),
        "rare": scattered(rng, 700).astype(np.int16) if has() else None,
        "cube": scattered(rng, 60).reshape(3, 4, 5).astype(np.uint8) if has() else None,
        "pair": columns(rng),
    }


def scattered(rng: np.random.Generator, size: int) -> Any:
    """Elements of which some are 0: none, a few, or all of them."""
    return np.where(rng.random(size) < rng.choice([0, 0.2, 1]), rng.integers(1, 100, size), 0)


def columns(rng: np.random.Generator) -> Any:
    """Two arrays with elements in the same places."""
    at = np.flatnonzero(scattered(rng, 36))
    return {"stars": row(at, rng.random(len(at)).astype(np.float32)), "time": row(at, rng.integers(1, 9, len(at)))}


def row(at: Any, values: Any) -> SparseRow[Any]:
    return SparseRow(at, values, 36, (6, 6))


def same(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(np.array_equal(_dense(one), _dense(other)))


def _dense(value: Any) -> Any:
    return value.dense() if isinstance(value, SparseRow) else np.asarray(value)


def of_h5py(path: Path) -> tuple[dict[str, Entry], list[Entry]]:
    """Everything, by h5py alone."""
    with h5py.File(path) as file:
        ours = file[".h5schema"]
        ids = ours["dims/clip/ids"]
        if isinstance(ids, h5py.Group):
            whole, ends = ids["values"][:].tobytes(), ids["offsets"][:]
            texts = [whole[a:b].decode() for a, b in pairwise(ends)]
        else:
            texts = [one.decode() for one in ids[:]]
        clips: dict[str, Entry] = {}
        for i, text in enumerate(texts):
            clips[text] = {
                "wave": _ragged(file, "wave", "time", i),
                "mask": _ragged(file, "mask", "time", i),
                "log": _ragged(file, "log", "mark", i),
                "note": _text(file, "note", i),
                "word": file["word"][i].decode() if ours["features/word/present"][i] else None,
                "tree": _text(file, "tree", i),
                "number": file["number"][i],
                "image": file["image"][i],
                "box": file["box"][i] if ours["features/box/present"][i] else None,
                "few": _csr(file, "few", 9, i),
                "rare": _csr(file, "rare", 700, i) if ours["features/rare/present"][i] else None,
                "cube": _coo(file, "cube", "cube/data", i) if ours["features/cube/present"][i] else None,
                "pair": {name: _coo(file, "pair", f"pair/{name}", i) for name in ("stars", "time")},
            }
        frames = [{"x": x, "y": y} for x, y in zip(file["x"][:], file["y"][:], strict=True)]
        assert file["clip"].shape == (len(clips),)
        assert file["frame"].shape == (len(frames),)
        assert len(texts) == len(clips) == len(ours["dims/clip/index"])
    return clips, frames


def _ragged(file: h5py.File, name: str, dim: str, row: int) -> Any:
    start = file[f".h5schema/features/{name}/starts"][row]
    length = file[f".h5schema/dims/{dim}/lengths"][row]
    return file[name][start : start + length] if start >= 0 else None


def _csr(file: h5py.File, name: str, width: int, row: int) -> Any:
    assert file[name].attrs["shape"].tolist() == [len(file[f"{name}/indptr"]) - 1, width]
    first, last = file[f"{name}/indptr"][row : row + 2]
    dense = np.zeros(width, file[f"{name}/data"].dtype)
    dense[file[f"{name}/indices"][first:last]] = file[f"{name}/data"][first:last]
    return dense


def _coo(file: h5py.File, group: str, data: str, row: int) -> Any:
    """All elements whose first coordinate is the row; those of other entries lie before or behind them."""
    axes = sorted(one for one in file[group] if one.startswith("axis"))
    coordinates = [file[f"{group}/{one}"][:] for one in axes]
    here = file[f"{group}/clip"][:] == row
    first, last = file[f".h5schema/coordinates/{group}/ends"][row : row + 2]
    assert np.array_equal(np.flatnonzero(here), np.arange(first, last))
    dense = np.zeros({"cube": (3, 4, 5), "pair": (6, 6)}[group], file[data].dtype)
    dense[tuple(one[here] for one in coordinates)] = file[data][here]
    return dense


def _text(file: h5py.File, name: str, row: int) -> str | None:
    start, length = (file[f".h5schema/features/{name}/{one}"][row] for one in ("starts", "lengths"))
    return file[name][start : start + length].tobytes().decode() if start >= 0 else None


class Changes(RuleBasedStateMachine):
    """A writer, and the dict that it is to be like; entries keep the order of the dict until one is taken away."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "a.h5"
        self.clips: dict[str, Entry] = {}
        self.frames: list[Entry] = []
        self.writer: Any = None

    @initialize(made=st.dictionaries(KEYS, entries(), max_size=5), frames=st.integers(0, 9))
    def make(self, made: dict[str, Entry], frames: int) -> None:
        with Creator.create(self.path) as w:
            for key, entry in self._distinct(made).items():
                w.clip[key] = entry
                self.clips[key] = entry
            for i in range(frames):
                w.frame.append(self._frame(i))
        self.frames = [self._frame(i) for i in range(frames)]
        self.begin()

    def _distinct(self, made: dict[str, Entry]) -> dict[str, Entry]:
        numbers = {entry["number"]: key for key, entry in made.items()}
        return {key: made[key] for key in made if numbers[made[key]["number"]] == key}

    def _frame(self, i: int) -> Entry:
        return {"x": np.full(3, i / 7), "y": i % 100}

    def begin(self) -> None:
        self.writer = Creator.edit(self.path)
        self.committed = copy.deepcopy((self.clips, self.frames))

    def teardown(self) -> None:
        if self.writer is not None:
            self.writer.publish()
            self.expect(self.clips, self.frames)
            assert os.listdir(self.folder) == ["a.h5"]
        shutil.rmtree(self.folder)

    def free(self, number: int, key: str | None = None) -> bool:
        return all(one["number"] != number for text, one in self.clips.items() if text != key)

    def some(self, data: st.DataObject) -> str:
        return str(data.draw(st.sampled_from(sorted(self.clips))))

    # What a user does.

    @rule(key=KEYS, entry=entries())
    def put(self, key: str, entry: Entry) -> None:
        if self.free(entry["number"], key):
            self.writer.clip[key] = entry
            self.clips[key] = entry
            assert same(self.writer.image[key], entry["image"])

    @precondition(lambda self: self.clips)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        key = self.some(data)
        del self.writer.clip[key]
        last = list(self.clips)[-1]
        moved = self.clips.pop(last)
        if last != key:  # the last one takes its place
            items = [(last, moved) if text == key else (text, one) for text, one in self.clips.items()]
            self.clips = dict(items)

    @precondition(lambda self: self.clips)
    @rule(data=st.data(), new=KEYS)
    def rename(self, data: st.DataObject, new: str) -> None:
        old = self.some(data)
        if new not in self.clips or new == old:
            self.writer.clip.rename(old, new)
            self.clips = {new if text == old else text: one for text, one in self.clips.items()}

    @precondition(lambda self: self.clips)
    @rule(data=st.data(), values=st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), max_size=30))
    def append(self, data: st.DataObject, values: list[tuple[int, int]]) -> None:
        key = self.some(data)
        more = np.array(values, np.int16).reshape(-1, 2)
        self.writer.log.append(key, more)
        self.clips[key] = self.clips[key] | {"log": np.concatenate([self.clips[key]["log"], more])}

    @precondition(lambda self: self.clips)
    @rule(data=st.data(), value=st.floats(0, 1, width=32))
    def put_part(self, data: st.DataObject, value: float) -> None:
        key = self.some(data)
        entry = self.clips[key]
        part = data.draw(st.slices(max(1, len(entry["wave"]))))
        wave, image = entry["wave"].copy(), entry["image"].copy()
        self.writer.wave[key, part] = value
        wave[part] = value
        row = list(self.clips).index(key)
        self.writer.image[row, 2:5] = 7
        image[2:5] = 7
        self.clips[key] = entry | {"wave": wave, "image": image}

    @precondition(lambda self: self.clips)
    @rule(data=st.data())
    def put_values(self, data: st.DataObject) -> None:
        logs = [one["log"].copy() for one in self.clips.values()]
        size = sum(map(len, logs))
        if size:
            part = data.draw(st.slices(size))
            whole = np.concatenate(logs)
            whole[part] = -5
            self.writer.log.values[part] = -5
            ends = np.cumsum([len(one) for one in logs])[:-1]
            for key, one in zip(self.clips, np.split(whole, ends), strict=True):
                self.clips[key] = self.clips[key] | {"log": one}

    @precondition(lambda self: self.clips)
    @rule(data=st.data(), seed=st.integers(0, 2**32 - 1))
    def put_many(self, data: st.DataObject, seed: int) -> None:
        rng, keys = np.random.default_rng(seed), list(self.clips)
        rows = data.draw(st.lists(st.integers(0, len(keys) - 1), unique=True))
        images = rng.integers(0, 256, (len(rows), 7)).astype(np.uint8)
        notes = [f"note {seed}" * (row % 4) for row in rows]
        boxes = [None if row % 2 else np.full(2, row, np.int32) for row in rows]
        self.writer.image[rows] = images
        self.writer.note[rows] = notes
        self.writer.box[rows] = boxes
        for i, row in enumerate(rows):
            self.clips[keys[row]] = self.clips[keys[row]] | {"image": images[i], "note": notes[i], "box": boxes[i]}

    @precondition(lambda self: self.clips)
    @rule(data=st.data(), new=st.booleans())
    def put_one_feature(self, data: st.DataObject, new: bool) -> None:
        """`mask` has the lengths of `wave`, so only the same length will do."""
        key = self.some(data)
        entry = self.clips[key]
        mask = np.ones(len(entry["wave"]), bool) if new else None
        self.writer.mask[key] = mask
        self.clips[key] = entry | {"mask": mask}
        with pytest.raises(Exception, match="and both run over time"):
            self.writer.mask[key] = np.ones(len(entry["wave"]) + 1, bool)

    @precondition(lambda self: self.clips)
    @rule(data=st.data(), seed=st.integers(0, 2**32 - 1), together=st.booleans())
    def put_sparse(self, data: st.DataObject, seed: int, together: bool) -> None:
        rng, keys = np.random.default_rng(seed), list(self.clips)
        rows = data.draw(st.lists(st.integers(0, len(keys) - 1), unique=True))
        few = scattered(rng, 9 * len(rows)).astype(np.float32).reshape(len(rows), 9)
        cubes = [None if number % 3 else np.full((3, 4, 5), number, np.uint8) for number in rows]
        if together:
            self.writer.few[rows], self.writer.cube[rows] = few, cubes
        for i, number in enumerate(rows):
            if not together:
                self.writer.few[number], self.writer.cube[keys[number]] = few[i], cubes[i]
            self.clips[keys[number]] = self.clips[keys[number]] | {"few": few[i], "cube": cubes[i]}

    @precondition(lambda self: self.clips)
    @rule(data=st.data())
    def put_one_column(self, data: st.DataObject) -> None:
        """`time` has the coordinates of `stars`, so only elements in the same places will do."""
        key = self.some(data)
        pair = self.clips[key]["pair"]
        stars = row(pair["stars"].indices, pair["stars"].values + 1)
        self.writer.pair.stars[key] = stars
        self.clips[key] = self.clips[key] | {"pair": pair | {"stars": stars}}
        others = row(np.array([0, 35]), np.ones(2, np.float32))
        if not np.array_equal(others.indices, stars.indices):
            with pytest.raises(Exception, match="and share their coordinates"):
                self.writer.pair.stars[key] = others

    @rule(y=st.integers(0, 99))
    def append_frame(self, y: int) -> None:
        self.writer.frame.append(self._frame(y))
        self.frames.append(self._frame(y))

    @rule(y=st.lists(st.integers(0, 99), max_size=20))
    def extend_frames(self, y: list[int]) -> None:
        made = [self._frame(one) for one in y]
        self.writer.frame.extend({"x": [one["x"] for one in made], "y": y})
        self.frames += made

    @precondition(lambda self: self.frames)
    @rule(data=st.data(), y=st.integers(0, 99))
    def put_frame(self, data: st.DataObject, y: int) -> None:
        row = data.draw(st.integers(-len(self.frames), len(self.frames) - 1))
        self.writer.frame[row] = self._frame(y)
        self.frames[row] = self._frame(y)

    @precondition(lambda self: self.frames)
    @rule(data=st.data())
    def delete_frame(self, data: st.DataObject) -> None:
        row = data.draw(st.integers(0, len(self.frames) - 1))
        del self.writer.frame[row]
        last = self.frames.pop()
        if row < len(self.frames):
            self.frames[row] = last

    # What is kept of it.

    @rule()
    def commit(self) -> None:
        self.writer.commit()
        self.committed = copy.deepcopy((self.clips, self.frames))
        self.expect(*self.committed, alone=False)

    @rule()
    def roll_back(self) -> None:
        self.writer.close()
        self.writer = None
        self.clips, self.frames = copy.deepcopy(self.committed)
        self.expect(*self.committed, alone=False)  # what was committed stands in the journal
        self.begin()

    @rule()
    def close_and_go_on(self) -> None:
        self.writer.publish()
        self.writer = None
        self.expect(self.clips, self.frames)
        self.begin()

    @rule()
    def look(self) -> None:
        """What is not committed is seen through the writer only."""
        assert list(self.writer.clip) == list(self.clips)
        assert all(same(self.writer.clip[key], one) for key, one in self.clips.items())
        assert all(same(one, other) for one, other in zip(self.writer.frame, self.frames, strict=True))

    @invariant()
    def lengths(self) -> None:
        if self.writer is not None:
            assert (len(self.writer.clip), len(self.writer.frame)) == (len(self.clips), len(self.frames))

    def expect(self, clips: dict[str, Entry], frames: list[Entry], *, alone: bool = True) -> None:
        with Reader(self.path) as f:
            assert list(f.clip) == list(clips)
            assert all(same(f.clip[key], one) for key, one in clips.items())
            assert all(same(one, other) for one, other in zip(f.frame, frames, strict=True))
            f.verify()
        if alone:
            found, others = of_h5py(self.path)
            wanted = {key: one | {"tree": _json(one["tree"])} for key, one in clips.items()}
            assert list(found) == list(wanted)
            assert all(same(found[key], one) for key, one in wanted.items())
            assert all(same(one, other) for one, other in zip(others, frames, strict=True))


def _json(tree: Any) -> str | None:
    return None if tree is None else '{"seed":[' + str(tree["seed"][0]) + "]}"


TestChanges = Changes.TestCase
TestChanges.settings = settings(
    max_examples=400 if "H5SCHEMA_LONG" in os.environ else 15,
    stateful_step_count=30,
    phases=[Phase.generate],
    deadline=None,
    derandomize="H5SCHEMA_LONG" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
