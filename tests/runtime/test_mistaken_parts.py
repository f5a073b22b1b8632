"""A part of an entry is written as exactly what it is, or refused with what to do."""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blank import declare

from h5schema.errors import H5SchemaError
from h5schema.runtime import Array, IdAxis, Nested, Ragged, RaggedAxis, Text


class Letter(IntEnum):
    """Of an enum."""

    A = 0
    B = 1


Reader, Writer = declare(
    clip=IdAxis(dict),
    time=RaggedAxis(per="clip"),
    item=RaggedAxis(per="clip"),
    part=RaggedAxis(per="item"),
    height=RaggedAxis(per="clip"),
    width=RaggedAxis(per="clip"),
    wave=Ragged(np.float32, "clip time 2"),
    letters=Ragged(np.uint8, "clip time", enum=Letter),
    four=Array(np.uint8, "clip 4", enum=Letter),
    image=Ragged(np.uint8, "clip height width"),
    lists=Nested[Any](np.int64, "clip item part"),
    note=Text("clip"),
)


def entry() -> dict[str, Any]:
    return {
        "wave": np.arange(10, dtype=np.float32).reshape(5, 2),
        "letters": np.zeros(5, np.uint8),
        "four": np.zeros(4, np.uint8),
        "image": np.zeros((2, 3), np.uint8),
        "lists": [np.arange(2), np.arange(3)],
        "note": "text",
    }


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Writer.create(tmp_path / "a.h5") as w:
        w.clip["a"] = entry()
        w.clip["b"] = entry()
    return tmp_path / "a.h5"


@pytest.mark.parametrize(
    "value",
    [np.float32([9]), [9.0], np.float32([[9]]), np.float32([1, 2]), np.ones((3, 1), np.float32)],
    ids=["one", "a list of one", "one of two axes", "a row", "a column"],
)
def test_an_array_is_not_repeated(path: Path, value: Any) -> None:
    with Writer.edit(path) as w:
        for write in (
            lambda: w.wave.__setitem__(("a", slice(0, 3)), value),
            lambda: w.wave.values.__setitem__(slice(0, 3), value),
        ):
            with pytest.raises(H5SchemaError) as caught:
                write()
            assert f"values of shape {list(np.shape(value))} for [3, 2]" in str(caught.value)
            assert "an array is not repeated" in str(caught.value)
    with Reader(path) as f:
        assert np.array_equal(f.wave["a"], entry()["wave"])


def test_one_number_is(path: Path) -> None:
    with Writer.edit(path) as w:
        w.wave["a", 0:2] = 7
        w.wave["a", 2:4] = np.float32(8)
        w.wave["a", 4] = np.float32([1, 2])
    with Reader(path) as f:
        assert f.wave["a"].tolist() == [[7, 7]] * 2 + [[8, 8]] * 2 + [[1, 2]]


def test_members_are_named(path: Path) -> None:
    with Writer.edit(path) as w:
        w.letters["a", 1] = "B"
        w.letters["a", 3:5] = ["B", "A"]
        w.four["b", 0] = "B"
        w.four["b", 1:3] = [Letter.B, 0]
        with pytest.raises(H5SchemaError, match="'C' is not a member of Letter"):
            w.letters["a", 0] = "C"
        with pytest.raises(H5SchemaError, match="9"):
            w.letters["a", 0] = 9
    with Reader(path) as f:
        f.verify()
        assert f.letters["a"].tolist() == [0, 1, 0, 1, 0]
        assert f.four["b"].tolist() == [1, 1, 0, 0]


@pytest.mark.parametrize(
    ("name", "index", "why"),
    [
        ("image", ("a", 0, 1), "image has entries that differ in more than one axis"),
        ("lists", ("a", 0), "lists has entries that are lists"),
        ("note", ("a", 0), "note has entries of `str`, which are no arrays or numbers"),
    ],
)
def test_what_has_no_parts(path: Path, name: str, index: Any, why: str) -> None:
    with Writer.edit(path) as w:
        with pytest.raises(H5SchemaError) as caught:
            getattr(w, name)[index] = 5
        said = str(caught.value)
        assert f"/{name}: {why}, so no part of an entry is written by itself" in said
        assert "help: read the entry, change it, and give it as a whole" in said
        with pytest.raises(H5SchemaError, match="so `values` does not join them"):
            _ = getattr(w, name).values
    with Reader(path) as f, pytest.raises(H5SchemaError) as caught:
        _ = getattr(f, name)[index]
    assert "of one entry a slice is read: [id, 5:9]; for any other part index the entry: [id][...]" in str(caught.value)
