"""Nothing changes without a word: what HDF5 and numpy convert in silence is refused, by file, path, row and help."""

from __future__ import annotations

import re
from enum import IntEnum
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from blank import declare
from everything import Everything, EverythingWriter
from everything.examples import entry, name_of, write

from h5schema.errors import DataError, FileError, H5SchemaError, UsageError
from h5schema.runtime import (
    Array,
    Axis,
    Check,
    Enumerated,
    IdAxis,
    Maybe,
    Ragged,
    RaggedAxis,
    RaggedBlock,
    Scalar,
    Text,
    optional,
)


class Color(IntEnum):
    """With a gap."""

    red = 0
    green = 1
    blue = 5


class Size(IntEnum):
    """Another enum."""

    small = 0
    large = 1


def one(feature: Any, **others: Any) -> tuple[Any, Any]:
    """A file of one feature `x` over entries with ids."""
    return declare(row=IdAxis(dict), time=RaggedAxis(per="row"), x=feature, **others)


def said(error: pytest.ExceptionInfo[H5SchemaError], *parts: str) -> None:
    """The message has these parts and a help."""
    text = str(error.value)
    for part in (*parts, "help: "):
        assert part in text, text
    assert "Traceback" not in text


A = np.array
WRITES: list[tuple[Any, Any, str]] = [
    # a saturating integer
    (Scalar(np.int32, "row"), 2**40, "does not fit int32"),
    (Scalar(np.int32, "row"), np.int64(5), "int32 does not hold every value of int64"),
    (Array(np.int32, "row 2"), A([2**40, 1]), "int32 does not hold every value of int64"),
    (Scalar(np.uint64, "row"), -5, "does not fit uint64"),
    (Array(np.uint64, "row 1"), A([-5]), "uint64 does not hold every value of int64"),
    (Array(np.int64, "row 1"), A([2**63], np.uint64), "int64 does not hold every value of uint64"),
    (Scalar(np.int8, "row"), 250, "does not fit int8 (-128 to 127)"),
    (Array(np.int8, "row 1"), A([250], np.uint8), "int8 does not hold every value of uint8"),
    (Array(np.int8, "row 2"), [1, 250], "250 does not fit int8"),
    (Scalar(np.uint64, "row"), 2**64, "does not fit uint64"),
    # floats that overflow, round or are no number
    (Scalar(np.float32, "row"), 1e300, "would become infinite as float32"),
    (Array(np.float32, "row 1"), A([1e300]), "float32 does not hold every value of float64"),
    (Scalar(np.float16, "row"), 70000, "70000"),
    (Scalar(np.int32, "row"), float("nan"), "not a whole number"),
    (Array(np.int32, "row 1"), A([np.nan]), "int32 does not hold every value of float64"),
    (Scalar(np.int32, "row"), 1.0, "not a whole number"),
    (Scalar(np.float64, "row"), 2**53 + 1, "9007199254740993"),
    (Array(np.float64, "row 1"), A([2**53 + 1]), "float64 does not hold every value of int64"),
    (Scalar(np.float32, "row"), 16777217, "16777217"),
    (Array(np.float32, "row 1"), A([16777217], np.int32), "float32 does not hold every value of int32"),
    (Scalar(np.float64, "row"), 10**400, "float64"),
    (Scalar(np.float64, "row"), 1j, "complex"),
    (Array(np.float64, "row 1"), A([1j]), "float64 does not hold every value of complex128"),
    (Scalar(np.complex64, "row"), complex(1e300, 0), "would become infinite as complex64"),
    # bools and texts are no numbers
    (Scalar(np.bool_, "row"), 1, "not true or false"),
    (Array(np.bool_, "row 1"), A([1]), "bool does not hold every value of int64"),
    (Scalar(np.int32, "row"), "5", "str is not a number"),
    (Array(np.int32, "row 1"), ["5"], "not a number"),
    (Array(np.int32, "row 1"), A(["5"]), "which is not int32"),
    (Array(np.int32, "row 1"), A([5], object), "which is not int32"),
    (Scalar(np.int32, "row"), object(), "object is not a number"),
    (Scalar(np.int32, "row"), A(["2020-01-01"], "datetime64[s]")[0], "which is not int32"),
    # shapes
    (Array(np.int32, "row 3"), A([[1, 2, 3]], np.int32), "the shape is [1, 3], not [3]"),
    (Array(np.int32, "row 3"), 1, "the shape is [], not [3]"),
    (Array(np.int32, "row 3"), A([1], np.int32), "the shape is [1], not [3]"),
    (Array(np.int32, "row 3"), A([1, 2, 3, 4], np.int32), "the shape is [4], not [3]"),
    (Array(np.int32, "row 2 2"), [[1, 2], [3]], "lists are not of equal lengths"),
    (Scalar(np.int32, "row"), [1], "the shape is [1], not []"),
    (Ragged(np.float32, "row time 3"), np.zeros((5, 4), np.float32), "the shape is [5, 4], not [any length, 3]"),
    (Ragged(np.float32, "row time"), np.zeros((5, 1), np.float32), "the shape is [5, 1], not [any length]"),
    (Ragged(np.float32, "row time"), np.float32(1), "the shape is [], not [any length]"),
    (Ragged(np.uint8, "row time"), [1, 300], "300 does not fit uint8"),
    # texts
    (Text("row", size=4), "fünf!", "more than 4"),
    (Text("row", size=4), "ab\0", "ends with NUL"),
    (Text("row"), b"bytes", "is bytes, not str"),
    (Text("row"), 5, "is int, not str"),
    (Text("row"), "\ud800", "cannot be written as utf-8"),
    # enums
    (Enumerated(Color, "row"), 2, "2 is no value of Color"),
    (Enumerated(Color, "row"), -1, "-1 does not fit uint8"),
    (Enumerated(Color, "row"), "gren", "did you mean 'green'?"),
    (Enumerated(Color, "row"), Size.large, "Size.large is no member of Color"),
    (Array(np.uint8, "row 2", enum=Color), A([1, 2], np.uint8), "2 is no value of Color"),
    (Ragged(np.uint8, "row time", enum=Color), A([1, 5, 7], np.uint8), "7 is no value of Color"),
    # checks
    (Scalar(np.float32, "row", check=Check(min=0)), -1.0, "-1.0 breaks the check (min: 0)"),
    (Scalar(np.float32, "row", check=Check(max=1)), float("nan"), "nan breaks the check"),
    (Array(np.float32, "row 2", check=Check(finite=True)), A([1, np.inf], np.float32), "inf breaks the check"),
    (Scalar(np.int32, "row", check=Check(above=3)), 3, "3 breaks the check"),
    (Scalar(np.int32, "row", check=Check(below=3)), 3, "3 breaks the check"),
    (Text("row", check=Check(match="[a-z]+")), "ab1", "'ab1' breaks the check"),
    (Ragged(np.float32, "row time", check=Check(max=9)), A([1, 10], np.float32), "10.0 breaks the check"),
    (optional(Ragged(np.float32, "row time", check=Check(max=9))), A([1, 10], np.float32), "10.0 breaks the check"),
    # absent
    (Scalar(np.int32, "row"), None, "not optional"),
    (Text("row"), None, "not optional"),
    (Ragged(np.uint8, "row time"), None, "not optional"),
]


