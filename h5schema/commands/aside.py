"""A folder for the time of one run, and modules in it; the next run removes what a killed one left."""

from __future__ import annotations

import importlib
import os
import stat
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "h5schema-run-"
_SETTLED = 60.0
"""Seconds after which a folder that nobody holds was left behind; a run takes hold of its own at once."""


@contextmanager
def folder_aside() -> Generator[Path]:
    """A new folder among the system's temporary ones; it is gone afterwards."""
    import tempfile  # only here: it costs start-up time of every command

    _remove_left(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as name, _opened(Path(name)) as handle:
        with suppress(OSError):  # a file system without locks: there no other run removes it
            _hold(handle)
        yield Path(name)


@contextmanager
def importable(*folders: Path) -> Generator[None]:
    """Modules of these folders can be imported; afterwards none of them is left behind.

    Those of the first folder are, also if others of their names have been imported before.
    """
    path, own = list(sys.path), {child.stem for child in folders[0].iterdir()}
    hidden = {name: sys.modules.pop(name) for name in list(sys.modules) if name.partition(".")[0] in own}
    modules = set(sys.modules)
    sys.path[:0] = map(str, folders)
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path[:] = path
        for name in set(sys.modules) - modules:
            where = getattr(sys.modules[name], "__file__", None)
            if where is not None and any(Path(where).is_relative_to(folder) for folder in folders):
                del sys.modules[name]
        sys.modules.update(hidden)


def _remove_left(temporary: Path) -> None:
    import shutil

    for folder in temporary.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # its run goes on, or another one was faster
            found = folder.lstat()
            ours = stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
            if ours and time.time() - found.st_mtime > _SETTLED:
                with _opened(folder) as handle:
                    _hold(handle)
                    shutil.rmtree(folder)


@contextmanager
def _opened(folder: Path) -> Generator[int]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        yield handle
    finally:
        os.close(handle)


def _hold(handle: int) -> None:
    """Holds a folder until it is closed; the system closes what a killed process had open."""
    import fcntl  # only here: the other commands need no such system

    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
