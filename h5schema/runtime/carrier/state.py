"""What tells a file from another, or from itself at another time."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import NamedTuple, TypeAlias

from h5schema.errors import FileError

from ..system import JOURNAL

State: TypeAlias = tuple[int, int, int, int]
"""Size, time of change, inode and device."""

_TICK = 20_000_000
"""Nanoseconds within which two changes may have the same time."""


def state_of(status: os.stat_result) -> State:
    """The state that `stat` saw."""
    return status.st_size, status.st_mtime_ns, status.st_ino, status.st_dev


class Seen(NamedTuple):
    """A file as a process found it, for those that are to read the same.

    Attributes:
        host: Whose process it was: to another the same file may look different.
        state: Of the file.
        journal: Bytes of its journal that counted; 0: it had none.
        is_sure: Whether its state is that of no later change.
        commits: How often entries of it were committed; None: nobody has looked.
    """

    host: str
    state: State
    journal: int
    is_sure: bool
    commits: int | None = None


def seen(state: State, journal: int) -> Seen:
    """What this process has found, just now."""
    return Seen(os.uname().nodename, state, journal, time.time_ns() - state[1] > _TICK)


def may_differ(before: Seen, now: Seen, path: Path) -> bool:
    """Whether a file that was opened again is the same only if it has as many commits; False: it is the same.

    Raises:
        FileError: It was changed or replaced.
    """
    if before.host != now.host or (before.state == now.state and before.journal == now.journal == 0 and before.is_sure):
        return False
    if before.journal != now.journal or (before.state != now.state and not grown(before.state, now.state, path)):
        raise changed(path)
    return True


def grown(before: State, now: State, path: Path) -> bool:
    """Whether a file has changed only as one does whose entries are edited: what was committed stays as it was.

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
