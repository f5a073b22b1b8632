"""Each folder in `cases/` is a schema and what becomes of it; adding one needs no code.

    cases/<name>/schema.yaml + stderr.txt    refused, or warned about, in exactly these words
    cases/<name>/schema.yaml + expected/     accepted; the package that it becomes, perhaps with modules of the user
    cases/<name>/stderr.txt alone            what `lint schema.yaml` says of a file that is not there

After a change that is meant, `H5SCHEMA_REWRITE=1 pytest tests/test_cases.py` writes the expected files anew;
read the difference before you commit it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from h5schema import cli, parse, pipeline, spec
from h5schema.errors import SchemaError
from h5schema.render import package
from h5schema.resolve import Resolved, resolve
from h5schema.vocabulary import bundle

from .render.judges import findings, formatting, place, types

CASES = Path(__file__).parent / "cases"
SAID = sorted(path.parent for path in CASES.glob("*/stderr.txt"))
REFUSED = [folder.name for folder in SAID if (folder / "schema.yaml").exists()]
NOT_THERE = [folder.name for folder in SAID if folder.name not in REFUSED]
ACCEPTED = sorted(path.parent.name for path in CASES.glob("*/expected"))
REWRITE = bool(os.environ.get("H5SCHEMA_REWRITE"))


def resolved(folder: Path) -> Resolved:
    text = (folder / "schema.yaml").read_text(encoding="utf-8")
    library = parse.Library(folder, pipeline.read)
    return resolve(spec.read(parse.load(text, "schema.yaml")), "schema.yaml", library)


@pytest.mark.parametrize("case", REFUSED)
def test_the_words_are_exactly_these(case: str) -> None:
    expected = CASES / case / "stderr.txt"
    said = str(SchemaError(resolved(CASES / case).problems)) + "\n"
    if REWRITE:
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", NOT_THERE)
def test_a_schema_that_is_not_there(
    case: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(CASES / case)
    assert cli.main(["lint", "schema.yaml"]) == 2
    assert capsys.readouterr().err == (CASES / case / "stderr.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", REFUSED)
def test_every_problem_says_what_to_do(case: str) -> None:
    assert [str(problem) for problem in resolved(CASES / case).problems if not problem.help] == []


@pytest.mark.parametrize("case", REFUSED)
def test_no_words_of_other_libraries(case: str) -> None:
    said = (CASES / case / "stderr.txt").read_text(encoding="utf-8").lower()
    for word in ("pydantic", "yaml.", "traceback", "input should be", "type=", "while scanning", "basemodel"):
        assert word not in said


def packaged(folder: Path) -> dict[str, str]:
    done = resolved(folder)
    assert done.schema is not None, str(SchemaError(done.problems))
    assert done.problems == ()
    files = package(done.schema)
    own, mounted = bundle.split(files.pop("schema.yaml"))
    assert own == (folder / "schema.yaml").read_text(encoding="utf-8")
    for path, text in mounted.items():
        assert text.lstrip("\n") == (folder / path).read_text(encoding="utf-8")
    return files


@pytest.mark.parametrize("case", ACCEPTED)
def test_the_package_is_exactly_this(case: str) -> None:
    expected = CASES / case / "expected"
    files = packaged(CASES / case)
    if REWRITE:
        for old in expected.iterdir():
            old.unlink()
        place(files, expected)
    assert files == {path.name: path.read_text(encoding="utf-8") for path in expected.iterdir()}


def test_judges_find_nothing_in_the_packages(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    for case in ACCEPTED:
        place(packaged(CASES / case), tmp_path / case)
        for module in (CASES / case).glob("*.py"):  # of the user, beside the package
            shutil.copy(module, tmp_path)
    assert formatting(tmp_path) == ""
    assert findings(tmp_path) == ""
    assert types(tmp_path) == ""


def test_the_classes_of_the_packages_are_there_when_they_are_imported(tmp_path: Path) -> None:
    for case in ACCEPTED:
        place(packaged(CASES / case), tmp_path / case)
        for module in (CASES / case).glob("*.py"):
            shutil.copy(module, tmp_path)
    lines = "".join(f"import {case}.groups\n" for case in ACCEPTED)
    command = [sys.executable, "-c", lines]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr == ""


def test_every_folder_has_an_expectation() -> None:
    for folder in CASES.iterdir():
        assert (folder / "stderr.txt").exists() != (folder / "expected").exists(), folder.name
