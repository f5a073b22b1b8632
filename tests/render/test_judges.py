"""What is printed is what formatters, linters and type checkers want, and holds nothing but declarations."""

from __future__ import annotations

import ast
import inspect
import tempfile
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings

from h5schema.render import package
from h5schema.resolve.ir import SchemaIR

from .drawn import schemas, texts, with_texts
from .everything import EVERYTHING
from .judges import findings, formatting, place, types
from .photos import PHOTOS

SCHEMAS = {schema.name: schema for schema in (PHOTOS, EVERYTHING)}


@pytest.mark.parametrize("name", SCHEMAS)
def test_is_what_ruff_would_print(name: str, tmp_path: Path) -> None:
    folder = place(package(SCHEMAS[name]), tmp_path / name)
    assert formatting(folder) == ""
    assert findings(folder) == ""


def test_passes_the_type_checkers(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    for name, schema in SCHEMAS.items():
        place(package(schema), tmp_path / name)
    assert types(tmp_path) == ""


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
    dims = tuple(dim._replace(source=None) for dim in PHOTOS.root.dims)
    bare = PHOTOS._replace(loaders=(), root=PHOTOS.root._replace(dims=dims))
    assert sorted(package(bare)) == ["__init__.py", "groups.py", "py.typed", "schema.yaml"]


@given(text=texts.filter(lambda text: text.strip() != ""))
@example(text="{{ 7 }} {% raw %} {# #}")
@example(text='"""; import os # \u202e')
def test_a_text_stays_a_text(text: str) -> None:
    files = package(with_texts(PHOTOS, text))
    groups, extract = ast.parse(files["groups.py"]), ast.parse(files["extract.py"])
    for documented in (groups, next(node for node in groups.body if getattr(node, "name", "") == "Photos")):
        assert isinstance(documented, ast.Module | ast.ClassDef)
        assert (ast.get_docstring(documented) or "").split() == inspect.cleandoc(text).split()
    literals = [node.value for node in ast.walk(extract) if isinstance(node, ast.Constant)]
    assert literals.count(text) >= 2
    assert files["groups.py"].splitlines()[1].startswith('"""')
