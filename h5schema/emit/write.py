"""Carries out a plan."""

from __future__ import annotations

import os
from pathlib import Path

from h5schema.errors import UsageError

from .plan import Plan


def write(plan: Plan) -> None:
    """Writes what is new or changed, each file at once, and deletes what is stale.

    Raises:
        UsageError: The disk refuses; each file is then either as before or complete.
    """
    try:
        for change in plan.pending:
            if change.after is None:
                change.path.unlink(missing_ok=True)
            else:
                replace(change.path, change.after)
    except OSError as error:
        raise UsageError(
            f"it cannot be written: {error.strerror}",
            where=str(error.filename or plan.folder),
            do="look at the permissions and at the room on the disk, then run the same command again",
        ) from None


def replace(path: Path, content: bytes) -> None:
    """Puts `content` at `path` so that nobody ever sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        aside.write_bytes(content)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
