"""Dates: int64 in the file by the conventions of CF, numpy's datetime64 to the user, int64 to a model."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas
import pytest
import xarray
from blank import declare
from hypothesis import given
from hypothesis import strategies as st
from making import extracted

from h5schema.errors import DataError
from h5schema.runtime import Array, Axis, Check, Maybe, Ragged, RaggedAxis, RaggedBlock, Scalar, optional

UNITS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds", "D": "days"}
COUNTS = [0, 1, 2, 700]
LOWEST, HIGHEST = -(2**63), 2**63 - 1

SCHEMA = """
h5schema: 1
name: diary_of_dates
version: 1.0.0
dims:
  visit: {source: '{day}.txt'}
  beat: {per: visit}
features:
  begun: {dims: [visit], dtype: 'datetime64[ns]', call: 'diary_of_dates_io:begun'}
  day: {dims: [visit], dtype: 'datetime64[D]', call: 'diary_of_dates_io:day', from: '{day}'}
  beats: {dims: [visit, beat], dtype: 'datetime64[us]', call: 'diary_of_dates_io:beats', optional: true}
loaders:
  visits: {over: visit, inputs: {begun: begun, day: {feature: day, dtype: float64}}, batch: 2}
  beating: {over: visit, where: {beats: present}, inputs: beats, batch: 2}
"""
FUNCTIONS = """
from datetime import date, datetime
import numpy as np

def begun(path):
    text = path.read_text()
    return np.datetime64(text) if text != "never" else np.datetime64("NaT")

def day(text):
    return date.fromisoformat(text)

def beats(path):
    text = path.read_text()
    return None if text == "never" else np.datetime64(text, "s") + np.arange(int(text[-1])) * np.timedelta64(1, "s")
"""


def moments(unit: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Moments of all sizes, the extremes and NaT first."""
    size = int(np.prod(shape))
    flat = np.random.default_rng(3).integers(LOWEST, HIGHEST, size, dtype=np.int64)
    extremes = np.array([LOWEST, LOWEST + 1, HIGHEST, 0, -1], np.int64)
    flat[: min(5, size)] = extremes[: min(5, size)]
    return flat.view(f"M8[{unit}]").reshape(shape)


def same(one: Any, other: Any) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("count", COUNTS)
def test_T9_dates_stored_int64_and_back(tmp_path: Path, unit: str, count: int) -> None:
    stored = f"datetime64[{unit}]"
    reader, writer = declare(
        row=Axis(dict),
        time=RaggedAxis(per="row"),
        one=Scalar(np.datetime64, "row", stored=stored),
        some=Array(np.datetime64, "row 2", stored=stored, codec="default"),
        series=Ragged(np.datetime64, "row time", stored=stored),
        perhaps=optional(Scalar(np.datetime64, "row", stored=stored)),
        perhaps_some=optional(Array(np.datetime64, "row 2", stored=stored)),
        made=Scalar(np.datetime64, stored=stored),
    )
    one, some = moments(unit, (count,)), moments(unit, (count, 2))
    lengths = np.arange(count) % 4
    series = RaggedBlock(moments(unit, (int(lengths.sum()),)), np.concatenate([[0], np.cumsum(lengths)]))
    there = np.arange(count) % 3 != 1
    made = np.datetime64("2024-02-29", unit)
    with writer.create(tmp_path / "blocks.h5") as w:
        w.made = made
        w.row.extend(
            {
                "one": one,
                "some": some,
                "series": series,
                "perhaps": Maybe(one, there),
                "perhaps_some": Maybe(some, there),
            }
        )
    with writer.create(tmp_path / "entries.h5") as w:
        w.made = made
        for i in range(count):
            w.row.append(
                {
                    "one": one[i],
                    "some": list(some[i]),
                    "series": series[i],
                    "perhaps": one[i] if there[i] else None,
                    "perhaps_some": some[i] if there[i] else None,
                }
            )
    for name in ("blocks.h5", "entries.h5"):
        with reader(tmp_path / name) as f:
            assert same(f.one[:], one)
            assert same(f.some[:], some)
            assert same(f.series[:].values, series.values)
            assert same(f.some[::-2], some[::-2])
            assert [one is None for one in f.perhaps] == [one is None for one in f.perhaps_some] == (~there).tolist()
            assert same(f.perhaps[:].values[there], one[there])
            assert same(f.made[()], made)
            if count:
                assert type(f.one[-1]) is np.datetime64
                assert same(f.row[-1]["one"], one[-1])
            f.verify()
    with h5py.File(tmp_path / "blocks.h5") as file:
        for feature in ("one", "some", "series", "perhaps", "made"):
            assert file[feature].dtype == np.int64
            assert file[feature].attrs["units"] == f"{UNITS[unit]} since 1970-01-01"
            assert file[feature].attrs["calendar"] == "proleptic_gregorian"
        assert np.array_equal(file["one"][:], one.view(np.int64))
    with h5py.File(tmp_path / "entries.h5") as file:
        assert np.isnat(file["perhaps"][:].view(f"M8[{unit}]")[~there]).all(), "what is absent is NaT to other readers"


