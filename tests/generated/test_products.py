"""Loaders over several dims: one element of a matrix at a time, with the entries of every dim."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="loaders need torch")

from h5schema import pipeline  # noqa: E402
from h5schema.errors import DataError, UsageError  # noqa: E402
from h5schema.runtime import Absent, Among, Check, Window, stored  # noqa: E402

SCHEMA = """\
h5schema: 1
name: matrices
version: 1.0.0
dims: {cell: {ids: true}, gene: {ids: true}, token: {per: gene}, bin: 2, day: open}
features:
  counts: {dims: [cell, gene], dtype: float32, store: csr}
  rating: {dims: [cell, gene], dtype: int64, store: coo}
  dense:  {dims: [cell, gene], dtype: float32}
  deep:   {dims: [cell, gene, bin], dtype: int16}
  turned: {dims: [gene, cell], dtype: int16, store: csr}
  hour:   {dims: [day], dtype: int8}
  cube:   {dims: [cell, gene, day], dtype: int8, store: coo}
groups:
  cells: {over: cell, features: {donor: {dtype: int32}}}
  genes: {over: gene, features: {symbol: {dtype: str}, text: {dims: [gene, token], dtype: uint16}}}
splits:
  donors: {over: cell, by: cells/donor, parts: {train: [0, 1], test: [2]}}
  rated:  {over: [cell, gene], by: rating, parts: {low: {max: 3}, high: {above: 3}}}
  dealt:  {over: [gene, cell], by: dense, parts: {train: 0.7, test: 0.3}}
loaders:
  every:
    over: [cell, gene]
    inputs:
      {dense: dense, deep: deep, symbol: genes/symbol, donor: cells/donor, cell: cell, gene: gene,
       id: {feature: gene, as: id}}
    targets: {count: counts}
    batch: {size: 7, shuffle: true}
  stored:
    over: [cell, gene]
    where: {counts: present}
    inputs: {text: {feature: genes/text, as: pad}, donor: cells/donor, cell: cell, gene: gene}
    targets: {count: counts, dense: dense}
    batch: {size: 5, shuffle: true}
  train:
    over: [gene, cell]
    split: donors/train
    where: {rating: present, genes/symbol: [g1, g2, g3]}
    inputs: {cell: cell, gene: gene, rating: rating, count: {feature: counts, dtype: float64}}
    batch: 5
  missing: {over: [cell, gene], where: {counts: absent}, inputs: {cell: cell, gene: gene, dense: dense}, batch: 7}
  both:
    over: [gene, cell]
    where: {counts: absent, rating: present, turned: absent}
    inputs: {cell: cell, gene: gene}
    batch: 4
  rated: {over: [cell, gene], split: rated/low, inputs: {cell: cell, gene: gene, rating: rating}, batch: 4}
  dealt: {over: [cell, gene], split: dealt/train, inputs: {cell: cell, gene: gene}, batch: 4}
  days:
    over: [day, cell, gene]
    where: {cube: present, rating: present}
    inputs: {day: day, cell: cell, gene: gene, cube: cube}
    batch: 6
  column:
    over: cell
    where: {cells/donor: [0, 2]}
    inputs: {turned: turned, cell: cell, donor: cells/donor}
    batch: {size: 2, shuffle: true}
  columns:
    over: [day, gene]
    inputs: {cube: cube, count: {feature: counts, dtype: float64}, day: day, gene: gene}
    batch: 5
  pairs: {over: [gene, cell], inputs: {cube: cube, cell: cell, gene: gene}, batch: 5}
  texts:
    over: gene
    inputs: {text: {feature: genes/text, as: nested, dtype: int32}, gene: gene}
    batch: {size: 4, shuffle: true}
  around:
    over: [cell, gene]
    split: donors/train
    window: {cell: {length: 3, hop: 2, shift: -1, edge: pad}, gene: {length: 2, hop: 1}}
    inputs:
      dense: dense
      counts: counts
      deep: {feature: deep, window: {gene: {length: 3}}}
      donor: cells/donor
      cell: cell
      gene: gene
    batch: {size: 4, shuffle: true}
  large: {over: [cell, gene], where: {dense: {above: 30}}, inputs: {dense: dense, cell: cell, gene: gene}, batch: 1000}
  few: {over: [cell, gene], where: {rating: {max: 3}}, inputs: {cell: cell, gene: gene}, batch: 9}
