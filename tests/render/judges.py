"""Runs ruff and the type checkers over generated files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
MYPY = ["mypy", "--strict", "--cache-dir", str(REPOSITORY / ".mypy_cache" / "packages")]
"""What numpy's and torch's types are is found once, not by every test."""


def place(files: Mapping[str, str], folder: Path) -> Path:
    """Writes the files of a package as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="")
    return folder


def _run(*command: str, cwd: Path) -> str:
    done = subprocess.run([sys.executable, "-m", *command], cwd=cwd, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def formatting(folder: Path) -> str:
    """What `ruff format` would change; empty if nothing."""
    return _run("ruff", "format", "--isolated", "--no-cache", "--diff", str(folder), cwd=folder)


def findings(folder: Path) -> str:
    """What `ruff check` finds by its default rules and in the order of imports; empty if nothing."""
    return _run("ruff", "check", "--isolated", "--no-cache", "--extend-select", "I", str(folder), cwd=folder)


def types(folder: Path) -> str:
    """What mypy and pyright find in all packages of a folder in their strict modes; empty if nothing."""
    packages = sorted(child.name for child in folder.iterdir() if child.is_dir())
    config = folder / "pyrightconfig.json"
    settings = {"typeCheckingMode": "strict", "include": packages, "extraPaths": [str(REPOSITORY)]}
    config.write_text(json.dumps(settings), encoding="utf-8")
    named = [argument for name in packages for argument in ("-p", name)]
    mypy = _run(*MYPY, *named, cwd=folder)
    return mypy + _run("pyright", "--pythonpath", sys.executable, "-p", str(config), cwd=folder)
