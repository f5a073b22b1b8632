"""Each folder in `cases/` is a schema and what becomes of it; adding one needs no code.

    cases/<name>/schema.yaml + stderr.txt    refused, or warned about, in exactly these words
    cases/<name>/schema.yaml + expected/     accepted; the package that it becomes

After a change that is meant, `H5SCHEMA_REWRITE=1 pytest tests/test_cases.py` writes the expected files anew;
read the difference before you commit it.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from h5schema import parse, spec
from h5schema.errors import SchemaError
from h5schema.resolve import Resolved, resolve

CASES = Path(__file__).parent / "cases"
REFUSED = sorted(path.parent.name for path in CASES.glob("*/stderr.txt"))
REWRITE = bool(os.environ.get("H5SCHEMA_REWRITE"))


def resolved(folder: Path) -> Resolved:
    text = (folder / "schema.yaml").read_text(encoding="utf-8")
    return resolve(spec.read(parse.load(text, "schema.yaml")), "schema.yaml")


@pytest.mark.parametrize("case", REFUSED)
def test_the_words_are_exactly_these(case: str) -> None:
    expected = CASES / case / "stderr.txt"
    said = str(SchemaError(resolved(CASES / case).problems)) + "\n"
    if REWRITE:
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("case", REFUSED)
def test_no_words_of_other_libraries(case: str) -> None:
    said = (CASES / case / "stderr.txt").read_text(encoding="utf-8").lower()
    for word in ("pydantic", "yaml.", "traceback", "input should be", "type=", "while scanning", "basemodel"):
        assert word not in said


def test_every_folder_has_an_expectation() -> None:
    for folder in CASES.iterdir():
        assert (folder / "stderr.txt").exists() != (folder / "expected").exists(), folder.name