"""
CELLS, GENES, DAYS = 9, 6, 4


def matrices() -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 5, (CELLS, GENES)) * (rng.random((CELLS, GENES)) < 0.4)
    rating = rng.integers(1, 9, (CELLS, GENES)) * (rng.random((CELLS, GENES)) < 0.5)
    return counts.astype(np.float32), rating, np.arange(CELLS * GENES, dtype=np.float32).reshape(CELLS, GENES)


COUNTS, RATING, DENSE = matrices()
TURNED = np.random.default_rng(1).integers(0, 2, (GENES, CELLS)).astype(np.int16)
CUBE = np.random.default_rng(2).integers(0, 3, (CELLS, GENES, DAYS)).astype(np.int8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("matrices")
    (folder / "matrices.yaml").write_text(SCHEMA, encoding="utf-8")
    pipeline.generate([folder / "matrices.yaml"], folder)
    return folder


@pytest.fixture(scope="module")
def loaders(folder: Path) -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        with importlib.import_module("matrices").MatricesWriter.create(
            folder / "data.h5", lengths={"cell": CELLS, "gene": GENES, "day": DAYS}
        ) as w:
            w.day.extend({"hour": np.arange(DAYS, dtype=np.int8)})
            for gene in range(GENES):
                text = np.arange(gene, dtype=np.uint16)
                w.gene[f"gene-{gene}"] = {"genes": {"symbol": f"g{gene}", "text": text}, "turned": TURNED[gene]}
            for cell in range(CELLS):
                w.cell[f"cell-{cell}"] = {
                    "counts": COUNTS[cell],
                    "rating": RATING[cell],
                    "dense": DENSE[cell],
                    "deep": np.stack([DENSE[cell], -DENSE[cell]], 1).astype(np.int16),
                    "cube": CUBE[cell],
                    "cells": {"donor": cell % 3},
                }
        yield importlib.import_module("matrices.loaders")
        for name in [name for name in sys.modules if name.partition(".")[0] == "matrices"]:
            del sys.modules[name]


def test_T4_every_element_of_a_dense_matrix(loaders: ModuleType, folder: Path) -> None:
    seen = []
    for inputs, targets in loaders.every_loader(folder / "data.h5", seed=1):
        cells, genes = inputs["cell"].numpy(), inputs["gene"].numpy()
        assert np.array_equal(inputs["dense"], DENSE[cells, genes])
        assert np.array_equal(inputs["deep"], np.stack([DENSE, -DENSE], -1)[cells, genes])
        assert np.array_equal(targets["count"], COUNTS[cells, genes])
        assert inputs["symbol"] == [f"g{gene}" for gene in genes]
        assert inputs["id"] == [f"gene-{gene}" for gene in genes]
        assert inputs["donor"].tolist() == (cells % 3).tolist()
        seen += zip(cells.tolist(), genes.tolist(), strict=True)
    assert sorted(seen) == [(cell, gene) for cell in range(CELLS) for gene in range(GENES)]


def test_T4_the_stored_elements_of_a_sparse_matrix(loaders: ModuleType, folder: Path) -> None:
    seen = []
    for inputs, targets in loaders.stored_loader(folder / "data.h5", seed=1):
        cells, genes = inputs["cell"].numpy(), inputs["gene"].numpy()
        assert np.array_equal(targets["count"], COUNTS[cells, genes])
        assert np.array_equal(targets["dense"], DENSE[cells, genes])
        assert inputs["text"].lengths.tolist() == genes.tolist()
        seen += zip(cells.tolist(), genes.tolist(), strict=True)
    assert sorted(seen) == list(zip(*[axis.tolist() for axis in np.nonzero(COUNTS)], strict=True))


def test_T4_splits_and_conditions_on_every_dim(loaders: ModuleType, folder: Path) -> None:
    wanted = [(c, g) for c, g in zip(*np.nonzero(RATING), strict=True) if c % 3 < 2 and g in (1, 2, 3)]
    seen = []
    for batch in loaders.train_loader(folder / "data.h5"):
        cells, genes = batch["cell"].numpy(), batch["gene"].numpy()
        assert np.array_equal(batch["rating"], RATING[cells, genes])
        assert np.array_equal(batch["count"], COUNTS[cells, genes])
        seen += zip(cells.tolist(), genes.tolist(), strict=True)
    assert sorted(seen) == sorted(wanted)
    (large,) = loaders.large_loader(folder / "data.h5")
    assert sorted(large["dense"].tolist()) == list(range(31, CELLS * GENES))


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({"rating": Check(max=3)}, (RATING > 0) & (RATING <= 3)),
        ({"rating": Check(min=-1)}, RATING > 0),
        ({"counts": Check(below=3)}, (COUNTS > 0) & (COUNTS < 3)),
        ({"turned": Check(max=7)}, TURNED.T > 0),
        ({"rating": Among(1, 2, 5, 7), "counts": Check(min=0)}, np.isin(RATING, [1, 2, 5, 7]) & (COUNTS > 0)),
        ({"rating": Check(max=5), "counts": Absent()}, (RATING > 0) & (RATING <= 5) & (COUNTS == 0)),
        ({"rating": Check(max=5), "dense": Check(min=20)}, (RATING > 0) & (RATING <= 5) & (DENSE >= 20)),
    ],
)
def test_T4_conditions_on_values_of_a_sparse_feature_ask_those_that_it_stores(
    loaders: ModuleType, folder: Path, asked: Any, wanted: Any
) -> None:
    """What is not stored is absent, and an absent value meets only `absent`."""
    assert sorted(seen(loaders.large_loader(folder / "data.h5", where=asked))) == where(wanted)
    window = {"cell": Window(length=1, hop=1, shift=0), "gene": Window(length=1, hop=1)}
    around = loaders.around_loader(folder / "data.h5", split="", where=asked, window=window, shuffle=False)
    assert seen(around) == [place for place in where(wanted) if place[1] < GENES - 2]


def test_T4_a_schema_asks_values_of_a_sparse_feature(loaders: ModuleType, folder: Path) -> None:
    assert seen(loaders.few_loader(folder / "data.h5")) == where((RATING > 0) & (RATING <= 3))


def seen(batches: Any) -> list[tuple[int, ...]]:
    """Where the samples of some batches are, in the order in which they come."""
    dims = ("day", "cell", "gene")
    return [
        place for batch in batches for place in zip(*[batch[dim].tolist() for dim in dims if dim in batch], strict=True)
    ]


def where(mask: Any) -> list[tuple[int, ...]]:
    return list(zip(*[axis.tolist() for axis in np.nonzero(mask)], strict=True))


def test_T4_elements_that_are_not_stored(loaders: ModuleType, folder: Path) -> None:
    batches = list(loaders.missing_loader(folder / "data.h5"))
    assert seen(batches) == where(COUNTS == 0)
    assert all(np.array_equal(one["dense"], DENSE[one["cell"], one["gene"]]) for one in batches)
    subset = {"gene": [1, 4, 5], "cell": [8, 0, 3]}
    chosen = np.zeros((CELLS, GENES), bool)
    chosen[np.ix_([0, 3, 8], [1, 4, 5])] = True
    assert seen(loaders.missing_loader(folder / "data.h5", subset=subset)) == where((COUNTS == 0) & chosen)
    both = (COUNTS == 0) & (RATING != 0) & (TURNED.T == 0)
    assert sorted((cell, gene) for cell, gene in seen(loaders.both_loader(folder / "data.h5"))) == where(both)


def test_T4_three_dims(loaders: ModuleType, folder: Path) -> None:
    batches = list(loaders.days_loader(folder / "data.h5"))
    wanted = [(day, cell, gene) for cell, gene, day in where((CUBE != 0) & (RATING != 0)[:, :, None])]
    assert sorted(seen(batches)) == sorted(wanted)
    assert all(np.array_equal(one["cube"], CUBE[one["cell"], one["gene"], one["day"]]) for one in batches)


def test_T3_columns_of_a_matrix(loaders: ModuleType, folder: Path) -> None:
    path = folder / "data.h5"
    batches = list(loaders.column_loader(path))
    assert all(np.array_equal(one["turned"], TURNED.T[one["cell"]]) for one in batches)
    assert sorted(seen(batches)) == [(cell,) for cell in range(CELLS) if cell % 3 != 1]
    batches = list(loaders.columns_loader(path))
    for one in batches:
        assert np.array_equal(one["cube"], CUBE.transpose(2, 1, 0)[one["day"], one["gene"]])
        assert np.array_equal(one["count"], COUNTS.T[one["gene"]].astype(np.float64))
    assert len([place for one in batches for place in one["day"]]) == DAYS * GENES
    for one in loaders.pairs_loader(path):
        assert np.array_equal(one["cube"], CUBE[one["cell"], one["gene"]])


def test_M13_ragged_entries_as_nested_tensors(loaders: ModuleType, folder: Path) -> None:
    for workers in (0, 1):
        found = {}
        for batch in loaders.texts_loader(folder / "data.h5", seed=2, workers=workers):
            assert (batch["text"].layout, batch["text"].dtype) == (torch.jagged, torch.int32)
            found |= {
                int(gene): text.tolist() for gene, text in zip(batch["gene"], batch["text"].unbind(), strict=True)
            }
        assert found == {gene: list(range(gene)) for gene in range(GENES)}


@pytest.mark.parametrize("edge", ["drop", "repeat", "pad"])
def test_M13_T8_windows_of_several_dims(loaders: ModuleType, folder: Path, edge: Any) -> None:
    def piece(matrix: Any, rows: Any, columns: Any) -> Any:
        found = matrix[np.clip(rows, 0, CELLS - 1)][:, np.clip(columns, 0, GENES - 1)].copy()
        if edge == "pad":
            found[(rows < 0) | (rows >= CELLS)] = 0
            found[:, (columns < 0) | (columns >= GENES)] = 0
        return found

    window = {"cell": Window(edge=edge), "gene": Window(edge=edge)}
    wanted = [
        (cell, gene)
        for cell in range(0, CELLS, 2)
        for gene in range(GENES)
        if edge != "drop" or (1 <= cell < CELLS - 1 and gene < GENES - 2)
    ]
    loader = loaders.around_loader(folder / "data.h5", split="", window=window)
    assert sorted(seen(loader)) == wanted
    assert len(loader.dataset) == len(wanted)
    for batch in loader:
        deep = np.stack([DENSE, -DENSE], -1).astype(np.int16)
        for number, (cell, gene) in enumerate(seen([batch])):
            rows = np.arange(cell - 1, cell + 2)
            assert np.array_equal(batch["dense"][number], piece(DENSE, rows, np.arange(gene, gene + 2)))
            assert np.array_equal(batch["counts"][number], piece(COUNTS, rows, np.arange(gene, gene + 2)))
            assert np.array_equal(batch["deep"][number], piece(deep, rows, np.arange(gene, gene + 3)))
            donors = np.where((rows >= 0) & (rows < CELLS) | (edge != "pad"), np.clip(rows, 0, CELLS - 1) % 3, 0)
            assert batch["donor"][number].tolist() == donors.tolist()


def test_T8_T12_windows_of_several_dims_stay_in_their_part(loaders: ModuleType, folder: Path) -> None:
    """Of cells in the order 0 1 2 0 1 2 ... no three that follow each other are of two donors: at an edge two are."""
    assert seen(loaders.around_loader(folder / "data.h5", shuffle=False)) == [(0, gene) for gene in range(GENES - 2)]
    subset = {"cell": [2, 3], "gene": [1, 2, 5]}
    some = loaders.around_loader(folder / "data.h5", split="", subset=subset, shuffle=False)
    assert seen(some) == [(2, 1), (2, 2)]


def test_T12_a_split_of_several_dims(loaders: ModuleType, folder: Path) -> None:
    path = folder / "data.h5"
    low, high = (seen(loaders.rated_loader(path, split=f"rated/{part}")) for part in ("low", "high"))
    assert low == where((RATING > 0) & (RATING <= 3))
    assert high == where(RATING > 3)
    train, test = (seen(loaders.dealt_loader(path, split=f"dealt/{part}")) for part in ("train", "test"))
    assert sorted(train + test) == where(np.ones_like(DENSE))
    assert 0.5 < len(train) / DENSE.size < 0.9
    assert train == seen(loaders.dealt_loader(path))
    with pytest.raises(UsageError, match="a part of it has elements, not rows"):
        loaders.Rated.file(path).split("rated/low")


@pytest.mark.parametrize("kept", [1 << 21, 0])
def test_T4_stored_elements_need_a_number_for_each_row(
    loaders: ModuleType, folder: Path, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "_IN_MEMORY", kept)
    monkeypatch.setattr(stored, "_AT_ONCE", 4)
    path = folder / "data.h5"
    assert seen(loaders.rated_loader(path, split="rated/high")) == where(RATING > 3)
    assert seen(loaders.missing_loader(path)) == where(COUNTS == 0)
    dataset = loaders.Stored(path, subset={"gene": [0, 2, 3]})
    assert sum(one.nbytes for one in dataset.samples.decided() if isinstance(one, np.ndarray)) == 8 * (CELLS + 1 + 3)
    wanted = [(cell, gene) for cell, gene in where(COUNTS) if gene in (0, 2, 3)]
    assert [(int(one["cell"]), int(one["gene"])) for one, _ in (dataset[i] for i in range(len(dataset)))] == wanted


def test_T5_a_subset_of_nothing_is_a_loader_without_batches(loaders: ModuleType, folder: Path) -> None:
    for make in (loaders.every_loader, loaders.around_loader, loaders.stored_loader, loaders.few_loader):
        for choices in ({"subset": {"cell": []}}, {"subset": {"gene": np.zeros(GENES, bool)}}, {"limit": 0}):
            assert list(make(folder / "data.h5", **choices)) == []


def test_T8_windows_that_leave_nothing_are_named(loaders: ModuleType, folder: Path) -> None:
    with pytest.raises(DataError) as caught:
        loaders.around_loader(folder / "data.h5", window={"cell": Window(length=20)})
    assert str(caught.value) == (
        f"{folder / 'data.h5'}: cell: no sample is left of 6 entries by split donors/train, the window of cell\n"
        "  help: look at the split, the conditions and the windows; training would go on in silence over nothing"
    )


def test_T5_subsets_of_several_dims(loaders: ModuleType, folder: Path) -> None:
    subset = {"cell": [0, 5], "gene": "gene-[13]"}
    seen = [
        pair
        for inputs, _ in loaders.every_loader(folder / "data.h5", subset=subset)
        for pair in zip(inputs["cell"].tolist(), inputs["gene"].tolist(), strict=True)
    ]
    assert sorted(seen) == [(0, 1), (0, 3), (5, 1), (5, 3)]
    assert len(loaders.every_loader(folder / "data.h5", subset={"gene": [2]}).dataset) == CELLS
    with pytest.raises(DataError, match="of which is this the subset"):
        loaders.every_loader(folder / "data.h5", subset=[1, 2])
    with pytest.raises(DataError, match="'token' is no dim of entries that a sample has"):
        loaders.every_loader(folder / "data.h5", subset={"token": [1]})
