"""The committed examples are what the schemas become, and are without a finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..render.judges import findings, formatting, place
from .conftest import REPOSITORY, Command

SCHEMAS = sorted((REPOSITORY / "schemas").glob("*.yaml"))


def test_the_committed_packages_are_up_to_date(h5schema: Command) -> None:
    done = h5schema("generate", *SCHEMAS, "-o", "generated_examples", "--check", cwd=REPOSITORY)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.stem)
def test_lint_finds_nothing(h5schema: Command, schema: Path) -> None:
    done = h5schema("lint", schema, "--strict")
    assert (done.returncode, done.stdout) == (0, "no findings\n")


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.stem)
def test_formatters_and_linters_find_nothing(schema: Path, tmp_path: Path) -> None:
    committed = REPOSITORY / "generated_examples" / schema.stem
    files = {path.name: path.read_text(encoding="utf-8") for path in committed.glob("*.py")}
    folder = place(files, tmp_path / schema.stem)
    assert formatting(folder) == ""
    assert findings(folder) == ""
