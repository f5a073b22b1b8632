"""Entries of a finished file are replaced, written in part, grown, renamed and taken away."""

from __future__ import annotations

import os
import time
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from assorted import extraction, make
from blank import declare
from everything import Everything, EverythingWriter
from everything.examples import entry as every_entry
from everything.examples import equal, name_of, write
from test_shapes import Images, ImagesWriter, Shapes, ShapesWriter, image_of, same, shapes_of
from test_tables import entry as particle
from test_tables import particles
from test_tables import same as same_particle

from h5schema.errors import DataError, FileError, H5SchemaError, UsageError
from h5schema.runtime import Array, Axis, Category, Check, IdAxis, Ragged, RaggedAxis, Scalar, Text, optional
from h5schema.runtime.inspect import describe
from h5schema.runtime.repacking import repack
from h5schema.runtime.writing import unchangeable

Reader, Creator = declare(
    clip=IdAxis(dict),
    time=RaggedAxis(per="clip"),
    mark=RaggedAxis(per="clip"),
    frame=Axis(dict),
    wave=Ragged(np.float32, "clip time", check=Check(finite=True)),
    mask=optional(Ragged(np.bool_, "clip time")),
    loss=Ragged(np.float64, "clip mark"),
    note=Text("clip"),
    number=Scalar(np.int64, "clip", check=Check(unique=True)),
    image=Array(np.uint8, "clip 4 4", codec="default"),
    x=Array(np.float32, "frame 2 3"),
    label=Category("frame"),
)


def entry(i: int) -> dict[str, Any]:
    return {
        "wave": np.arange(i, dtype=np.float32),
        "mask": np.arange(i) % 2 == 0 if i % 3 else None,
        "loss": np.arange(2.0),
        "note": f"clip {i}",
        "number": i,
        "image": np.full((4, 4), i, np.uint8),
    }


