"""Tables: features that are the members of one compound dataset, which any tool reads as records."""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from blank import declare
from making import extracted, generated

from h5schema.errors import DataError, FileError
from h5schema.runtime import Array, Axis, Bytes, Enumerated, Group, IdAxis, Scalar, Text, optional
from h5schema.runtime.inspect import describe
from h5schema.runtime.repacking import Storing, repack


class Phase(IntEnum):
    """Of a particle."""

    solid = 1
    gas = -2


class Info(Group):
    """A record in the record."""

    value = Scalar(np.float64, "row", unit="V")
    seen = Scalar(np.datetime64, "row", stored="datetime64[s]")


class Particles(Group):
    """The members."""

    name = Text("row", size=12)
    raw = Bytes("row", size=3)
    pressure = Scalar(np.float32, "row")
    grid = Array(np.int32, "row 2 3")
    ok = Scalar(np.bool_, "row")
    phase = Enumerated(Phase, "row")
    wave = optional(Scalar(np.complex64, "row"))
    info = Info("info")


def particles(**more: Any) -> tuple[Any, Any]:
    return declare(row=IdAxis(dict), note=Text("row"), particles=Particles("deep/records", table=True), **more)


def entry(i: int) -> dict[str, Any]:
    return {
        "note": "n" * (i % 5),
        "particles": {
            "name": f"näme{i}",
            "raw": bytes([i % 256, 0, 255]),
            "pressure": i / 2,
            "grid": np.full((2, 3), i, np.int32),
            "ok": i % 2 == 1,
            "phase": Phase.gas if i % 3 else Phase.solid,
            "wave": None if i % 2 else complex(0, i),
            "info": {"value": i * 1.5, "seen": np.datetime64(i, "s")},
        },
    }


def written(path: Path, writer: Any, count: int) -> Path:
    with writer.create(path, overwrite=True) as file:
        for i in range(count):
            file.row[f"r{i}"] = entry(i)
    return path


def same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return bool(np.array_equal(one, other)) if isinstance(one, np.ndarray) else bool(one == other)


@pytest.mark.parametrize("count", [0, 1, 3, 3000])
@pytest.mark.parametrize("codec", [None, "default", "lzf"])
def test_records_come_back(tmp_path: Path, count: int, codec: str | None) -> None:
    reader, writer = particles()
    path = written(tmp_path / "a.h5", writer, count)
    if codec is not None:
        repack(reader, path, tmp_path / "b.h5", text="", storing=Storing(codec=codec))
        path = tmp_path / "b.h5"
    with reader(path) as file:
        for i in range(0, count, 97):
            assert same(file.row[f"r{i}"], entry(i))
        rows = np.random.default_rng(0).integers(0, max(1, count), 20 if count else 0)
        assert file.particles.pressure[rows].tolist() == [row / 2 for row in rows]
        assert list(file.particles.name[:]) == [f"näme{i}" for i in range(count)]
        assert file.particles.info.value[:].tolist() == [i * 1.5 for i in range(count)]
        file.verify()
    with h5py.File(path) as file:
        assert file["deep/records"].compression == {None: None, "default": "gzip", "lzf": "lzf"}[codec]


def test_h5py_reads_structured_arrays(tmp_path: Path) -> None:
    _, writer = particles()
    with h5py.File(written(tmp_path / "a.h5", writer, 5)) as file:
        records = file["deep/records"]
        assert records.dtype.names == ("name", "raw", "pressure", "grid", "ok", "phase", "wave", "info")
        assert records.dtype["info"].names == ("value", "seen")
        assert h5py.check_enum_dtype(records.dtype["phase"]) == {"solid": 1, "gas": -2}
        assert records["pressure"].tolist() == [i / 2 for i in range(5)]
        assert records[3]["grid"].tolist() == [[3, 3, 3]] * 2
        assert records[4]["info"]["value"] == 6.0
        assert records[1]["name"].decode() == "näme1"
        assert records.dims[0][0].name == "/row"
        assert records.attrs["info/value.unit"] == "V"


