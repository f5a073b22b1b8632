"""A file as its last commit left it, read while another process goes on writing."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import h5py

from h5schema.errors import FileError

from . import journal
from .overlay import Overlay
from .sink import Overlaid

_PATIENCE = 10.0
"""Seconds for which a writer may bring its journal into the file."""


def open_snapshot(path: Path) -> h5py.File:
    """The file with the commits of its journal.

    Raises:
        FileError: Another program has locked it for too long.
        OSError: It cannot be opened.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _share(handle, path)  # from now on nobody brings the journal into the file
        found = journal.found_of(journal.path_of(path), handle)
    except BaseException:
        os.close(handle)
        raise
    overlay = Overlay()
    for offset, data in found.pages if found is not None else ():
        overlay.write(offset, memoryview(data))
    return h5py.File(_Snapshot(path, handle, overlay), "r")


class _Snapshot(Overlaid):
    """Keeps its share of the file until h5py lets go of it."""

    def __del__(self) -> None:
        os.close(self.handle)


def _share(handle: int, path: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise FileError(
                    "another process is writing it", where=str(path), do="wait until it is finished"
                ) from None
            time.sleep(0.01)
        else:
            return
