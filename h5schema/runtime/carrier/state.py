"""What tells a file from another, or from itself at another time."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TypeAlias

from h5schema.errors import FileError

from ..system import JOURNAL

State: TypeAlias = tuple[int, int, int, int]
"""Size, time of change, inode and device."""


def state_of(status: os.stat_result) -> State:
    """The state that `stat` saw."""
    return status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev


def grown(before: State, now: State, path: Path) -> bool:
    """Whether a file has changed only as one does to which entries are added: what was committed stays as it was.

    Its journal stands beside it for as long as somebody reads the file.
    """
    return now[0] >= before[0] and now[2:] == before[2:] and path.with_name(path.name + JOURNAL).exists()


def changed(path: Path) -> FileError:
    """The file at `path` is not the one that it was."""
    return FileError(
        "the file was changed or replaced while it was read",
        where=str(path),
        do="open it again; if a program is still writing it, wait until it is finished",
    )