def good_of(feature: Any) -> Any:
    """A value that the feature takes."""
    match feature:
        case Enumerated():
            return Color.green
        case Text():
            return "abc"
        case Ragged():
            return np.empty((0, 3) if feature.dims.endswith("3") else 0, feature.dtype)
        case Array():
            shape = tuple(int(part) for part in feature.dims.split()[1:])
            return np.ones(shape, feature.dtype)
        case _:
            return True if feature.dtype == "bool" else 1 if "int" in feature.dtype else 1.0


def named(one: object) -> str:
    """The id of a parameter: the same in every process."""
    return re.sub(r" at 0x\w+", "", repr(one))[:40]


@pytest.mark.parametrize(("feature", "value", "message"), WRITES, ids=named)
def test_an_entry_is_refused_when_it_is_given(tmp_path: Path, feature: Any, value: Any, message: str) -> None:
    feature = feature.renewed(feature.options)
    good = 5 if "above" in message or feature.options.check == Check(above=3) else good_of(feature)
    reader, writer = one(feature)
    with writer.create(tmp_path / "a.h5") as w:
        w.row["first"] = {"x": good}
        w.row["second"] = {"x": good}
        with pytest.raises(DataError) as caught:
            w.row["bad one"] = {"x": value}
        said(caught, "a.h5: /x, row 2 ('bad one')", message)
        w.row["third"] = {"x": good}
    with reader(tmp_path / "a.h5") as f:
        assert list(f.row) == ["first", "second", "third"]
        assert len(f.x[:]) == 3
        f.verify()


