"""Coordinates: arrays of any rank of which only some elements are stored, and columns that share their places."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from blank import declare
from making import extracted, generated

from h5schema.errors import DataError, FileError
from h5schema.runtime import Array, Axis, Coo, Csr, Group, IdAxis, Ragged, RaggedAxis, SparseRow, optional
from h5schema.runtime.repacking import repack
from h5schema.vocabulary.dtypes import NUMBERS

DTYPES = [name for name in NUMBERS if name in np.sctypeDict]


class Ratings(Group):
    """Two columns with one set of coordinates."""

    stars = Coo(np.float32, "user item", shared=True)
    time = Coo(np.int64, "user item", shared=True)


def ratings(**more: Any) -> tuple[Any, Any]:
    return declare(user=IdAxis(dict), item=IdAxis(dict), ratings=Ratings("ratings"), **more)


def sparse(shape: tuple[int, ...], dtype: str = "float32", share: float = 0.3) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(sum(shape) + len(shape))
    values = rng.integers(0, 256, (*shape, np.dtype(dtype).itemsize)).astype(np.uint8)
    dense = values.view(dtype)[..., 0] if dtype != "bool" else values[..., 0] > 127
    return np.where(rng.random(shape) < share, dense, np.zeros(1, dtype))


def same(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("count", [0, 1, 60])
def test_T1_coordinates_of_any_rank(tmp_path: Path, dtype: str, count: int) -> None:
    kind: Any = np.dtype(dtype).type
    reader, writer = declare(
        user=Axis(dict),
        item=Axis(dict),
        pair=Coo(kind, "user item"),
        cube=Coo(kind, "user 3 item", codec="default"),
        deep=optional(Coo(kind, "user 2 item 2 2")),
    )
    pair, cube = sparse((count, 5), dtype), sparse((count, 3, 5), dtype)
    deep = sparse((count, 2, 5, 2, 2), dtype)
    with writer.create(tmp_path / "a.h5") as file:
        for _ in range(5):
            file.item.append({})
        half = count // 2
        file.user.extend({"pair": pair[:half], "cube": cube[:half], "deep": list(deep[:half])})
        for i in range(half, count):
            file.user.append({"pair": pair[i], "cube": cube[i], "deep": deep[i] if i % 3 else None})
    repack(reader, tmp_path / "a.h5", tmp_path / "b.h5", text="")
    for name in ("a.h5", "b.h5"):
        with reader(tmp_path / name) as file:
            assert same(file.pair[:].dense(), pair)
            assert same(file.cube[:].dense(), cube)
            rows = np.random.default_rng(0).integers(0, max(1, count), 20 if count else 0)
            assert same(file.cube[rows].dense(), cube[rows])
            for i in range(count):
                entry = file.deep[i]
                assert (entry is None) == (i >= half and i % 3 == 0)
                assert entry is None or same(entry.dense(), deep[i])
            file.verify()


def test_T1_every_kind_in_one_file(tmp_path: Path) -> None:
    """Dense of several axes, csr, coo of several axes, values of their own length, a dataset of its own."""
    reader, writer = declare(
        row=Axis(dict),
        column=Axis(dict),
        step=RaggedAxis(per="row"),
        dense=Array(np.float32, "row 2 column 3"),
        csr=Csr(np.int16, "row column"),
        coo=Coo(np.float64, "row column 2"),
        ragged=Ragged(np.uint8, "row step"),
        grid=Array(np.int32, "4 5"),
    )
    dense, csr, coo = sparse((9, 2, 4, 3), share=1.0), sparse((9, 4), "int16"), sparse((9, 4, 2), "float64")
    grid = np.arange(20, dtype=np.int32).reshape(4, 5)
    with writer.create(tmp_path / "a.h5") as file:
        file.grid = grid
        for _ in range(4):
            file.column.append({})
        for i in range(9):
            ragged = np.full(i, i, np.uint8)
            file.row.append({"dense": dense[i], "csr": csr[i], "coo": coo[i], "ragged": ragged})
    with reader(tmp_path / "a.h5") as file:
        for view, expected in ((file.dense[:], dense), (file.csr[:].dense(), csr), (file.coo[:].dense(), coo)):
            assert same(view, expected)
        assert [one.tolist() for one in file.ragged] == [[i] * i for i in range(9)]
        assert same(file.grid[()], grid)
        file.verify()


def written(path: Path, writer: Any, x: np.ndarray[Any, Any]) -> Path:
    with writer.create(path, overwrite=True) as file:
        file.item.extend([f"i{i}" for i in range(x.shape[1])], {})
        for i, row in enumerate(x):
            at = np.flatnonzero(row)
            file.user[f"u{i}"] = {"ratings": {"stars": (at, row[at]), "time": (at, at * 100 + i)}}
    return path


def test_columns_share_one_set_of_coordinates(tmp_path: Path) -> None:
    reader, writer = ratings()
    x = sparse((20, 6))
    path = written(tmp_path / "a.h5", writer, x)
    with h5py.File(path) as file:
        users, items = np.nonzero(x)
        stored = {name: file["ratings"][name][:] for name in ("user", "item", "stars", "time")}
    assert (stored["user"].tolist(), stored["item"].tolist()) == (users.tolist(), items.tolist())
    assert same(stored["stars"], x[users, items])
    assert stored["time"].tolist() == (items * 100 + users).tolist()
    with reader(path) as file:
        assert same(file.ratings.stars[:].dense(), x)
        assert file.ratings.time["u3"].indices.tolist() == np.flatnonzero(x[3]).tolist()
        assert same(file.user["u3"]["ratings"]["stars"].dense(), x[3])
        file.verify()
    with writer.edit(path) as file:
        at = np.flatnonzero(x[1])
        file.user["new"] = {"ratings": {"stars": x[1], "time": (at, at)}}
    with reader(path) as file:
        assert same(file.ratings.stars["new"].dense(), x[1])
        file.verify()


def test_columns_in_other_places_are_refused(tmp_path: Path) -> None:
    _, writer = ratings()
    with writer.create(tmp_path / "a.h5") as file:
        file.item.extend(["a", "b", "c"], {})
        file.user["u"] = {"ratings": {"stars": [0, 1, 2], "time": ([1, 2], [5, 6])}}
        with pytest.raises(DataError) as raised:
            file.user["v"] = {"ratings": {"stars": [0, 1, 2], "time": ([0, 2], [5, 6])}}
        with pytest.raises(DataError, match="it has values already"):
            file.ratings.stars = np.zeros((1, 3), np.float32)
    said = "ratings/stars and ratings/time have elements in other places, and share their coordinates"
    assert said in str(raised.value)
    assert "row 1 ('v')" in str(raised.value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (([[0, 5]], [1]), "an element stands at [0, 5], but the shape is [2, 5]"),
        (([[0, 1], [0, 1]], [1, 2]), "two elements stand at 1"),
        (([0, 1], [1, 2]), "the indices are [2], not [stored, 2]"),
        (np.zeros((5, 2), np.int16), "the shape is [5, 2], not [2, 5]"),
        (SparseRow(np.array([1]), np.ones(1, np.int16), 10), "the shape is [10], not [2, 5]"),
    ],
)
def test_what_is_no_array_of_the_shape_is_refused(tmp_path: Path, value: object, said: str) -> None:
    _, writer = declare(user=Axis(dict), x=Coo(np.int16, "user 2 5"))
    with writer.create(tmp_path / "a.h5") as file, pytest.raises(DataError) as raised:
        file.user.append({"x": value})
    assert said in str(raised.value)


def test_entries_by_coordinates(tmp_path: Path) -> None:
    reader, writer = declare(user=Axis(dict), x=Coo(np.int16, "user 2 5"))
    with writer.create(tmp_path / "a.h5") as file:
        file.user.append({"x": ([[1, 4], [0, 2]], [7, 8])})
        file.user.append({"x": ([], [])})
    with reader(tmp_path / "a.h5") as file:
        entry = file.x[0]
        assert [one.tolist() for one in entry.coordinates] == [[0, 1], [2, 4]]
        assert entry.values.tolist() == [8, 7]
        assert file.x[1].dense().shape == (2, 5)
    with writer.create(tmp_path / "b.h5") as file:
        file.user.append({"x": entry})
    with reader(tmp_path / "b.h5") as file:
        assert same(file.x[0].dense(), entry.dense())


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    reader, writer = ratings()
    path = written(tmp_path / "a.h5", writer, sparse((9, 5), share=1.0))
    with h5py.File(path, "r+") as file:
        file["ratings/item"][7] = 5
    with reader(path) as opened, pytest.raises(DataError, match="an element stands at 5, but there are 5 places"):
        _ = opened.ratings.stars[1]
    with reader(path) as opened, pytest.raises(FileError, match="not what was written"):
        opened.verify()


SCHEMA = """\
h5schema: 1
name: rated
version: 1.0.0
dims: {user: {ids: true}, item: {ids: true}}
groups:
  ratings:
    over: [user, item]
    store: coo
    features:
      stars: {dtype: float32}
      time: {dtype: int64, unit: s}
