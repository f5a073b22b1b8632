"""Case 3 of the language: cells and genes, with a matrix that is made of another, and matrices by columns."""

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

torch = pytest.importorskip("torch", reason="loaders need torch")
scipy_sparse: Any = pytest.importorskip("scipy.sparse")

from h5schema import pipeline  # noqa: E402
from h5schema.errors import UsageError  # noqa: E402
from h5schema.runtime.writing import across, transposing  # noqa: E402

SCHEMA = """\
h5schema: 1
name: cells_of_case_3
version: 1.0.0
dims:
  cell:  {ids: true}
  gene:  {ids: true}
  token: {per: gene}
features:
  counts: {dims: [cell, gene], dtype: float32, store: csr}
  counts_by_gene:
    doc: The same, gene-major, because a loader runs over genes.
    dims: [gene, cell]
    dtype: float32
    store: csr
    from: counts
    call: transpose
  columns: {dims: [cell, gene], dtype: float32, store: {kind: csc, codec: zstd}, from: counts, call: transpose}
  found: {dims: [cell, gene], dtype: bool, optional: true}
  found_by_gene: {dims: [gene, cell], dtype: bool, from: found, call: transpose}
groups:
  cells:
    over: cell
    features:
      cell_type:  {dtype: category}
      donor:      {dtype: category}
      percent_mt: {dtype: float32, unit: '%', optional: true}
  genes:
    over: gene
    features:
      symbol: {dtype: str}
      text:   {dims: [gene, token], dtype: uint16, doc: Tokens of the gene's summary.}
splits:
  donors: {over: cell, by: cells/donor, parts: {train: 0.8, test: 0.2}}
loaders:
  by_cell:
    over: cell
    split: donors/train
    inputs: {x: {feature: counts, as: sparse}}
    targets: {y: cells/cell_type}
    batch: {size: 128, shuffle: true}
  by_gene:
    over: gene
    inputs: {text: {feature: genes/text, as: pad}, profile: counts_by_gene, column: {feature: columns, as: sparse}}
    batch: 32
  by_entry:
    over: [cell, gene]
    where: {counts: present}
    inputs: {text: {feature: genes/text, as: pad}, cell_type: cells/cell_type, cell: cell, gene: gene}
    targets: {count: counts}
    batch: {size: 4096, shuffle: true}
"""
CELLS, GENES = 60, 17


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    folder = tmp_path_factory.mktemp("case3")
    (folder / "cells.yaml").write_text(SCHEMA)
    pipeline.generate([folder / "cells.yaml"], folder)
    sys.path.insert(0, str(folder))
    yield importlib.import_module("cells_of_case_3")
    sys.path.remove(str(folder))


def matrix() -> Any:
    return scipy_sparse.random(CELLS, GENES, 0.3, "csr", np.float32, np.random.default_rng(3))


def write(package: ModuleType, path: Path, x: Any, **options: Any) -> Path:
    with package.CellsOfCase3Writer.create(path, overwrite=True, **options) as w:
        tokens = [np.arange(i % 5, dtype=np.uint16) for i in range(GENES)]
        names = [f"g{i}" for i in range(GENES)]
        w.gene.extend(names, {"genes": {"symbol": [one.upper() for one in names], "text": tokens}})
        for i in range(CELLS):
            about = {"cell_type": f"type {i % 3}", "donor": f"donor {i % 20}", "percent_mt": i / 4 if i % 2 else None}
            found = x[i].toarray()[0] > 0.5 if i % 4 else None
            w.cell[f"c{i}"] = {"counts": x[i], "found": found, "cells": about}
    return path


@pytest.mark.parametrize("memory", [64 << 20, 500])
def test_T11_a_matrix_and_its_transpose(
    package: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, memory: int
) -> None:
    """What does not fit into memory waits on the disk; the file is the same."""
    monkeypatch.setattr(transposing, "TOGETHER_BYTES", memory)
    monkeypatch.setattr(across, "TOGETHER_BYTES", memory)
    anndata_io, x = pytest.importorskip("anndata.io"), matrix()
    path = write(package, tmp_path / "a.h5", x, lengths={"cell": CELLS})
    with package.CellsOfCase3(path) as f:
        assert np.array_equal(f.counts_by_gene[:].dense(), x.T.toarray())
        assert np.array_equal(f.columns["g3"].dense(), x[:, [3]].toarray()[:, 0])
        found = np.where((np.arange(CELLS) % 4 > 0)[:, None], x.toarray() > 0.5, False)
        assert np.array_equal(f.found_by_gene[:], found.T)
        f.verify()
    with h5py.File(path) as plain:
        for name in ("counts", "columns"):
            read = anndata_io.read_elem(plain[name])
            assert (read.format, read.shape) == ({"counts": "csr", "columns": "csc"}[name], (CELLS, GENES))
            assert np.array_equal(read.toarray(), x.toarray())
    assert [one.name for one in tmp_path.iterdir()] == ["a.h5"]