@pytest.mark.parametrize(("feature", "value", "message"), WRITES, ids=named)
def test_nothing_of_a_refused_block_is_in_the_file(tmp_path: Path, feature: Any, value: Any, message: str) -> None:
    feature = feature.renewed(feature.options)
    good = 5 if feature.options.check == Check(above=3) else good_of(feature)
    reader, writer = one(feature, before=Scalar(np.int64, "row"), z_after=Text("row"))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend(["a", "b"], {"before": [1, 2], "x": [good, good], "z_after": ["1", "2"]})
        with pytest.raises(DataError) as caught:
            w.row.extend(["c", "d", "e"], {"before": [3, 4, 5], "x": [good, value, good], "z_after": ["3", "4", "5"]})
        said(caught, "a.h5: /x, row 3 ('d')", message)
        w.row.extend(["c"], {"before": [3], "x": [good], "z_after": ["3"]})
    with reader(tmp_path / "a.h5") as f:
        assert list(f.row) == ["a", "b", "c"]
        assert f.before[:].tolist() == [1, 2, 3]
        assert list(f.z_after) == ["1", "2", "3"]
        assert len(f.x[:]) == 3
        for name in ("before", "x"):
            if "values" not in name and not isinstance(feature, Ragged | Text):
                assert f.hdf5()[name].shape[0] == 3
        f.verify()


BLOCKS: list[tuple[Any, Any, str]] = [
    (Array(np.int32, "row 3"), np.zeros((2, 1), np.int32), "the shape is [2, 1], not [any length, 3]"),
    (Array(np.int32, "row 3"), np.zeros((1, 3), np.int32), "1 entries are given, but the others have 2"),
    (Array(np.int32, "row 3"), np.zeros(3, np.int32), "the shape is [3], not [any length, 3]"),
    (Array(np.int32, "row 3"), np.zeros((2, 3)), "int32 does not hold every value of float64"),
    (Scalar(np.int32, "row"), np.zeros((2, 1), np.int32), "the shape is [2, 1], not [any length]"),
    (Scalar(np.int32, "row"), np.int32(1), "the shape is [], not [any length]"),
    (Scalar(np.int32, "row"), 1, "the shape is [], not [any length]"),
    (Scalar(np.int32, "row"), [1, 2, 3], "3 entries are given, but the others have 2"),
    (Scalar(np.int32, "row"), {1, 2}, "set is not a number"),
    (Enumerated(Color, "row"), np.array([0, 3], np.uint8), "row 1"),
    (Text("row"), "ab", "str is not a list of texts"),
    (Text("row"), [b"a", b"b"], "is bytes, not str"),
    (Text("row"), {"a": 1, "b": 2}, "dict is not a list of texts"),
    (Ragged(np.uint8, "row time"), np.zeros((2, 3), np.uint8), "ndarray is not a block"),
    (Ragged(np.uint8, "row time"), RaggedBlock(np.zeros(3, np.uint8), np.array([0, 2, 4])), "offsets"),
    (Ragged(np.uint8, "row time"), RaggedBlock(np.zeros(3, np.uint8), np.array([1, 2, 3])), "offsets"),
    (Ragged(np.uint8, "row time"), RaggedBlock(np.zeros(3, np.uint8), np.array([0, 4, 3])), "offsets"),
    (Ragged(np.uint8, "row time"), RaggedBlock(np.zeros(3, np.uint8), np.array([0.0, 1.5, 3.0])), "offsets"),
    (Ragged(np.uint8, "row time"), RaggedBlock(np.zeros(3, np.uint8), np.array([], int)), "offsets"),
    (Ragged(np.uint8, "row time 3"), RaggedBlock(np.zeros((3, 1), np.uint8), np.array([0, 1, 3])), "[any length, 3]"),
    (Scalar(np.int32, "row"), Maybe(np.zeros(2, np.int32), np.array([True, False])), "not optional"),
    (optional(Scalar(np.int32, "row")), Maybe(np.zeros(2, np.int32), np.array([True])), "`present`"),
    (optional(Scalar(np.int32, "row")), Maybe(np.zeros(2, np.int32), np.array([1, 0])), "`present`"),
]


