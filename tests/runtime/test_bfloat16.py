"""bfloat16 is HDF5's own float of two bytes: float32 to numpy, exact; bit-equal to torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray
from blank import declare
from hypothesis import given
from hypothesis import strategies as st
from making import extracted

from h5schema.errors import DataError, FileError
from h5schema.runtime import Array, Axis, Check, Maybe, Ragged, RaggedAxis, RaggedBlock, Scalar, optional
from h5schema.runtime.bfloat16 import rounded, to_bits, widened
from h5schema.runtime.inspect import describe

COUNTS = [0, 1, 2, 700]
EVERY = np.arange(2**16, dtype=np.uint16)

SCHEMA = """
h5schema: 1
name: weights_of_bfloat16
version: 1.0.0
dims:
  layer: {source: '{name}.txt'}
  token: {per: layer}
features:
  row: {dims: [layer, 3], dtype: bfloat16, call: 'weights_of_bfloat16_io:row'}
  scale: {dims: [layer], dtype: bfloat16, from: '{name}', call: 'weights_of_bfloat16_io:scale', optional: true}
  tokens: {dims: [layer, token], dtype: bfloat16, call: 'weights_of_bfloat16_io:tokens', store: default}
  wide: {dims: [layer, 3], dtype: float32, call: 'weights_of_bfloat16_io:wide'}
loaders:
  layers:
    over: layer
    batch: 2
    inputs:
      row: row
      as_float: {feature: row, dtype: float32}
      half: {feature: row, dtype: float16}
      scale: {feature: scale, fill: -1.5}
      narrow: {feature: wide, dtype: bfloat16}
      padded: tokens
      packed: {feature: tokens, as: packed}
      masked: {feature: tokens, as: mask}
      apart: {feature: tokens, as: list}
"""
FUNCTIONS = """
import numpy as np

def row(path):
    return np.array([1.5, -2, int(path.read_text())], np.float32)

def scale(name):
    return 0.1 if name != "s1" else None

def tokens(path):
    return np.arange(int(path.read_text()), dtype=np.float32)

def wide(path):
    return np.array([1 / 3, 257, np.nan], np.float32)
