"""The direction of imports is down, and light things stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "h5schema"

LAYERS = {
    "errors": 0,
    "vocabulary": 0,
    "runtime": 1,
    "extractors": 1,
    "parse": 2,
    "spec": 2,
    "resolve": 2,
    "render": 2,
    "emit": 2,
    "pipeline": 3,
    "starters": 3,
    "commands": 4,
    "cli": 4,
    "__main__": 5,
}

MAY_KNOW = {
    "parse": set(),
    "spec": {"parse"},
    "resolve": {"spec", "parse"},
    "render": {"resolve"},
    "emit": set(),
    "runtime": set(),
    "extractors": set(),
}
"""Rooms of the same layer that a room may import from."""


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Every module that a file imports, lazily too, as absolute names."""
    found: set[str] = set()
    package = ["h5schema", *path.relative_to(PACKAGE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


def rooms_known(path: Path) -> set[str]:
    names = {name.split(".")[1] for name in imported(path) if name.startswith("h5schema.")}
    return {name for name in names if name in LAYERS}


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        assert not imported(path) - {"__future__.annotations", "__future__"}, "h5schema/__init__.py imports nothing"
        return
    assert room in LAYERS, f"{room} has no place in the picture of docs/architecture.md"
    for other in rooms_known(path) - {room}:
        allowed = LAYERS[other] < LAYERS[room] or (
            LAYERS[other] == LAYERS[room] and other in MAY_KNOW.get(room, set(LAYERS))
        )
        assert allowed, f"{path.relative_to(ROOT)} imports {other}, which is not below it"


@pytest.mark.parametrize("path", [p for p in FILES if room_of(p) in ("render", "emit")], ids=lambda path: path.name)
def test_render_and_emit_never_see_the_spec(path: Path) -> None:
    assert not {name for name in imported(path) if name.startswith(("pydantic", "yaml", "h5schema.spec"))}


@pytest.mark.parametrize("path", [p for p in FILES if room_of(p) == "extractors"], ids=lambda path: path.name)
def test_extractors_import_nothing_of_ours_but_errors_and_words(path: Path) -> None:
    assert rooms_known(path) <= {"errors", "vocabulary", "extractors"}


def test_only_one_package_of_the_runtime_imports_torch() -> None:
    users = [p for p in FILES if room_of(p) == "runtime" and any(n.split(".")[0] == "torch" for n in imported(p))]
    assert {p.parent.relative_to(ROOT).as_posix() for p in users} == {"h5schema/runtime/torch"}


def test_every_room_stands_in_the_picture() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for child in PACKAGE.iterdir():
        name = child.name
        if name.startswith("_") or name == "py.typed":
            continue
        assert name in text or f"{name}/" in text, f"{name} is missing in docs/architecture.md"


LATER = ["carrier.bypass", "entries", "extraction", "ids", "shards", "splits", "verify", "writing"]
"""What a program that reads a few rows never needs; the rest comes with the package, so that its first read is fast."""


@pytest.mark.parametrize(
    ("module", "never"),
    [
        ("h5schema", {"pydantic", "jinja2", "yaml", "numpy", "h5py", "torch"}),
        ("h5schema.runtime", {"pydantic", "jinja2", "yaml", "torch", "PIL"}),
        (
            "h5schema.runtime",
            {f"h5schema.runtime.{name}" for name in LATER},
        ),
        ("h5schema.vocabulary.layout", {"pydantic", "jinja2", "yaml", "numpy", "h5py", "torch"}),
    ],
)
def test_what_an_import_never_loads(module: str, never: set[str]) -> None:
    code = f"import sys, {module}; print(*sorted(n for n in {sorted(never)!r} if n in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
