"""Enums of others: whole numbers of any size, or HDF5's own enums over one."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from h5schema.errors import DataError, FileError

from .conftest import Generate

SCHEMA = """
    name: enums
    bind: plain
    dims: {row: open}
    features: {kind: {dims: [row], dtype: {enum: {a: 0, b: 1, c: 7}}}}
    loaders: {train: {over: row, inputs: kind, batch: 3}}
"""
INTEGERS = [f"{sign}int{8 * size}" for sign in ("", "u") for size in (1, 2, 4, 8)] + [">i4"]


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("named", [False, True])
def test_members_of_any_size(generate: Generate, tmp_path: Path, dtype: str, named: bool) -> None:
    package = generate(SCHEMA)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        stored = h5py.enum_dtype({"a": 0, "b": 1, "c": 7}, basetype=dtype) if named else dtype
        file.create_dataset("kind", data=np.array([7, 0, 1], dtype), dtype=stored)
    with package.Enums(tmp_path / "a.h5") as found:
        assert found.kind[:].tolist() == [7, 0, 1]
        assert [one.name for one in found.kind] == ["c", "a", "b"]


@pytest.mark.parametrize("dtype", INTEGERS)
def test_what_is_no_member_is_named(generate: Generate, tmp_path: Path, dtype: str) -> None:
    wrong = -1 if np.dtype(dtype).kind == "i" else 2
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["kind"] = np.array([7, 0, 1, wrong], dtype)
        if np.dtype(dtype).itemsize > 1:
            file["kind"][2] = 256  # which is 0 as uint8
    with generate(SCHEMA).Enums(tmp_path / "a.h5") as found:
        assert found.kind[:2].tolist() == [7, 0]
        with pytest.raises(DataError, match=f"^.*: /kind, row 3: {wrong} is no value of") as caught:
            found.kind[3]
        assert "the values are a = 0, b = 1, c = 7" in caught.value.do
        if np.dtype(dtype).itemsize > 1:
            with pytest.raises(DataError, match="row 2: 256 is no value"):
                found.kind[:]


def test_floats_are_no_members(generate: Generate, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["kind"] = np.array([0.0, 1.0])
    with pytest.raises(FileError, match="stored as float64"):
        generate(SCHEMA).Enums(tmp_path / "a.h5").kind[:]
