"""Rows of which only some elements are stored: what is given comes back, whoever reads it."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from blank import declare
from hypothesis import given
from hypothesis import strategies as st
from making import extracted, generated

from h5schema.errors import DataError, FileError, UsageError
from h5schema.runtime import Array, Axis, Csr, IdAxis, Maybe, SparseBlock, SparseRow, optional
from h5schema.runtime.repacking import repack
from h5schema.runtime.writing import unchangeable
from h5schema.vocabulary.dtypes import NUMBERS

DTYPES = [name for name in NUMBERS if name in np.sctypeDict]


def matrix(rows: int, columns: int, dtype: str = "float32", share: float = 0.3) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(rows * 1000 + columns)
    values = rng.integers(0, 256, (rows, columns, np.dtype(dtype).itemsize)).astype(np.uint8)
    dense = values.view(dtype)[..., 0] if dtype != "bool" else values[..., 0] > 127
    return np.where(rng.random((rows, columns)) < share, dense, np.zeros(1, dtype))


def same(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> bool:
    """Equal to the last bit."""
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("rows", "columns"), [(0, 0), (0, 3), (3, 0), (1, 1), (300, 40)])
def test_every_dtype_and_size(tmp_path: Path, dtype: str, rows: int, columns: int) -> None:
    kind: Any = np.dtype(dtype).type
    reader, writer = declare(
        cell=Axis(dict),
        gene=Axis(dict),
        whole=Csr(kind, "cell gene"),
        single=Csr(kind, f"cell {max(1, columns)}", codec="default"),
        maybe=optional(Csr(kind, "cell gene", codec="lzf")),
    )
    x, other = matrix(rows, columns, dtype), matrix(rows, max(1, columns), dtype)
    with writer.create(tmp_path / "a.h5") as file:
        file.gene.extend({}) if not columns else [file.gene.append({}) for _ in range(columns)]
        half = rows // 2
        file.cell.extend({"whole": x[:half], "single": other[:half], "maybe": [None] * half})
        for i in range(half, rows):
            file.cell.append({"whole": x[i], "single": other[i], "maybe": x[i] if i % 3 else None})
    with reader(tmp_path / "a.h5") as file:
        assert same(file.whole[:].dense(), x)
        assert same(file.single[:].dense(), other)
        rows_read = np.random.default_rng(0).integers(0, max(1, rows), 50 if rows else 0)
        assert same(file.whole[rows_read].dense(), x[rows_read])
        for i in (0, rows // 2, rows - 1) if rows else ():
            assert same(file.whole[i].dense(), x[i])
            entry = file.maybe[i]
            there = i >= rows // 2 and i % 3
            assert same(entry.dense(), x[i]) if there else entry is None
        file.verify()
    repack(reader, tmp_path / "a.h5", tmp_path / "b.h5", text="")
    with reader(tmp_path / "b.h5") as file:
        assert same(file.whole[:].dense(), x)
        block = file.maybe[:]
        assert isinstance(block, Maybe)
        assert block.present.tolist() == [i >= rows // 2 and i % 3 != 0 for i in range(rows)]


@given(st.data())
def test_whatever_form_a_row_is_given_in(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    sparse: Any = pytest.importorskip("scipy.sparse")
    width = data.draw(st.integers(1, 9))
    rows = data.draw(st.lists(st.lists(st.sampled_from([0.0, -0.0, 1.5, -2.0, 7.0]), min_size=width, max_size=width)))
    reader, writer = declare(cell=Axis(dict), x=Csr(np.float32, f"cell {width}"))
    path = tmp_path_factory.mktemp("rows") / "a.h5"
    forms = [
        lambda row: row,
        lambda row: SparseRow(np.flatnonzero(row), row[np.flatnonzero(row)], width),
        lambda row: (np.flatnonzero(row)[::-1], row[np.flatnonzero(row)[::-1]]),
        lambda row: (np.flatnonzero(row).tolist(), row[np.flatnonzero(row)].tolist()),
        lambda row: sparse.csr_matrix(row[None]),
        lambda row: sparse.coo_array(row[None]),
        list,
    ]
    with writer.create(path) as file:
        for row in rows:
            form = data.draw(st.sampled_from(forms))
            file.cell.append({"x": form(np.array(row, np.float32))})
    with reader(path) as file:
        assert np.array_equal(file.x[:].dense(), np.array(rows, np.float32).reshape(-1, width))
        for row in file.x:
            assert (np.diff(row.indices) > 0).all()


def test_blocks_of_scipy_and_of_ours(tmp_path: Path) -> None:
    sparse: Any = pytest.importorskip("scipy.sparse")
    x = matrix(20, 6)
    reader, writer = declare(cell=Axis(dict), x=Csr(np.float32, "cell 6"))
    with writer.create(tmp_path / "a.h5") as file:
        for block in (sparse.csr_array(x), sparse.csc_matrix(x), sparse.coo_array(x), x):
            file.cell.extend({"x": block})
    with reader(tmp_path / "a.h5") as file:
        assert np.array_equal(file.x[:].dense(), np.concatenate([x] * 4))
        block = file.x[:20]
        assert isinstance(block, SparseBlock)
        assert len(block) == 20
        assert np.array_equal(block[5:9].dense(), x[5:9])
    with writer.create(tmp_path / "b.h5") as file:
        file.cell.extend({"x": block})
    with reader(tmp_path / "b.h5") as file:
        assert np.array_equal(file.x[:].dense(), x)


def cells() -> tuple[Any, Any]:
    return declare(cell=IdAxis(dict), gene=IdAxis(dict), counts=Csr(np.float32, "cell gene"))


def written(path: Path, writer: Any, x: np.ndarray[Any, Any]) -> Path:
    with writer.create(path, overwrite=True) as file:
        file.gene.extend([f"g{i}" for i in range(x.shape[1])], {})
        file.cell.extend([f"c{i}" for i in range(x.shape[0])], {"counts": x})
    return path


def test_anndata_and_scipy_read_our_file(tmp_path: Path) -> None:
    anndata_io: Any = pytest.importorskip("anndata.io")
    reader, writer = cells()
    x = matrix(50, 12)
    path = written(tmp_path / "a.h5", writer, x)
    with h5py.File(path) as file:
        read = anndata_io.read_elem(file["counts"])
        assert (read.format, read.shape) == ("csr", (50, 12))
        assert np.array_equal(read.toarray(), x)
    with writer.edit(path) as file:
        file.cell["new"] = {"counts": x[0]}
    with h5py.File(path) as file:
        assert np.array_equal(anndata_io.read_elem(file["counts"]).toarray(), np.concatenate([x, x[:1]]))
    with reader(path) as file:
        file.verify()


def test_the_encoding_is_that_of_anndata(tmp_path: Path) -> None:
    _, writer = cells()
    x = np.array([[0, 2, 0], [0, 0, 0], [1, 0, 3]], np.float32)
    with h5py.File(written(tmp_path / "a.h5", writer, x)) as file:
        group = file["counts"]
        said = {name: group.attrs[name] for name in ("encoding-type", "encoding-version")}
        assert said == {"encoding-type": "csr_matrix", "encoding-version": "0.1.0"}
        assert group.attrs["shape"].tolist() == [3, 3]
        stored = {name: group[name][:].tolist() for name in ("data", "indices", "indptr")}
        assert stored == {"data": [2, 1, 3], "indices": [1, 0, 2], "indptr": [0, 1, 1, 3]}


def test_xarray_opens_the_group(tmp_path: Path) -> None:
    xarray: Any = pytest.importorskip("xarray")
    _, writer = cells()
    path = written(tmp_path / "a.h5", writer, matrix(4, 3))
    with xarray.open_dataset(path, group="counts", engine="h5netcdf") as opened:
        assert set(opened.data_vars) == {"data", "indices", "indptr"}


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (([3], [1.0]), "an element stands at 3, but a row has 3 elements"),
        (([-1], [1.0]), "an element stands at -1, but a row has 3 elements"),
        (([1, 1], [1.0, 2.0]), "two elements stand at 1"),
        (([1], [1.0, 2.0]), "there are indices [1] for values [2]"),
        (([0.5], [1.0]), "the indices are float64"),
        (([0], [1e300]), "1e+300 would become infinite as float32"),
        ([1, 2], "the shape is [2], not [3]"),
        (SparseRow(np.array([0]), np.ones(1, np.float32), 4), "the shape is [4], not [3]"),
        (None, "the entry is None, but the feature is not optional"),
        ("abc", "str is not a number or an array of float32"),
    ],
)
def test_what_is_no_row_is_refused(tmp_path: Path, value: object, said: str) -> None:
    _, writer = declare(cell=Axis(dict), x=Csr(np.float32, "cell 3"))
    with writer.create(tmp_path / "a.h5") as file:
        file.cell.append({"x": [0, 0, 1]})
        with pytest.raises(DataError) as raised:
            file.cell.append({"x": value})
    assert said in str(raised.value)
    assert "/x, row 1" in str(raised.value)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    reader, writer = cells()
    path = written(tmp_path / "a.h5", writer, matrix(9, 5, share=1.0))
    with h5py.File(path, "r+") as file:
        file["counts/indices"][7] = 5
    with reader(path) as opened, pytest.raises(DataError, match="an element stands at 5, but a row has 5 elements"):
        _ = opened.counts[1]
    with reader(path) as opened, pytest.raises(FileError, match="not what was written"):
        opened.verify()
    written(path, writer, matrix(9, 5, share=1.0))
    with h5py.File(path, "r+") as file:
        file["counts/indptr"][3] = 10**9
    with reader(path) as opened, pytest.raises(DataError, match="its index points outside its data"):
        _ = opened.counts[2]


SCHEMA = """\
h5schema: 1
name: sparse_cells
version: 1.0.0
dims: {cell: {ids: true}, gene: {ids: true}}
features:
  counts: {dims: [cell, gene], dtype: float32, store: {kind: csr, codec: default}}
  by_gene: {dims: [gene, cell], dtype: float32, store: csr}
  flags: {dims: [cell, 4], dtype: bool, store: csr, optional: true}