def frame(i: int) -> dict[str, Any]:
    return {"x": np.full((2, 3), i, np.float32), "label": "even" if i % 2 == 0 else "odd"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "a.h5"
    with Creator.create(made) as w:
        for i in range(6):
            w.clip[f"clip {i}"] = entry(i)
            w.frame.append(frame(i))
    return made


def expect(path: Path, clips: dict[str, dict[str, Any]]) -> None:
    with Reader(path) as f:
        f.verify()
        assert list(f.clip) == list(clips)
        for key, want in clips.items():
            found = f.clip[key]
            assert found.keys() == want.keys()
            for name, value in want.items():
                assert (found[name] is None) == (value is None), (key, name)
                assert np.array_equal(np.asarray(found[name]), np.asarray(value)), (key, name)


def test_M8_add_get_set(path: Path) -> None:
    clips = {f"clip {i}": entry(i) for i in range(6)}
    with Creator.edit(path) as w:
        for key, i in (("clip 1", 30), ("clip 5", 1), ("new", 7), ("clip 0", 31), ("new", 40)):
            w.clip[key] = clips[key] = entry(i)
            assert w.clip[key]["note"] == f"clip {i}"
    expect(path, clips)


def test_M8_delete_then_add(path: Path) -> None:
    with Creator.edit(path) as w:
        del w.clip["clip 1"]
        del w.clip["clip 4"]
        assert "clip 1" not in w.clip
        with pytest.raises(KeyError, match="no entry of clip has the id 'clip 1'"):
            del w.clip["clip 1"]
        w.clip["clip 1"] = entry(9)
    order = [("clip 0", 0), ("clip 5", 5), ("clip 2", 2), ("clip 3", 3), ("clip 1", 9)]
    expect(path, {key: entry(i) for key, i in order})


def test_M8_delete_everything(path: Path) -> None:
    with Creator.edit(path) as w:
        w.clip.clear()
        for _ in range(6):
            del w.frame[-1]
    expect(path, {})
    with Creator.edit(path) as w:
        w.clip["again"] = entry(3)
        w.frame.append(frame(8))
    expect(path, {"again": entry(3)})
    with Reader(path) as f:
        assert f.frame[0]["label"] == "even"


def test_M8_rename(path: Path) -> None:
    with Creator.edit(path) as w:
        w.clip.rename("clip 1", "ä" * 50)
        w.clip.rename("clip 2", "clip 1")
        w.clip.rename("clip 3", "clip 3")
        offsets = w.hdf5()[".h5schema/dims/clip/ids/offsets"]
        assert offsets[:3].tolist() == [0, 6, 106], "h5py sees them, too"
        for old, new, message in (
            ("clip 4", "clip 5", "there is an entry with the id 'clip 5' already"),
            ("clip 4", "", "'' is no id"),
            ("clip 9", "x", "no entry of clip has the id 'clip 9'"),
        ):
            with pytest.raises(DataError, match=message):
                w.clip.rename(old, new)
    names = ["clip 0", "ä" * 50, "clip 1", "clip 3", "clip 4", "clip 5"]
    expect(path, {name: entry(i) for i, name in enumerate(names)})
    with h5py.File(path) as file:
        index = file[".h5schema/dims/clip/index"][:]
        assert (np.diff(index[:, 0].astype(object)) > 0).all()


def test_M8_python_has_the_rest(path: Path) -> None:
    with Creator.edit(path) as w:
        assert isinstance(w.clip, MutableMapping)
        assert w.clip.pop("clip 0")["number"] == 0
        assert w.clip.pop("clip 0", None) is None
        assert w.clip.setdefault("clip 1", entry(50))["number"] == 1
        w.clip.update({"clip 1": entry(60), "other": entry(61)})
    assert set(Reader(path).clip) == {"clip 1", "clip 2", "clip 3", "clip 4", "clip 5", "other"}
    assert Reader(path).number["clip 1"] == 60


def test_M9_all_three_ways_write(path: Path) -> None:
    with Creator.edit(path) as w:
        w.image["clip 1"] = np.full((4, 4), 101, np.uint8)
        w.image[-1] = np.full((4, 4), 105, np.uint8)
        w.image[np.array([True, False, True, False, False, False])] = np.full((2, 4, 4), 99, np.uint8)
        w.image[["clip 3", "clip 4"]] = np.full((2, 4, 4), 98, np.uint8)
        w.image.values[0, 1:3, 0] = [7, 8]
        w.wave.values[2:9] = np.arange(100, 107, dtype=np.float32)
        w.wave.values[-1] = -1
        w.wave.values[[0, 1, 0]] = [5.0, 6.0, 7.0]
        assert w.wave.values[:4].tolist() == [7, 6, 100, 101]
    with Reader(path) as f:
        f.verify()
        assert f.image[:][:, 3, 3].tolist() == [99, 101, 99, 98, 98, 105]
        assert f.image[0][:, 0].tolist() == [99, 7, 8, 99]
        assert [one.tolist() for one in f.wave] == [
            [],
            [7],
            [6, 100],
            [101, 102, 103],
            [104, 105, 106, 3],
            [0, 1, 2, 3, -1],
        ]
        assert f.wave.values[1:13:3].tolist() == [6, 102, 105, 0]
        assert np.asarray(f.wave.values).tolist() == [7, 6, *range(100, 107), 3, 0, 1, 2, 3, -1]
        assert len(f.wave.values) == 15
        assert f.x.values[3:5, 1].tolist() == [[3] * 3, [4] * 3]


def test_M11_a_slice_into_an_entry(path: Path) -> None:
    with Creator.edit(path) as w:
        w.wave["clip 5", 1:4] = [10.0, 11.0, 12.0]
        w.wave[4, ::2] = -1.0
        w.wave[4, -1] = 8
        w.image["clip 2", 1:3, 2] = 77
        w.x[3, 1] = [1.0, 2.0, 3.0]
        w.mask["clip 5", [0, 2]] = False
    with Reader(path) as f:
        f.verify()
        assert f.wave["clip 5"].tolist() == [0, 10, 11, 12, 4]
        assert f.wave["clip 4"].tolist() == [-1, 1, -1, 8]
        assert f.image["clip 2"][:, 2].tolist() == [2, 77, 77, 2]
        assert f.x[3].tolist() == [[3, 3, 3], [1, 2, 3]]
        assert f.mask["clip 5"].tolist() == [False, False, False, False, True]


def test_M11_a_log_of_losses(path: Path) -> None:
    """Values are appended to entries in turns, one by one, with commits in between."""
    logs = {f"clip {i}": [0.0, 1.0] for i in range(6)}
    rng = np.random.default_rng(0)
    with Creator.edit(path) as w:
        for step in range(900):
            key = f"clip {rng.integers(0, 6)}"
            w.loss.append(key, step / 7)
            logs[key].append(step / 7)
            if step % 100 == 99:
                w.commit()
                with Reader(path) as f:
                    assert {key: f.loss[key].tolist() for key in logs} == logs
        w.loss.append(3, np.arange(50.0))
        logs["clip 3"] += range(50)
    with Reader(path) as f:
        f.verify()
        assert {key: f.loss[key].tolist() for key in logs} == logs
        assert f.hdf5()["loss"].shape[0] < 4 * sum(map(len, logs.values())), "room for more is no more than that"


@pytest.mark.parametrize("codec", ["none", "default"])
def test_M11_appending_does_not_get_dearer(tmp_path: Path, codec: str) -> None:
    """The second half of 16000 values costs no more than some times the first, and each far less than a copy."""
    reader, writer = declare(
        run=IdAxis(dict), step=RaggedAxis(per="run"), loss=Ragged(np.float32, "run step", codec=codec)
    )
    with writer.create(tmp_path / "a.h5") as w:
        for key in ("a", "b"):
            w.run[key] = {"loss": np.empty(0, np.float32)}
    seconds: list[float] = []
    with writer.edit(tmp_path / "a.h5") as w:
        for _ in range(2):
            begun = time.process_time()
            for step in range(4000):
                w.loss.append("a", float(step))
                w.loss.append("b", float(-step))
            seconds.append(time.process_time() - begun)
    assert seconds[1] < 3 * seconds[0] + 0.5
    with reader(tmp_path / "a.h5") as f:
        f.verify()
        assert f.loss["a"].tolist() == [*range(4000), *range(4000)]
        assert f.loss["b"].tolist() == [-step for step in (*range(4000), *range(4000))]
        assert f.hdf5()["loss"].shape[0] < 5 * 16000


def test_M14_results_are_written_back(tmp_path: Path) -> None:
    """Batches of results in any order, where each came from; those of optional features appear."""
    reader, writer = declare(
        row=Axis(dict),
        x=Array(np.float32, "row 8"),
        score=optional(Scalar(np.float32, "row")),
        embedding=optional(Array(np.float32, "row 5", codec="default", chunk=600)),
        found=Text("row"),
    )
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"x": np.random.default_rng(0).random((1000, 8), np.float32), "found": [""] * 1000})
    order = np.random.default_rng(1).permutation(1000)[:937]
    with writer.edit(tmp_path / "a.h5") as w:
        for rows in np.array_split(order, 30):
            x = w.x[rows]
            w.score[rows] = x.sum(axis=1)
            w.embedding[rows] = x[:, :5] * 2
            w.found[rows] = [f"row {row}" for row in rows]
        w.commit()
    with reader(tmp_path / "a.h5") as f:
        f.verify()
        there = np.zeros(1000, bool)
        there[order] = True
        assert np.array_equal(f.score[:].present, there)
        assert np.array_equal(f.score[:].values[there], f.x[:].sum(axis=1)[there])
        assert np.array_equal(f.embedding[:].values[there], f.x[:][there][:, :5] * 2)
        assert list(f.found) == [f"row {row}" if there[row] else "" for row in range(1000)]


