"""Files that lead nowhere, or hold what no feature is: an error of ours that names the node, or the value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import h5py
import numpy as np
import pytest
from h5py import h5s, h5t

from h5schema.errors import FileError, H5SchemaError
from h5schema.runtime.bound.inspect import describe

from .conftest import Generate

Make = Callable[[h5py.File], object]
REFERENCES, RAGGED = np.dtype(h5py.ref_dtype), h5py.vlen_dtype("f8")
BESIDE = [("a", [("b", "f8")]), ("ref", h5py.ref_dtype), ("vlen", h5py.vlen_dtype("i4")), ("text", h5py.string_dtype())]


def node(name: str, value: object) -> Make:
    """Puts something at a name."""
    return lambda file: file.__setitem__(name, value)


def of(name: str, dtype: object) -> Make:
    """Makes a dataset of two rows that nobody wrote."""
    return lambda file: file.create_dataset(name, shape=(2,), dtype=np.dtype(dtype))


def two(other: object) -> Make:
    """Makes an entry that is as it should be, and another one."""

    def make(file: h5py.File) -> None:
        file["n/a"], file["n/b"] = np.float64(1), other
        file["n/a"].attrs["v"] = 1.0

    return make


NODES: dict[str, tuple[str, Make, str]] = {
    "soft": ("x", node("x", h5py.SoftLink("/no")), "/x: the link x leads to /no, where nothing can be read"),
    "external": ("x", node("x", h5py.ExternalLink("no.h5", "/x")), "the link x leads to /x of the file no.h5, where"),
    "cycle": ("x", node("x", h5py.SoftLink("/x")), "too many links"),
    "itself": ("x", node("x", h5py.ExternalLink("a.h5", "/x")), "the link x leads to /x of the file a.h5, where"),
    "references": ("x", of("x", REFERENCES), "stored as object, which float64 does not hold"),
    "regions": ("x", of("x", h5py.regionref_dtype), "stored as object, which float64 does not hold"),
    "vlen": ("x", of("x", RAGGED), "stored as arrays of any length"),
    "opaque": ("x", of("x", "V5"), "stored as |V5, which float64 does not hold"),
    "type": ("x", node("x", np.dtype("f8")), "the dataset x is missing"),
    "texts": ("text", of("x", REFERENCES), "stored as object, not as texts"),
    "entry": ("nodes", two(h5py.SoftLink("/no")), "/n/b: the link b leads to /no, where nothing can be read"),
    "attribute": ("attributes", two(h5py.SoftLink("/no")), "/n/b@v: the link b leads to /no, where"),
    "bytes": ("nodes", node(b"n/\xff", np.float64(1)), "the name b'\\xff' is no utf-8, so it is no id"),
    "loop": ("nodes", lambda file: file.create_group("n").__setitem__("n", file["n"]), "/n/n: this is a group, not a"),
    "index": ("ragged", node("o", np.zeros((2, 2), int)), "an index is made of whole numbers, not of int64 [2, 2]"),
    "indexed": ("ragged", node("o", h5py.SoftLink("/no")), "/o: the link o leads to /no, where nothing can be read"),
    "large": ("ragged", node("o", np.array([0, 2**63 + 5, 0], "u8")), "before that"),
}
SCHEMAS = {
    "x": "features: {x: {dims: [r], dtype: float64}}",
    "text": "features: {x: {dims: [r], dtype: str}}",
    "nodes": "features: {x: {dims: [r], dtype: float64, at: 'n/{r}'}}",
    "attributes": "features: {x: {dims: [r], dtype: float64, at: 'n/{r}@v'}}",
    "member": "features: {x: {dims: [r], dtype: float64, at: t/a/b}}",
    "ragged": "features: {x: {dims: [r, s], dtype: float64}}",
}


def packaged(generate: Generate, schema: str, bind: str) -> ModuleType:
    ragged = ", s: {per: r, index: {offsets: o}}" if schema == "ragged" else ""
    return generate(f"name: hostile_{schema}_{bind}\nbind: {bind}\ndims: {{r: open{ragged}}}\n{SCHEMAS[schema]}\n")


def class_of(package: ModuleType) -> type:
    return getattr(package, package.__all__[0])


@pytest.mark.parametrize("case", NODES)
def test_what_is_no_value_is_named(generate: Generate, tmp_path: Path, case: str) -> None:
    schema, make, what = NODES[case]
    path, file_class = tmp_path / "a.h5", class_of(packaged(generate, schema, "plain"))
    with h5py.File(path, "w") as file:
        make(file)
        if schema == "ragged":
            file["x"] = np.zeros(0)
    with pytest.raises(H5SchemaError) as caught, file_class(path) as found:
        found.x[:]
    assert what in str(caught.value)


@pytest.mark.parametrize("bind", ["plain", "cf", "anndata", "matlab"])
def test_a_member_beside_others_that_numpy_lacks(generate: Generate, tmp_path: Path, bind: str) -> None:
    path, file_class = tmp_path / "a.h5", class_of(packaged(generate, "member", bind))
    with h5py.File(path, "w") as file:
        of("t", BESIDE)(file)
    with file_class(path) as found:
        assert found.x[:].tolist() == [0, 0]
    assert describe(file_class, path).features[0].path == "/t/a/b"


def test_a_member_for_which_numpy_has_no_type(generate: Generate, tmp_path: Path) -> None:
    """HDF5's time, in records and alone: the members beside it are read."""
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        stored = h5t.create(h5t.COMPOUND, 20)
        for name, at, kind in ((b"a", 0, h5t.IEEE_F64LE), (b"time", 8, h5t.UNIX_D32LE), (b"n", 12, h5t.STD_I64LE)):
            stored.insert(name, at, kind)
        table = h5py.Dataset(h5py.h5d.create(file.id, b"t", stored, h5s.create_simple((3,))))
        values = np.array([(1.5, 7), (2.5, 8), (3.5, 9)], [("a", "f8"), ("n", "i8")])
        table.id.write(h5s.ALL, h5s.ALL, values, h5t.py_create(values.dtype))
        h5py.h5d.create(file.id, b"alone", h5t.UNIX_D32LE, h5s.create_simple((3,)))
    schema = """
        name: untyped
        bind: plain
        dims: {r: open}
        features:
          a: {dims: [r], dtype: float64, at: t/a}
          n: {dims: [r], dtype: int64, at: t/n}
    """
    with generate(schema).Untyped(path) as found:
        assert found.a[[2, 0]].tolist() == [3.5, 1.5]
        assert found.n[:].tolist() == [7, 8, 9]
    for at, what in (
        ("t/time", "what the member time holds"),
        ("alone", "what it holds"),
        ("t/b", "in /t there is a, n"),
    ):
        other = schema.replace("untyped", f"untyped_{at.replace('/', '_')}").replace("at: t/n", f"at: {at}")
        with pytest.raises(FileError) as caught:
            class_of(generate(other))(path).n[:]
        assert what in str(caught.value)


def test_a_file_that_is_cut_or_flipped(generate: Generate, tmp_path: Path) -> None:
    """Each reads as before, or says that it does not; nothing else comes out of it."""
    path, rng = tmp_path / "a.h5", np.random.default_rng(8)
    file_class = class_of(packaged(generate, "nodes", "cf"))
    with h5py.File(path, "w") as file:
        for number in range(4):
            file[f"n/{number}"] = np.float64(number)
            file[f"n/{number}"].attrs["scale_factor"] = np.float64(2)
    whole, refused = path.read_bytes(), 0
    for turn in range(60):
        broken = bytearray(whole[: int(rng.integers(1, len(whole)))] if turn % 3 == 0 else whole)
        broken[int(rng.integers(len(broken)))] ^= 1 << int(rng.integers(8))
        (tmp_path / f"{turn}.h5").write_bytes(broken)
        try:
            with file_class(tmp_path / f"{turn}.h5") as found:
                found.x[:]
        except H5SchemaError:
            refused += 1
    assert refused > 15
