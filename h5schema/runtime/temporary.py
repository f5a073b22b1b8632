"""A place for files that nobody keeps: on disk, or in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from h5schema.errors import UsageError

_MEMORY = Path("/dev/shm")
"""Where Linux has a file system in memory."""


@contextmanager
def scratch(*, memory: bool = False) -> Generator[Path]:
    """A new folder that is gone, with all that is in it, at the end of the `with` block.

    Its files are files like any others: processes of loaders open them, and every HDF5 tool does.

    Args:
        memory: Whether it lies in memory, and never on a disk.

    Raises:
        UsageError: The system has no place for files in memory.
    """
    if memory and not _MEMORY.is_dir():
        raise UsageError(
            f"there is no file system in memory at {_MEMORY}", where="scratch", do="leave out `memory=True`"
        )
    with tempfile.TemporaryDirectory(prefix="h5schema-", dir=_MEMORY if memory else None) as folder:
        yield Path(folder)