def test_what_is_named_twice_gets_the_last_value(path: Path) -> None:
    with Creator.edit(path) as w:
        w.note[[3, 1, 3]] = ["first", "one", "last"]
        w.x[[2, 2]] = np.stack([np.zeros((2, 3), np.float32), np.ones((2, 3), np.float32)])
    with Reader(path) as f:
        assert (f.note[3], f.note[1], f.x[2].sum()) == ("last", "one", 6)


def test_categories(path: Path) -> None:
    with Creator.edit(path) as w:
        w.label[1] = "new"
        w.label[[3, 5]] = ["odd", "newer"]
        w.frame[0] = frame(1)
        del w.frame[2]
    with Reader(path) as f:
        f.verify()
        assert list(f.label[:]) == ["odd", "new", "newer", "odd", "even"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda w: w.wave.__setitem__("clip 3", np.zeros(3)),
            "/wave, row 3: the values are float64, and float32 does not hold",
        ),
        (lambda w: w.wave.__setitem__(("clip 3", 0), np.nan), "/wave: nan breaks the check"),
        (lambda w: w.wave.__setitem__(("clip 3", slice(0, 2)), [1.0, 2.0, 3.0]), r"values of shape \[3\] for \[2\]"),
        (lambda w: w.wave.__setitem__(("clip 3", 5), 1.0), "index 5 is out of bounds"),
        (lambda w: w.mask.__setitem__(("clip 3", 0), True), "entry 3 is absent, so it has no values"),
        (lambda w: w.number.__setitem__(2, 5), "row 2: 5 stands twice in number"),
        (lambda w: w.number.__setitem__([1, 2], [8, 8]), "row 2: 8 stands twice in number"),
        (lambda w: w.number.__setitem__(0, None), "/number, row 0: the entry is None, but the feature is not optional"),
        (
            lambda w: w.image.__setitem__([1, 2], np.zeros((3, 4, 4), np.uint8)),
            "3 entries are given, but the others have 2",
        ),
        (lambda w: w.image.__setitem__(6, np.zeros((4, 4), np.uint8)), "row 6 is asked for, but there are 6"),
        (lambda w: w.image.__setitem__("none", np.zeros((4, 4), np.uint8)), "no entry of clip has the id 'none'"),
        (
            lambda w: w.mask.__setitem__("clip 4", np.ones(9, bool)),
            "mask would have length 9, but wave has 4, and both run over time",
        ),
        (lambda w: w.wave.__setitem__("clip 5", np.ones(2, np.float32)), "wave would have length 2, but mask has 5"),
        (lambda w: w.wave.append("clip 1", 1.0), "mask run over time too, and would no longer have the same length"),
        (lambda w: w.loss.append("clip 1", "much"), "'much'"),
        (lambda w: w.note.append("clip 1", "more"), "the entries of note do not run over one ragged dim"),
        (lambda w: w.note.__setitem__(("clip 1", 0), "a"), "note has entries of `str`, which are no arrays or numbers"),
        (lambda w: w.clip.__setitem__("clip 1", entry(1) | {"wavf": 1}), "wavf is no feature"),
        (lambda w: w.clip.__setitem__("clip 1", {"number": 1}), "the entry is None, but the feature is not optional"),
        (lambda w: w.frame.__delitem__(6), "entry 6 is asked for, but there are 6"),
        (lambda w: w.frame.__setitem__(slice(0, 2), []), "is no position"),
        (lambda w: w.frame.__setitem__(6, frame(6)), "entry 6 is asked for, but there are 6"),
        (lambda w: w.clip.__delitem__(0), "0 is no id"),
    ],
)
def test_what_does_not_fit_changes_nothing(path: Path, change: Any, message: str) -> None:
    before = path.read_bytes()
    with Creator.edit(path) as w:
        with pytest.raises(H5SchemaError, match=message):
            change(w)
        w.clip["clip 0"] = entry(0)
    expect(path, {f"clip {i}": entry(i) for i in range(6)})
    with Creator.edit(path) as w:
        with pytest.raises(H5SchemaError, match=message):
            change(w)
        w.close()
    assert len(path.read_bytes()) >= len(before)
    expect(path, {f"clip {i}": entry(i) for i in range(6)})