def test_T9_xarray_opens_dates_as_dates(tmp_path: Path) -> None:
    times = np.array(["1677-09-22", "1969-12-31T23:59:59", "NaT", "2024-02-29T12:00:00.123456789"], "M8[ns]")
    features = {unit: Scalar(np.datetime64, "row", stored=f"datetime64[{unit}]") for unit in UNITS}
    nanoseconds = optional(Scalar(np.datetime64, "row", stored="datetime64[ns]"))
    _, writer = declare(row=Axis(dict), perhaps=nanoseconds, **features)
    with writer.create(tmp_path / "a.h5") as w:
        given: dict[str, Any] = {unit: times.astype(f"M8[{unit}]") for unit in UNITS}
        w.row.extend({**given, "perhaps": [times[0], None, times[2], times[3]]})
    with xarray.open_dataset(tmp_path / "a.h5", engine="h5netcdf") as opened:
        for unit in UNITS:
            found = opened[unit].values
            assert found.dtype.kind == "M", unit
            assert np.array_equal(found, times.astype(f"M8[{unit}]").astype(found.dtype), equal_nan=True), unit
        assert np.isnat(opened["perhaps"].values).tolist() == [False, True, True, False]


@given(counts=st.lists(st.integers(LOWEST, HIGHEST), max_size=8), unit=st.sampled_from(list(UNITS)))
def test_T9_any_moments(tmp_path: Path, counts: list[int], unit: str) -> None:
    reader, writer = declare(row=Axis(dict), at=Scalar(np.datetime64, "row", stored=f"datetime64[{unit}]"))
    given = np.array(counts, np.int64).view(f"M8[{unit}]")
    with writer.create(tmp_path / "a.h5", overwrite=True) as w:
        w.row.extend({"at": list(given)})
    with reader(tmp_path / "a.h5") as f:
        assert same(f.at[:], given)


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        (datetime(2024, 2, 29, 12, 0, 0, 5), "2024-02-29T12:00:00.000005"),
        (date(1969, 12, 31), "1969-12-31"),
        (np.datetime64("2024-02"), "2024-02-01"),
        (np.datetime64("NaT"), "NaT"),
        (pandas.Timestamp("2024-01-01 00:00:00.000000001"), "2024-01-01T00:00:00.000000001"),
        (pandas.NaT, "NaT"),
        (np.array("2024-01-01T00:00:01", ">M8[s]")[()], "2024-01-01T00:00:01"),
    ],
)
def test_T9_dates_of_other_units_that_fit(tmp_path: Path, value: Any, taken: str) -> None:
    reader, writer = declare(row=Axis(dict), at=Scalar(np.datetime64, "row", stored="datetime64[ns]"))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.append({"at": value})
        w.row.extend({"at": [value, value]})
        w.row.extend({"at": pandas.Series([value], dtype="datetime64[ns]") if taken != "NaT" else [value]})
    with reader(tmp_path / "a.h5") as f:
        assert same(f.at[:], np.array([taken] * 4, "M8[ns]"))


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (datetime(3000, 1, 1), "ns", "3000-01-01T00:00:00.000000 has no exact value in datetime64[ns]"),
        (np.datetime64("2024-01-01T00:00:00.5"), "s", "has no exact value in datetime64[s]"),
        (datetime(2024, 1, 1, 12), "D", "has no exact value in datetime64[D]"),
        (np.datetime64(2**62, "D"), "s", "has no exact value in datetime64[s]"),
        (datetime(2024, 1, 1, tzinfo=UTC), "ns", "has a time zone, which would be lost"),
        (7, "ns", "7: no dates"),
        ("2024-01-01", "ns", "'2024-01-01': no dates"),
        (np.float64(3), "ns", "no dates"),
        (True, "D", "True: no dates"),
    ],
)
def test_T9_what_is_no_date_is_refused(tmp_path: Path, value: Any, unit: str, words: str) -> None:
    reader, writer = declare(row=Axis(dict), at=Scalar(np.datetime64, "row", stored=f"datetime64[{unit}]"))
    good = np.datetime64("2024-01-01", unit)
    with writer.create(tmp_path / "a.h5") as w:
        w.row.append({"at": good})
        with pytest.raises(DataError) as refused:
            w.row.append({"at": value})
        with pytest.raises(DataError, match="row 2"):
            w.row.extend({"at": [good, value]})
    assert words in str(refused.value)
    assert "/at, row 1" in str(refused.value)
    with reader(tmp_path / "a.h5") as f:
        assert list(f.at) == [good]


