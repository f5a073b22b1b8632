"""Matrices of others of which only some elements are stored, read as they are: equal to SciPy's."""

from __future__ import annotations

import importlib
import itertools
import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest

from h5schema.errors import DataError, FileError

from .conftest import Generate

PBMC = "scverse__anndata/tests/data/archives/v0.7.0/adata.h5ad"
TENX = "scverse__scanpy/tests/_data/10x_data/3.0.0/filtered_feature_bc_matrix.h5"
sparse = pytest.importorskip("scipy.sparse")

CELLS = """
    name: sparse_cells
    bind: anndata
    dims: {cell: open, gene: open}
    features:
      x:     {dims: [cell, gene], dtype: float32, at: X, store: csr}
      layer: {dims: [cell, gene], dtype: float64, at: layers/sparse, store: csr}
    loaders:
      rows:  {over: cell, inputs: {feature: x, as: sparse}, targets: {feature: layer, as: sparse}, batch: 7}
      pairs: {over: cell, inputs: {feature: x, as: pairs}, batch: 7}
      dense: {over: cell, inputs: {feature: x, as: dense}, batch: {size: 7, shuffle: true}}
"""


def csr_of(group: h5py.Group, shape: tuple[int, ...]) -> object:
    return sparse.csr_array((group["data"][:], group["indices"][:], group["indptr"][:]), shape)


def test_a_real_file_of_anndata_as_sparse_rows(generate: Generate, corpus: Path) -> None:
    anndata = pytest.importorskip("anndata")
    torch = pytest.importorskip("torch")
    path = corpus / PBMC
    package = generate(CELLS)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = anndata.read_h5ad(path)
    wanted, layer = theirs.X.tocsr(), theirs.layers["sparse"].tocsr()
    with package.SparseCells(path) as found:
        for view, matrix in ((found.x, wanted), (found.layer, layer)):
            for rows in (range(30), [3, 29, 3], []):
                block, part = view[list(rows)], matrix[list(rows)]
                np.testing.assert_array_equal(block.dense(), part.toarray())
                assert len(block.values) == part.nnz
            row = view[5]
            np.testing.assert_array_equal(row.indices, np.sort(matrix[[5]].indices))
        found.verify()
    loaders = importlib.import_module(f"{package.__name__}.loaders")
    first = 0
    for inputs, targets in loaders.rows_loader(path):
        assert inputs.layout == torch.sparse_coo
        np.testing.assert_array_equal(inputs.to_dense().numpy(), wanted.toarray()[first : first + 7])
        np.testing.assert_array_equal(targets.to_dense().numpy(), layer.toarray()[first : first + 7])
        first += len(inputs)
    assert first == 30
    assert sum(len(one.values) for one in loaders.pairs_loader(path)) == wanted.nnz
    shuffled = np.concatenate([batch.numpy() for batch in loaders.dense_loader(path, seed=2)])
    assert sorted(map(tuple, shuffled)) == sorted(map(tuple, wanted.toarray()))


def test_a_real_file_of_10x(generate: Generate, corpus: Path) -> None:
    """Columns of [gene, cell], which are rows of [cell, gene]; `shape` stands in their order."""
    path = corpus / TENX
    with (
        generate("""
        name: tenx
        bind: plain
        dims: {cell: {ids: barcode}, gene: open}
        features:
          barcode: {dims: [cell], dtype: str, at: matrix/barcodes}
          symbol:  {dims: [gene], dtype: str, at: matrix/features/name}
          counts:  {dims: [cell, gene], dtype: int32, at: matrix, store: csr}
    """).Tenx(path) as found,
        h5py.File(path) as file,
    ):
        wanted = csr_of(file["matrix"], tuple(file["matrix/shape"][:].tolist()[::-1]))
        assert (len(found.cell), len(found.gene)) == wanted.shape
        np.testing.assert_array_equal(found.counts[:].dense(), wanted.toarray())
        barcode = file["matrix/barcodes"][17].decode()
        np.testing.assert_array_equal(found.counts[barcode].dense(), wanted.toarray()[17])