def test_replaced_values_may_be_used_again(path: Path) -> None:
    """What no entry has any more is free for another: `unique` holds for what is there."""
    with Creator.edit(path) as w:
        w.number[1] = 100
        w.number[2] = 1
        del w.clip["clip 5"]
        w.number[[0, 1]] = [5, 0]
        w.number[[0, 1]] = [0, 5]
    assert Reader(path).number[:].tolist() == [0, 5, 1, 3, 4]


def test_an_exception_takes_everything_back(path: Path) -> None:
    def fail() -> None:
        with Creator.edit(path) as w:
            w.clip["clip 1"] = entry(30)
            w.commit()
            del w.clip["clip 2"]
            w.clip.rename("clip 3", "x")
            w.wave["clip 4", 0] = 9
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    expect(path, {f"clip {i}": entry(30 if i == 1 else i) for i in range(6)})


def test_while_a_new_file_is_made(tmp_path: Path) -> None:
    """The same goes for a file that is not finished: nothing of it needs to be in chunks."""
    with Creator.create(tmp_path / "a.h5") as w:
        for i in range(40):
            w.clip[f"clip {i}"] = entry(i)
            if i % 3 == 2:
                del w.clip[f"clip {i - 2}"]
            if i % 5 == 4:
                w.clip[f"clip {i}"] = entry(i + 100)
            w.loss.append(f"clip {i}", 7.0)
        kept = list(w.clip)
    clips = {}
    for key in kept:
        i = int(key.split()[1])
        clips[key] = entry(i + 100 if i % 5 == 4 else i) | {"loss": np.array([0, 1, 7.0])}
    assert len(kept) == 27
    expect(tmp_path / "a.h5", clips)
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["number"].chunks is None


