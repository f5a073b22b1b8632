"""What is printed is what formatters, linters and type checkers want, and holds nothing but declarations."""

from __future__ import annotations

import ast
import tempfile
import unicodedata
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from h5schema.render import package
from h5schema.resolve.ir import SchemaIR

from .drawn import schemas
from .everything import EVERYTHING
from .judges import findings, formatting, place, types
from .photos import PHOTOS

SCHEMAS = {schema.name: schema for schema in (PHOTOS, EVERYTHING)}


@pytest.mark.parametrize("name", SCHEMAS)
def test_is_what_ruff_would_print(name: str, tmp_path: Path) -> None:
    folder = place(package(SCHEMAS[name]), tmp_path / name)
    assert formatting(folder) == ""
    assert findings(folder) == ""


@pytest.mark.parametrize("name", SCHEMAS)
def test_passes_the_type_checkers(name: str, tmp_path: Path) -> None:
    pytest.importorskip("torch")
    assert types(place(package(SCHEMAS[name]), tmp_path / name)) == ""


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # shrinking runs ruff hundreds of times
)
@given(schema=schemas())
def test_any_schema_is_what_ruff_would_print(schema: SchemaIR) -> None:
    files = package(schema)
    for name, text in files.items():
        if name.endswith(".py"):
            _expect_only_declarations(ast.parse(text))
            assert [c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs", "Zl")] == []
    with tempfile.TemporaryDirectory() as place_of_its_own:
        folder = place(files, Path(place_of_its_own) / schema.name)
        assert formatting(folder) == ""
        assert findings(folder) == ""


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_module_holds_imports_declarations_and_docstrings(name: str) -> None:
    for text in package(SCHEMAS[name]).values():
        if text.startswith("# Generated"):
            _expect_only_declarations(ast.parse(text))


def _expect_only_declarations(module: ast.Module) -> None:
    for statement in module.body:
        if isinstance(statement, ast.If):
            assert ast.unparse(statement) == "if __name__ == '__main__':\n    raise SystemExit(extraction.main())"
        elif isinstance(statement, ast.ClassDef):
            for inner in statement.body:
                assert _is_declaration(inner), ast.unparse(inner)
        else:
            assert _is_declaration(statement) or isinstance(statement, ast.Import | ast.ImportFrom)


def _is_declaration(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str)
    return isinstance(statement, ast.Assign | ast.AnnAssign)


def test_without_loaders_and_sources_there_are_no_such_modules() -> None:
    dims = tuple(replace(dim, source=None) for dim in PHOTOS.root.dims)
    bare = replace(PHOTOS, loaders=(), root=replace(PHOTOS.root, dims=dims))
    assert sorted(package(bare)) == ["__init__.py", "groups.py", "schema.yaml"]