@pytest.mark.parametrize(("feature", "value", "message"), BLOCKS, ids=named)
def test_whole_blocks_are_refused(tmp_path: Path, feature: Any, value: Any, message: str) -> None:
    reader, writer = one(feature.renewed(feature.options))
    with writer.create(tmp_path / "a.h5") as w:
        with pytest.raises(DataError) as caught:
            w.row.extend(["a", "b"], {"x": value})
        said(caught, "a.h5: /x", message)
    with reader(tmp_path / "a.h5") as f:
        assert len(f.row) == 0


def test_what_is_no_block_is_refused_without_ids_too(tmp_path: Path) -> None:
    _, writer = declare(row=Axis(dict), x=Scalar(np.int32, "row"))
    for given in (5, np.int32(5), (i for i in range(3))):
        with writer.create(tmp_path / "a.h5", overwrite=True) as w, pytest.raises(DataError):
            w.row.extend({"x": given})


def test_checks_pass_over_what_is_absent(tmp_path: Path) -> None:
    check = Check(min=5, unique=True)
    reader, writer = declare(
        row=Axis(dict),
        time=RaggedAxis(per="row"),
        x=optional(Scalar(np.int32, "row", check=check)),
        wave=optional(Ragged(np.int32, "row time", check=Check(min=5))),
        text=optional(Text("row", check=Check(match="a+", unique=True))),
    )
    entries = {"x": [None, 5, None, 6], "wave": [None, [5, 6], [], None], "text": [None, "a", None, "aa"]}
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend(entries)
        for bad in ({"x": 5}, {"text": "aa"}, {"x": 4}, {"wave": [5, 1]}):
            with pytest.raises(DataError, match="row 4"):
                w.row.append(bad)
        w.row.append({})
    with reader(tmp_path / "a.h5") as f:
        assert list(f.x) == [None, 5, None, 6, None]
        assert list(f.text) == [None, "a", None, "aa", None]
        assert [None if w is None else w.tolist() for w in f.wave] == [None, [5, 6], [], None, None]


def test_unique_over_blocks_and_entries(tmp_path: Path) -> None:
    reader, writer = declare(row=Axis(dict), x=Scalar(np.int32, "row", check=Check(unique=True)))
    with writer.create(tmp_path / "a.h5") as w:
        w.row.append({"x": 1})
        with pytest.raises(DataError, match="row 1: 1 stands twice"):
            w.row.append({"x": 1})
        with pytest.raises(DataError, match="row 2: 2 stands twice"):
            w.row.extend({"x": [2, 2]})
        w.row.extend({"x": [2, 3]})
    with reader(tmp_path / "a.h5") as f:
        assert list(f.x) == [1, 2, 3]


def test_ids(tmp_path: Path) -> None:
    reader, writer = one(Scalar(np.int32, "row"))
    with writer.create(tmp_path / "a.h5") as w:
        w.row["a"] = {"x": 1}
        for key, message in (("", "no id"), (5, "no id"), ("\ud800", "utf-8"), (None, "id")):
            with pytest.raises(DataError, match=message):
                w.row[key] = {"x": 2}
        for ids in (["b", "b"], ["a", "c"], ["c", ""], ["c", None]):
            with pytest.raises(DataError):
                w.row.extend(ids, {"x": [1, 2]})
        with pytest.raises(DataError, match="there is an entry with the id 'a' already"):
            w.row.extend(["a", "c"], {"x": [1, 2]})
        with pytest.raises(DataError, match="2 entries are given, but the others have 3"):
            w.row.extend(["b", "c", "d"], {"x": [1, 2]})
        w.row.extend(["b", "c"], {"x": [2, 3]})
    with reader(tmp_path / "a.h5") as f:
        assert dict(f.row) == {"a": {"x": 1}, "b": {"x": 2}, "c": {"x": 3}}