def test_T3_every_loader_of_the_case(package: ModuleType, tmp_path: Path) -> None:
    x = matrix()
    path = write(package, tmp_path / "a.h5", x)
    loaders = importlib.import_module("cells_of_case_3.loaders")
    data, dense = loaders.ByCell(path), x.toarray()
    kept = np.concatenate([one["x"].to_dense().numpy() for one, _ in loaders.by_cell_loader(path, seed=0)])
    assert {row.tobytes() for row in kept} <= {row.tobytes() for row in dense}
    assert len(kept) == len(data) < CELLS
    batch = loaders.ByGene(path)[list(range(GENES))]
    assert np.array_equal(batch["profile"].numpy(), dense.T)
    assert np.array_equal(batch["column"].to_dense().numpy(), dense.T)
    assert batch["text"].lengths.tolist() == [i % 5 for i in range(GENES)]
    found = np.zeros_like(dense)
    for inputs, targets in loaders.by_entry_loader(path, seed=0):
        found[inputs["cell"], inputs["gene"]] = targets["count"]
    assert np.array_equal(found, dense)


def test_what_the_transpose_is_made_of_stays(package: ModuleType, tmp_path: Path) -> None:
    x = matrix()
    path = write(package, tmp_path / "a.h5", x)
    with package.CellsOfCase3Writer.edit(path) as w:
        with pytest.raises(UsageError, match="counts_by_gene is the transpose of counts, and would no longer be"):
            w.counts["c3"] = x[4]
        w.cells.donor["c3"] = "another"
    with package.CellsOfCase3Writer.create(tmp_path / "b.h5") as w:
        w.gene.extend(["a", "b"], {"genes": {"symbol": ["a", "b"], "text": [np.empty(0, np.uint16)] * 2}})
        for i in range(3):
            about = {"cell_type": "t", "donor": "d", "percent_mt": None}
            w.cell[f"c{i}"] = {"counts": np.zeros(2, np.float32), "found": None, "cells": about}
        w.counts["c1"] = np.array([1, 2], np.float32)
        del w.cell["c0"]
    with package.CellsOfCase3(tmp_path / "b.h5") as f:
        assert f.counts_by_gene[:].dense().tolist() == [[0, 1], [0, 2]]
        assert list(f.cell) == ["c2", "c1"]


def test_a_transpose_is_given_by_nobody(package: ModuleType, tmp_path: Path) -> None:
    said = "is the transpose of (counts|found), and is made of it when the file is completed"
    with package.CellsOfCase3Writer.create(tmp_path / "a.h5") as w:
        genes = {"genes": {"symbol": ["a", "b"], "text": [np.empty(0, np.uint16)] * 2}}
        about = {"cell_type": "t", "donor": "d", "percent_mt": None}
        with pytest.raises(UsageError, match=said):
            w.gene.extend(["a", "b"], {**genes, "found_by_gene": np.ones((2, 2), bool)})
        w.gene.extend(["a", "b"], genes)
        for name, counts in (("c0", [1, 0]), ("c1", [0, 2])):
            w.cell[name] = {"counts": np.array(counts, np.float32), "found": [True, False], "cells": about}
        with pytest.raises(UsageError, match=said):
            w.found_by_gene = np.full((2, 2), True)
        with pytest.raises(UsageError, match=said):
            w.columns = np.full((2, 2), 7, np.float32)
        with pytest.raises(UsageError, match=said):
            w.found_by_gene[0] = [True, True]
    with package.CellsOfCase3(tmp_path / "a.h5") as f:
        assert f.found_by_gene[:].tolist() == [[True, True], [False, False]]
        assert f.columns[:].dense().tolist() == [[1, 0], [0, 2]]
