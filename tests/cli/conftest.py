"""The command in a process of its own, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Protocol

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PHOTOS = REPOSITORY / "schemas" / "photos.yaml"


class Command(Protocol):
    """Runs `h5schema` with these arguments."""

    def __call__(
        self, *arguments: str | Path, cwd: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]: ...


@pytest.fixture
def h5schema(tmp_path: Path) -> Command:
    """The command; its current folder is the test's own."""

    def run(*arguments: str | Path, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "h5schema", *map(str, arguments)],
            cwd=cwd or tmp_path,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    """The photo schema, in the test's own folder."""
    path = tmp_path / "photos.yaml"
    path.write_bytes(PHOTOS.read_bytes())
    return path
