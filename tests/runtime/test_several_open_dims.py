"""Features that run across several open dims: `[cell, gene]`, whose rows are as long as there are genes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from blank import declare
from making import generated

from h5schema.errors import DataError, UsageError
from h5schema.runtime import Array, Axis, Csr, IdAxis, Maybe, Scalar, Text, optional
from h5schema.runtime.repacking import repack

X = np.random.default_rng(0).random((7, 5)).astype(np.float32)


def cells(**more: Any) -> tuple[Any, Any]:
    return declare(cell=IdAxis(dict), gene=IdAxis(dict), counts=Array(np.float32, "cell gene"), **more)


def genes(count: int) -> list[str]:
    return [f"g{i}" for i in range(count)]


def written(path: Path, writer: Any) -> Path:
    with writer.create(path) as file:
        file.gene.extend(genes(5), {})
        for i, row in enumerate(X):
            file.cell[f"c{i}"] = {"counts": row}
    return path


def test_rows_are_as_long_as_there_are_entries_of_the_second_dim(tmp_path: Path) -> None:
    reader, writer = cells()
    with reader(written(tmp_path / "a.h5", writer)) as file:
        assert np.array_equal(file.counts[:], X)
        assert np.array_equal(file.counts["c3"], X[3])
        assert np.array_equal(file.cell["c6"]["counts"], X[6])
        assert np.array_equal(file.counts[[4, 0, 4]], X[[4, 0, 4]])
        file.verify()
    with h5py.File(tmp_path / "a.h5") as file:
        assert file["counts"].shape == (7, 5)
        assert [axis[0].name for axis in file["counts"].dims] == ["/cell", "/gene"]


@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (0, 3), (3, 0), (1, 1), (700, 3)])
def test_none_one_and_many(tmp_path: Path, rows: int, columns: int) -> None:
    reader, writer = cells(again=Array(np.int16, "cell 2 gene"))
    x, again = np.ones((rows, columns), np.float32), np.full((rows, 2, columns), 7, np.int16)
    with writer.create(tmp_path / "a.h5") as file:
        file.gene.extend(genes(columns), {})
        file.cell.extend([f"c{i}" for i in range(rows)], {"counts": x, "again": again})
    with reader(tmp_path / "a.h5") as file:
        assert file.counts[:].shape == (rows, columns)
        assert np.array_equal(file.again[:], again)
        file.verify()


def test_both_ways_round_the_second_is_given_at_the_end(tmp_path: Path) -> None:
    reader, writer = cells(by_gene=Array(np.float32, "gene cell"), symbol=Text("gene"))
    with writer.create(tmp_path / "a.h5") as file:
        file.gene.extend(genes(5), {"symbol": [f"S{i}" for i in range(5)]})
        for i, row in enumerate(X):
            file.cell[f"c{i}"] = {"counts": row}
        with pytest.raises(DataError, match="no entry has a value yet"):
            _ = file.by_gene[:]
        file.by_gene = X.T
        with pytest.raises(DataError, match="it has values already"):
            file.by_gene = X.T
    with reader(tmp_path / "a.h5") as file:
        assert np.array_equal(file.by_gene[:], X.T)
        assert np.array_equal(file.gene["g2"]["by_gene"], X[:, 2])
    repack(reader, tmp_path / "a.h5", tmp_path / "b.h5", text="")
    with reader(tmp_path / "b.h5") as file:
        assert np.array_equal(file.by_gene[:], X.T)
        assert np.array_equal(file.counts[:], X)
        file.verify()


def test_the_second_dim_is_complete_before_the_first_row(tmp_path: Path) -> None:
    _, writer = cells()
    path = tmp_path / "a.h5"
    said = (
        f"{path}: gene: every entry of counts has 5 values along gene, so gene gets no more entries\n"
        "  help: give all entries of gene before the first of cell that has counts"
    )
    with writer.create(path) as file:
        file.gene.extend(genes(5), {})
        file.cell["c0"] = {"counts": X[0]}
        with pytest.raises(DataError) as raised:
            file.gene["g5"] = {}
    assert str(raised.value) == said


def test_a_row_of_another_length_is_refused(tmp_path: Path) -> None:
    _, writer = cells()
    with writer.create(tmp_path / "a.h5") as file:
        file.gene.extend(genes(5), {})
        with pytest.raises(DataError, match=r"the shape is \[4\], not \[5\]"):
            file.cell["c0"] = {"counts": X[0, :4]}


def test_entries_without_a_value_are_not_forgotten(tmp_path: Path) -> None:
    _, writer = cells()

    def write() -> None:
        with writer.create(tmp_path / "a.h5") as file:
            file.gene.extend(genes(5), {})
            file.cell["c0"] = {}
            with pytest.raises(DataError, match="1 entries of cell have no counts"):
                file.cell["c1"] = {"counts": X[1]}

    with pytest.raises(DataError) as raised:
        write()
    assert "1 entries of cell have no counts" in str(raised.value)
    assert "file.counts = ..." in str(raised.value)


def test_rows_may_be_absent(tmp_path: Path) -> None:
    reader, writer = declare(cell=Axis(dict), gene=Axis(dict), counts=optional(Array(np.float32, "cell gene")))
    with writer.create(tmp_path / "a.h5") as file:
        file.gene.append({})
        file.gene.append({})
        for value in (None, [1, 2], None):
            file.cell.append({"counts": value})
    with reader(tmp_path / "a.h5") as file:
        assert [None if one is None else one.tolist() for one in file.counts] == [None, [1, 2], None]
        block = file.counts[:]
        assert isinstance(block, Maybe)
        assert block.present.tolist() == [False, True, False]
    with writer.create(tmp_path / "b.h5") as file:
        file.cell.append({})
    with reader(tmp_path / "b.h5") as file:
        assert list(file.counts) == [None]


def test_a_finished_file_gets_more_rows_and_no_more_columns(tmp_path: Path) -> None:
    reader, writer = cells()
    path = written(tmp_path / "a.h5", writer)
    with writer.edit(path) as file:
        file.cell["new"] = {"counts": X[0]}
    with reader(path) as file:
        assert np.array_equal(file.counts[:], np.concatenate([X, X[:1]]))
        file.verify()
    with writer.edit(path) as file, pytest.raises(DataError, match="gene gets no more entries"):
        file.gene["more"] = {}


def test_several_files_as_one_are_refused(tmp_path: Path) -> None:
    reader, writer = cells()
    paths = [written(tmp_path / name, writer) for name in ("a.h5", "b.h5")]
    with pytest.raises(UsageError, match="counts runs across several open dims"):
        _ = len(reader(paths).cell)


SCHEMA = """\
h5schema: 1
name: across_cells
version: 1.0.0
dims: {cell: {ids: true}, gene: {ids: true}}
features:
  counts: {dims: [cell, gene], dtype: float32}
