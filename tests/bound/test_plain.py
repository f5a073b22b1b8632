"""`bind: plain`: what lies at paths, in members of records and in attributes, with every value equal to h5py's."""

from __future__ import annotations

import hashlib
import importlib
import json
import pickle
from pathlib import Path

import h5py
import numpy as np
import pytest

from h5schema.cli import main
from h5schema.errors import DataError, FileError, UsageError

from .conftest import Generate

READOUT = np.dtype(
    {
        "names": ["pressure", "name", "info", "grid"],  # neither in this order in memory, nor without gaps
        "formats": [">f4", "S16", [("weight", "u1"), ("value", "<f8")], ("<i4", (2, 3))],
        "offsets": [40, 0, 20, 48],
        "itemsize": 80,
    }
)


def readout(count: int) -> np.ndarray:
    rows = np.zeros(count, READOUT)
    rows["name"] = [f"particle {i}".encode() for i in range(count)]
    rows["pressure"] = np.linspace(-3, 5, count)
    rows["grid"] = np.arange(6 * count).reshape(count, 2, 3)
    rows["info"]["value"] = np.arange(count) / 7
    return rows


@pytest.mark.parametrize("count", [0, 1, 700])
@pytest.mark.parametrize("chunks", [None, (100,)])
def test_case_8_members_of_records(generate: Generate, tmp_path: Path, count: int, chunks: tuple[int] | None) -> None:
    rows, path = readout(count), tmp_path / "particles.h5"
    with h5py.File(path, "w") as file:
        whole = {"chunks": chunks, "compression": "gzip", "maxshape": (None,)} if chunks else {}
        file.create_dataset("detector/readout", data=rows, **whole)
        file["detector/other"] = 1  # nobody asks for it
    before = hashlib.sha256(path.read_bytes()).digest()
    with generate("bound_particles").Particles(path) as found:
        assert len(found.row) == count
        assert found.particles.pressure[:].tobytes() == rows["pressure"].astype("<f4").tobytes()
        assert list(found.particles.name[:]) == [name.decode() for name in rows["name"].tolist()]
        np.testing.assert_array_equal(found.particles.grid[:], rows["grid"])
        np.testing.assert_array_equal(found.particles.info.value[:], rows["info"]["value"])
        if count:
            entry = found.row[-1]["particles"]
            assert entry["name"] == rows["name"][-1].decode()
            assert entry["info"] == {"value": rows["info"]["value"][-1]}
            some = np.array([count - 1, 0, count // 2, 0])
            np.testing.assert_array_equal(found.particles.grid[some], rows["grid"][some])
        found.verify()
    assert hashlib.sha256(path.read_bytes()).digest() == before


def test_case_8_loader(generate: Generate, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    rows, path = readout(600), tmp_path / "particles.h5"
    with h5py.File(path, "w") as file:
        file["detector/readout"] = rows
    package = generate("bound_particles")
    loaders = importlib.import_module(f"{package.__name__}.loaders")
    seen = 0
    for inputs, targets in loaders.rows_loader(path):
        part = rows[seen : seen + len(targets)]
        np.testing.assert_array_equal(inputs["p"].numpy(), part["pressure"])
        np.testing.assert_array_equal(inputs["grid"].numpy(), part["grid"])
        np.testing.assert_array_equal(targets.numpy(), part["info"]["value"])
        seen += len(targets)
    assert seen == 600


def test_case_8_real_pytables(generate: Generate, corpus: Path) -> None:
    path = corpus / "PyTables__PyTables/tables/tests/nested-type-with-gaps.h5"
    package = generate("""
        name: gaps
        bind: plain
        dims: {row: open}
        groups:
          nested:
            at: nestedtype
            over: row
            features:
              single: {dtype: float32, at: float}
              letter: {dtype: int8, at: compound/char}
              wide:   {dtype: float64, at: compound/double}
    """)
    with package.Gaps(path) as found, h5py.File(path) as file:
        rows = file["nestedtype"][:]
        assert len(found.row) == 20
        np.testing.assert_array_equal(found.nested.single[:], rows["float"])
        np.testing.assert_array_equal(found.nested.letter[:], rows["compound"]["char"])
        np.testing.assert_array_equal(found.nested.wide[:], rows["compound"]["double"])


def test_layout_1_real_columns(generate: Generate, corpus: Path) -> None:
    path = corpus / "BVLC__caffe/src/caffe/test/test_data/sample_data.h5"
    package = generate("""
        name: caffe
        bind: plain
        dims: {sample: open}
        features:
          image:  {dims: [sample, 8, 6, 5], dtype: float32, at: data}
          label:  {dims: [sample, 1], dtype: float32}
          label2: {dims: [sample, 1], dtype: float32}
        loaders:
          train: {over: sample, inputs: image, targets: label, batch: {size: 4, shuffle: true}}
    """)
    with package.Caffe(path) as found, h5py.File(path) as file:
        for name, view in (("data", found.image), ("label", found.label), ("label2", found.label2)):
            np.testing.assert_array_equal(view[:], file[name][:])


def test_case_14_a_tree(generate: Generate, tmp_path: Path) -> None:
    kernel = np.random.default_rng(0).normal(size=(7, 10)).astype("f4")
    path = tmp_path / "weights.h5"
    with h5py.File(path, "w") as file:
        file.attrs["backend"] = "tensorflow"
        inner = file.create_group("model_weights/dense_1/dense_1")
        inner["kernel:0"], inner["bias:0"] = kernel, kernel[0]
    package = generate("bound_keras_weights")
    with package.KerasWeights(path) as found:
        assert found.backend[()] == "tensorflow"
        assert found.dense_1.kernel[()].tobytes() == kernel.tobytes()
        assert found.dense_1.bias[()].tobytes() == kernel[0].tobytes()
        assert found.optimizer.iterations[()] is None
    with h5py.File(path, "a") as file:
        file["optimizer_weights/training/Adam/iterations:0"] = np.int64(12)
    again = pickle.loads(pickle.dumps(package.KerasWeights(path)))
    assert again.optimizer.iterations[()] == 12
    assert not hasattr(package, "KerasWeightsWriter")
    assert not (Path(str(package.__file__)).parent / "extract.py").exists()


SORTS = """
    name: sorts
    bind: plain
    dims: {row: open}
    features:
      big:     {dims: [row], dtype: int32}
      half:    {dims: [row, 2], dtype: float32}
      flag:    {dims: [row], dtype: bool}
      byte:    {dims: [row], dtype: bool}
      state:   {dims: [row], dtype: {enum: {idle: 0, busy: 1, stuck: 5}}}
      plain:   {dims: [row], dtype: {enum: {cat: 0, dog: 1}}}
      fixed:   {dims: [row], dtype: {str: 12}}
      vlen:    {dims: [row], dtype: str}
      latin:   {dims: [row], dtype: str}
      raw:     {dims: [row], dtype: bytes}
      doc:     {dims: [row], dtype: json}
      rate:    {dtype: float64, at: 'big@rate'}
      matrix:  {dims: [2, 2], dtype: int64, at: '@matrix'}
      config:  {dtype: json, at: 'sub@config'}
      scalar:  {dtype: complex128, at: sub/scalar}
"""


def sorts(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["big"] = np.array([1, -2, 3], ">i4")
        file["half"] = np.array([[0.5, 1], [2, 3], [4, 65504]], "f2")
        file["flag"] = np.array([True, False, True])
        file["byte"] = np.array([1, 0, 0], "i1")
        enum = h5py.enum_dtype({"idle": 0, "busy": 1, "stuck": 5}, "u1")
        file.create_dataset("state", data=[0, 5, 1], dtype=enum)
        file["plain"] = np.array([1, 0, 1], "u1")
        file["fixed"] = np.array(["ä".encode(), b"", b"twelve bytes"], "S12")
        file.create_dataset("vlen", data=["ä", "", "x" * 5000], dtype=h5py.string_dtype())
        latin = np.array([b"\xe4", b"", "ö".encode()], "S4")
        file.create_dataset("latin", data=latin, dtype=h5py.string_dtype("ascii", 4))
        file.create_dataset("raw", data=[b"\xff\xfe", b"", b"a"], dtype=h5py.string_dtype("ascii"))
        file.create_dataset("doc", data=['{"a": [1]}', "[]", '"x"'], dtype=h5py.string_dtype())
        file["big"].attrs["rate"] = np.float32(44.1)
        file.attrs["matrix"] = np.array([[1, 2], [3, 4]], ">i2")
        file.create_group("sub").attrs["config"] = json.dumps({"env": "Lift", "ä": None})
        file["sub/scalar"] = 1 + 2j


def test_stored_types(generate: Generate, tmp_path: Path) -> None:
    path = tmp_path / "sorts.h5"
    sorts(path)
    package = generate(SORTS)
    with package.Sorts(path) as found:
        assert found.big[:].tolist() == [1, -2, 3]
        assert found.half[:].dtype == np.float32
        assert found.half[:].tolist() == [[0.5, 1], [2, 3], [4, 65504]]
        assert found.flag[:].tolist() == [True, False, True]
        assert found.byte[:].tolist() == [True, False, False]
        assert [one.name for one in found.state] == ["idle", "stuck", "busy"]
        assert [one.name for one in found.plain] == ["dog", "cat", "dog"]
        assert list(found.fixed[:]) == ["ä", "", "twelve bytes"]
        assert list(found.vlen[:]) == ["ä", "", "x" * 5000]
        assert list(found.latin[:]) == ["ä", "", "ö"]
        assert list(found.raw[:]) == [b"\xff\xfe", b"", b"a"]
        assert list(found.doc[:]) == [{"a": [1]}, [], "x"]
        assert found.rate[()] == np.float32(44.1)
        assert found.matrix[()].tolist() == [[1, 2], [3, 4]]
        assert found.config[()] == {"env": "Lift", "ä": None}
        assert found.scalar[()] == 1 + 2j
        assert found.row[1]["state"].name == "stuck"


def _replaced(name: str, **created: object) -> dict[str, object]:
    return {"name": name, **created}


WRONG = [
    (_replaced("big", data=np.zeros(3, "i8")), "stored as int64, which int32 does not hold", "write `dtype: int64`"),
    (_replaced("half", data=np.zeros((2, 2), "f4")), "its shape is [2, 2], but row has 3 entries by /big", "one dim"),
    (_replaced("half", data=np.zeros((3, 3), "f4")), "its shape is [3, 3], but the schema says 2", "change the size"),
    (
        _replaced("half", data=np.zeros(3, "f4")),
        "its shape is [3], but by `dims` of the schema it has 2 axes",
        "to 1 axes",
    ),
    (_replaced("flag", data=np.zeros(3, "f4")), "stored as float32, which bool does not hold", "`dtype: float32`"),
    (_replaced("flag", data=["a", "b", "c"]), "stored as texts of any length, which bool does not", "`dtype: str`"),
    (_replaced("vlen", data=np.zeros(3)), "stored as float64, not as texts", "write `dtype: float64`"),
    (_replaced("fixed", data=np.array([b"a"] * 3, "S13")), "texts of 13 bytes, not of at most 12", "`dtype: str`"),
    (_replaced("big", data=np.zeros(3, [("a", "i4")])), "stored as records of a", "name a member"),
    (
        _replaced("state", data=[0, 0, 0], dtype=h5py.enum_dtype({"idle": 0, "busy": 1}, "u1")),
        "the enum's members differ: stuck = 5 is in the schema only",
        "{idle: 0, busy: 1}",
    ),
]


@pytest.mark.parametrize(("made", "what", "do"), WRONG)
def test_other_files_are_refused(
    generate: Generate, tmp_path: Path, made: dict[str, object], what: str, do: str
) -> None:
    path = tmp_path / "sorts.h5"
    sorts(path)
    with h5py.File(path, "a") as file:
        del file[str(made["name"])]
        file.create_dataset(**made)
    with pytest.raises(FileError) as caught, generate(SORTS).Sorts(path):
        pass
    assert what in caught.value.what
    assert caught.value.where == f"{path}: /{made['name']}"
    assert do in str(caught.value.do)


@pytest.mark.parametrize(
    ("gone", "where", "what", "do"),
    [
        ("half", "/half", "the dataset half is missing", "in / there is big, byte"),
        ("sub", "/sub@config", "the group sub is missing", "in / there is big, byte"),
        ("sub/scalar", "/sub/scalar", "the dataset scalar is missing", "there is nothing beside it"),
    ],
)
def test_missing_nodes_are_named(generate: Generate, tmp_path: Path, gone: str, where: str, what: str, do: str) -> None:
    path = tmp_path / "sorts.h5"
    sorts(path)
    with h5py.File(path, "a") as file:
        del file[gone]
    with pytest.raises(FileError) as caught:
        generate(SORTS).Sorts(path).big[0]
    assert (caught.value.what, caught.value.where) == (what, f"{path}: {where}")
    assert do in str(caught.value.do)


def test_values_that_are_none_are_refused_when_they_are_read(generate: Generate, tmp_path: Path) -> None:
    path = tmp_path / "sorts.h5"
    sorts(path)
    with h5py.File(path, "a") as file:
        file["byte"][1] = 2
        file["plain"][2] = 9
        file["doc"][1] = "{"
    with generate(SORTS).Sorts(path) as found:
        assert found.byte[[0, 2]].tolist() == [True, False]
        with pytest.raises(DataError, match="2 is not true or false"):
            found.byte[:]
        with pytest.raises(DataError, match="9 is no value of Plain") as caught:
            found.plain[:]
        assert caught.value.where == f"{path}: /plain, row 2"
        with pytest.raises(DataError, match="no JSON"):
            found.doc[1]


def test_nothing_is_written(generate: Generate, tmp_path: Path) -> None:
    path = tmp_path / "sorts.h5"
    sorts(path)
    found = generate(SORTS).Sorts(path)
    assert found.hdf5().mode == "r"
    with pytest.raises(UsageError, match="reads; it does not write"):
        found.rate = 3.0
    assert found.parameters == {}


def test_several_files_as_one(generate: Generate, tmp_path: Path) -> None:
    paths = [tmp_path / f"{i}.h5" for i in range(3)]
    for i, path in enumerate(paths):
        with h5py.File(path, "w") as file:
            file["detector/readout"] = readout(i + 2)
    found = generate("bound_particles").Particles(paths)
    assert len(found.row) == 9
    assert list(found.particles.name[[8, 0, 2]]) == ["particle 3", "particle 0", "particle 0"]


def test_a_value_that_means_absent(generate: Generate, tmp_path: Path) -> None:
    path = tmp_path / "filled.h5"
    with h5py.File(path, "w") as file:
        file["age"] = np.array([30, -1, 7], "i2")
        file["score"] = np.array([-999.5, 2.5, -999.5])
        file["box"] = np.array([[0, 0], [0, 1], [4, 5]], "f4")
        file["name"] = np.array([b"a", b"", b"NA"])
        file["class"] = np.array([9, 1, 0], "u1")
    package = generate("""
        name: filled
        bind: plain
        dims: {row: open}
        features:
          age:   {dims: [row], dtype: int16, optional: true, fill: -1}
          score: {dims: [row], dtype: float64, optional: true, fill: -999.5}
          box:   {dims: [row, 2], dtype: float32, optional: true, fill: 0}
          name:  {dims: [row], dtype: str, optional: true, fill: NA}
          kind:  {dims: [row], dtype: {enum: {cat: 0, dog: 1, none: 9}}, optional: true, fill: none, at: class}
    """)
    with package.Filled(path) as found:
        assert list(found.age) == [30, None, 7]
        assert list(found.score) == [None, 2.5, None]
        assert [None if one is None else one.tolist() for one in found.box] == [None, [0, 1], [4, 5]]
        assert list(found.name) == ["a", "", None]
        assert [None if one is None else one.name for one in found.kind] == [None, "dog", "cat"]


@pytest.mark.parametrize("access", ["map", "read", "memory"])
def test_every_way_to_the_bytes_gives_the_same(generate: Generate, tmp_path: Path, access: str) -> None:
    path, rows = tmp_path / "particles.h5", readout(300)
    with h5py.File(path, "w") as file:
        file["detector/readout"] = rows
    with generate("bound_particles").Particles(path, access=access) as found:
        order = np.random.default_rng(0).integers(0, 300, 100)
        for _ in range(3):  # once it pays, what can be is read past HDF5
            np.testing.assert_array_equal(found.particles.grid[order], rows["grid"][order])
            assert list(found.particles.name[order]) == [name.decode() for name in rows["name"][order].tolist()]


def test_bench_of_columns_and_of_ragged_values(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is not the rows of one dataset is left out, and named."""
    pytest.importorskip("torch")
    path, rng = tmp_path / "a.h5", np.random.default_rng(1)
    lengths = rng.integers(1, 9, 300)
    with h5py.File(path, "w") as file:
        file["x"], file["label"] = rng.random((300, 40), np.float32), np.arange(300)
        file["ends"], file["values"] = np.cumsum(lengths), rng.random(lengths.sum())
        file["table"] = np.zeros(300, [("a", "f4")])
    (tmp_path / "raced.yaml").write_text("""\
h5schema: 1
version: 1.0.0
name: raced
bind: plain
dims: {row: open, step: {per: row, index: {ends: ends}}}
features:
  x: {dims: [row, 40], dtype: float32}
  label: {dims: [row], dtype: int64}
  values: {dims: [row, step], dtype: float64}
  member: {dims: [row], dtype: float32, at: table/a}
loaders:
  train: {over: row, inputs: {x: x, values: {feature: values, as: packed}}, targets: label, batch: 32}
  other: {over: row, inputs: member, batch: 32}
""")
    said = ["bench", str(path), "--schema", str(tmp_path / "raced.yaml"), "--seconds", "0.1", "--format", "json"]
    assert main(said) == 0
    done = capsys.readouterr()
    (figures,) = json.loads(done.out)["loaders"]
    assert figures["name"] == "train"
    assert [one["samples_per_second"] > 0 for one in figures["rates"]] == [True] * 4
    assert "the loader other takes member, which is not the rows of one dataset" in done.err