"""


def bits_of(values: Any) -> np.ndarray[Any, Any]:
    """The upper halves of float32; the lower ones hold nothing."""
    whole = np.ascontiguousarray(values).view(np.uint32)
    assert not (whole & 0xFFFF).any()
    return (whole >> 16).astype(np.uint16)


def drawn(shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """bfloat16 of every kind, as float32: NaN with all its bits, infinite, subnormal."""
    rng = np.random.default_rng(1)
    bits = rng.integers(0, 2**16, shape).astype(np.uint16)
    flat = bits.reshape(-1)
    extremes = np.array([0x7F81, 0xFFFF, 0x7F80, 0xFF80, 0x0001, 0x8000, 0x7F7F], np.uint16)
    flat[: min(7, flat.size)] = extremes[: min(7, flat.size)]
    return widened(bits)


@pytest.mark.parametrize("count", COUNTS)
def test_T9_bfloat16_stored_float32_read(tmp_path: Path, count: int) -> None:
    reader, writer = declare(
        row=Axis(dict),
        time=RaggedAxis(per="row"),
        one=Scalar(np.float32, "row", stored="bfloat16"),
        some=Array(np.float32, "row 2 3", stored="bfloat16"),
        packed=Array(np.float32, "row 5", stored="bfloat16", codec="default"),
        series=Ragged(np.float32, "row time", stored="bfloat16"),
        perhaps=optional(Array(np.float32, "row 2", stored="bfloat16")),
        whole=Array(np.float32, "4", stored="bfloat16"),
        note=Array(np.float32, "4", stored="bfloat16", at="@note"),
    )
    one, some, packed = drawn((count,)), drawn((count, 2, 3)), drawn((count, 5))
    lengths = np.arange(count) % 4
    series = RaggedBlock(drawn((int(lengths.sum()),)), np.concatenate([[0], np.cumsum(lengths)]))
    there, whole = np.arange(count) % 3 != 1, drawn((4,))
    with writer.create(tmp_path / "blocks.h5") as w:
        w.whole, w.note = whole, whole
        w.row.extend(
            {"one": one, "some": some, "packed": packed, "series": series, "perhaps": Maybe(some[:, 0, :2], there)}
        )
        assert w.one[:].tobytes() == one.tobytes()
    with writer.create(tmp_path / "entries.h5") as w:
        w.whole, w.note = whole, whole
        for i in range(count):
            perhaps = some[i, 0, :2] if there[i] else None
            w.row.append({"one": one[i], "some": some[i], "packed": packed[i], "series": series[i], "perhaps": perhaps})
    for name in ("blocks.h5", "entries.h5"):
        for access in ("map", "read", "memory"):
            with reader(tmp_path / name, access=access) as f:
                for _ in range(3):  # past HDF5 after the first
                    for found, wanted in ((f.one, one), (f.some, some), (f.packed, packed)):
                        assert found[:].dtype == np.float32
                        assert found[:].tobytes() == wanted.tobytes()
                        rows = np.arange(count)[::-1][:40]
                        assert found[rows].tobytes() == wanted[rows].tobytes()
                assert f.series[:].values.tobytes() == series.values.tobytes()
                assert f.perhaps[:].values[there].tobytes() == some[:, 0, :2][there].tobytes()
                assert [entry is None for entry in f.perhaps] == (~there).tolist()
                assert f.whole[()].tobytes() == f.note[()].tobytes() == whole.tobytes()
                if count:
                    assert type(f.one[-1]) is float
                f.verify()
    with h5py.File(tmp_path / "blocks.h5") as file:
        stored = file["one"].id.get_type()
        assert (stored.get_size(), stored.get_fields(), stored.get_ebias()) == (2, (15, 7, 8, 0, 7), 127)
        for found, wanted in (("one", one), ("some", some), ("packed", packed), ("whole", whole)):
            assert file[found].dtype == np.float32
            assert np.array_equal(file[found][()], wanted, equal_nan=True)
        assert np.array_equal(file.attrs["note"], whole, equal_nan=True)
    with xarray.open_dataset(tmp_path / "blocks.h5", engine="h5netcdf") as opened:
        assert np.array_equal(opened["some"].values, some, equal_nan=True)


def test_T9_every_bfloat16_is_a_float32_and_back() -> None:
    assert np.array_equal(to_bits(widened(EVERY)), EVERY)
    assert rounded(widened(EVERY)).tobytes() == widened(EVERY).tobytes()


@given(st.lists(st.floats(width=32), min_size=1, max_size=20))
def test_T9_rounding_is_that_of_torch(values: list[float]) -> None:
    torch = pytest.importorskip("torch", reason="torch rounds as well")
    singles = np.array(values, np.float32)
    theirs = torch.from_numpy(singles).to(torch.bfloat16).to(torch.float32).numpy()
    assert np.array_equal(rounded(singles), theirs, equal_nan=True)


def test_T9_a_double_is_rounded_once() -> None:
    between = 1 + 2.0**-8 + 2.0**-40  # a little more than the middle: float32 would make it the middle, and that 1
    assert rounded(np.array(between)) == np.float32(1 + 2.0**-7)
    assert rounded(np.array(np.float32(between))) == 1


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.float32(1 + 2.0**-8), "1.0039062 is no bfloat16: it would be rounded"),
        (np.array([1, 0.1], np.float32), "0.1 is no bfloat16: it would be rounded"),
        (np.uint32(0x7F800001).view(np.float32), "nan is no bfloat16"),
        (np.float64(1), "the values are float64, and float32 does not hold every value of float64"),
        (np.float16(1.001), "1.0009766 is no bfloat16"),
        (3.4e38 * 1.01, "would become infinite as bfloat16"),
        (257, "257 would become 256.0 as bfloat16"),
        (True, "true and false are no values of float32"),
        ("1", "str is not a number"),
    ],
)
def test_T9_what_is_no_bfloat16_is_refused(tmp_path: Path, value: Any, words: str) -> None:
    shape = np.shape(value)
    dims = " ".join(["row", *map(str, shape)])
    make: Any = Array if shape else Scalar
    reader, writer = declare(row=Axis(dict), x=make(np.float32, dims, stored="bfloat16"))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.append({"x": np.ones(shape, np.float32)})
        with pytest.raises(DataError) as refused:
            w.row.append({"x": value})
    assert words in str(refused.value)
    assert "/x, row 1" in str(refused.value)
    with reader(tmp_path / "a.h5") as f:
        assert len(f.x) == 1


def test_T9_plain_numbers_are_rounded_to_bfloat16(tmp_path: Path) -> None:
    reader, writer = declare(row=Axis(dict), x=Scalar(np.float32, "row", stored="bfloat16", check=Check(max=300)))
    with writer.create(tmp_path / "a.h5") as w:
        for value in (0.1, 3, 256, -0.0, np.int8(-128), np.float16(0.5)):
            w.row.append({"x": value})
        w.row.extend({"x": [0.1, 1 / 3]})
        with pytest.raises(DataError, match="breaks the check"):
            w.row.append({"x": 512.0})
    with reader(tmp_path / "a.h5") as f:
        found = f.x[:]
    assert found.tolist()[:3] == [0.10009765625, 3.0, 256.0]
    assert np.signbit(found[3])
    assert found.tolist()[4:] == [-128.0, 0.5, 0.10009765625, 0.333984375]


def test_T9_bfloat16_of_ml_dtypes(tmp_path: Path) -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="an array of bfloat16 needs it")
    reader, writer = declare(
        row=Axis(dict), x=Scalar(np.float32, "row", stored="bfloat16"), y=Scalar(np.float32, "row")
    )
    values = EVERY.view(ml_dtypes.bfloat16)
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"x": values, "y": values})
        w.row.append({"x": values[5], "y": values[5]})
    with reader(tmp_path / "a.h5") as f:
        assert np.array_equal(bits_of(f.x[:]), [*EVERY, 5])
        assert np.array_equal(f.y[:-1], values.astype(np.float32), equal_nan=True)


def test_T9_another_type_in_place_of_bfloat16_is_noticed(tmp_path: Path) -> None:
    reader, writer = declare(row=Axis(dict), x=Scalar(np.float32, "row", stored="bfloat16"))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"x": [1.0, 2.0]})
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        del file["x"]
        file["x"] = np.array([1, 2], np.uint16)
    with reader(tmp_path / "a.h5") as f, pytest.raises(FileError, match="stored as uint16, not as bfloat16"):
        f.x[:]


def test_T9_bfloat16_is_extracted_and_fed_bit_by_bit(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="loaders need torch")
    made = extracted(tmp_path, SCHEMA, FUNCTIONS, {f"s{i}.txt": str(i).encode() for i in range(3)})
    with made.groups.WeightsOfBfloat16(made.path) as f:
        assert f.row[:].tolist() == [[1.5, -2, i] for i in range(3)]
        assert list(f.scale) == [0.10009765625, None, 0.10009765625]
        f.verify()
        stored = f.row[:]
    batches = list(made.loaders.Layers.loader(made.path))
    rows = torch.cat([batch["row"] for batch in batches])
    assert rows.dtype == torch.bfloat16
    assert np.array_equal(rows.view(torch.int16).numpy().view(np.uint16), bits_of(stored))
    first = batches[0]
    assert (first["as_float"].dtype, first["half"].dtype) == (torch.float32, torch.float16)
    assert first["as_float"].tolist() == first["half"].tolist() == stored[:2].tolist()
    assert first["scale"].dtype == torch.bfloat16
    assert first["scale"].tolist() == [0.10009765625, -1.5]
    assert first["narrow"].dtype == torch.bfloat16
    assert first["narrow"][0].tolist()[:2] == [0.333984375, 256.0]
    last = batches[-1]
    for form in (first["padded"].values, first["masked"].values, first["packed"].values, last["apart"][0]):
        assert form.dtype == torch.bfloat16
    assert last["padded"].values.tolist() == [[0.0, 1.0]]
    assert last["packed"].values.tolist() == last["apart"][0].tolist() == [0.0, 1.0]
    (row,) = [one for one in describe(made.path).features if one.address == "row"]
    assert (row.dtype, row.logical) == ("bfloat16", 3 * 3 * 2)
