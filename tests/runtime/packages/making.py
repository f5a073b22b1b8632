"""A schema of a test, all the way: the package it becomes, and a file that is extracted by it."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

_H5SCHEMA = (sys.executable, "-c", "from h5schema.cli import main; raise SystemExit(main())")


class Made(NamedTuple):
    """The modules of a package, and the file; `said` is what the extraction printed."""

    groups: Any
    loaders: Any
    path: Path
    said: str


def generated(folder: Path, schema: str) -> Made:
    """The package of a schema; its name must be that of no other test."""
    (folder / "schema.yaml").write_text(schema, encoding="utf-8")
    run(folder, "generate", "schema.yaml", "-o", ".")
    name = schema.partition("\nname: ")[2].partition("\n")[0]
    sys.path.insert(0, str(folder))
    try:
        groups = importlib.import_module(f"{name}.groups")
        there = (folder / name / "loaders.py").exists()
        loaders = importlib.import_module(f"{name}.loaders") if there else None
    finally:
        sys.path.remove(str(folder))
    return Made(groups, loaders, folder / f"{name}.h5", "")


def extracted(folder: Path, schema: str, functions: str, sources: Mapping[str, bytes], *, code: int = 0) -> Made:
    """The package of a schema, and the file that `h5schema extract` makes of sources.

    Args:
        folder: Where all of it goes.
        schema: Whose functions are in the module `NAME_io`.
        functions: That module.
        sources: Bytes of each file, by its relative path.
        code: With which the command ends: 1, if sources fail.
    """
    made = generated(folder, schema)
    (folder / f"{made.path.stem}_io.py").write_text(functions, encoding="utf-8")
    for name, content in sources.items():
        source = folder / "sources" / name
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_bytes(content)
    said = run(folder, "extract", "schema.yaml", "sources", "-o", made.path.name, code=code)
    return made._replace(said=said)


def run(folder: Path, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [*_H5SCHEMA, *arguments], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr
