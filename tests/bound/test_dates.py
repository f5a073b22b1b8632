"""Dates of others: numbers since a moment, as CF says it, are decoded exactly or refused."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import h5py
import numpy as np
import pytest

from h5schema.errors import DataError, FileError

from .conftest import Generate


def schema(unit: str, bind: str = "cf", more: str = "") -> str:
    return f"""
        name: dated
        bind: {bind}
        dims: {{row: open}}
        features: {{t: {{dims: [row], dtype: 'datetime64[{unit}]', at: time{more}}}}}
    """


def written(path: Path, values: Any, **said: object) -> Path:
    with h5py.File(path, "w") as file:
        file["time"] = values
        file["time"].attrs.update(said)
    return path


def read(package: ModuleType, path: Path) -> np.ndarray:
    with package.Dated(path) as found:
        return found.t[:]


@pytest.mark.parametrize(
    ("units", "calendar", "values"),
    [
        ("hours since 2020-01-01", "standard", [0, 6, -7]),
        ("Minutes since 1999-2-3 4:05", "gregorian", np.uint16([0, 65535])),
        ("seconds since 2000-01-01T12:00:00Z", "standard", np.int32([1, -(2**31)])),
        ("milliseconds since 2000-01-01 12:00:00.5", "standard", [1500, 500]),
        ("microseconds since 2000-01-01 00:00:00", None, [10**15, -3]),
        ("nanoseconds since 1970-01-01", "standard", [2**62, -9]),
        ("hours since 2020-01-01", "standard", [0.25, 7.5, np.nan]),
        ("days since 1950-01-01", "standard", [18262.5, 2.0, -0.125]),
    ],
)
def test_dates_are_those_of_xarray(
    generate: Generate, tmp_path: Path, units: str, calendar: str | None, values: Any
) -> None:
    xarray = pytest.importorskip("xarray")
    said = {"units": units} | ({} if calendar is None else {"calendar": calendar})
    path = written(tmp_path / "a.nc", values, **said)
    found = read(generate(schema("ns")), path)
    wanted = xarray.conventions.decode_cf_variable("time", xarray.Variable(("row",), np.asarray(values), said))
    assert found.dtype == "datetime64[ns]"
    np.testing.assert_array_equal(found, wanted.values.astype("datetime64[ns]"))


@pytest.mark.parametrize(
    ("units", "calendar", "value", "wanted"),
    [
        ("days since 1700-01-01", "proleptic_gregorian", 205_000, "2261-04-10"),  # the rest xarray asks cftime for
        ("days since 0001-01-01", "proleptic_gregorian", 737_000, "2018-11-03"),
        ("msec since 2000-01-01 12:00:00.5", "standard", 1500, "2000-01-01T12:00:02"),
        ("us since 2000-01-01 00:00:00 UTC", "standard", 10**15, "2031-09-09T01:46:40"),
        ("s since 2020-01-01", "standard", np.float32(0.5), "2020-01-01T00:00:00.5"),
        ("min since 2020-01-01", "gregorian", 5, "2020-01-01T00:05"),
        ("hr since 1582-10-15", "standard", 1, "1582-10-15T01"),
    ],
)
def test_dates_as_the_calendar_has_them(
    generate: Generate, tmp_path: Path, units: str, calendar: str, value: object, wanted: str
) -> None:
    unit = "us" if "1582" in units else "ns"
    path = written(tmp_path / "a.nc", np.array([value]), units=units, calendar=calendar)
    assert read(generate(schema(unit)), path).tolist() == np.array([wanted], f"datetime64[{unit}]").tolist()


def test_a_coarser_unit_and_what_xarray_writes(generate: Generate, tmp_path: Path) -> None:
    xarray = pytest.importorskip("xarray")
    pytest.importorskip("h5netcdf")
    moments = np.array(["2020-01-01", "NaT", "1999-12-31T06"], "datetime64[ns]")
    made = xarray.Dataset({"time": (("row",), moments)})
    made.to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    packages = {unit: generate(schema(unit).replace("dated", f"dated_{unit}")) for unit in ("s", "ms")}
    for unit, package in packages.items():
        with getattr(package, f"Dated{unit.title()}")(tmp_path / "a.nc") as found:
            np.testing.assert_array_equal(found.t[:], moments.astype(f"datetime64[{unit}]"))


def test_floats_are_the_nearest_of_a_whole_number(generate: Generate, tmp_path: Path) -> None:
    hours = np.arange(24 * 30)
    path = written(tmp_path / "a.nc", 18262 + hours / 24, units="days since 1970-01-01")
    assert (read(generate(schema("s")), path) == np.datetime64("2020-01-01", "s") + hours * np.timedelta64(3600)).all()


def test_a_value_that_means_none(generate: Generate, tmp_path: Path) -> None:
    path = written(tmp_path / "a.nc", np.int32([1, -9]), units="days since 2020-01-01", _FillValue=np.int32(-9))
    assert str(read(generate(schema("s")), path)) == "['2020-01-02T00:00:00'                 'NaT']"
    package = generate(schema("D", more=", optional: true").replace("dated", "gaps"))
    with package.Gaps(path) as found:
        assert list(found.t) == [np.datetime64("2020-01-02"), None]


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ({"units": "days since 2000-01-01", "calendar": "noleap"}, "its calendar is noleap, which has other days"),
        ({"units": "days since 2000-01-01", "calendar": "360_day"}, "its calendar is 360_day"),
        ({"units": "days since 2000-01-01", "calendar": "julian"}, "its calendar is julian"),
        ({"units": "months since 2000-01-01"}, "its `units` are 'months since 2000-01-01', not days to nanoseconds"),
        ({"units": "days since 2000-02-30"}, "not days to nanoseconds since a date"),
        ({"units": "days since 2000-01-01 00:00 +01:00"}, "not days to nanoseconds since a date"),
        ({"units": "nonsense"}, "its `units` are 'nonsense'"),
        ({"units": "days since 0001-01-01"}, "the standard calendar has other days than numpy's before 1582-10-15"),
        ({}, "a date has no `units`"),
    ],
)
def test_units_that_nobody_knows_are_refused(
    generate: Generate, tmp_path: Path, said: dict[str, object], what: str
) -> None:
    path = written(tmp_path / "a.nc", [1, 2], **said)
    with pytest.raises(FileError) as caught:
        read(generate(schema("s")), path)
    assert what in caught.value.what
    assert caught.value.where == f"{path}: /time"


@pytest.mark.parametrize(
    ("unit", "units", "values", "row"),
    [
        ("D", "hours since 2020-01-01", [24, 25], 1),
        ("D", "hours since 2020-01-01 00:30", [24], 0),
        ("s", "hours since 2020-01-01", [0.5, 1e-5], 1),
        ("s", "seconds since 2020-01-01", [1, 0.5], 1),
        ("ns", "days since 2020-01-01", [1, 10**6], 1),
        ("ns", "seconds since 2020-01-01", np.uint64([1, 2**63]), 1),
        ("s", "days since 2020-01-01", [0, -400_000], 1),
        ("s", "days since 2020-01-01", [0, np.inf], 1),
    ],
)
def test_values_without_an_exact_date_are_refused(
    generate: Generate, tmp_path: Path, unit: str, units: str, values: Any, row: int
) -> None:
    path = written(tmp_path / "a.nc", values, units=units)
    with pytest.raises(DataError, match=rf"has no exact value in datetime64\[{unit}\]") as caught:
        read(generate(schema(unit)), path)
    assert caught.value.where == f"{path}: /time, row {row}"


def test_plain_takes_what_lies_as_ours_and_nothing_else(generate: Generate, tmp_path: Path) -> None:
    package = generate(schema("s", "plain"))
    ours = {"units": "seconds since 1970-01-01", "calendar": "proleptic_gregorian"}
    for said in ({}, ours):
        assert read(package, written(tmp_path / "a.h5", [3], **said))[0] == np.datetime64("1970-01-01T00:00:03")
    for said, what in (
        ({"units": "hours since 2020-01-01"}, "its `units` are 'hours since 2020-01-01': no datetime64[s] as it lies"),
        ({"units": "ms since 1970-01-01"}, "its `units` are 'ms since 1970-01-01': no datetime64[s] as it lies"),
        (ours | {"calendar": "noleap"}, "its `units` are 'seconds since 1970-01-01', its calendar is noleap: no"),
    ):
        with pytest.raises(FileError) as caught:
            read(package, written(tmp_path / "b.h5", [3], **said))
        assert what in caught.value.what
        assert caught.value.do == "write `bind: cf`, which decodes them, or give the feature the stored `dtype`"


@pytest.mark.parametrize("per", ["", "node, "])
def test_dates_in_braces(generate: Generate, tmp_path: Path, per: str) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        for name, start in (("a", "2020-01-01"), ("b", "2021-01-01")):
            file[f"run/{name}"] = np.int16([0, 6])
            file[f"run/{name}"].attrs["units"] = f"hours since {start}"
    text = f"""
        name: braces
        bind: cf
        dims: {{run: open, node: {{per: run}}}}
        features: {{t: {{dims: [run, {per or 2}], dtype: 'datetime64[s]', at: 'run/{{run}}'}}}}
    """
    with generate(text).Braces(tmp_path / "a.h5") as found:
        assert str(found.t["b"]) == "['2021-01-01T00:00:00' '2021-01-01T06:00:00']"
    plain = generate(text.replace("braces", "plain_braces").replace("bind: cf", "bind: plain"))
    with plain.PlainBraces(tmp_path / "a.h5") as found, pytest.raises(FileError, match="hours since 202"):
        found.t["b"]


def test_dates_that_are_members_or_attributes(generate: Generate, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["table"] = np.array([(5, 1.0)], [("t", "i8"), ("x", "f8")])
        file["table"].attrs["made"] = 60
    text = """
        name: members
        bind: plain
        dims: {row: open}
        features:
          t:    {dims: [row], dtype: 'datetime64[s]', at: table/t}
          made: {dtype: 'datetime64[s]', at: 'table@made'}
    """
    with generate(text).Members(tmp_path / "a.h5") as found:
        assert found.t[0] == np.datetime64("1970-01-01T00:00:05")
        assert found.made[()] == np.datetime64("1970-01-01T00:01:00")
    package = generate(text.replace("members", "cf_members").replace("plain", "cf"))
    with pytest.raises(FileError, match="a date has no `units`"):
        package.CfMembers(tmp_path / "a.h5").t[0]