def test_T9_dates_are_no_numbers(tmp_path: Path) -> None:
    _, writer = declare(row=Axis(dict), at=Scalar(np.int64, "row"))
    with writer.create(tmp_path / "a.h5") as w, pytest.raises(DataError, match=r"have dtype datetime64\[ns\]"):
        w.row.append({"at": np.datetime64("2024-01-01", "ns")})


def test_T9_checks_of_dates(tmp_path: Path) -> None:
    check = Check(finite=True, unique=True)
    _, writer = declare(row=Axis(dict), at=Scalar(np.datetime64, "row", stored="datetime64[D]", check=check))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.append({"at": date(2024, 1, 1)})
        with pytest.raises(DataError, match="breaks the check"):
            w.row.append({"at": np.datetime64("NaT")})
        with pytest.raises(DataError, match="stands twice"):
            w.row.append({"at": date(2024, 1, 1)})


def test_T9_dates_are_extracted_and_fed_as_int64(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch", reason="loaders need torch")
    texts = {"2024-01-01": b"2024-01-01T10:00:02", "1950-06-30": b"never", "2024-01-02": b"2024-01-02T10:00:03"}
    made = extracted(tmp_path, SCHEMA, FUNCTIONS, {f"{day}.txt": text for day, text in texts.items()})
    with made.groups.DiaryOfDates(made.path) as f:
        assert f.begun["2024-01-01.txt"] == np.datetime64("2024-01-01T10:00:02")
        assert np.isnat(f.begun["1950-06-30.txt"])
        assert f.day["1950-06-30.txt"] == np.datetime64("1950-06-30")
        assert f.beats["2024-01-02.txt"].tolist() == [datetime(2024, 1, 2, 10, 0, second) for second in (3, 4, 5)]
        assert f.beats["1950-06-30.txt"] is None
        f.verify()
        days, begun = f.day[:], f.begun[:]
    batches = list(made.loaders.Visits.loader(made.path))
    fed = torch.cat([batch["begun"] for batch in batches])
    assert fed.dtype == torch.int64
    assert np.array_equal(fed.numpy(), begun.view(np.int64))
    assert fed.min() == LOWEST
    assert torch.cat([batch["day"] for batch in batches]).tolist() == days.astype(np.int64).astype(float).tolist()
    (beats,) = list(made.loaders.Beating.loader(made.path))
    assert (beats.values.dtype, beats.lengths.tolist()) == (torch.int64, [2, 3])
    assert int(beats.values[1][2]) == int(np.datetime64("2024-01-02T10:00:05", "us").astype(np.int64))
