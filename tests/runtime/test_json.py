"""JSON comes back as it was given; what JSON would change is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray
from blank import declare
from hypothesis import given
from hypothesis import strategies as st
from making import extracted

from h5schema.errors import DataError
from h5schema.runtime import Axis, Check, IdAxis, Json, Maybe, Scalar, optional
from h5schema.runtime.inspect import describe

COUNTS = [0, 1, 2, 700]
VALUES: list[Any] = [
    {},
    [],
    "",
    0,
    False,
    -0.0,
    "Grüße 🙂\n\0",
    {"b": [1, 2.5, None, {"ü": True}], "a": {"deep": [[[]]]}},
    10**300,
    1e-320,
    [None],
    {"x": "y" * 5000},
]

SCHEMA = """
h5schema: 1
name: remarks_of_json
version: 1.0.0
dims:
  remark: {source: '{name}.json'}
features:
  said: {dims: [remark], dtype: json, call: 'remarks_of_json_io:read'}
  more: {dims: [remark], dtype: json, call: 'remarks_of_json_io:read', optional: true}
  count: {dims: [remark], dtype: int64, call: 'remarks_of_json_io:count', from: said}
loaders:
  remarks: {over: remark, inputs: {said: said, count: count}, batch: 2}
"""
FUNCTIONS = """
import json

def read(path):
    said = json.loads(path.read_text())
    return {"said": said, "more": said.get("more")}

def count(said):
    return len(said)
