"""`verify` finds what is missing, of another form, or not what was written, and names the rows of entries."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from blank import declare
from everything import Everything
from everything.examples import write

from h5schema.errors import DataError, FileError
from h5schema.runtime import Array, Axis, Enumerated, Files, IdAxis, Nested, Ragged, RaggedAxis, Scalar, Text, optional

SUMS = ".h5schema/checksums"


class Kind(IntEnum):
    """Of an enum."""

    cat = 0
    dog = 1


Reader, Creator = declare(
    clip=IdAxis(dict),
    time=RaggedAxis(per="clip"),
    wave=Ragged(np.float32, "clip time"),
    kinds=optional(Ragged(np.uint8, "clip time", enum=Kind)),
    image=Array(np.int32, "clip 6"),
    kind=Enumerated(Kind, "clip"),
    seen=Scalar(np.bool_, "clip"),
    speaker=Text("clip"),
    code=Text("clip", size=4),
    weight=optional(Scalar(np.float64, "clip")),
    title=Text(""),
    vector=Array(np.int16, "3"),
    gain=Scalar(np.float32, "", at="image@gain"),
    note=optional(Text("", at="@note")),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Ten clips of 0, 1, 2, ... values."""
    with Creator.create(tmp_path / "clips.h5") as w:
        w.title, w.gain, w.note = "clips", 0.5, "by hand"
        w.vector = np.array([1, 2, 3], np.int16)
        for i in range(10):
            w.clip[f"clip {i}"] = {
                "wave": np.full(i, i, np.float32),
                "kinds": None if i == 4 else np.full(i, i % 2, np.uint8),
                "image": np.full(6, i, np.int32),
                "kind": Kind.dog,
                "seen": True,
                "speaker": f"speaker {i}",
                "code": str(i),
                "weight": None if i == 5 else 0.5,
            }
    with Reader(tmp_path / "clips.h5") as f:
        f.verify()
    return tmp_path / "clips.h5"


def words_after(path: Path, change: Callable[[h5py.File], object]) -> str:
    """The words of `verify` after a change by another program."""
    with h5py.File(path, "r+") as file:
        change(file)
    with Reader(path) as f, pytest.raises(FileError) as caught:
        f.verify()
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert "help: the file" in text
    return text.splitlines()[0].removeprefix(f"{path}: ")


# What is missing.


def test_all_checksums_are_gone(path: Path) -> None:
    assert words_after(path, lambda file: file.__delitem__(SUMS)) == f"/{SUMS}: the checksums are missing"


PLACES = [
    "wave",
    "image",
    "title",
    "image@gain",
    "@note",
    ".h5schema/layout",
    ".h5schema/features/wave/starts",
    ".h5schema/features/weight/present",
    ".h5schema/dims/time/lengths",
    ".h5schema/dims/clip/ids",
    ".h5schema/dims/clip/index",
    ".h5schema/dims/clip/commits",
]


@pytest.mark.parametrize("name", PLACES)
def test_checksums_of_one_dataset_are_gone(path: Path, name: str) -> None:
    said = words_after(path, lambda file: file.__delitem__(f"{SUMS}/{name}"))
    shown = name if name.startswith("@") else f"/{name}"
    assert said == f"/{SUMS}: the checksums of {shown} are missing"


def test_a_group_of_checksums_is_gone(path: Path) -> None:
    assert "the checksums of " in words_after(path, lambda file: file.__delitem__(f"{SUMS}/.h5schema"))


def test_checksums_without_their_measure(path: Path) -> None:
    change = lambda file: file[f"{SUMS}/image"].attrs.__delitem__("rows_per_block")  # noqa: E731
    assert words_after(path, change) == f"/{SUMS}: the checksums of /image are damaged"


@pytest.mark.parametrize("name", ["image", "wave", "speaker", "title", "vector"])
def test_a_dataset_is_gone(path: Path, name: str) -> None:
    assert words_after(path, lambda file: file.__delitem__(name)) in (
        f"/{name}: the dataset is missing",
        f"{name}@gain: the attribute is missing",
    )


def test_attributes_and_optional_values_are_gone(path: Path) -> None:
    assert words_after(path, lambda file: file.attrs.__delitem__("note")) == "@note: the attribute is missing"


# What has another form.