features:
  cube: {dims: [user, 3, item], dtype: int16, store: coo, optional: true}
loaders:
  forms:
    over: user
    inputs:
      dense: ratings/stars
      sparse: {feature: cube, as: sparse, fill: 0}
      pairs: {feature: ratings/time, as: pairs}
    batch: {size: 4, shuffle: true}
"""


def test_batches(tmp_path: Path) -> None:
    torch: Any = pytest.importorskip("torch", reason="loaders need torch")
    made = generated(tmp_path, SCHEMA)
    x, cube = sparse((11, 5)), sparse((11, 3, 5), "int16")
    with made.groups.RatedWriter.create(made.path) as file:
        file.item.extend([f"i{i}" for i in range(5)], {})
        for i in range(11):
            at = np.flatnonzero(x[i])
            columns = {"stars": x[i], "time": (at, at + 1)}
            file.user[f"u{i}"] = {"ratings": columns, "cube": cube[i] if i % 2 else None}
    batch = made.loaders.Forms(made.path)[[3, 0, 3]]
    assert same(batch["dense"].numpy(), x[[3, 0, 3]])
    assert batch["sparse"].layout == torch.sparse_coo
    assert same(batch["sparse"].to_dense().numpy(), np.stack([cube[3], cube[0] * 0, cube[3]]))
    assert batch["pairs"].values.tolist() == [i + 1 for row in (3, 0, 3) for i in np.flatnonzero(x[row])]


def test_extracted(tmp_path: Path) -> None:
    schema = """\
h5schema: 1
name: coo_sources
version: 1.0.0
dims: {cell: {source: '{name}.txt'}, slot: 8}
groups:
  marks:
    over: [cell, slot]
    store: coo
    call: 'coo_sources_io:marks'
    features:
      weight: {dtype: int32}
      kind: {dtype: uint8}
"""
    functions = """\
def marks(path):
    at = [int(one) for one in open(path).read().split(",") if one]
    return {"weight": (at, [one * 10 for one in at]), "kind": (at, [1 for _ in at])}
"""
    sources = {f"{i:03}.txt": ",".join(map(str, range(i % 5))).encode() for i in range(60)}
    made = extracted(tmp_path, schema, functions, sources)
    with made.groups.CooSources(made.path) as file:
        for i, row in enumerate(file.marks.weight):
            assert row.values.tolist() == [one * 10 for one in range(i % 5)]
        file.verify()
    with h5py.File(made.path) as file:
        assert file["marks/cell"][:].tolist() == [i for i in range(60) for _ in range(i % 5)]
