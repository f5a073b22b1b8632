"""What is no position, no id, or no index of one value is refused in our words, where it is read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from blank import declare

from h5schema.errors import DataError, UsageError
from h5schema.runtime import Array, Axis, IdAxis, Ragged, RaggedAxis, Scalar, Split, Text, optional
from h5schema.runtime.view import RowError

Reader, Creator = declare(
    row=IdAxis(dict),
    step=Axis(dict),
    time=RaggedAxis(per="row"),
    digit=Scalar(np.int8, "row"),
    wave=Ragged(np.float32, "row time"),
    seen=optional(Scalar(np.int8, "step")),
    wl=Array(np.float32, "3"),
    count=Scalar(np.uint16, ""),
    title=Text(""),
)
Reader.splits = {"halves": Split(over="row", parts={"train": 0.5, "test": 0.5})}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("reads") / "a.h5"
    with Creator.create(path) as w:
        w.row.extend(["a", "b", "c"], {"digit": [1, 2, 3], "wave": [[1, 2], [3, 4], [5, 6]]})
        w.step.extend({"seen": [4, None]})
        w.wl, w.count, w.title = np.arange(3, dtype=np.float32), 7, "all"
    with Reader(path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (lambda f: f.row[3], "row: 3 is no id\n  help: give an id, which is a text; by position an entry is .at(3)"),
        (
            lambda f: f.row.get(-1),
            "row: -1 is no id\n  help: give an id, which is a text; by position an entry is .at(-1)",
        ),
        (lambda f: f.row[None], "row: None is no id\n"),
        (lambda f: f.row[:2], "row: slice(None, 2, None) is no id\n"),
        (lambda f: f.row["a", "b"], "row: ('a', 'b') is no id\n"),
        (lambda f: f.row.row(b"a"), "row: b'a' is no id\n"),
        (lambda f: f.row.ids("a"), "row: rows of <U1 []\n  help: give an int64 array of one axis"),
    ],
)
def test_what_is_no_id(file: Any, read: Callable[[Any], object], text: str) -> None:
    with pytest.raises(DataError) as caught:
        read(file)
    assert f"a.h5: {text}" in str(caught.value)
    assert 3 not in file.row
    assert file.row.at(np.int64(-1))["digit"] == 3


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (lambda f: f.row.at("a"), "row: 'a' is no position\n  help: give a whole number"),
        (lambda f: f.row.at(True), "row: True is no position\n"),
        (lambda f: f.step["a"], "step: 'a' is no position\n"),
        (lambda f: f.step[0, 1], "step: (0, 1) is no position\n"),
        (lambda f: f.step[2], "step: entry 2 is asked for, but there are 2\n"),
        (lambda f: f.step[::0], "step: slice(None, None, 0) is no slice of entries\n"),
        (lambda f: f.step["a":], "step: slice('a', None, None) is no slice of entries\n"),
        (lambda f: f.digit[::0], "/digit: slice(None, None, 0) is no index of entries\n"),
        (lambda f: f.digit["a":"b"], "/digit: slice('a', 'b', None) is no index of entries\n"),
        (lambda f: f.digit[1.5:], "/digit: slice(1.5, None, None) is no index of entries\n"),
    ],
)
def test_what_is_no_position(file: Any, read: Callable[[Any], object], text: str) -> None:
    with pytest.raises(RowError) as caught:
        read(file)
    assert f"a.h5: {text}" in str(caught.value)
    assert "\n  help: give " in str(caught.value) or "\n  help: positions" in str(caught.value)


@pytest.mark.parametrize("part", [3, None, "train", "halves/", "halves/train/x", ("halves", "train")])
def test_what_is_no_part_of_a_split(file: Any, part: Any) -> None:
    with pytest.raises(UsageError) as caught:
        file.split(part)
    assert f"there is no part {part!r} of a split\n  help: " in str(caught.value)
    assert "halves/t" in str(caught.value)


@pytest.mark.parametrize("name", ["wl", "count", "title"])
@pytest.mark.parametrize(
    "read",
    [
        *[lambda view, index=index: view[index] for index in (0, 1, -1, slice(None), [], [0], "a", ..., (0, 1))],
        len,
        list,
        bool,
        lambda view: "a" in view,
        lambda view: view.rows([0]),
    ],
)
def test_one_value_has_no_entries(file: Any, name: str, read: Callable[[Any], object]) -> None:
    with pytest.raises(DataError) as caught:
        read(getattr(file, name))
    assert str(caught.value).endswith(
        f"a.h5: /{name}: it has no entries, but one value\n  help: read the value with [()], and index what comes"
    )


def test_views_as_arrays(file: Any) -> None:
    """In the dtype and shape of the feature."""
    for view, wanted in (
        (file.wl, np.arange(3, dtype=np.float32)),
        (file.count, np.array(7, np.uint16)),
        (file.title, np.array("all")),
        (file.digit, np.array([1, 2, 3], np.int8)),
        (file.wave, np.array([[1, 2], [3, 4], [5, 6]], np.float32)),
        (file.seen, np.array([4, None], object)),
    ):
        got = np.asarray(view)
        assert (got.dtype, got.shape) == (wanted.dtype, wanted.shape), view
        assert np.array_equal(got, wanted)
    assert np.asarray(file.wl, np.float64).dtype == np.float64
    assert np.mean(file.digit) == 2
    assert file.wl.read(np.array([0])).shape == (1, 3)
