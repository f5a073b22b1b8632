"""What the tests of bound files share: packages are generated from schemas, files are made by plain h5py."""

from __future__ import annotations

import importlib
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from h5schema import pipeline

CASES = Path(__file__).resolve().parent.parent / "cases"

Generate = Callable[[str], ModuleType]


@pytest.fixture
def generate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Generate]:
    """Makes a package from a schema, or from the case of that name, and imports it."""
    made: list[str] = []
    monkeypatch.syspath_prepend(tmp_path)

    def make(schema: str) -> ModuleType:
        path = CASES / schema / "schema.yaml"
        if "\n" in schema:
            path = tmp_path / "schema.yaml"
            path.write_text("h5schema: 1\nversion: 1.0.0\n" + textwrap.dedent(schema), encoding="utf-8")
        (package,) = pipeline.generate([path], tmp_path)
        made.append(package.name)
        importlib.invalidate_caches()
        return importlib.import_module(package.name)

    yield make
    for name in [name for name in sys.modules if name.partition(".")[0] in made]:
        del sys.modules[name]


@pytest.fixture
def corpus(shared: Path) -> Path:
    """Real files of others."""
    folder = shared / "corpus"
    if not folder.is_dir():
        pytest.skip(f"no corpus: {folder} is not there")
    return folder
