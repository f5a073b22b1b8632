"""Files of an older version of a schema, read and changed by the classes of a newer one."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import h5py
import numpy as np
import pytest

from h5schema import cli, pipeline
from h5schema.errors import FileError

DIMS = "dims: {clip: {ids: true}, time: {per: clip}, item: {per: clip}, part: {per: item}, gene: 2}\n"
OLD = f"""h5schema: 1
name: clips
version: 1.0.0
{DIMS}features:
  wave: {{dims: [clip, time], dtype: float32, unit: V}}
  label: {{dims: [clip], dtype: uint8, optional: true}}
  lists: {{dims: [clip, item, part], dtype: int16}}
  counts: {{dims: [clip, gene], dtype: float32, store: csr}}
  words: {{dims: [clip], dtype: category}}
  nodes: {{dims: [clip, 2], dtype: float64, at: 'nodes/{{clip}}'}}
  rate: {{dtype: float64, at: '@rate'}}
  table: {{dims: [3], dtype: int32}}
groups:
  notes:
    over: clip
    features:
      text: {{dtype: str}}
      grade: {{dtype: int32}}
  stars:
    over: [clip, gene]
    store: coo
    features:
      stars: {{dtype: float32}}
      time_of: {{dtype: int64}}
  rows:
    over: clip
    store: table
    features:
      a: {{dtype: int32}}
      b: {{dtype: float32}}
"""
RENAMED = {
    "wave": "sound", "label": "kind", "lists": "lists_now", "counts": "counted", "words": "terms", "nodes": "points",
    "rate": "sampling", "table": "numbers",
}  # fmt: skip


def renewed(text: str, **more: str) -> str:
    """The schema with new names."""
    for old, new in RENAMED.items():
        text = text.replace(f"  {old}: {{", f"  {new}: {{renamed_from: {old}, ")
    text = text.replace("'nodes/{clip}'", "'points/{clip}'").replace("'@rate'", "'@sampling'")
    for old, new in {"notes": "remarks", "stars": "ratings", "rows": "records"}.items():
        text = text.replace(f"\n  {old}:\n", f"\n  {new}:\n    renamed_from: {old}\n", 1)
    for old, new in {"grade": "mark", "b": "second", "time_of": "since"}.items():
        text = text.replace(f"      {old}: {{", f"      {new}: {{renamed_from: {old}, ")
    for old, new in more.items():
        text = text.replace(old, new)
    return text.replace("1.0.0", "2.0.0")


@contextlib.contextmanager
def package(folder: Path, name: str, text: str) -> Iterator[ModuleType]:
    """The package of one version; that of another has the same name."""
    (folder / name).mkdir(exist_ok=True)
    (folder / name / "clips.yaml").write_text(text)
    pipeline.generate([folder / name / "clips.yaml"], folder / name)
    known = {key: sys.modules.pop(key) for key in [*sys.modules] if key.partition(".")[0] == "clips"}
    sys.path.insert(0, str(folder / name))
    try:
        yield importlib.import_module("clips")
    finally:
        sys.path.remove(str(folder / name))
        for key in [*sys.modules]:
            if key.partition(".")[0] == "clips":
                del sys.modules[key]
        sys.modules.update(known)


def old_entry(at: int) -> dict[str, object]:
    return {
        "wave": np.full(at + 1, at, np.float32),
        "label": None if at == 1 else at,
        "lists": [np.arange(one, dtype=np.int16) for one in range(at)],
        "counts": np.array([0, at], np.float32),
        "words": "odd" if at % 2 else "even",
        "nodes": np.array([at, -at], np.float64),
        "notes": {"text": f"text {at}", "grade": -at},
        "stars": {"stars": np.array([at, 0], np.float32), "time_of": np.array([at, 0])},
        "rows": {"a": at, "b": at / 2},
    }


def new_entry(at: int) -> dict[str, object]:
    old = old_entry(at)
    made = {RENAMED.get(name, name): value for name, value in old.items() if not isinstance(value, dict)}
    return {
        **made,
        "remarks": {"text": f"text {at}", "mark": -at},
        "ratings": {"stars": np.array([at, 0], np.float32), "since": np.array([at, 0])},
        "records": {"a": at, "second": at / 2},
    }


def write_old(made: ModuleType, path: Path, count: int = 3) -> None:
    with made.ClipsWriter.create(path) as w:
        w.rate, w.table = 8000.0, np.arange(3, dtype=np.int32)
        for at in range(count):
            w.clip[f"{path.stem}-{at}"] = old_entry(at)


def plain(value: object) -> object:
    """A value that can be compared."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    dense = getattr(value, "dense", None)
    return plain(dense()) if dense is not None else value.tolist() if isinstance(value, np.ndarray) else value


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("versions")


