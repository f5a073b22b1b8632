"""What the demos share: a folder to work in, and commands and files, shown as a user would see them."""

from __future__ import annotations

import argparse
import importlib
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType


def begin(work: str, says: str, *, folder: str = "") -> tuple[Path, Path | None]:
    """Reads the arguments of a demo, and empties the folder in which it makes everything.

    Args:
        work: Its name, if no other is given.
        says: What the demo shows.
        folder: What is in the folder that may be given; "": none may be.

    Returns:
        The folder to work in, and the one that was given.
    """
    parser = argparse.ArgumentParser(description=says)
    if folder:
        parser.add_argument("folder", nargs="?", type=Path, help=folder)
    parser.add_argument("--work", type=Path, default=Path(work), help=f"where everything is made ({work})")
    given = parser.parse_args()
    shutil.rmtree(given.work, ignore_errors=True)
    given.work.mkdir(parents=True)
    return given.work, given.folder if folder else None


def command(*words: str | Path) -> None:
    """Runs `h5schema` as a user types it, and shows that."""
    print(f"\n$ h5schema {' '.join(map(str, words))}", flush=True)
    done = subprocess.run([sys.executable, "-m", "h5schema", *map(str, words)], check=False)
    if done.returncode:
        sys.exit(done.returncode)


def show(path: Path) -> None:
    """Prints a text file."""
    print(f"\n$ cat {path}\n{path.read_text(encoding='utf-8').rstrip()}", flush=True)


def package(work: Path, name: str) -> tuple[ModuleType, ModuleType]:
    """The generated package in the folder, and its loaders: what `import NAME` and `import NAME.loaders` give there."""
    sys.path.insert(0, str(work.resolve()))
    return importlib.import_module(name), importlib.import_module(f"{name}.loaders")
