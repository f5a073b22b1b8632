"""Carries out a plan; the one way in which this package writes a text file."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from h5schema.errors import UsageError

from .plan import Plan


def write(plan: Plan) -> None:
    """Writes what is new or changed, each file at once, and deletes what is stale.

    Raises:
        UsageError: The disk refuses; each file is then either as before or complete.
    """
    with explained(plan.folder):
        for change in plan.pending:
            if change.after is None:
                change.path.unlink(missing_ok=True)
            else:
                put(change.path, change.after)


def put(path: Path, content: bytes) -> None:
    """Puts `content` at `path` so that nobody ever sees half of it."""
    with _aside(path, content) as aside:
        aside.replace(path)


def put_new(path: Path, content: bytes) -> bool:
    """The same, but never over another file; False: there is one."""
    with _aside(path, content) as aside:
        try:
            path.hardlink_to(aside)  # fails where a rename would replace what came meanwhile
        except FileExistsError:
            return False
        except OSError:  # a file system without hard links
            if path.exists():
                return False
            aside.rename(path)
        return True


@contextmanager
def _aside(path: Path, content: bytes) -> Generator[Path]:
    """A complete file in the folder of `path`; it is gone afterwards."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        aside.write_bytes(content)
        yield aside
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def explained(where: Path) -> Generator[None]:
    """What the disk says of a write that failed, in our words.

    Raises:
        UsageError: In place of an `OSError`.
    """
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"it cannot be written: {error.strerror}",
            where=str(error.filename or where),
            do="look at the permissions and at the room on the disk, then run the same command again",
        ) from None