def test_keys_of_an_entry(tmp_path: Path) -> None:
    with EverythingWriter.create(tmp_path / "a.h5") as w:
        for change, message in (
            ({"nmae": "x"}, "nmae is no feature"),
            ({"scalars": {**entry(0)["scalars"], "i9": 1}}, "scalars/i9 is no feature"),
            ({"scalars": 5}, "scalars"),
            ({"maybe": 5}, "maybe is no feature"),
            ({"loss": 1.0}, "loss is no feature"),
        ):
            with pytest.raises(DataError, match=message):
                w.sample["a"] = {**entry(0), **change}
        with pytest.raises(DataError, match="int is no entry"):
            w.sample["a"] = 5
        missing = entry(0)
        del missing["name"]
        with pytest.raises(DataError, match=r"/name, row 0 .*not optional"):
            w.sample["a"] = missing
        with pytest.raises(DataError, match="nmae"):
            w.sample.extend(["a"], {"nmae": ["x"]})
        assert len(w.sample) == 0
        w.close()


def test_ragged_lengths_that_disagree(tmp_path: Path) -> None:
    reader, writer = declare(
        row=IdAxis(dict),
        time=RaggedAxis(per="row"),
        x=Ragged(np.uint8, "row time"),
        y=optional(Ragged(np.uint8, "row time")),
    )
    zeros = [np.zeros(n, np.uint8) for n in range(5)]
    with writer.create(tmp_path / "a.h5") as w:
        w.row["a"] = {"x": zeros[3], "y": zeros[3]}
        with pytest.raises(DataError) as caught:
            w.row["b"] = {"x": zeros[3], "y": zeros[2]}
        said(caught, "a.h5: row, row 1 ('b')", "x has length 3, y has 2, and both run over time")
        with pytest.raises(DataError) as caught:
            w.row.extend(["b", "c"], {"x": [zeros[1], zeros[2]], "y": [zeros[1], zeros[0]]})
        said(caught, "row 2 ('c')", "x has length 2, y has 0")
        w.row["b"] = {"x": zeros[4]}
    with reader(tmp_path / "a.h5") as f:
        assert [len(one) for one in f.x] == [3, 4]
        assert f.y[1] is None


def test_assignment_on_a_reader_or_of_what_has_entries(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", 2)
    before = path.read_bytes()
    with Everything(path) as f:
        for name in ("title", "label", "sample"):
            with pytest.raises(UsageError):
                setattr(f, name, "x")
        with pytest.raises(UsageError):
            f.scalars.flag = True
        with pytest.raises(TypeError):
            f.sample["new"] = entry(1)
        with pytest.raises((UsageError, OSError)):
            f.hdf5()["title"][()] = "x"
    assert path.read_bytes() == before
    with EverythingWriter.create(tmp_path / "b.h5") as w:
        with pytest.raises(UsageError, match="an entry for each of sample"):
            w.label = 3
        with pytest.raises(DataError, match="/scale: "):
            w.scale = "much"
        with pytest.raises(DataError, match=r"/matrix: the shape is \[3, 2\]"):
            w.matrix = np.zeros((3, 2), np.int16)
        with pytest.raises(DataError, match=r"@mode: .*fst.*did you mean 'fast'"):
            w.mode = "fst"
        with pytest.raises(DataError, match="/title: "):
            w.title = None
        w.close()


def test_what_was_never_written_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="scale was never written"), EverythingWriter.create(tmp_path / "a.h5") as w:
        w.title = "x"
    assert list(tmp_path.iterdir()) == []


