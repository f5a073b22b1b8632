"""Sources of a table, or of a function: one entry per row, the columns are captures."""

from __future__ import annotations

import pickle
import re
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from blank import declare

from h5schema.errors import DataError, H5SchemaError, MissingExtraError, UsageError, UserCodeError
from h5schema.runtime import Axis, Capture, Extraction, How, Scalar, Summary
from h5schema.runtime.sources import Found, Need, Source, find
from h5schema.vocabulary.sources import CapturedKind

PEOPLE = (
    'name,age,weight,smokes,path\nAnn,031,61.5,true,img/a.txt\n"Bob, Jr.",,nan,0,img/b.txt\nÇa,7.0,80,FALSE,img/c.txt\n'
)


def written(folder: Path, **tables: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def people(tmp_path: Path) -> Path:
    folder = written(tmp_path / "people", people=PEOPLE)
    (folder / "img").mkdir()
    for name in "abc":
        (folder / "img" / f"{name}.txt").write_text(f"picture of {name}", encoding="utf-8")
    return folder


def ids(found: Found) -> list[str]:
    return [source.id for source in found.sources]


def column(found: Found, name: str, kind: CapturedKind) -> list[object]:
    return [source.capture(name, kind) for source in found.sources]


def test_a_table(people: Path) -> None:
    found = find([people], "person", "people.csv", None)
    assert ids(found) == ["img/a.txt", "img/b.txt", "img/c.txt"]
    assert [source.path.read_text(encoding="utf-8") for source in found.sources] == [f"picture of {n}" for n in "abc"]
    assert found.sources[1].captures == {"name": "Bob, Jr.", "age": "", "weight": "nan", "smokes": "0"}
    assert column(found, "name", "str") == ["Ann", "Bob, Jr.", "Ça"]
    assert column(found, "age", "int") == [31, None, 7]
    assert repr(column(found, "weight", "float")) == "[61.5, nan, 80.0]"
    assert column(found, "smokes", "bool") == [True, False, False]
    assert column(found, "age", "str") == ["031", "", "7.0"]
    assert list(found.unmatched) == []


def test_ids_of_columns_of_the_path_and_of_the_row(people: Path, tmp_path: Path) -> None:
    assert ids(find([people], "person", "people.csv", "{name}-{age}")) == ["Ann-031", "Bob, Jr.-", "Ça-7.0"]
    plain = written(tmp_path / "plain", people="name,n\nx,1\ny,2\n\nx,3\n")
    found = find([plain], "person", "people.csv", None)
    assert ids(found) == ["0", "1", "2"]
    assert column(found, "n", "int") == [1, 2, 3]
    with pytest.raises(DataError, match=r"the id 'x' is made by two sources: .*people\.csv, 2 and .*people\.csv, 5"):
        find([plain], "person", "people.csv", "{name}")


def test_several_folders_and_the_table_itself(people: Path, tmp_path: Path) -> None:
    more = written(tmp_path / "more", people="name,age,weight,smokes,path\nDee,1,2,1,d.txt\n")
    both = find([people, more], "person", "people.csv", None)
    assert ids(both) == ["img/a.txt", "img/b.txt", "img/c.txt", "d.txt"]
    assert both.sources[3].path == more / "d.txt"
    assert ids(find([more / "people.csv"], "person", "meta/people.csv", None)) == ["d.txt"]
    other = written(tmp_path / "other", people="name,path\nEve,e.txt\n")
    with pytest.raises(UsageError, match="its columns are name; those before were name, age, weight, smokes"):
        find([people, other], "person", "people.csv", None)


def test_a_table_in_a_folder_below_names_files_beside_itself(people: Path) -> None:
    found = find([people.parent], "person", "people/people.csv", None)
    assert found.sources[0].path == people / "img/a.txt"
    assert found.sources[0].beside("img/b.txt").path == people / "img/b.txt"


def test_values_that_are_not_of_the_kind(tmp_path: Path) -> None:
    folder = written(tmp_path / "t", t="a\n3.5\n1_000\nyes\nx\n")
    found = find([folder], "row", "t.csv", None)
    for kind, which, meant in (("int", 0, "a whole number"), ("float", 1, "a number"), ("bool", 2, "true or false")):
        source = found.sources[which]
        with pytest.raises(DataError) as raised:
            source.capture("a", kind)  # type: ignore[arg-type]
        said = f"{folder}/t.csv, {which + 2}: 'a' is {source.captures['a']!r}, which is not {meant}\n"
        assert str(raised.value).startswith(said)


def test_a_changed_row_is_a_changed_source(people: Path) -> None:
    before = [source.stat() for source in find([people], "person", "people.csv", None).sources]
    (people / "people.csv").write_text(PEOPLE.replace("61.5", "61.6"), encoding="utf-8")
    after = [source.stat() for source in find([people], "person", "people.csv", None).sources]
    assert before[0] != after[0]
    assert before[1:] == after[1:]
    assert before[0][0] == len("picture of a")


def test_rows_are_small(tmp_path: Path) -> None:
    lines = [f"file{number:06}.jpg,{number},{number / 4}" for number in range(10_000)]
    folder = written(tmp_path / "t", t="path,n,x\n" + "\n".join(lines))
    found = find([folder], "row", "t.csv", None)
    assert len(pickle.dumps(found.sources)) < 100 * 10_000
    part = found.sources.part(5000, 6000)
    assert pickle.loads(pickle.dumps(part)) == part
    assert len(pickle.dumps(part)) < 80 * 1000
    assert [source.capture("n", "int") for source in part] == list(range(5000, 6000))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n3\n", "t.csv, 3: the row has 1 values, and there are 2 columns"),
        ("a,a\n1,2\n", "t.csv: its first line names the columns, and is 'a,a'"),
        ("a,\n1,2\n", "t.csv: its first line names the columns, and is 'a,'"),
        ("", "t.csv: its first line names the columns, and is ''"),
        ("a,path\n1,x\n2,\n", "t.csv, 3: the column `path` is empty"),
        ('a\n"x\n', "t.csv: it is no table: unexpected end of data"),
        ("a,b\n", "t.csv names no sources"),
    ],
)
def test_a_table_with_a_mistake(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(UsageError, match=re.escape(said)):
        find([written(tmp_path / "t", t=text)], "row", "t.csv", None)


def test_a_table_of_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("näme\nx\n".encode("latin-1"))
    with pytest.raises(UsageError, match="it is no UTF-8"):
        find([tmp_path], "row", "t.csv", None)
    (tmp_path / "t.csv").write_bytes("näme\nx\n".encode("utf-8-sig"))
    assert find([tmp_path], "row", "t.csv", None).sources[0].captures == {"näme": "x"}


def test_a_table_that_is_not_there(people: Path) -> None:
    with pytest.raises(UsageError) as raised:
        find([people], "person", "peopel.csv", None)
    assert str(raised.value) == f"{people}: there is no table peopel.csv in it\n  help: did you mean people.csv?"


@pytest.mark.parametrize(
    ("need", "said"),
    [
        (Need("age", ("aeg",)), "there is no 'aeg', of which age is made\n  help: did you mean {age}?"),
        (
            Need("x", ("zzz",)),
            "there is no 'zzz', of which x is made\n  help: there are name, age, weight, smokes",
        ),
    ],
)
def test_what_no_column_holds_is_said_before_anything_is_read(people: Path, need: Need, said: str) -> None:
    with pytest.raises(UsageError) as raised:
        find([people], "person", "people.csv", None, needs=[need])
    assert str(raised.value) == f"{people}/people.csv: {said}"


def test_an_id_of_no_column(people: Path) -> None:
    with pytest.raises(UsageError, match=re.escape("there is no 'nmae', of which the id of person is made")):
        find([people], "person", "people.csv", "{nmae}")


def test_a_table_without_files(tmp_path: Path) -> None:
    folder = written(tmp_path / "t", t="a,b\n1,2\n")
    assert find([folder], "row", "t.csv", None, needs=[Need("a", ("a",))]).sources[0].path == folder / "t.csv"
    with pytest.raises(UsageError) as raised:
        find([folder], "row", "t.csv", None, needs=[Need("image", file=True)])
    assert str(raised.value) == (
        f"{folder}/t.csv: it names no files, and image is made of the file of its entry\n"
        "  help: add a column `path`, or hand image a column: from: '{a}'"
    )


def test_a_table_in_an_archive_names_files_in_it(people: Path) -> None:
    with zipfile.ZipFile(people / "all.zip", "w") as archive:
        archive.writestr("meta/people.csv", "name,path\nAnn,a.txt\n")
        archive.writestr("meta/a.txt", "in the archive")
    found = find([f"zip://::file://{people}/all.zip"], "person", "meta/people.csv", None)
    with found.sources[0].local() as path:
        assert path.read_text(encoding="utf-8") == "in the archive"
    found = find([f"zip://meta/people.csv::file://{people}/all.zip"], "person", "people.csv", "{name}")
    assert [(source.id, source.beside("people.csv").exists()) for source in found.sources] == [("Ann", True)]
    (people / "urls.csv").write_text(f"name,path\nAnn,zip://meta/a.txt::file://{people}/all.zip\n", encoding="utf-8")
    with find([people], "person", "urls.csv", None).sources[0].local() as path:
        assert (path.name, path.read_text(encoding="utf-8")) == ("a.txt", "in the archive")


def test_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = pyarrow.table(
        {
            "name": ["Ann", "Bob"],
            "n": pyarrow.array([1, None], pyarrow.int64()),
            "x": [0.1, 2.0],
            "yes": [True, False],
            "day": pyarrow.array([0, 1], pyarrow.date32()),
            "tags": [["a"], []],
            "path": ["a.txt", "b.txt"],
        }
    )
    parquet.write_table(table, tmp_path / "t.parquet")
    found = find([tmp_path], "row", "t.parquet", None)
    assert ids(found) == ["a.txt", "b.txt"]
    assert found.sources[0].captures == {"name": "Ann", "n": 1, "x": 0.1, "yes": True, "day": "1970-01-01"}
    assert column(found, "n", "int") == [1, None]
    assert column(found, "n", "str") == ["1", None]
    assert column(found, "x", "float") == [0.1, 2.0]
    assert column(found, "yes", "bool") == [True, False]
    assert found.sources[1].capture("x", "int") == 2
    with pytest.raises(DataError, match=re.escape("'x' is 0.1, which is not a whole number")):
        found.sources[0].capture("x", "int")
    (tmp_path / "bad.parquet").write_bytes(b"nothing of the kind")
    with pytest.raises(UsageError, match="it cannot be read as Parquet"):
        find([tmp_path], "row", "bad.parquet", None)


def test_floats_of_parquet_are_not_narrowed(tmp_path: Path) -> None:
    """A column of float64 says more than a feature of float32 holds; that is said before anything is read."""
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = {"wide": pyarrow.array([0.1]), "narrow": pyarrow.array([0.1], pyarrow.float32()), "whole": [1]}
    parquet.write_table(pyarrow.table(columns), tmp_path / "t.parquet")

    def of(column: str, dtype: type[np.generic]) -> Summary:
        _, writer = declare(row=Axis(dict), x=Scalar(dtype, "row"))
        job = Extraction(writer, sources={"row": "t.parquet"}, features={"x": Capture(column, "float")})
        return job.run([tmp_path], tmp_path / f"{column}-{dtype.__name__}.h5", how=How(workers=0))

    with pytest.raises(UsageError) as caught:
        of("wide", np.float32)
    assert str(caught.value) == (
        f"{tmp_path}/t.parquet: 'wide' is float64, and x is float32, which does not hold every value of that\n"
        "  help: give x the dtype float64, or store the column as float32"
    )
    with pytest.raises(UsageError, match="'narrow' is float32, and x is float16"):
        of("narrow", np.float16)
    for column, dtype in (("wide", np.float64), ("narrow", np.float32), ("narrow", np.float64), ("whole", np.float32)):
        assert of(column, dtype).entries == {"row": 1}


def test_without_pyarrow_the_error_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "t.parquet").write_bytes(b"")
    for name in [name for name in sys.modules if name.split(".")[0] == "pyarrow"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingExtraError, match=re.escape("pip install 'h5schema[tables]'")):
        find([tmp_path], "row", "t.parquet", None)


