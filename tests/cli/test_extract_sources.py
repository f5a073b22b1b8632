"""`h5schema extract` of everything that can be extracted from: what a user types, and what the file then holds."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from .conftest import REPOSITORY, Command

FILES = """\
h5schema: 1
name: things
version: 1.0.0
dims:
  file: {source: '{label}/{name}.bin'}
  byte: {per: file}
features:
  content: {dims: [file, byte], dtype: uint8, call: bytes}
  label: {dims: [file], dtype: str, from: '{label}'}
"""
TABLE = """\
h5schema: 1
name: people
version: 1.0.0
dims:
  person: {source: people.csv, ids: '{name}'}
  byte: {per: person}
features:
  age: {dims: [person], dtype: int16, from: '{age}'}
  weight: {dims: [person], dtype: float32, from: '{weight}', optional: true}
  smokes: {dims: [person], dtype: bool, from: '{smokes}'}
  ward: {dims: [person], dtype: {enum: [north, south]}, from: '{ward}'}
  shout: {dims: [person], dtype: str, from: '{name}', call: 'mine:shout'}
  scan: {dims: [person, byte], dtype: uint8, call: bytes}
"""
FUNCTION = """\
h5schema: 1
name: yields
version: 1.0.0
dims:
  part: {source: 'mine:parts'}
features:
  first: {dims: [part], dtype: int64, from: '{first}'}
  text: {dims: [part], dtype: str, call: 'mine:text'}
"""
MINE = """\
def shout(name):
    return name.upper() + "!"


def parts(folder):
    for path in sorted(folder.glob("*/*.bin")):
        yield path.stem, path.relative_to(folder), {"first": path.read_bytes()[0]}


def text(path):
    return path.read_text()
"""
PEOPLE = "name,age,weight,smokes,ward,path\nAnn,31,61.5,true,north,cat/1.bin\nBob,7.0,,0,south,dog/3.bin\n"
IDS = ["cat/1.bin", "cat/2.bin", "dog/3.bin"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three schemas, and files of two labels."""
    texts = {"things.yaml": FILES, "people.yaml": TABLE, "yields.yaml": FUNCTION, "mine.py": MINE}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for name in IDS:
            path = tmp_path / "in" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(f"this is {name}", encoding="utf-8")
            archive.write(path, f"in/{name}")
    (tmp_path / "in/people.csv").write_text(PEOPLE, encoding="utf-8")
    (tmp_path / "in/list.txt").write_text("dog/3.bin\ncat/1.bin\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def held(h5schema: Command, schema: str, code: str) -> str:
    """What a script with the generated package prints; `f` is the file."""
    assert h5schema("generate", f"{schema}.yaml", "-o", "packages").returncode == 0
    script = f"import {schema}\nf = {schema}.{schema.title()}('out.h5')\n{code}"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["packages", str(REPOSITORY)])}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, timeout=60, check=False
    )
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(
    ("source", "ids"),
    [
        ("in", IDS),
        ("in/dog/3.bin", ["dog/3.bin"]),
        ("in/*/[12].bin", ["cat/1.bin", "cat/2.bin"]),
        ("in/**/*.bin", IDS),
        ("@in/list.txt", ["dog/3.bin", "cat/1.bin"]),
        ("zip://in::file://{folder}/all.zip", IDS),
        ("file://{folder}/in", IDS),
    ],
)
def test_folders_files_globs_lists_and_urls(folder: Path, h5schema: Command, source: str, ids: list[str]) -> None:
    done = h5schema("extract", "things.yaml", source.format(folder=folder), "-o", "out.h5")
    assert (done.returncode, done.stderr) == (0, "")
    said = held(h5schema, "things", "print(list(f.file), list(f.label), [bytes(one).decode() for one in f.content])")
    assert said == f"{ids} {[one[:3] for one in ids]} {[f'this is {one}' for one in ids]}\n"


def test_a_table(folder: Path, h5schema: Command) -> None:
    done = h5schema("extract", "people.yaml", "in", "-o", "out.h5")
    assert (done.returncode, done.stderr) == (0, "")
    code = """
print(list(f.person), list(f.age), list(f.weight), list(f.smokes))
print([one.name for one in f.ward], list(f.shout), [bytes(one).decode() for one in f.scan])
"""
    assert held(h5schema, "people", code).replace("np.float32(61.5)", "61.5") == (
        "['Ann', 'Bob'] [31, 7] [61.5, None] [True, False]\n"
        "['north', 'south'] ['ANN!', 'BOB!'] ['this is cat/1.bin', 'this is dog/3.bin']\n"
    )


def test_a_row_that_does_not_fit_fails_alone(folder: Path, h5schema: Command) -> None:
    (folder / "in/people.csv").write_text(PEOPLE.replace("31", "31.5"), encoding="utf-8")
    done = h5schema("extract", "people.yaml", "in", "-o", "out.h5")
    assert done.returncode == 1
    assert "Ann" in done.stderr
    assert "'age' is '31.5', which is not a whole number" in done.stderr
    assert "people.csv, 2" in done.stderr
    assert held(h5schema, "people", "print(list(f.person))") == "['Bob']\n"


def test_a_column_that_is_not_there_is_said_before_anything_is_read(folder: Path, h5schema: Command) -> None:
    (folder / "in/people.csv").write_text(PEOPLE.replace("age,", "aeg,"), encoding="utf-8")
    (folder / "mine.py").write_text(MINE.replace("def shout(name):", "def shout(name):\n    print('read')"))
    done = h5schema("extract", "people.yaml", "in", "-o", "out.h5")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: in/people.csv: there is no 'age', of which age is made\n  help: did you mean {aeg}?\n"
    )
    assert not (folder / "out.h5").exists()


def test_a_function(folder: Path, h5schema: Command) -> None:
    done = h5schema("extract", "yields.yaml", "in", "-o", "out.h5")
    assert (done.returncode, done.stderr) == (0, "")
    said = held(h5schema, "yields", "print(list(f.part), list(f.first), list(f.text))")
    assert said == f"['1', '2', '3'] [116, 116, 116] {[f'this is {one}' for one in IDS]}\n"


def test_a_function_that_fails(folder: Path, h5schema: Command) -> None:
    (folder / "mine.py").write_text("def parts(folder):\n    return [1 / 0]\n\n\ndef text(path): ...\n")
    done = h5schema("extract", "yields.yaml", "in", "-o", "out.h5")
    assert done.returncode == 2
    assert done.stderr == (
        "error: mine:parts: it raised ZeroDivisionError\n"
        f'  File "{folder}/mine.py", line 2, in parts\n'
        "    return [1 / 0]\n            ~~^~~\nZeroDivisionError: division by zero\n"
        "  help: mend the function\n"
    )
