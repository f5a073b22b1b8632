"""A generated package with arrays of any shape and lists of everything: checks, damage, other programs, batches."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import h5py
import numpy as np
import pytest
import torch

from h5schema import pipeline
from h5schema.errors import DataError, FileError

CASE = Path(__file__).parent.parent / "cases" / "package_shapes"
SHAPES = [(2, 3, [3, 0, 4]), (0, 2, None), (1, 1, []), (4, 2, [2]), (3, 5, [1, 1, 1, 6])]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    pipeline.generate([CASE / "schema.yaml"], tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("drawings")
    for name in [name for name in sys.modules if name.partition(".")[0] == "drawings"]:
        del sys.modules[name]


def entry_of(height: int, width: int, lengths: list[int] | None) -> dict[str, Any]:
    rng = np.random.default_rng(height * 10 + width)
    entry: dict[str, Any] = {
        "pixels": rng.integers(0, 256, (height, width, 3)).astype(np.uint8),
        "planes": rng.random((3, height, width), np.float32),
        "day": np.arange(height).astype("datetime64[D]"),
    }
    if lengths is None:
        return entry
    holes = [[rng.integers(-8, 8, (k, 2)).astype(np.float32) for k in range(n % 3)] for n in lengths]
    return entry | {
        "labels": {
            "outline": [rng.normal(size=(n, 2)).astype(np.float32) for n in lengths],
            "holes": holes,
            "kind": np.array([n % 2 for n in lengths], np.uint8),
            "corner": [np.array([i % 2 for i in range(n)], np.uint8) for n in lengths],
            "seen": [np.arange(n).astype("datetime64[s]") for n in lengths],
            "name": [chr(97 + n) * n for n in lengths],
            "about": [[{"vertex": i} for i in range(n)] for n in lengths],
            "thumbnail": [bytes(range(n)) for n in lengths],
        }
    }


@pytest.fixture
def path(package: ModuleType, tmp_path: Path) -> Path:
    with package.DrawingsWriter.create(tmp_path / "a.h5") as w:
        for number, shape in enumerate(SHAPES):
            w.image[f"i{number}"] = entry_of(*shape)
    return tmp_path / "a.h5"


def plain(value: Any) -> Any:
    """Arrays as lists, to be compared."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return (value.dtype.str, value.shape, value.tolist()) if isinstance(value, np.ndarray) else value


def test_what_is_written_is_read(package: ModuleType, path: Path) -> None:
    with package.Drawings(path) as f:
        f.verify()
        for number, shape in enumerate(SHAPES):
            found, wanted = f.image[f"i{number}"], entry_of(*shape)
            nothing = dict.fromkeys(found["labels"])
            assert plain(found) == plain(wanted | {"labels": wanted.get("labels", nothing)})


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("planes", -np.ones((3, 2, 3), np.float32), r"-1.0 breaks the check \(min: 0\)"),
        ("outline", [np.zeros((1, 2), np.float32), np.full((1, 2), np.inf, np.float32)], "inf breaks the check"),
        ("name", ["a", "B"], "'B' breaks the check"),
        ("corner", [np.array([0, 2], np.uint8)], "2 is no value of Corner"),
        ("about", [[{"a": 1}, {"b": {1, 2}}]], "is no value of JSON|has no JSON|set"),
    ],
)
def test_what_breaks_a_check_is_named(package: ModuleType, path: Path, name: str, value: Any, what: str) -> None:
    entry = entry_of(2, 3, None)
    given = entry | {name: value} if name in entry else entry | {"labels": {name: value}}
    with package.DrawingsWriter.edit(path) as w, pytest.raises(DataError, match=what) as caught:
        w.image["new"] = given
    assert f"{path}: /" in caught.value.where
    assert "row 5 ('new')" in caught.value.where


def test_xarray_names_the_axes(path: Path) -> None:
    xarray = pytest.importorskip("xarray")
    with xarray.open_dataset(path, engine="h5netcdf") as found:
        assert found["pixels"].dims == ("pixels.values", "pixels.1")
        assert found["planes"].dims == ("planes.values",)
    with xarray.open_dataset(path, group="labels", engine="h5netcdf") as found:
        assert found["outline"].dims == ("outline.values", "outline.1")


@pytest.mark.parametrize(
    ("dataset", "row"), [("pixels", 10), ("planes", 20), ("labels/outline", 8), ("labels/name", 2)]
)
def test_a_value_that_another_program_changed(package: ModuleType, path: Path, dataset: str, row: int) -> None:
    with h5py.File(path, "r+") as file:
        file[dataset][row] = file[dataset][row] + 1
    with package.Drawings(path) as f, pytest.raises(FileError) as caught:
        f.verify()
    assert caught.value.what == "the values of rows 0 to 4 are not what was written"
    assert caught.value.where == f"{path}: /{dataset}"


def test_batches(package: ModuleType, path: Path) -> None:
    (batch,) = importlib.import_module("drawings.loaders").train_loader(path)
    wanted = [entry_of(*shape) for shape in SHAPES if shape[2] is not None]
    labels = [entry["labels"] for entry in wanted]
    assert [one.tolist() for one in batch.inputs["listed"]] == [one["pixels"].tolist() for one in wanted]
    assert batch.inputs["listed"][0].dtype == torch.float32
    assert batch.inputs["padded"].values.shape == (4, 4, 5, 3)
    assert batch.targets["outline"].lengths[0].tolist() == [3, 0, 1, 4]
    assert batch.targets["masked"].mask.sum() == sum(len(one) for label in labels for one in label["corner"])
    assert batch.targets["masked"].values.dtype == torch.int64
    holes = batch.targets["holes"]
    assert [[[one.float().tolist() for one in hole] for hole in label] for label in holes] == [
        [[one.tolist() for one in hole] for hole in label["holes"]] for label in labels
    ]
    assert all(one.dtype == torch.bfloat16 for label in holes for hole in label for one in hole)
    assert batch.targets["name"] == [label["name"] for label in labels]
    assert batch.targets["about"] == [label["about"] for label in labels]


def test_batches_of_workers_and_of_several_files(package: ModuleType, path: Path) -> None:
    loaders = importlib.import_module("drawings.loaders")
    with package.DrawingsWriter.create(path.parent / "b.h5") as w:
        w.image["other"] = entry_of(3, 3, [2, 5])
    both = [path, path.parent / "b.h5"]
    here = list(loaders.train_loader(both, batch_size=2))
    for other in (
        loaders.train_loader(both, batch_size=2, workers=2),
        loaders.train_loader(both, batch_size=2, threads=2),
    ):
        there = list(other)
        assert len(there) == len(here) == 3
        for one, two in zip(here, there, strict=True):
            assert torch.equal(one.targets["packed"].values, two.targets["packed"].values)
            assert torch.equal(one.inputs["padded"].values, two.inputs["padded"].values)
            assert [o.tolist() for o in one.inputs["packed"].offsets] == [
                o.tolist() for o in two.inputs["packed"].offsets
            ]
            assert one.targets["name"] == two.targets["name"]
