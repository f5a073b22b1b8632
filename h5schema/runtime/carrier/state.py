"""What tells a file from another, or from itself at another time."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

from h5schema.errors import FileError

State: TypeAlias = tuple[int, int, int, int]
"""Size, time of change, inode and device."""


def state_of(status: os.stat_result) -> State:
    """The state that `stat` saw."""
    return status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev


def changed(path: Path) -> FileError:
    """The file at `path` is not the one that it was."""
    return FileError(
        "the file was changed or replaced while it was read",
        where=str(path),
        do="open it again; if a program is still writing it, wait until it is finished",
    )