def test_a_long_attribute(tmp_path: Path) -> None:
    _, writer = declare(note=Text("", at="@note"))
    with writer.create(tmp_path / "a.h5") as w:
        with pytest.raises(DataError) as caught:
            w.note = "x" * 70_000
        said(caught, "a.h5: @note", "attribute", "64")
        w.note = "short"


# The file was changed by another program.


def changed(tmp_path: Path, change: Any) -> Path:
    path = write(tmp_path / "a.h5", 4)
    with h5py.File(path, "r+") as file:
        change(file)
    return path


def replaced(name: str, **new: Any) -> Any:
    """Puts another dataset in the place of one."""

    def change(file: Any) -> None:
        del file[name]
        if new:
            file.create_dataset(name, **new)

    return change


def poked(name: str, row: Any, value: Any) -> Any:
    """Writes a value past HDF5's enum type."""

    def change(file: Any) -> None:
        dataset = file[name]
        raw = dataset[:]
        raw[row] = value
        dataset.id.write(h5py.h5s.ALL, h5py.h5s.ALL, raw, dataset.id.get_type())

    return change


def attribute(node: str, name: str, value: Any, dtype: Any = None) -> Any:
    def change(file: Any) -> None:
        file[node].attrs.create(name, value, dtype=dtype)

    return change


ENUM = {"rouge vif": 3, "Grün": 1, "class": 200}
READS: list[tuple[str, Any, str, str]] = [
    ("scalars.i32", replaced("scalars/i32", data=np.arange(4)), "/scalars/i32", "stored as int64"),
    ("scalars.u8", replaced("scalars/u8", data=np.arange(4, dtype="i1")), "/scalars/u8", "stored as int8"),
    ("scalars.f32", replaced("scalars/f32", data=np.arange(4.0)), "/scalars/f32", "stored as float64"),
    ("scalars.f64", replaced("scalars/f64", data=np.arange(4)), "/scalars/f64", "stored as int64"),
    ("scalars.f64", replaced("scalars/f64", data=np.arange(4, dtype="g")), "/scalars/f64", "stored as"),
    ("scalars.i64", replaced("scalars/i64", data=np.arange(4.0)), "/scalars/i64", "stored as float64"),
    ("scalars.i64", replaced("scalars/i64", data=[b"1", b"2", b"3", b"4"]), "/scalars/i64", "stored as"),
    (
        "scalars.i64",
        replaced("scalars/i64", data=["1", "2", "3", "4"], dtype=h5py.string_dtype()),
        "/scalars/i64",
        "stor",
    ),
    ("scalars.flag", replaced("scalars/flag", data=np.arange(4)), "/scalars/flag", "stored as int64"),
    ("scalars.i16", replaced("scalars/i16"), "/scalars/i16", "missing"),
    ("scalars.i16", replaced("scalars/i16", data=np.zeros((4, 1), "i2")), "/scalars/i16", "of shape [1], not []"),
    ("scalars.i16", replaced("scalars/i16", data=np.zeros(3, "i2")), "/scalars/i16", "3 rows"),
    ("scalars.i16", replaced("scalars/i16", data=np.zeros(9, "i2")), "/scalars/i16", "9 rows"),
    ("scalars.i16", replaced("scalars/i16", data=np.int16(5)), "/scalars/i16", ""),
    ("scalars.i16", replaced("scalars/i16", data=h5py.Empty("i2")), "/scalars/i16", ""),
    ("states", replaced("states", data=np.ones((4, 2), "i1")), "/states", "of shape [2], not [3]"),
    ("label", poked("label", 2, 7), "/label, row 2", "7 is no value of Label"),
    ("states", poked("states", (1, 2), 9), "/states, row 1", "9 is no value of States"),
    ("maybe.label", poked("deep/maybe/label", 0, 9), "/deep/maybe/label, row 0", "9 is no value of Label"),
    (
        "label",
        replaced("label", data=np.full(4, 1, "u1"), dtype=h5py.enum_dtype({**ENUM, "Grün": 3, "rouge vif": 1}, "u1")),
        "/label",
        "enum",
    ),
    ("label", replaced("label", data=np.full(4, 1, "u1")), "/label", "enum"),
    ("code", replaced("code", data=np.array([b"x" * 20] * 4)), "/code", "stored as"),
    ("code", replaced("code", data=["a"] * 4, dtype=h5py.string_dtype()), "/code", "stored as"),
    ("trace", replaced(".h5schema/features/trace/starts", data=np.array([0, 1, 2, 10**6])), "/trace", "10000"),
    ("trace", replaced(".h5schema/features/trace/starts", data=np.array([0, -1, 2, 3])), "/trace", "row -1"),
    ("trace", replaced(".h5schema/features/trace/starts"), "starts", "missing"),
    ("trace", replaced(".h5schema/dims/time/lengths", data=np.array([0, 1, -7, 3])), "/trace", ""),
    ("trace", replaced(".h5schema/dims/time/lengths"), "lengths", "missing"),
    ("trace", replaced("trace", data=np.zeros((400, 4), "f4")), "/trace", "of shape [4], not [3]"),
    ("name", replaced("name", data=np.full(700, 255, "u1")), "/name, row ", "utf-8"),
    ("scale", replaced("scale", data=np.int64(5)), "/scale", "stored as int64"),
    ("scale", replaced("scale", data=np.zeros(2)), "/scale", "shape"),
    ("scale", replaced("scale"), "/scale", "missing"),
    ("matrix", replaced("matrix", data=np.zeros((3, 2), "i2")), "/matrix", "shape [3, 2], not [2, 3]"),
    ("matrix", replaced("matrix", data=np.zeros((2, 3))), "/matrix", "stored as float64"),
    ("title", replaced("title", data=5), "/title", "stored as"),
    ("mode", attribute("/", "mode", 1), "@mode", "enum"),
    ("mode", attribute("/", "mode", 1, h5py.enum_dtype({"fast": 1, "slow": 0}, "u1")), "@mode", "enum"),
    ("gain", attribute("scalars", "gain", 1e300), "/scalars@gain", "stored as float64"),
    ("vector", attribute("/", "vector", np.zeros(4, "i4")), "@vector", "shape [4], not [3]"),
    ("vector", lambda file: file.attrs.__delitem__("vector"), "@vector", "missing"),
    ("author", attribute("/", "author", 7), "@author", "stored as"),
]


