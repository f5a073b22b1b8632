"""Conventions of CF, AnnData and MATLAB: values are decoded, as the programs do that the files are from."""

from __future__ import annotations

import importlib
import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest

from h5schema.errors import DataError, FileError

from .conftest import Generate

PBMC = "scverse__anndata/tests/data/archives/v0.7.0/adata.h5ad"


def dense(group: h5py.Group) -> np.ndarray:
    """A sparse matrix by hand, as h5py has its parts."""
    found = np.zeros(group.attrs["shape"], group["data"].dtype)
    for row, (first, last) in enumerate(zip(group["indptr"][:-1], group["indptr"][1:], strict=True)):
        found[row, group["indices"][first:last]] = group["data"][first:last]
    return found


def test_case_6_a_real_file_of_anndata(generate: Generate, corpus: Path) -> None:
    path = corpus / PBMC
    package = generate("bound_pbmc")
    with package.Pbmc(path) as found, h5py.File(path) as file:
        assert list(found.cell) == [one.decode() for one in file["obs/_index"]]
        assert list(found.gene) == [one.decode() for one in file["var/_index"]]
        wanted = dense(file["X"])
        np.testing.assert_array_equal(found.X[:], wanted)
        np.testing.assert_array_equal(found.X[[7, 2, 7]], wanted[[7, 2, 7]])
        np.testing.assert_array_equal(found.obsp.distances[:], file["obsp/array"][:])
        assert len(found.neighbor) == len(found.cell) == 30
        assert set(found.obs.obs_cat.categories) == {word.decode() for word in file["obs/__categories/obs_cat"]}
        np.testing.assert_array_equal(found.layers.sparse[:], dense(file["layers/sparse"]))
        np.testing.assert_array_equal(found.obsm.pca[:], file["obsm/array"][:])
        np.testing.assert_array_equal(found.obs.n_counts[:], file["obs/float64"][:])
        words = file["obs/__categories/obs_cat"][:]
        assert list(found.obs.obs_cat) == [words[code].decode() for code in file["obs/obs_cat"]]
        one = found.cell[list(found.cell)[3]]
        np.testing.assert_array_equal(one["X"], wanted[3])
    pytest.importorskip("torch")
    loaders = importlib.import_module(f"{package.__name__}.loaders")
    rows = []
    for inputs, targets in loaders.train_loader(path, seed=1):
        assert inputs["x"].shape[1:] == (20,)
        assert inputs["kind"].dtype.is_floating_point is False
        rows += targets.tolist()
    with h5py.File(path) as file:
        assert sorted(rows) == sorted(file["obs/float64"][:].tolist())


def test_what_anndata_itself_writes_today(generate: Generate, tmp_path: Path) -> None:
    anndata = pytest.importorskip("anndata")
    pandas = pytest.importorskip("pandas")
    sparse = pytest.importorskip("scipy.sparse")
    rng = np.random.default_rng(2)
    counts = sparse.random(9, 4, 0.4, format="csr", dtype=np.float32, rng=rng)
    path = tmp_path / "made.h5ad"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pandas.options.future.infer_string = False  # anndata does not write those of Arrow
        obs = pandas.DataFrame(
            {
                "kind": pandas.Categorical(["B", "T", None, "B", "T", "B", "B", "T", "T"]),
                "age": pandas.array([1, None, 3, 4, 5, 6, 7, 8, 9], dtype="Int16"),
                "flag": pandas.array([True, False, None, *[True] * 6], dtype="boolean"),
            },
            index=[f"cell {i}" for i in range(9)],
        )
        layers = {"by_gene": counts.tocsc(), "full": counts.toarray()}
        anndata.AnnData(counts, obs, layers=layers).write_h5ad(path)
        pandas.options.future.infer_string = True
    package = generate("""
        name: made
        bind: anndata
        dims: {cell: {ids: obs/name}, gene: open}
        features:
          counts:  {dims: [cell, gene], dtype: float32, at: X}
          by_gene: {dims: [cell, gene], dtype: float32, at: layers/by_gene}
          full:    {dims: [cell, gene], dtype: float32, at: layers/full}
        groups:
          obs:
            over: cell
            features:
              name: {dtype: str, at: _index}
              kind: {dtype: str, optional: true}
              age:  {dtype: int16, optional: true}
              flag: {dtype: bool, optional: true}
    """)
    with package.Made(path) as found:
        for view in (found.counts, found.by_gene, found.full):
            np.testing.assert_array_equal(view[:], counts.toarray())
            np.testing.assert_array_equal(view[[8, 0, 8]], counts.toarray()[[8, 0, 8]])
        assert list(found.obs.kind) == ["B", "T", None, "B", "T", "B", "B", "T", "T"]
        assert list(found.obs.age) == [1, None, 3, 4, 5, 6, 7, 8, 9]
        assert list(found.obs.flag) == [True, False, None, *[True] * 6]
        assert found.cell["cell 3"]["obs"]["age"] == 4