loaders:
  by_cell: {over: cell, inputs: counts, batch: {size: 3, shuffle: true}}
"""


def test_a_loader_over_the_first_dim(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="loaders need torch")
    made = generated(tmp_path, SCHEMA)
    written(made.path, made.groups.AcrossCellsWriter)
    dataset = made.loaders.ByCell(made.path)
    assert np.array_equal(dataset[2].numpy(), X[2:3])
    order = [row for batch in made.loaders.ByCell.loader(made.path, seed=1) for row in batch.numpy().tolist()]
    assert sorted(order) == sorted(X.tolist())


def test_T2_any_number_of_features_along_any_dim(tmp_path: Path) -> None:
    """Along the first dim, along the second, along both, along none; lengths are checked."""
    reader, writer = cells(
        weight=Scalar(np.float64, "cell"),
        name=Text("cell"),
        symbol=Text("gene"),
        weights=Array(np.float32, "gene 4"),
        spliced=Csr(np.int16, "cell gene"),
        grid=Array(np.int32, "2 3"),
    )
    grid, weights = np.arange(6, dtype=np.int32).reshape(2, 3), np.ones((5, 4), np.float32)
    spliced = (X > 0.5).astype(np.int16)
    names = [f"n{i}" for i in range(7)]
    with writer.create(tmp_path / "a.h5") as file:
        file.grid = grid
        with pytest.raises(DataError, match="4 entries are given, but the others have 5"):
            file.gene.extend(genes(5), {"symbol": genes(4), "weights": weights})
        file.gene.extend(genes(5), {"symbol": genes(5), "weights": weights})
        blocks = {"counts": X, "spliced": spliced, "weight": X[:, 0].astype(np.float64), "name": names}
        with pytest.raises(DataError, match="6 entries are given, but the others have 7"):
            file.cell.extend([f"c{i}" for i in range(7)], {**blocks, "spliced": spliced[:6]})
        file.cell.extend([f"c{i}" for i in range(7)], blocks)
    with reader(tmp_path / "a.h5") as file:
        assert np.array_equal(file.spliced[:].dense(), spliced)
        assert np.array_equal(file.counts[:], X)
        assert list(file.name) == names
        assert list(file.symbol) == genes(5)
        assert np.array_equal(file.weights[:], weights)
        assert np.array_equal(file.grid[()], grid)
        file.verify()


def test_values_of_a_writer_are_written_over_in_parts(tmp_path: Path) -> None:
    reader, writer = cells()
    with writer.create(tmp_path / "a.h5") as file:
        file.gene.extend(genes(5), {})
        file.cell.extend(["a", "b", "c"], {"counts": X[:3]})
        file.counts.values[0:1] = 0
        file.counts.values[1:3] = X[5:7]
        file.counts.values[2, 1:3] = [8, 9]
    wanted = np.stack([np.zeros(5, np.float32), X[5], X[6]])
    wanted[2, 1:3] = 8, 9
    with reader(tmp_path / "a.h5") as file:
        file.verify()
        assert np.array_equal(file.counts[:], wanted)
