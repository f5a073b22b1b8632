"""What the demos share: commands and files, shown as a user would see them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def command(*words: str) -> None:
    """Runs `h5schema` as a user types it, and shows that."""
    print(f"\n$ h5schema {' '.join(words)}", flush=True)
    done = subprocess.run([sys.executable, "-m", "h5schema", *words], check=False)
    if done.returncode:
        sys.exit(done.returncode)


def show(path: Path) -> None:
    """Prints a text file."""
    print(f"\n$ cat {path}\n{path.read_text(encoding='utf-8').rstrip()}", flush=True)