def test_gaps_in_a_column_that_is_not_optional(generate: Generate, tmp_path: Path) -> None:
    path = tmp_path / "gaps.h5ad"
    with h5py.File(path, "w") as file:
        group = file.create_group("age")
        group.attrs["encoding-type"] = "nullable-integer"
        group["values"], group["mask"] = np.array([3, 1, 5]), np.array([False, True, False])
        file.create_group("other").attrs["encoding-type"] = "dataframe"
    schema = """
        name: gaps
        bind: anndata
        dims: {row: open}
        features: {age: {dims: [row], dtype: int64}}
    """
    with generate(schema).Gaps(path) as found:
        assert found.age[[0, 2]].tolist() == [3, 5]
        with pytest.raises(DataError, match="the entry has no value") as caught:
            found.age[:]
        assert caught.value.where == f"{path}: /age, row 1"
    other = schema.replace("gaps", "others").replace("{age: {", "{age: {at: other, ")
    with pytest.raises(FileError, match="a group of the encoding dataframe"):
        generate(other).Others(path).age[0]


def test_a_damaged_matrix(generate: Generate, corpus: Path, tmp_path: Path) -> None:
    """Ends that are short, and columns outside."""
    path = tmp_path / "bad.h5ad"
    with h5py.File(path, "w") as file:
        group = file.create_group("X")
        group.attrs["encoding-type"], group.attrs["shape"] = "csr_matrix", [2, 3]
        group["data"], group["indices"], group["indptr"] = [1.0, 2.0], [0, 7], [0, 1, 2]
    schema = """
        name: bad
        bind: anndata
        dims: {cell: open, gene: open}
        features: {x: {dims: [cell, gene], dtype: float64, at: X}}
    """
    package = generate(schema)
    with package.Bad(path) as found:
        assert found.x[0].tolist() == [1, 0, 0]
        with pytest.raises(DataError, match="an element stands at 7 of a row of 3"):
            found.x[1]
    with h5py.File(path, "a") as file:
        del file["X/indptr"]
        file["X/indptr"] = [0, 1]
    with pytest.raises(FileError, match="`indptr` of 1 rows ends at 1, but there are 2 rows and 2 elements"):
        package.Bad(path).x[0]


def test_case_9_a_real_netcdf_file(generate: Generate, corpus: Path) -> None:
    path = corpus / "arviz-devs__arviz_example_data/data/centered_eight.nc"
    with generate("bound_eight_schools").EightSchools(path) as found, h5py.File(path) as file:
        assert (len(found.chain), len(found.draw), len(found.prior.chain), len(found.prior.draw)) == (4, 500, 1, 500)
        assert list(found.school) == [one.decode() for one in file["posterior/school"]]
        for name in ("mu", "tau", "theta"):
            np.testing.assert_array_equal(getattr(found.posterior, name)[:], file["posterior"][name][:])
        np.testing.assert_array_equal(found.sample_stats.diverging[:], file["sample_stats/diverging"][:] != 0)
        np.testing.assert_array_equal(found.prior.mu[0], file["prior/mu"][0])
        assert found.posterior.theta[2].shape == (500, 8)


def test_case_9_samples_of_chain_and_draw(generate: Generate, corpus: Path) -> None:
    pytest.importorskip("torch")
    path = corpus / "arviz-devs__arviz_example_data/data/centered_eight.nc"
    loaders = importlib.import_module(f"{generate('bound_eight_schools').__name__}.loaders")
    theta, mu = [], []
    for batch in loaders.draws_loader(path):
        theta += batch["theta"].tolist()
        mu += batch["mu"].tolist()
    with h5py.File(path) as file:
        kept = file["sample_stats/diverging"][:] == 0
        assert mu == file["posterior/mu"][:][kept].tolist()
        assert theta == file["posterior/theta"][:][kept].tolist()