loaders:
  by_cell: {over: cell, inputs: counts, batch: {size: 4, shuffle: true}}
  by_gene: {over: gene, inputs: by_gene, batch: 2}
  forms:
    over: cell
    inputs:
      dense: {feature: counts, as: dense}
      sparse: {feature: counts, as: sparse, dtype: float64}
      pairs: {feature: counts, as: pairs}
      flags: {feature: flags, dtype: int64, fill: 0}
    batch: 3
"""


def test_T9_T11_rows_as_dense_vectors_as_pairs_and_as_torch_sparse_tensors(tmp_path: Path) -> None:
    torch: Any = pytest.importorskip("torch", reason="loaders need torch")
    made = generated(tmp_path, SCHEMA)
    x = matrix(11, 5)
    flags = [None, [True, False, False, True], None]
    with made.groups.SparseCellsWriter.create(made.path) as file:
        for i in range(5):
            file.gene[f"g{i}"] = {}
        for i in range(11):
            file.cell[f"c{i}"] = {"counts": x[i], "flags": flags[i % 3]}
        file.by_gene = x.T
    batch = made.loaders.Forms(made.path)[[4, 0, 4]]
    expected = x[[4, 0, 4]]
    assert np.array_equal(batch["dense"].numpy(), expected)
    assert (batch["sparse"].layout, batch["sparse"].dtype) == (torch.sparse_coo, torch.float64)
    assert batch["sparse"].is_coalesced()
    assert np.array_equal(batch["sparse"].to_dense().numpy(), expected)
    pairs = batch["pairs"]
    for i, row in enumerate(expected):
        part = slice(*pairs.offsets[i : i + 2].tolist())
        assert np.array_equal(pairs.indices[part].numpy(), np.flatnonzero(row))
        assert np.array_equal(pairs.values[part].numpy(), row[np.flatnonzero(row)])
    assert batch["flags"].tolist() == [[1, 0, 0, 1], [0] * 4, [1, 0, 0, 1]]
    genes = torch.cat(list(made.loaders.by_gene_loader(made.path)))
    assert np.array_equal(genes.numpy(), x.T)
    for workers in (0, 2):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's, of sparse tensors
            loader = made.loaders.forms_loader(made.path, workers=workers)
            parts = [batch["sparse"].to_dense() for batch in loader]
        assert np.array_equal(torch.cat(parts).numpy(), x)


def test_rows_are_extracted_by_any_number_of_workers(tmp_path: Path) -> None:
    schema = """\