def test_more_rows_and_one_that_changes(tmp_path: Path) -> None:
    reader, writer = particles()
    path = written(tmp_path / "a.h5", writer, 5)
    with writer.edit(path) as file:
        file.row["new"] = entry(9)
        file.particles.pressure["r2"] = 3.0
    with reader(path) as file:
        assert same(file.row["new"], entry(9))
        assert same(file.row["r1"], entry(1))
        assert file.particles.pressure[:].tolist() == [0, 0.5, 3, 1.5, 2, 4.5]
        file.verify()


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    _, writer = particles()
    with writer.create(tmp_path / "a.h5") as file:
        bad = entry(0)
        bad["particles"]["name"] = "far too long for it"
        with pytest.raises(DataError, match="more than 12") as raised:
            file.row["r0"] = bad
        assert "/deep/records/name, row 0 ('r0')" in str(raised.value)
        with pytest.raises(DataError, match="particles/none is no feature"):
            file.row["r0"] = {**entry(0), "particles": {**entry(0)["particles"], "none": 1}}


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    reader, writer = particles()
    path = written(tmp_path / "a.h5", writer, 5)
    with h5py.File(path, "r+") as file:
        records = file["deep/records"][:]
        records["phase"][2] = 7
        file["deep/records"][:] = records
    with reader(path) as opened, pytest.raises(FileError, match="not what was written"):
        opened.verify()
    with reader(path) as opened, pytest.raises(DataError, match="7"):
        _ = opened.particles.phase[2]
    with h5py.File(path, "r+") as file:
        del file["deep/records"]
        file["deep/records"] = np.zeros(5, [("name", "S12"), ("pressure", "f4")])
    with reader(path) as opened, pytest.raises(FileError):
        _ = opened.particles.grid[0]


def test_inspect_shows_members(tmp_path: Path) -> None:
    _, writer = particles()
    said = str(describe(written(tmp_path / "a.h5", writer, 5)))
    assert "/deep/records/info/value" in said
    assert "float32 table" in said


SCHEMA = """\
h5schema: 1
name: tabled
version: 1.0.0
dims: {row: open}
groups:
  particles:
    at: detector/readout
    over: row
    store: {kind: table, codec: default}
    features:
      name: {dtype: {str: 16}}
      pressure: {dtype: float32, unit: Pa}
      grid: {dims: [row, 2, 3], dtype: int32}
      phase: {dtype: {enum: [solid, gas]}}
    groups:
      info:
        features:
          value: {dtype: float64}
loaders:
  rows: {over: row, inputs: {p: particles/pressure, grid: particles/grid}, targets: particles/info/value, batch: 4}
"""


def test_batches(tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="loaders need torch")
    made = generated(tmp_path, SCHEMA)
    with made.groups.TabledWriter.create(made.path) as file:
        for i in range(9):
            members = {"name": f"p{i}", "pressure": i, "grid": np.full((2, 3), i, np.int32), "phase": i % 2}
            file.row.append({"particles": {**members, "info": {"value": i / 4}}})
    batch = made.loaders.Rows(made.path)[[5, 0]]
    inputs, targets = batch
    assert inputs["p"].tolist() == [5, 0]
    assert inputs["grid"][:, 1, 2].tolist() == [5, 0]
    assert targets.tolist() == [1.25, 0]


def test_extracted(tmp_path: Path) -> None:
    schema = """\
h5schema: 1
name: table_sources
version: 1.0.0
dims: {cell: {source: '{name}_{n:int}.txt'}}
groups:
  records:
    over: cell
    store: table
    features:
      name: {dtype: {str: 8}, from: '{name}'}
      n: {dtype: int16, from: '{n}'}
      size: {dtype: int64, call: 'table_sources_io:size'}
"""
    functions = "def size(path):\n    return path.stat().st_size\n"
    sources = {f"s_{i}.txt": b"x" * (i % 7) for i in range(70)}
    made = extracted(tmp_path, schema, functions, sources)
    with h5py.File(made.path) as file:
        records = file["records"][:]
    assert sorted(records["n"].tolist()) == list(range(70))
    assert all(size == n % 7 for size, n in zip(records["size"], records["n"], strict=True))
    with made.groups.TableSources(made.path) as file:
        file.verify()


def test_columns_and_records_are_read_alike(tmp_path: Path) -> None:
    """The same schema without `store: table` gives columns; who reads sees no difference."""
    declared = {"row": Axis(dict), "particles": Info("particles")}
    tables = {"row": Axis(dict), "particles": Info("particles", table=True)}
    found = []
    for name, one in (("columns", declared), ("records", tables)):
        reader, writer = declare(**one)
        with writer.create(tmp_path / f"{name}.h5") as file:
            for i in range(4):
                file.row.append({"particles": {"value": i, "seen": np.datetime64(i, "s")}})
        with reader(tmp_path / f"{name}.h5") as file:
            found.append([file.row[i] for i in range(4)])
    assert found[0] == found[1]