def read_all(file: Any, name: str) -> None:
    """One entry after the other, and all at once."""
    view = file
    for part in name.split("."):
        view = getattr(view, part)
    if file.bound.reader.model.places[view.address].lead is None:
        view[()]
    else:
        _ = [view[i] for i in range(4)]
        list(view[:])


@pytest.mark.parametrize(("name", "change", "where", "what"), READS, ids=[f"{r[0]}-{i}" for i, r in enumerate(READS)])
def test_a_changed_file_is_refused(tmp_path: Path, name: str, change: Any, where: str, what: str) -> None:
    path = changed(tmp_path, change)
    f = Everything(path)
    with pytest.raises((FileError, DataError)) as caught:
        read_all(f, name)
    said(caught, f"a.h5: {where}" if where.startswith("/") else where, what)
    f.close()


def test_a_wider_dtype_of_another_program_is_read_narrow_and_exact(tmp_path: Path) -> None:
    path = changed(tmp_path, replaced("scalars/i32", data=np.array([1, -2, 3, 4], ">i2")))
    with Everything(path) as f:
        assert f.scalars.i32[:].tolist() == [1, -2, 3, 4]
        assert f.scalars.i32[:].dtype == np.int32


def test_ids_that_were_changed(tmp_path: Path) -> None:
    path = changed(tmp_path, replaced(".h5schema/dims/sample/index"))
    with Everything(path) as f, pytest.raises(FileError, match="missing"):
        f.sample[name_of(1)]
    path.unlink()
    path = changed(tmp_path, replaced(".h5schema/dims/sample/ids"))
    with Everything(path) as f, pytest.raises(FileError, match="missing"):
        list(f.sample)


def test_a_mask_is_not_lost() -> None:
    from h5schema.runtime.values import fit

    with pytest.raises(DataError, match="mask would be lost"):
        fit(np.ma.masked_array([1, 2, 999], [False, False, True]), "int64", "here")
