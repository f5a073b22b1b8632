"""What tells a file from another, or from itself at another time."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple, TypeAlias

from h5schema.errors import FileError

from ..system import JOURNAL

State: TypeAlias = tuple[int, int, int, int]
"""Size, time of change, inode and device."""


def state_of(status: os.stat_result) -> State:
    """The state that `stat` saw."""
    return status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev


class Seen(NamedTuple):
    """A file as a process found it, for those that are to read the same.

    Attributes:
        host: Whose process it was: to another the same file may look different.
        state: Of the file.
    """

    host: str
    state: State


def seen(path: Path) -> Seen | None:
    """What is seen of the file at `path`; None: it is a folder, to which others may add."""
    status = os.stat(path)
    return Seen(os.uname().nodename, state_of(status)) if stat.S_ISREG(status.st_mode) else None


def expect_same(before: Seen | None, now: Seen | None, path: Path) -> None:
    """Refuses a file that is not the one that was seen before, here or by the process that this one reads for.

    Raises:
        FileError: It was changed or replaced.
    """
    if before is None or now is None or before.host != now.host or before.state == now.state:
        return
    if not grown(before.state, now.state, path):
        raise changed(path)


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