def anew(name: str, make: Callable[[Any], Any]) -> Callable[[h5py.File], None]:
    """Puts other values in place of a dataset, with its attributes."""

    def change(file: h5py.File) -> None:
        values, attributes = (
            file[name][()],
            {key: file[name].attrs[key] for key in ("gain",) if key in file[name].attrs},
        )
        del file[name]
        made = make(values)
        file.create_dataset(name, data=made, dtype=made.dtype)
        for key, value in attributes.items():
            file[name].attrs.create(key, value)

    return change


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("image", lambda v: v.reshape(20, 3)),
        ("image", lambda v: v.reshape(60)),
        ("image", lambda v: v.reshape(10, 2, 3)),
        ("image", lambda v: v[:9]),
        ("image", lambda v: np.concatenate([v, v[:1]])),
        ("image", lambda v: v.view(np.float32)),
        ("image", lambda v: v.view(np.uint32)),
        ("image", lambda v: v.astype(np.int64)),
        ("image", lambda v: v.astype(np.int16)),
        ("image", lambda v: v.astype(">i4")),
        ("image", lambda v: v.view(np.int16).reshape(10, 12)),
        ("wave", lambda v: v[:-1]),
        ("wave", lambda v: np.append(v, np.float32(0))),
        ("wave", lambda v: v.astype(np.float16)),
        ("wave", lambda v: v.astype(np.float64)),
        ("wave", lambda v: v.reshape(-1, 1)),
        ("kind", lambda v: v.astype(np.uint8)),
        ("kind", lambda v: v.astype(h5py.enum_dtype({"cat": 1, "dog": 0}, "u1"))),
        ("kind", lambda v: v.astype(h5py.enum_dtype({"cat": 0, "dog": 1}, "i1"))),
        ("seen", lambda v: v.astype(np.int8)),
        ("code", lambda v: v.astype("S2")),
        ("code", lambda v: v.astype(object).astype(h5py.string_dtype())),
        ("title", lambda v: np.array(v.decode(), h5py.string_dtype())),
        ("vector", lambda v: v.reshape(1, 3)),
        ("vector", lambda v: v.astype(np.int8)),
        (".h5schema/features/wave/starts", lambda v: v.astype(np.int32)),
        (".h5schema/features/wave/starts", lambda v: v.view(np.uint64)),
        (".h5schema/dims/time/lengths", lambda v: v[:-1]),
        (".h5schema/dims/clip/index", lambda v: v.reshape(5, 4)),
        (".h5schema/dims/clip/index", lambda v: v.view(np.int64)),
        (".h5schema/dims/clip/ids", lambda v: v.astype("S7")),
        (".h5schema/dims/clip/ids", lambda v: v.astype("S5")),
    ],
)
def test_another_form_of_the_same_values(path: Path, name: str, make: Callable[[Any], Any]) -> None:
    assert words_after(path, anew(name, make)).startswith(f"/{name}: ")


def test_the_dim_has_another_length(path: Path) -> None:
    said = words_after(path, lambda file: file["clip"].resize(9, axis=0))
    assert said == "/.h5schema/dims/clip/commits: clip has 9 entries, but 10 by its last commit"
    with Reader(path) as f, pytest.raises(FileError, match="10 by its last commit"):
        len(f.clip)


# What was changed: the rows are those of entries.


def put(name: str, at: Any, value: Any) -> Callable[[h5py.File], None]:
    """Another value at one place."""

    def change(file: h5py.File) -> None:
        file[name][at] = value

    return change


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (put("image", (3, 1), -1), "/image: rows 0 to 9 are not what was written"),
        (put("kind", 3, 0), "/kind: rows 0 to 9 are not what was written"),
        (put("seen", 3, False), "/seen: rows 0 to 9 are not what was written"),
        (put("code", 3, b"x"), "/code: rows 0 to 9 are not what was written"),
        (put("wave", 3, -1), "/wave: the values of rows 1 to 9 are not what was written"),
        (put("kinds", 3, 0), "/kinds: the values of rows 1 to 9 are not what was written"),
        (put("speaker", 3, 0), "/speaker: the values of rows 0 to 9 are not what was written"),
        (put("title", (), b"clops"), "/title: the value is not what was written"),
        (put("vector", 1, 7), "/vector: rows 0 to 2 are not what was written"),
        (lambda file: file["image"].attrs.modify("gain", 0.75), "/image@gain: the value is not what was written"),
        (lambda file: file.attrs.create("note", "by nobody"), "@note: the value is not what was written"),
    ],
)
def test_another_value(path: Path, change: Callable[[h5py.File], object], said: str) -> None:
    assert words_after(path, change) == said


def test_rows_of_entries_where_values_lie_end_to_end(tmp_path: Path) -> None:
    """A block of checksums is 1 MiB of values; what is told is whose they are."""
    reader, writer = declare(
        clip=Axis(dict), time=RaggedAxis(per="clip"), wave=Ragged(np.float32, "clip time"), note=Text("clip")
    )
    with writer.create(tmp_path / "a.h5") as w:
        for _ in range(20):
            w.clip.append({"wave": np.zeros(100_000, np.float32), "note": "x" * 300_000})
    for name, at, said in (
        ("wave", 0, "the values of rows 0 to 2"),
        ("wave", 1_500_000, "the values of rows 13 to 15"),
        ("note", 2_500_000, "the values of rows 6 to 10"),
    ):
        with h5py.File(tmp_path / "a.h5", "r+") as file:
            before = file[name][at]
            file[name][at] = 1
        with reader(tmp_path / "a.h5") as f, pytest.raises(FileError) as caught:
            f.verify()
        assert f"a.h5: /{name}: {said} are not what was written" in str(caught.value)
        with h5py.File(tmp_path / "a.h5", "r+") as file:
            file[name][at] = before