h5schema: 1
name: sparse_sources
version: 1.0.0
dims: {cell: {source: '{name}.txt'}}
features:
  x: {dims: [cell, 8], dtype: int32, store: csr, call: 'sparse_sources_io:row', optional: true}
"""
    functions = """\
def row(path):
    text = open(path).read()
    if text == "":
        return None
    return [int(one) for one in text.split(",")], [7 for _ in text.split(",")]
"""
    sources = {f"{i:03}.txt": (b"" if i % 7 == 0 else f"{i % 8}".encode()) for i in range(60)}
    made = extracted(tmp_path, schema, functions, sources)
    with made.groups.SparseSources(made.path) as file:
        for i, row in enumerate(file.x):
            assert (row is None) == (i % 7 == 0)
            assert row is None or (row.indices.tolist(), row.values.tolist()) == ([i % 8], [7])
        file.verify()


def test_a_dense_feature_beside_it(tmp_path: Path) -> None:
    reader, writer = declare(
        cell=Axis(dict), gene=Axis(dict), x=Csr(np.float32, "cell gene"), y=Array(np.float32, "cell gene")
    )
    x = matrix(6, 4)
    with writer.create(tmp_path / "a.h5") as file:
        for _ in range(4):
            file.gene.append({})
        file.cell.extend({"x": x, "y": x})
    with reader(tmp_path / "a.h5") as file:
        assert np.array_equal(file.x[:].dense(), file.y[:])


def test_M8_anndata_reads_what_was_changed(tmp_path: Path) -> None:
    """Entries are replaced, by longer ones too, renamed and taken away; the encoding stays that of AnnData."""
    anndata_io: Any = pytest.importorskip("anndata.io")
    reader, writer = cells()
    x = matrix(7, 5)
    path = written(tmp_path / "a.h5", writer, x)
    with writer.edit(path) as file:
        file.counts["c1"] = x[1] = np.arange(1, 6, dtype=np.float32)
        file.cell["c5"] = {"counts": np.zeros(5, np.float32)}
        x[5] = 0
        assert np.array_equal(file.counts[[5, 1, 6]].dense(), x[[5, 1, 6]])
        del file.cell["c0"]
        file.cell.rename("c6", "six")
        file.cell["new"] = {"counts": (np.array([4]), np.array([9], np.float32))}
    x = np.concatenate([x[6:], x[1:6], [[0, 0, 0, 0, 9]]]).astype(np.float32)
    with h5py.File(path) as plain:
        assert np.array_equal(anndata_io.read_elem(plain["counts"]).toarray(), x)
        assert len(plain["counts/data"]) == np.count_nonzero(x), "there are no gaps"
    with reader(path) as file:
        assert list(file.cell) == ["six", "c1", "c2", "c3", "c4", "c5", "new"]
        assert np.array_equal(file.counts[:].dense(), x)
        file.verify()


def test_entries_along_other_entries_stay(tmp_path: Path) -> None:
    _, writer = cells()
    path = written(tmp_path / "a.h5", writer, matrix(5, 4))
    with writer.edit(path) as file:
        with pytest.raises(UsageError, match="every entry has a value for each of gene, so none of gene is taken away"):
            del file.gene["g1"]
        with pytest.raises(DataError, match=r"the shape is \[3\], not \[4\]"):
            file.counts["c1"] = np.zeros(3, np.float32)
        with pytest.raises(DataError, match="two elements stand at 2"):
            file.counts["c1"] = (np.array([2, 2]), np.ones(2, np.float32))
        assert file.counts["c1"].size == 4


def test_too_many_elements_do_not_move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written over waits in memory, so there is an end to it; the same number of elements stays possible."""
    monkeypatch.setattr(unchangeable, "_SPREAD_BYTES", 100)
    reader, writer = declare(cell=IdAxis(dict), x=Csr(np.float32, "cell 9", layout="chunked"))
    x = np.ones((20, 9), np.float32)
    with writer.create(tmp_path / "a.h5") as file:
        file.cell.extend([f"c{i}" for i in range(20)], {"x": x})
    with writer.edit(tmp_path / "a.h5") as file:
        file.x["c19"] = x[19] = np.zeros(9, np.float32)
        file.x["c3"] = x[3] = np.full(9, 7, np.float32)
        with pytest.raises(FileError, match="0 MiB of elements lie behind the entry, and would move"):
            file.x["c3"] = np.zeros(9, np.float32)
    with reader(tmp_path / "a.h5") as file:
        assert np.array_equal(file.x[:].dense(), x)
        file.verify()