def test_everything_that_a_feature_can_be(tmp_path: Path) -> None:
    """Each entry takes the values of the next, and every third one goes."""
    path = write(tmp_path / "a.h5", 24)
    wanted = {name_of(i): every_entry(i) for i in range(24)}
    with EverythingWriter.edit(path) as w:
        for i in range(24):
            wanted[name_of(i)] = every_entry(i + 1)
            w.sample[name_of(i)] = every_entry(i + 1)
        for i in range(0, 24, 3):
            del w.sample[name_of(i)]
            del wanted[name_of(i)]
    with Everything(path) as f:
        f.verify()
        assert set(f.sample) == set(wanted)
        assert all(equal(f.sample[key], one) for key, one in wanted.items())
    repack(EverythingWriter, path, text="h5schema: 1\n")
    with Everything(path) as f:
        f.verify()
        assert all(equal(f.sample[key], one) for key, one in wanted.items())


def test_repack_closes_gaps(tmp_path: Path) -> None:
    """Moved entries and those that are gone leave room; a file that is written anew has none."""
    path = tmp_path / "a.h5"
    long = {"wave": np.zeros(50_000, np.float32), "loss": np.zeros(2)}
    with Creator.create(path) as w:
        for i in range(20):
            w.clip[f"clip {i}"] = entry(i) | long | {"mask": None}
    small = path.stat().st_size
    with Creator.edit(path) as w:
        for i in range(20):
            w.clip[f"clip {i}"] = entry(i) | {"wave": np.ones(50_001, np.float32), "mask": None}
        for i in range(15):
            del w.clip[f"clip {i}"]
    assert path.stat().st_size > 1.9 * small, "every entry was moved"
    done = repack(Creator, path, text="h5schema: 1\n")
    assert done.after < small / 3
    with Reader(path) as f:
        f.verify()
        assert sorted(f.clip) == [f"clip {i}" for i in range(15, 20)]
        assert f.wave.values[:].sum() == 5 * 50_001
        assert f.hdf5()["wave"].shape == (5 * 50_001,)