@pytest.fixture
def old_file(folder: Path, tmp_path: Path) -> Path:
    with package(folder, "old", OLD) as made:
        write_old(made, tmp_path / "a.h5")
    return tmp_path / "a.h5"


def test_every_kind_is_read_under_its_new_name(folder: Path, old_file: Path) -> None:
    with package(folder, "new", renewed(OLD)) as made, made.Clips(old_file) as f:
        assert plain(f.clip["a-2"]) == plain(new_entry(2))
        assert plain(f.clip["a-1"]) == plain(new_entry(1))
        assert (f.sampling[()], f.numbers[()].tolist()) == (8000.0, [0, 1, 2])
        assert f.sound.values[1:3].tolist() == [1, 1]
        assert f.ratings.since[:].values.tolist() == [1, 2]
        assert f.kind[:].present.tolist() == [True, False, True]
        f.verify()


def test_a_file_is_extended_and_edited_and_stays_of_its_own_version(folder: Path, old_file: Path) -> None:
    with package(folder, "new", renewed(OLD)) as made:
        with made.ClipsWriter.edit(old_file) as w:
            w.clip["b"] = new_entry(5)
            w.clip["a-0"] = new_entry(4)
            del w.clip["a-1"]
            w.kind["a-2"] = 9
            w.remarks.text["a-2"] = "new words"
        with made.Clips(old_file) as f:
            assert plain(f.clip["b"]) == plain(new_entry(5))
            assert plain(f.clip["a-0"]) == plain(new_entry(4))
            f.verify()
    with package(folder, "old", OLD) as made, made.Clips(old_file) as f:
        assert sorted(f.clip) == ["a-0", "a-2", "b"]
        assert plain(f.clip["b"]) == plain(old_entry(5))
        assert (f.label["a-2"], f.notes.text["a-2"]) == (9, "new words")
        f.verify()
    with h5py.File(old_file) as file:
        assert {"wave", "notes", "rows"} <= set(file)
        assert not {"sound", "remarks", "records"} & set(file)
        assert "sound" not in file["/.h5schema/features"]


def test_files_of_both_versions_are_one(folder: Path, old_file: Path, tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="loaders need torch")
    inputs = "{x: {feature: sound, as: packed}, kind: {feature: kind, fill: 7}}"
    loader = f"loaders: {{all: {{over: clip, inputs: {inputs}, batch: 4}}}}"
    with package(folder, "loaded", renewed(OLD) + loader) as made:
        with made.ClipsWriter.create(tmp_path / "n.h5") as w:
            w.sampling, w.numbers = 8000.0, np.arange(3, dtype=np.int32)
            w.clip["n"] = new_entry(6)
        with made.Clips([old_file, tmp_path / "n.h5"]) as f:
            assert list(f.clip) == ["a-0", "a-1", "a-2", "n"]
            assert plain(f.clip["n"]) == plain(new_entry(6))
            assert [f.remarks.mark[at] for at in range(4)] == [0, -1, -2, -6]
        feed = importlib.import_module("clips.loaders").all_loader([old_file, tmp_path / "n.h5"])
        (batch,) = feed
        assert torch.equal(batch["kind"], torch.tensor([0, 7, 2, 6], dtype=torch.uint8))
        assert batch["x"].offsets.tolist() == [0, 1, 3, 6, 13]


SMALL = "h5schema: 1\nname: clips\nversion: {}\ndims: {{clip: {{ids: true}}}}\n{}features:\n{}"


def small(version: str, features: str, more: str = "") -> str:
    return SMALL.format(version, more, features)


def written(folder: Path, path: Path, text: str, **values: object) -> None:
    with package(folder, "small", text) as made, made.ClipsWriter.create(path) as w:
        w.clip["a"] = values


def refusal(folder: Path, text: str, path: Path, *, edit: bool = False) -> str:
    with package(folder, "newer", text) as made:
        use = made.ClipsWriter.edit if edit else made.Clips(path).verify
        with pytest.raises(FileError) as failed:
            use(*([path] if edit else []))
    return str(failed.value).replace(str(path), "FILE")


HEADER = (
    "FILE: the file is of schema clips 1.0.0, and this class is of clips 2.0.0; they differ:\n{}\n"
    "  help: use the package that was generated from the schema in the file, or extract the data anew"
)


