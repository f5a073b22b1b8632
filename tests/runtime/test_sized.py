"""Lengths that are said beforehand: one piece, filled by position, and what is missing is named and never read."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from blank import declare

from h5schema.errors import DataError, UsageError
from h5schema.runtime import Array, Axis, Check, IdAxis, Ragged, RaggedAxis, Scalar, Text, optional

Reader, Creator = declare(
    cell=Axis(dict),
    time=RaggedAxis(per="cell"),
    key=IdAxis(dict),
    x=Array(np.float32, "cell 4"),
    n=Scalar(np.int64, "cell", check=Check(unique=True)),
    wave=Ragged(np.int16, "cell time"),
    name=optional(Text("cell")),
    packed=Array(np.uint8, "cell 10", codec="default", chunk=100),
    y=Scalar(np.int64, "key"),
)


def entry(i: int) -> dict[str, object]:
    return {
        "x": np.full(4, i, np.float32),
        "n": i,
        "wave": np.arange(i % 6, dtype=np.int16),
        "name": None if i % 3 else f"cell {i}",
        "packed": np.full(10, i % 256, np.uint8),
    }


def expect(path: Path, count: int) -> None:
    with Reader(path) as f:
        f.verify()
        assert len(f.cell) == count
        assert f.x[:].tolist() == [[i] * 4 for i in range(count)]
        assert f.n[:].tolist() == list(range(count))
        assert [one.tolist() for one in f.wave] == [list(range(i % 6)) for i in range(count)]
        assert list(f.name) == [None if i % 3 else f"cell {i}" for i in range(count)]
        assert f.packed[:][:, 3].tolist() == [i % 256 for i in range(count)]


def test_T10_filled_by_appending(tmp_path: Path) -> None:
    with Creator.create(tmp_path / "a.h5", lengths={"cell": 300, "key": 0}) as w:
        w.cell.extend({name: [entry(i)[name] for i in range(100)] for name in entry(0)})
        for i in range(100, 300):
            w.cell.append(entry(i))
        with pytest.raises(DataError, match="301 entries would be more than the 300 that were said beforehand"):
            w.cell.append(entry(300))
    expect(tmp_path / "a.h5", 300)
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["x"].chunks is None, "it lies in one piece"


def test_T10_unfilled_is_noticed(tmp_path: Path) -> None:
    def make() -> None:
        with Creator.create(tmp_path / "a.h5", lengths={"cell": 1000}) as w:
            for i in range(400):
                w.cell.append(entry(i))

    with pytest.raises(DataError) as caught:
        make()
    assert str(caught.value) == (
        f"{tmp_path}/a.h5: cell: 1000 entries were said beforehand, and rows 400 to 999 were never given\n"
        "  help: give them, or say fewer with `lengths`"
    )
    assert os.listdir(tmp_path) == [], "there is no file"


def test_T10_filled_by_position(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    with Creator.create(tmp_path / "a.h5", lengths={"cell": 120}) as w:
        for i in rng.permutation(np.arange(40, 120)).tolist():
            w.cell[i] = entry(i)
        assert len(w.cell) == 120
        for rows in np.array_split(rng.permutation(40), 7):
            for name in ("x", "n", "packed", "name"):
                getattr(w, name)[rows] = [entry(i)[name] for i in rows]
            w.wave[rows] = [entry(i)["wave"] for i in rows]
        assert w.wave[17].tolist() == [0, 1, 2, 3, 4]
    expect(tmp_path / "a.h5", 120)


def test_T10_what_is_unfilled_is_never_read(tmp_path: Path) -> None:
    def make() -> None:
        with Creator.create(tmp_path / "a.h5", lengths={"cell": 20}) as w:
            w.x[[3, 4, 9]] = np.ones((3, 4), np.float32)
            w.cell[0] = entry(0)
            w.cell[-1] = entry(19)
            assert w.x[[0, 3, 9]].tolist() == [[0] * 4, [1] * 4, [1] * 4]
            for view in (w.x, w.n, w.wave, w.name, w.packed):
                with pytest.raises(DataError, match=r": row 5 was not given yet\n  help: give it a value first"):
                    view[5]
            with pytest.raises(DataError, match="row 1 was not given yet"):
                w.x.values[:3]
            with pytest.raises(DataError, match="row 5 was not given yet"):
                w.x[5, 1:2] = 3
            w.wave.append(6, 3)
            for i in (*range(1, 19),):
                w.n[i] = i
                w.name[i] = None
                if i != 8:
                    w.packed[i] = np.zeros(10, np.uint8)

    with pytest.raises(DataError) as caught:
        make()
    assert str(caught.value) == (
        f"{tmp_path}/a.h5: never given: x (rows 1 to 2, rows 5 to 8, rows 10 to 18), wave (rows 1 to 5, rows 7 to 18), "
        "packed (row 8)\n  help: give every entry; where one has no value, None if the feature is `optional`"
    )
    assert os.listdir(tmp_path) == []


def test_T10_the_checks_hold_for_what_was_given(tmp_path: Path) -> None:
    with Creator.create(tmp_path / "a.h5", lengths={"cell": 3}) as w:
        w.cell[2] = entry(0)
        with pytest.raises(DataError, match="0 stands twice in n"):
            w.n[1] = 0
        w.cell[2] = entry(2)
        w.cell[0] = entry(0)
        w.cell[1] = entry(1)
        with pytest.raises(DataError, match="entry 3 is asked for, but there are 3"):
            w.cell[3] = entry(3)
        with pytest.raises(DataError, match="entry 4 is asked for, but there are 3"):
            w.cell[4] = entry(3)
    expect(tmp_path / "a.h5", 3)


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        ({"cells": 3}, "`lengths` names cells, which is no dim of entries\n  help: these are: cell, key"),
        ({"time": 3}, "`lengths` names time"),
        ({"cell": -1}, "cell would have -1 entries"),
        ({"cell": 2.5}, "cell would have 2.5 entries"),
    ],
)
def test_lengths_that_make_no_sense(tmp_path: Path, lengths: dict[str, int], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Creator.create(tmp_path / "a.h5", lengths=lengths)
    assert os.listdir(tmp_path) == []


def test_T10_ids_come_in_their_order(tmp_path: Path) -> None:
    with Creator.create(tmp_path / "a.h5", lengths={"key": 2, "cell": 0}) as w:
        w.key["a"] = {"y": 1}
        w.key["a"] = {"y": 2}
        w.key["b"] = {"y": 3}
        with pytest.raises(DataError, match="3 entries would be more than the 2"):
            w.key["c"] = {"y": 4}
    with Reader(tmp_path / "a.h5") as f:
        assert dict(f.key) == {"a": {"y": 2}, "b": {"y": 3}}


@pytest.mark.parametrize("lengths", [[3], [], 3, "cell"], ids=repr)
def test_lengths_are_said_by_dim(tmp_path: Path, lengths: object) -> None:
    with pytest.raises(UsageError) as caught:
        Creator.create(tmp_path / "a.h5", lengths=lengths)
    assert f"a.h5: `lengths` is {lengths!r}\n" in str(caught.value)
    assert "give the number of entries by dim, such as {'frame': 1000}" in str(caught.value)
    assert not os.listdir(tmp_path)