def test_large_values_in_one_piece_are_not_copied(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unchangeable, "_SPREAD_BYTES", 100)
    command = r"write it anew in chunks: h5schema repack .*a\.h5 --layout chunked"
    with Creator.edit(path) as w:
        for change in (lambda: w.frame.append(frame(9)), lambda: w.frame.__delitem__(0)):
            with pytest.raises(FileError, match=command):
                change()
        with pytest.raises(FileError, match=command):
            w.frame.extend({"x": np.zeros((2, 2, 3), np.float32), "label": ["a", "b"]})
        w.x[2] = np.full((2, 3), 8, np.float32)
    assert Reader(path).x[2].sum() == 48
    assert len(Reader(path).frame) == 6


def test_an_update_after_changes(tmp_path: Path) -> None:
    """Sources of entries go with them: what was replaced stays, what was taken away comes again."""
    make(tmp_path, 20, failing=False)
    job = extraction(tmp_path)
    job.run([tmp_path / "in"], tmp_path / "out.h5", functions=tmp_path)
    reader, writer = job.writer.__mro__[1], job.writer
    with reader(tmp_path / "out.h5") as f:
        pages = dict(f.page.items())
    keys = list(pages)
    letters = np.full(6, 9, np.uint8)
    with writer.edit(tmp_path / "out.h5") as w:
        w.letters[keys[3]] = letters
        del w.page[keys[0]]
        w.page.rename(keys[1], "renamed")
    job.run([tmp_path / "in"], tmp_path / "out.h5", functions=tmp_path, update=True)
    with reader(tmp_path / "out.h5") as f:
        f.verify()
        assert set(f.page) == {*keys, "renamed"}
        for key in keys[1:]:
            assert f.name[key] == pages[key]["name"]
            assert np.array_equal(f.letters[key], letters if key == keys[3] else pages[key]["letters"]), key
        assert f.name["renamed"] == pages[keys[1]]["name"]


def test_nothing_is_left_beside_it(path: Path) -> None:
    with Creator.edit(path) as w:
        w.clip["clip 1"] = entry(20)
        del w.frame[1]
    assert os.listdir(path.parent) == [path.name]
    with pytest.raises(UsageError, match="no file is being written"):
        w.clip["clip 1"] = entry(21)


def test_shapes_and_lists(tmp_path: Path) -> None:
    """Arrays whose whole shape varies, and lists of arrays: entries are replaced, moved and taken away."""
    images = {str(i): image_of(i, i % 4, i % 3 + 1) for i in range(9)}
    with ImagesWriter.create(tmp_path / "a.h5") as w:
        for key, one in images.items():
            w.image[key] = one
    shapes = {str(i): shapes_of(i, None if i == 4 else [j % 5 for j in range(i)]) for i in range(9)}
    with ShapesWriter.create(tmp_path / "b.h5") as w:
        for key, one in shapes.items():
            w.image[key] = one
    with ImagesWriter.edit(tmp_path / "a.h5") as w, ShapesWriter.edit(tmp_path / "b.h5") as v:
        for i in range(0, 9, 2):
            w.image[str(i)] = images[str(i)] = image_of(i + 20, 7 - i // 2, i)
            v.image[str(i)] = shapes[str(i)] = shapes_of(i + 21, [4, 0, i])
        for key in ("0", "7"):
            for writer, known in ((w, images), (v, shapes)):
                del writer.image[key]
                del known[key]
        w.pixels["3"] = images["3"]["pixels"] = images["3"]["pixels"][::-1].copy()
        v.outline["3"] = shapes["3"]["outline"] = [one + 1 for one in shapes["3"]["outline"]]
        for change in (
            lambda: w.pixels.__setitem__("3", np.concatenate([images["3"]["pixels"]] * 2)),
            lambda: v.outline.__setitem__("3", [np.zeros((2, 2), np.float32)]),
            lambda: v.outline.__setitem__("3", [*shapes["3"]["outline"][:-1], np.zeros((9, 2), np.float32)]),
        ):
            with pytest.raises(DataError, match=r"row 3.*has length .*, and both run over"):
                change()
    for reader, name, known in ((Images, "a.h5", images), (Shapes, "b.h5", shapes)):
        with reader(tmp_path / name) as f:
            f.verify()
            assert set(f.image) == set(known)
            for key, one in known.items():
                found = f.image[key]
                assert all(same(found[feature], one.get(feature)) for feature in found), key


def test_inspect_tells_of_a_journal(path: Path) -> None:
    assert describe(path).journal == 0
    with Creator.edit(path) as w:
        w.clip["clip 1"] = entry(20)
        assert describe(path).journal == 0, "nothing was committed"
        w.commit()
        report = describe(path)
        assert report.journal == path.with_name("a.h5.journal").stat().st_size
        assert "  its last commits stand in a.h5.journal (" in str(report)
        assert "programs that know no journal see the file as it was before" in str(report)
    assert "journal" not in str(describe(path))


def test_a_small_change_costs_little_after_a_large_one(tmp_path: Path) -> None:
    """Of 8 MiB that were replaced, a commit of one row more writes some 64 KiB into the journal, not all again."""
    reader, writer = declare(row=Axis(dict), x=Array(np.float32, "row 256"))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"x": np.zeros((8192, 256), np.float32)})
    journal = tmp_path / "a.h5.journal"
    with writer.edit(tmp_path / "a.h5") as w:
        w.x[:] = np.ones((8192, 256), np.float32)
        w.commit()
        before = journal.stat().st_size
        assert before > 8 << 20
        w.x[4000] = np.full(256, 2, np.float32)
        w.commit()
        assert journal.stat().st_size - before < 256 << 10
    with reader(tmp_path / "a.h5") as f:
        f.verify()
        assert f.x[:].sum() == 8193 * 256