@pytest.mark.parametrize("form", ["csr", "csc", "h5sparse", "unsorted", "twice"])
def test_forms_and_orders(generate: Generate, tmp_path: Path, form: str) -> None:
    path, rng = tmp_path / "a.h5ad", np.random.default_rng(4)
    made = sparse.random(8, 5, 0.5, format="csc" if form == "csc" else "csr", dtype=np.float32, rng=rng)
    made.sort_indices()
    data, indices, indptr = made.data, made.indices.copy(), made.indptr
    if form == "unsorted":
        for first, last in itertools.pairwise(indptr):
            data[first:last], indices[first:last] = data[first:last][::-1].copy(), indices[first:last][::-1].copy()
    row = int(np.argmax(np.diff(indptr) > 1))
    if form == "twice":
        indices[indptr[row] + 1] = indices[indptr[row]]
    with h5py.File(path, "w") as file:
        group = file.create_group("X")
        group["data"], group["indices"], group["indptr"] = data, indices, indptr
        if form == "h5sparse":
            group.attrs["h5sparse_format"], group.attrs["h5sparse_shape"] = "csr", [8, 5]
        else:
            group.attrs["encoding-type"] = "csc_matrix" if form == "csc" else "csr_matrix"
            group.attrs["shape"] = [8, 5]
    wanted = type(made)((data, indices, indptr), (8, 5)).toarray()
    with generate("""
        name: forms
        bind: anndata
        dims: {cell: open, gene: open}
        features: {x: {dims: [cell, gene], dtype: float32, at: X, store: csr}}
    """).Forms(path) as found:
        if form == "twice":
            with pytest.raises(DataError, match="two elements stand at") as caught:
                found.x[row]
            assert "leave out `store: csr`" in str(caught.value)
            return
        np.testing.assert_array_equal(found.x[:].dense(), wanted)
        np.testing.assert_array_equal(found.x[[7, 0, 7]].dense(), wanted[[7, 0, 7]])


def test_sparse_matrices_of_matlab(generate: Generate, tmp_path: Path) -> None:
    """By columns: `ir` are rows, `jc` are ends of columns, and an attribute says how many rows there are."""
    path = tmp_path / "a.mat"
    made = sparse.random(6, 4, 0.4, format="csc", rng=np.random.default_rng(5))
    with h5py.File(path, "w") as file:
        for name in ("s", "d"):
            file[f"{name}/data"], file[f"{name}/ir"] = made.data, made.indices.astype("u8")
            file[f"{name}/jc"] = made.indptr.astype("u8")
            file[name].attrs["MATLAB_sparse"] = np.uint64(6)
    with generate("""
        name: sparse_mat
        bind: matlab
        dims: {row: open}
        features:
          s: {dims: [row, 4], dtype: float64, store: csr}
          d: {dims: [row, 4], dtype: float64}
    """).SparseMat(path) as found:
        np.testing.assert_array_equal(found.s[:].dense(), made.toarray())
        np.testing.assert_array_equal(found.d[:], made.toarray())


def test_absent_and_no_matrix(generate: Generate, tmp_path: Path, corpus: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["label"], file["dense"] = np.arange(3), np.zeros((3, 4))
        file["odd/data"], file["odd/indices"], file["odd/indptr"] = [1.0, 2], [0, 1], [0, 2, 1, 2]
        file["odd/shape"] = [4, 3]
    text = """
        name: no_matrix
        bind: plain
        dims: {row: open}
        features:
          label: {dims: [row], dtype: int64}
          x: {dims: [row, 4], dtype: float64, at: none, store: csr, optional: true}
    """
    with generate(text).NoMatrix(path) as found:
        assert found.x[1] is None
        assert found.x[:].present.tolist() == [False] * 3
    with pytest.raises(FileError, match="it is no sparse matrix"):
        generate(text.replace("no_matrix", "dense_one").replace("at: none", "at: dense")).DenseOne(path).x[0]
    with generate(text.replace("no_matrix", "odd_one").replace("at: none", "at: odd")).OddOne(path) as found:
        assert found.x[2].indices.tolist() == [1]
        with pytest.raises(DataError, match="the entry begins at 2 and ends at 1, before that"):
            found.x[1]
    bad = corpus / "hostile/csr_bad.h5"
    for bind in ("plain", "anndata"):
        package = generate(f"""
            name: bad_{bind}
            bind: {bind}
            dims: {{cell: open, gene: open}}
            features: {{x: {{dims: [cell, gene], dtype: float64, at: X, store: csr}}}}
        """)
        with pytest.raises((FileError, DataError)):
            getattr(package, f"Bad{bind.capitalize()}")(bad).x[:]