def test_packed_values_are_those_of_xarray(generate: Generate, tmp_path: Path) -> None:
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    path, rng = tmp_path / "packed.nc", np.random.default_rng(3)
    kelvin = np.round(rng.normal(280, 10, (6, 4)), 2)
    kelvin[2, 1] = np.nan
    count = np.array([3.0, 1, np.nan, 8, 0, 2])
    made = xarray.Dataset(
        {"kelvin": (("time", "place"), kelvin), "count": (("time",), count), "plain": (("time",), count)},
    )
    encoding = {
        "kelvin": {"dtype": "int16", "scale_factor": 0.01, "add_offset": 280.0, "_FillValue": -32768},
        "count": {"dtype": "int32", "_FillValue": -1},
        "plain": {"dtype": "float32", "_FillValue": np.float32(-9)},
    }
    made.to_netcdf(path, engine="h5netcdf", encoding=encoding)
    package = generate("""
        name: packed_values
        bind: cf
        dims: {time: open, place: open}
        features:
          kelvin: {dims: [time, place], dtype: float64}
          many:   {dims: [time], dtype: int32, at: count, optional: true}
          plain:  {dims: [time], dtype: float32}
    """)
    with package.PackedValues(path) as found, xarray.open_dataset(path, engine="h5netcdf") as other:
        np.testing.assert_array_equal(found.kelvin[:], other["kelvin"].values)
        assert np.isnan(found.kelvin[2][1])
        assert list(found.many) == [3, 1, None, 8, 0, 2]
        np.testing.assert_array_equal(found.plain[:], other["plain"].values)


def test_a_missing_whole_number_is_no_number(generate: Generate, tmp_path: Path) -> None:
    path = tmp_path / "missing.nc"
    with h5py.File(path, "w") as file:
        file["count"] = np.array([3, -1, 5], "i4")
        file["count"].attrs["_FillValue"] = np.int32(-1)
        file["byte"] = np.array([-1, 5, 0], "i1")
        file["byte"].attrs["_Unsigned"] = "true"
    with generate("""
        name: missing
        bind: cf
        dims: {time: open}
        features:
          many: {dims: [time], dtype: int32, at: count}
          byte: {dims: [time], dtype: uint8}
    """).Missing(path) as found:
        assert found.many[0] == 3
        assert found.byte[:].tolist() == [255, 5, 0]
        with pytest.raises(DataError, match="the entry has no value") as caught:
            found.many[:]
        assert caught.value.where == f"{path}: /count, row 1"


def test_matlab(generate: Generate, tmp_path: Path) -> None:
    """As MATLAB's `save -v7.3` writes: transposed, scalars as 1 x 1, texts as rows of uint16."""
    path = tmp_path / "made.mat"
    signal = np.arange(24.0).reshape(4, 3, 2)  # in MATLAB: 4 x 3 x 2
    with h5py.File(path, "w") as file:
        file["signal"] = signal.T
        file["rate"] = np.array([[44100.0]])
        file["label"] = np.array([[1, 0, 1, 1]], "u1").T.reshape(1, 4)  # 4 x 1
        file["label"].attrs["MATLAB_class"] = np.bytes_("logical")
        file["title"] = np.array([[ord(c)] for c in "räm"], "u2")  # 1 x 3
        file["names"] = np.array([[ord(c) for c in name] for name in ("ab", "cd", "ef", "gh")], "u2").T
        for name in ("title", "names"):
            file[name].attrs["MATLAB_class"] = np.bytes_("char")
        file["nothing"] = np.zeros(2, "u8")
        file["nothing"].attrs["MATLAB_empty"] = np.uint8(1)
    with generate("""
        name: made_mat
        bind: matlab
        dims: {trial: open}
        features:
          signal:  {dims: [trial, 3, 2], dtype: float64}
          rate:    {dtype: float64}
          label:   {dims: [trial], dtype: bool}
          title:   {dtype: str}
          names:   {dims: [trial], dtype: str}
          nothing: {dtype: float64, optional: true}
    """).MadeMat(path) as found:
        np.testing.assert_array_equal(found.signal[:], signal)
        np.testing.assert_array_equal(found.signal[[3, 0]], signal[[3, 0]])
        assert found.rate[()] == 44100
        assert found.label[:].tolist() == [True, False, True, True]
        assert found.title[()] == "räm"
        assert list(found.names) == ["ab", "cd", "ef", "gh"]
        assert found.nothing[()] is None


def test_packed_values_in_braces(generate: Generate, tmp_path: Path) -> None:
    path = tmp_path / "braces.nc"
    with h5py.File(path, "w") as file:
        for name, values in (("a", [1, 2]), ("b", [-9, 4])):
            node = file.create_dataset(f"run/{name}", data=np.array(values, "i2"))
            node.attrs["scale_factor"], node.attrs["_FillValue"] = np.float32(0.5), np.int16(-9)
            file.create_dataset(f"count/{name}", data=np.array(values, "i2")).attrs["_FillValue"] = np.int16(-9)
    with generate("""
        name: packed_braces
        bind: cf
        dims: {run: open, step: {per: run}}
        features:
          x: {dims: [run, step], dtype: float32, at: 'run/{run}'}
          n: {dims: [run, 2], dtype: int16, at: 'count/{run}'}
    """).PackedBraces(path) as found:
        assert found.x["a"].tolist() == [0.5, 1]
        assert np.isnan(found.x["b"][0])
        assert found.n["a"].tolist() == [1, 2]
        with pytest.raises(DataError, match="the entry has no value"):
            found.n["b"]