# Functions.

Made = Callable[[str], Found]


@pytest.fixture
def of(people: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """Finds what a function of this text yields."""
    monkeypatch.setattr(sys, "path", [*sys.path])

    def find_of(text: str, *needs: Need) -> Found:
        name = f"yields_{abs(hash((text, people)))}"
        (people / f"{name}.py").write_text(text, encoding="utf-8")
        return find([people / "img"], "person", f"{name}:people", None, needs=needs, functions=people)

    return find_of


GOOD = """
def people(folder):
    for number, path in enumerate(sorted(folder.iterdir())):
        yield f"p{number}", path.name if number else path, {"n": number, "name": path.stem, "none": None}
"""


def test_a_function(of: Made, people: Path) -> None:
    found = of(GOOD)
    assert ids(found) == ["p0", "p1", "p2"]
    assert [source.path for source in found.sources] == [people / "img" / f"{n}.txt" for n in "abc"]
    assert found.sources[2].captures == {"n": 2, "name": "c", "none": None}
    assert column(found, "n", "float") == [0.0, 1.0, 2.0]
    assert pickle.loads(pickle.dumps(found.sources[1])) == found.sources[1]
    assert isinstance(found.sources[1], Source)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("    return None", "it returned NoneType, nothing that yields"),
        ("    yield 'a'", "item 0 that it yields is 'a'\n  help: yield (id, path, captures)"),
        ("    yield 1, None, {}", "item 0 that it yields is (1, None, {})"),
        ("    yield 'a', None, {'x': [1]}", "item 0 that it yields is the capture 'x': [1]"),
        ("    yield 'a', None, {'x': 1}\n    yield 'b', None, {}", "item 1 that it yields is no captures after x"),
        ("    yield 'a', None, {}\n    yield 'b', 'b', {}", "item 1 that it yields is no captures and a path after no"),
        ("    if folder: return\n    yield", "names no sources"),
    ],
)
def test_a_function_with_a_mistake(of: Made, body: str, said: str) -> None:
    with pytest.raises(H5SchemaError, match=re.escape(said)):
        of(f"def people(folder):\n{body}\n")


def test_what_a_function_raises_is_shown_with_its_own_lines(of: Made) -> None:
    with pytest.raises(UserCodeError) as raised:
        of("def people(folder):\n    yield 'a', None, {}\n    raise KeyError('left')\n")
    said = str(raised.value)
    assert "it raised KeyError\n  File" in said
    assert "line 3, in people\n    raise KeyError('left')\nKeyError: 'left'" in said
    assert "h5schema/runtime" not in said


def test_a_function_without_what_is_needed(of: Callable[..., Found]) -> None:
    with pytest.raises(
        UsageError, match=re.escape("there is no 'nmae', of which x is made\n  help: did you mean {name}?")
    ):
        of(GOOD, Need("x", ("nmae",)))
    with pytest.raises(UsageError, match="it names no files, and image is made of the file of its entry"):
        of("def people(folder):\n    yield 'a', None, {}\n", Need("image", file=True))
    with pytest.raises(DataError, match="the id 'a' is made by two sources"):
        of("def people(folder):\n    yield 'a', None, {}\n    yield 'a', None, {}\n")