"""


def alike(one: object, other: object) -> bool:
    """Equal, and of the same types all the way down: 1, 1.0 and True are three values."""
    return repr(_sorted(one)) == repr(_sorted(other))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("count", COUNTS)
def test_M18_json_of_every_shape(tmp_path: Path, count: int) -> None:
    reader, writer = declare(
        row=IdAxis(dict), said=Json("row"), packed=Json("row", codec="default"), o=optional(Json("row"))
    )
    values = [VALUES[i % len(VALUES)] for i in range(count)]
    perhaps = [None if i % 3 == 1 else value for i, value in enumerate(values)]
    ids, half = [f"row {i}" for i in range(count)], count // 2
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend(ids[:half], {"said": values[:half], "packed": values[:half], "o": perhaps[:half]})
        for i in range(half, count):
            w.row[ids[i]] = {"said": values[i], "packed": values[i], "o": perhaps[i]}
    with reader(tmp_path / "a.h5") as f:
        assert alike(list(f.said), values)
        assert alike(list(f.packed), values)
        assert alike(list(f.o), perhaps)
        assert alike(list(f.said[::-2]), values[::-2])
        assert alike(list(f.o[:].values), perhaps)
        for i in range(0, count, 50):
            assert alike(f.row[ids[i]]["said"], values[i])
            assert alike(f.said[ids[i]], values[i])
        f.verify()
        with writer.create(tmp_path / "b.h5") as w:
            w.row.extend(ids, {"said": f.said[:], "packed": list(f.packed), "o": f.o[:]})
    with reader(tmp_path / "b.h5") as f:
        assert alike(list(f.said), values)
        assert alike(list(f.o), perhaps)
    with h5py.File(tmp_path / "a.h5") as file:
        starts, lengths = file["/.h5schema/features/said/starts"][:], file["/.h5schema/features/said/lengths"][:]
        texts = [file["said"][a : a + n].tobytes().decode() for a, n in zip(starts, lengths, strict=True)]
        assert alike([json.loads(text) for text in texts], values)
        assert not count or texts[7 % count] == json.dumps(
            values[7 % count], sort_keys=True, separators=(",", ":"), ensure_ascii=False
        )
    with xarray.open_dataset(tmp_path / "a.h5", engine="h5netcdf") as opened:
        assert opened["said"].values.tobytes().decode() == "".join(texts)


ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(entries=st.lists(ANY, max_size=6))
def test_M18_any_json(tmp_path: Path, entries: list[Any]) -> None:
    reader, writer = declare(row=Axis(dict), said=optional(Json("row")))
    with writer.create(tmp_path / "a.h5", overwrite=True) as w:
        w.row.extend({"said": entries})
    with reader(tmp_path / "a.h5") as f:
        assert alike(list(f.said), entries)


def test_M18_json_null_is_never_an_entry(tmp_path: Path) -> None:
    reader, writer = declare(row=Axis(dict), said=Json("row"), perhaps=optional(Json("row")))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"said": [[None], {"a": None}], "perhaps": [None, [None]]})
        for entry in ({"said": None, "perhaps": 1}, {"perhaps": 1}):
            with pytest.raises(DataError, match="the entry is None, but the feature is not optional"):
                w.row.append(entry)
        w.row.extend({"said": [1], "perhaps": Maybe([None], np.array([True]))})
    with reader(tmp_path / "a.h5") as f:
        assert list(f.perhaps) == [None, [None], None]
        assert f.perhaps[:].present.tolist() == [False, True, False]


def test_M18_json_of_the_whole_file(tmp_path: Path) -> None:
    reader, writer = declare(settings=Json(), note=Json(at="@note"), none=optional(Json()), number=Scalar(np.int64))
    settings = {"rate": 8000, "names": ["ü"] * 3000}
    with writer.create(tmp_path / "a.h5") as w:
        w.settings, w.note, w.number = settings, ["a", 1], 1
    with reader(tmp_path / "a.h5") as f:
        assert (f.settings[()], f.note[()], f.none[()]) == (settings, ["a", 1], None)
        f.verify()
    with h5py.File(tmp_path / "a.h5") as file:
        assert json.loads(file["settings"][()]) == settings


LOOP: list[Any] = []
LOOP.append(LOOP)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"a": [1, float("nan")]}, "JSON has no nan, at $.a[1] of the value"),
        (float("-inf"), "JSON has no -inf, at $ of the value"),
        ({"a": {1: 2}}, "the key 1 is int, and JSON's keys are texts, at $.a of the value"),
        ([b"bytes"], "b'bytes' is bytes, which JSON has not, at $[0] of the value"),
        ({"a": np.int64(3)}, "np.int64(3) is int64, which JSON has not, at $.a of the value"),
        ({1, 2}, "{1, 2} is set, which JSON has not, at $ of the value"),
        (["\ud800"], "'\\ud800' cannot be written as utf-8, at $[0] of the value"),
        ({"\ud800": 1}, "'\\ud800' cannot be written as utf-8, at $ of the value"),
        (LOOP, "it is nested deeper than 200 levels"),
        ([10**5000], "a whole number has more than 4000 digits, at $[0] of the value"),
    ],
)
def test_M18_what_is_no_json_is_refused(tmp_path: Path, value: Any, words: str) -> None:
    reader, writer = declare(row=Axis(dict), said=Json("row"))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.append({"said": {"good": 1}})
        with pytest.raises(DataError) as refused:
            w.row.append({"said": value})
        with pytest.raises(DataError, match="row 2"):
            w.row.extend({"said": [1, value]})
    assert words in str(refused.value)
    assert "/said, row 1" in str(refused.value)
    with reader(tmp_path / "a.h5") as f:
        assert list(f.said) == [{"good": 1}]


def test_M18_tuples_are_lists(tmp_path: Path) -> None:
    reader, writer = declare(row=Axis(dict), said=Json("row"))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.append({"said": (1, (2,))})
    with reader(tmp_path / "a.h5") as f:
        assert f.said[0] == [1, [2]]


def test_M18_equal_json_stands_twice(tmp_path: Path) -> None:
    _, writer = declare(row=Axis(dict), said=Json("row", check=Check(unique=True)))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.append({"said": {"a": 1, "b": 2}})
        with pytest.raises(DataError, match="stands twice in said"):
            w.row.append({"said": {"b": 2, "a": 1}})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"{1:2}    ", "Expecting property name enclosed in double quotes"),
        (b"[NaN]    ", "it has NaN"),
        (b"null     ", "it is null, which is no entry"),
        (b"\xff        ", "invalid start byte"),
        (b"[" * 9, "Expecting value"),
    ],
)
def test_M18_a_text_that_is_no_json_is_named(tmp_path: Path, text: bytes, words: str) -> None:
    reader, writer = declare(row=Axis(dict), said=Json("row"))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"said": [1, "1234567"]})
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        file["said"][1:10] = np.frombuffer(text, np.uint8)
    with reader(tmp_path / "a.h5") as f:
        assert f.said[0] == 1
        with pytest.raises(DataError) as refused:
            f.said[1]
    assert "the text is no JSON" in str(refused.value)
    assert words in str(refused.value)
    assert "/said, row 1" in str(refused.value)


def test_M18_json_is_extracted_and_fed(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="loaders need torch")
    said: list[dict[str, Any]] = [{"more": {"x": [1, None]}}, {}, {"a": 1, "b": "ü"}]
    made = extracted(
        tmp_path, SCHEMA, FUNCTIONS, {f"s{i}.json": json.dumps(one).encode() for i, one in enumerate(said)}
    )
    with made.groups.RemarksOfJson(made.path) as f:
        assert [f.said[f"s{i}.json"] for i in range(3)] == said
        assert list(f.more) == [{"x": [1, None]}, None, None]
        assert list(f.count) == [1, 0, 2]
        f.verify()
    batches = list(made.loaders.Remarks.loader(made.path))
    assert [one for batch in batches for one in batch["said"]] == said
    assert {(one.dtype, one.rows) for one in describe(made.path).features if one.address == "said"} == {
        ("json", "bytes")
    }