def test_what_is_refused_and_why(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "one.h5"
    kind = "  kind: {dims: [clip], dtype: uint8, renamed_from: label}\n"
    written(folder, path, small("1.0.0", "  tag: {dims: [clip], dtype: uint8}\n"), tag=1)
    assert refusal(folder, small("2.0.0", kind), path) == HEADER.format(
        "  - feature kind: in the class only; the file has no label either, as it was called in older versions\n"
        "  - feature tag: in the file only"
    )
    path = tmp_path / "two.h5"
    both = "  label: {dims: [clip], dtype: uint8}\n  kind: {dims: [clip], dtype: uint8}\n"
    written(folder, path, small("1.0.0", both), label=1, kind=2)
    both_there = HEADER.format(
        "  - feature label: in the file only; kind was called so in an older version, and the file has that too"
    )
    assert refusal(folder, small("2.0.0", kind), path) == both_there
    assert refusal(folder, small("2.0.0", kind, "reserved: [label]\n"), path) == both_there, "a reserved name too"

    path = tmp_path / "three.h5"
    written(folder, path, small("1.0.0", "  label: {dims: [clip], dtype: str}\n"), label="x")
    assert refusal(folder, small("2.0.0", kind), path) == HEADER.format(
        "  - feature label: dtype str in the file, uint8 in the class"
    )
    required = kind + "  more: {dims: [clip], dtype: uint8}\n"
    written(folder, tmp_path / "four.h5", small("1.0.0", "  label: {dims: [clip], dtype: uint8}\n"), label=1)
    assert refusal(folder, small("2.0.0", required), tmp_path / "four.h5") == HEADER.format(
        "  - feature more: in the class only"
    )


def test_what_is_reserved_is_left_out_and_not_changed(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "one.h5"
    old = small("1.0.0", "  kind: {dims: [clip], dtype: uint8}\n  gone: {dims: [clip], dtype: str}\n")
    written(folder, path, old, kind=1, gone="x")
    new = small("2.0.0", "  kind: {dims: [clip], dtype: uint8}\n", "reserved: [gone]\n")
    with package(folder, "newer", new) as made, made.Clips(path) as f:
        assert f.clip["a"] == {"kind": 1}
        f.verify()
    assert refusal(folder, new, path, edit=True) == HEADER.format(
        "  - feature gone: in the file only; the schema reserves the name, so such a file is read, and not changed"
    )
    assert "gone: in the file only" in refusal(folder, new.replace("reserved: [gone]\n", ""), path)


def test_an_update_takes_over_what_was_called_otherwise(folder: Path, tmp_path: Path) -> None:
    """Nothing is extracted again, and the file has the new names."""
    (tmp_path / "texts").mkdir()
    for name in ("a", "b"):
        (tmp_path / f"texts/{name}.txt").write_text(f"it is {name}")
    old = """h5schema: 1
name: clips
version: 1.0.0
dims: {doc: {source: '{name}.txt'}}
features:
  text: {dims: [doc], dtype: str, call: text}
  name: {dims: [doc], dtype: str, from: '{name}'}
  gone: {dims: [doc], dtype: str, from: '{name}'}
"""
    new = old.replace("  text: {", "  words: {renamed_from: text, ").replace(
        "  gone: {dims: [doc], dtype: str, from: '{name}'}\n", ""
    )
    new = new.replace("1.0.0", "2.0.0") + "reserved: [gone]\n"
    (tmp_path / "old.yaml").write_text(old)
    (tmp_path / "new.yaml").write_text(new)
    target = tmp_path / "out.h5"
    assert cli.main(["extract", str(tmp_path / "old.yaml"), str(tmp_path / "texts"), "-o", str(target)]) == 0
    for path in (tmp_path / "texts").iterdir():  # what is read again would be seen
        was = path.stat()
        path.write_text("changed")
        os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))
    assert (
        cli.main(["extract", str(tmp_path / "new.yaml"), str(tmp_path / "texts"), "-o", str(target), "--update"]) == 0
    )
    with package(folder, "updated", new) as made, made.Clips(target) as f:
        assert list(f.words[:]) == ["it is a", "it is b"]
        f.verify()
    with h5py.File(target) as file:
        assert {"words", "text", "gone"} & set(file) == {"words"}


def test_a_deprecated_feature_warns_where_it_is_read(folder: Path, tmp_path: Path) -> None:
    text = small(
        "1.0.0",
        "  kind: {dims: [clip], dtype: uint8, deprecated: take mark}\n"
        "  odd: {dims: [clip], dtype: uint8, deprecated: true}\n"
        "  mark: {dims: [clip], dtype: uint8}\n",
    )
    with package(folder, "small", text) as made:
        with warnings.catch_warnings(), made.ClipsWriter.create(tmp_path / "a.h5") as w:
            warnings.simplefilter("error")
            w.clip["a"] = {"kind": 1, "odd": 2, "mark": 3}
        with made.Clips(tmp_path / "a.h5") as f, warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("default")
            assert [f.mark[0], *(f.kind[0] for _ in range(3)), f.odd[0]] == [3, 1, 1, 1, 2]
    assert [(str(one.message), one.category, one.filename) for one in told] == [
        ("Clips.kind is deprecated: take mark", DeprecationWarning, __file__),
        ("Clips.odd is deprecated", DeprecationWarning, __file__),
    ]
