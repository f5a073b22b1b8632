"""Values by the convention of CF: those that xarray reads, or a refusal; never the packed numbers."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import h5py
import numpy as np
import pytest

from h5schema.errors import DataError, FileError

from .conftest import Generate

STORED = {"i1": [-128, 0, 127, 5], "u1": [255, 0, 127, 5], "i2": [-9, 0, 32767, 5], "u2": [65535, 0, 9, 5]}
STORED |= {"i4": [-9, 0, 2**31 - 1, 5], ">i2": [-9, 0, 300, 5], "f4": [-9, 0.1, 1e30, np.nan]}
STORED |= {"f8": [-9, 0.1, 1e3, np.nan]}
SCALES = [None, np.float32(0.1), np.float64(0.1)]
OFFSETS = [None, np.float32(280.1), np.float64(280.1)]


def test_every_packing_is_that_of_xarray(generate: Generate, tmp_path: Path) -> None:
    """Bit for bit, unless xarray has float32 or float64 where numpy, and so netCDF4, has the other one."""
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    path = tmp_path / "packings.nc"
    features, compared = [], 0
    with h5py.File(path, "w") as file:
        file["row"] = np.arange(4)
        file["row"].make_scale("row")
        for number, (dtype, scale, offset, fill) in enumerate(product(STORED, SCALES, OFFSETS, (False, True))):
            if not (fill or scale or offset):
                continue
            name, values = f"v{number}", np.array(STORED[dtype], dtype)
            file[name] = values
            file[name].dims[0].attach_scale(file["row"])
            attributes = {"scale_factor": scale, "add_offset": offset, "_FillValue": values[0] if fill else None}
            file[name].attrs.update({key: value for key, value in attributes.items() if value is not None})
            given = [np.dtype(one.dtype) for one in (scale, offset) if one is not None]
            wide = given[0] if len(given) == 1 else np.dtype("f8") if np.dtype("f8") in given else np.dtype("f4")
            named = np.result_type(np.dtype(dtype).newbyteorder("="), wide if given else np.float32)
            features.append(f"  {name}: {{dims: [row], dtype: {named if named.kind == 'f' else 'float64'}}}\n")
    package = generate(f"name: packings\nbind: cf\ndims: {{row: open}}\nfeatures:\n{''.join(features)}")
    with package.Packings(path) as found, xarray.open_dataset(path, engine="h5netcdf") as other:
        for name in other.data_vars:
            wanted, mine = other[name].values, getattr(found, name)[:]
            same = mine.dtype == wanted.dtype
            compared += same
            np.testing.assert_allclose(mine, wanted, rtol=0 if same else 1e-6, err_msg=name)
    assert compared > 100


def test_unsigned_or_not(generate: Generate, tmp_path: Path) -> None:
    path = tmp_path / "signs.nc"
    with h5py.File(path, "w") as file:
        for name, dtype, word, fill in (("a", "i1", "true", -1), ("b", "u1", "false", 255), ("c", "i1", "True", 255)):
            file[name] = np.array([1, -1, -128], "i1").view(dtype)
            file[name].attrs["_Unsigned"] = word
            file[name].attrs["_FillValue"] = np.array([fill], "i2" if name == "c" else dtype)
    with generate("""
        name: signs
        bind: cf
        dims: {row: open}
        features:
          a: {dims: [row], dtype: uint8, optional: true}
          b: {dims: [row], dtype: int8, optional: true}
          c: {dims: [row], dtype: float32}
    """).Signs(path) as found:
        assert list(found.a) == [1, None, 128]
        assert list(found.b) == [1, None, -128]
        np.testing.assert_array_equal(found.c[:], [1, np.nan, 128])


def test_numbers_that_are_missing(generate: Generate, tmp_path: Path) -> None:
    """A grid of whole numbers has no word for some that are missing; floats have NaN."""
    path = tmp_path / "grids.nc"
    with h5py.File(path, "w") as file:
        for name in ("whole", "absent", "floats"):
            file[name] = np.array([[1, 2], [-9, -9], [3, -9]], "i4")
        file["long"] = np.array([1, 2**53 + 1, -9], "i8")
        for name in file:
            file[name].attrs["missing_value"] = np.array([-9.0, 0.5, np.nan])
    with generate("""
        name: grids
        bind: cf
        dims: {row: open}
        features:
          whole:    {dims: [row, 2], dtype: int32}
          absent:   {dims: [row, 2], dtype: int32, optional: true}
          floats:   {dims: [row, 2], dtype: float64}
          long:     {dims: [row], dtype: float64}
    """).Grids(path) as found:
        np.testing.assert_array_equal(found.floats[:], [[1, 2], [np.nan, np.nan], [3, np.nan]])
        assert found.whole[0].tolist() == found.absent[0].tolist() == [1, 2]
        assert found.absent[1] is None
        with pytest.raises(DataError, match="the entry has no value"):
            found.whole[1]
        for name in ("whole", "absent"):
            with pytest.raises(DataError, match="some values of the entry are missing") as caught:
                getattr(found, name)[2]
            assert caught.value.where == f"{path}: /{name}, row 2"
        assert found.long[0] == 1
        assert np.isnan(found.long[2])
        with pytest.raises(DataError, match="9007199254740993 is another number in float64"):
            found.long[1]


@pytest.mark.parametrize("factor", [2, np.int16(2), np.array([2], "u1")])
def test_a_factor_that_is_a_whole_number(generate: Generate, tmp_path: Path, factor: object) -> None:
    path = tmp_path / "whole.nc"
    with h5py.File(path, "w") as file:
        file["x"] = np.array([30000, -1, 7], "i2")
        file["x"].attrs["scale_factor"], file["x"].attrs["_FillValue"] = factor, np.int16(-1)
    with generate("""
        name: whole_factor
        bind: cf
        dims: {row: open}
        features: {x: {dims: [row], dtype: float64}}
    """).WholeFactor(path) as found:
        np.testing.assert_array_equal(found.x[:], [60000, np.nan, 14])


@pytest.mark.parametrize("factor", ["0.5", np.zeros(0), [0.5, 2.0], h5py.Empty("f4")])
def test_a_factor_that_is_no_number_is_refused(generate: Generate, tmp_path: Path, factor: object) -> None:
    path = tmp_path / "odd.nc"
    with h5py.File(path, "w") as file:
        file["x"] = np.array([1, 2, 3], "i2")
        file["x"].attrs["scale_factor"] = factor
    package = generate("""
        name: odd_factor
        bind: cf
        dims: {row: open}
        features: {x: {dims: [row], dtype: float64}}
    """)
    with pytest.raises(FileError, match="which is not one number") as caught:
        package.OddFactor(path).x[0]
    assert caught.value.where == f"{path}: /x"


def test_a_missing_value_that_the_numbers_cannot_be(generate: Generate, corpus: Path) -> None:
    """A real file: the text -1.e+34f beside whole numbers; netCDF4 passes over it too."""
    path = corpus / "Unidata__netcdf4-python/test/issue1152.nc"
    with (
        generate("""
        name: odd_missing
        bind: cf
        dims: {row: open}
        features: {v: {dims: [row], dtype: int32}}
    """).OddMissing(path) as found,
        h5py.File(path) as file,
    ):
        np.testing.assert_array_equal(found.v[:], file["v"][:])


def test_texts_as_arrays_of_characters(generate: Generate, tmp_path: Path) -> None:
    path = tmp_path / "texts.nc"
    words = ["Zürich", "", "Oslo"]
    with h5py.File(path, "w") as file:
        file["place"] = np.array([list(word.encode().ljust(8, b"\0")) for word in words], "u1").view("S1")
        file["letter"] = np.array([b"a", b"b", b""], "S1")
        file["title"] = np.frombuffer(b"Stations", "S1")
    with generate("""
        name: character_texts
        bind: cf
        dims: {row: open}
        features:
          place:  {dims: [row], dtype: str}
          letter: {dims: [row], dtype: str}
          title:  {dtype: str}
    """).CharacterTexts(path) as found:
        assert list(found.place) == words
        assert found.place[2] == "Oslo"
        assert list(found.letter) == ["a", "b", ""]
        assert found.title[()] == "Stations"