@pytest.mark.parametrize("begin", ["create", "edit"])
def test_what_was_just_given_is_read_back_by_id(path: Path, begin: str) -> None:
    """One view at a time, without asking for anything else in between."""
    if begin == "create":
        path = path.with_name("new.h5")
    with getattr(Creator, begin)(path) as w:
        for i in range(100, 110):
            w.clip[f"clip {i}"] = entry(i)
            assert w.image[f"clip {i}"].tolist() == entry(i)["image"].tolist()
            w.loss.append(f"clip {i}", float(i))
            assert w.loss[f"clip {i}"].tolist() == [0, 1, i]
            w.loss.append(f"clip {i - 1 if i > 100 else i}", 7.0)
            w.clip[f"other {i}"] = entry(i + 50)
            assert w.note[f"other {i}"] == f"clip {i + 50}"
            assert w.wave[f"clip {i}", 2:4].tolist() == [2, 3]
    with Reader(path) as f:
        f.verify()
        assert f.loss["clip 100"].tolist() == [0, 1, 100, 7, 7]


def test_members_of_a_table(tmp_path: Path) -> None:
    reader, writer = particles()
    rows = {f"p {i}": particle(i) for i in range(7)}
    with writer.create(tmp_path / "a.h5") as w:
        for key, one in rows.items():
            w.row[key] = one
    with writer.edit(tmp_path / "a.h5") as w:
        w.row["p 2"] = rows["p 2"] = particle(30)
        del w.row["p 1"]
        w.row["new"] = particle(40)
        w.row.rename("p 3", "three")
        w.particles.grid["p 4", 1, 1:] = 99
        w.particles.info.value[[0, 2]] = np.array([1.5, 2.5])
        w.particles.wave["p 5"] = None
    del rows["p 1"]
    rows = {"three" if key == "p 3" else key: one for key, one in rows.items()} | {"new": particle(40)}
    rows["p 4"]["particles"]["grid"][1, 1:] = 99
    rows["p 0"]["particles"]["info"]["value"] = 1.5
    rows["p 2"]["particles"]["info"]["value"] = 2.5
    rows["p 5"]["particles"]["wave"] = None
    with reader(tmp_path / "a.h5") as f:
        f.verify()
        assert list(f.row) == ["p 0", "p 6", "p 2", "three", "p 4", "p 5", "new"]
        assert all(same_particle(f.row[key], one) for key, one in rows.items())