def test_one_row_is_one_row(tmp_path: Path) -> None:
    reader, writer = declare(row=Axis(dict), x=Array(np.uint8, "row 600000"))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"x": np.zeros((4, 600_000), np.uint8)})
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["x"][2, 5] = 1
    with reader(tmp_path / "a.h5") as f, pytest.raises(FileError, match="/x: row 2 is not what was written"):
        f.verify()


# What another program may add.


def test_datasets_of_others_are_left_alone(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file["notes/mine"] = np.arange(3)
        file["image"].attrs["mine"] = 1
    with Reader(path) as f:
        f.verify()


# Attributes beside data.


@pytest.mark.parametrize("first", ["the attribute", "the data"])
def test_an_attribute_of_a_dataset(tmp_path: Path, first: str) -> None:
    reader, writer = declare(
        row=Axis(dict),
        x=Array(np.int16, "row 3", at="raw/frames"),
        revision=Scalar(np.int32, "", at="raw/frames@revision"),
        whole=Array(np.int8, "2"),
        unit=Text("", at="whole@said"),
    )
    with writer.create(tmp_path / "a.h5") as w:
        if first == "the data":
            w.row.extend({"x": np.ones((3, 3), np.int16)})
            w.whole = np.zeros(2, np.int8)
        w.revision, w.unit = 4, "metre"
        if first == "the attribute":
            w.row.extend({"x": np.ones((3, 3), np.int16)})
            w.whole = np.zeros(2, np.int8)
            assert w.revision[()] == 4
        w.whole = np.ones(2, np.int8)
    with reader(tmp_path / "a.h5") as f:
        f.verify()
        assert (f.revision[()], f.unit[()], f.whole[()].tolist()) == (4, "metre", [1, 1])
        assert f.hdf5()["raw/frames"].attrs["revision"] == 4


def test_an_attribute_of_a_dataset_that_is_not_there(tmp_path: Path) -> None:
    _, writer = declare(whole=optional(Array(np.int8, "2")), said=Text("", at="whole@said"))
    with (
        pytest.raises(DataError, match="/whole@said: it is an attribute of whole, which was never written"),
        writer.create(tmp_path / "a.h5") as w,
    ):
        w.said = "x"
    assert list(tmp_path.iterdir()) == []


def test_everything_is_verified_and_left_as_it_was(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", 20)
    before = path.read_bytes()
    with Everything(path) as f:
        f.verify()
        f.verify()
    assert path.read_bytes() == before


def test_nested_values_are_named_where_another_feature_is_absent(tmp_path: Path) -> None:
    """Two features share the dims of lists; of the lengths of an absent entry nothing is stored for it."""
    reader, writer = declare(
        photo=IdAxis(dict),
        polygon=RaggedAxis(per="photo"),
        vertex=RaggedAxis(per="polygon"),
        one=optional(Nested[Any](np.float32, "photo polygon vertex")),
        other=optional(Nested[Any](np.float32, "photo polygon vertex")),
    )
    shape = [np.ones(3, np.float32), np.ones(2, np.float32)]
    with writer.create(tmp_path / "a.h5") as w:
        w.photo["a"] = {"one": shape}
        w.photo["b"] = {"one": shape, "other": shape}
        w.photo["c"] = {"other": shape}
    with h5py.File(tmp_path / "a.h5", "r+") as plain:
        plain["other"][7] = 5
    with reader(tmp_path / "a.h5") as f, pytest.raises(FileError) as caught:
        f.verify()
    assert "/other: the values of rows 1 to 2 are not what was written" in str(caught.value)


def test_files_are_named(tmp_path: Path) -> None:
    reader, writer = declare(
        photo=IdAxis(dict),
        height=RaggedAxis(per="photo"),
        width=RaggedAxis(per="photo"),
        pixels=Files(np.uint8, "photo height width", form="png"),
    )
    with writer.create(tmp_path / "a.h5") as w:
        for name, size in (("a", 2), ("b", 60), ("c", 2)):
            w.photo[name] = {"pixels": np.full((size, size), 7, np.uint8)}
    with h5py.File(tmp_path / "a.h5", "r+") as plain:
        plain["pixels"][-1] ^= 255
    with reader(tmp_path / "a.h5") as f, pytest.raises(FileError) as caught:
        f.verify()
    assert "/pixels: the values of rows 0 to 2 are not what was written" in str(caught.value)
