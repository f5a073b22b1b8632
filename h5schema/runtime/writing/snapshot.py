"""A file as its last commit left it, read while another process goes on writing."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import h5py

from .. import locks
from ..carrier.state import state_of
from ..opening import Opened
from . import journal
from .overlay import Overlay
from .sink import Overlaid

_PATIENCE = 10.0
"""Seconds for which a writer may bring its journal into the file."""


def open_snapshot(path: Path, size: int | None) -> Opened | None:
    """The file with the commits of its journal; None: it has none any more, or none yet.

    Args:
        path: Of the file.
        size: Bytes of the journal that count; None: all.

    Raises:
        OSError: It cannot be opened, or another program has locked it for too long.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _share(handle)  # from now on nobody brings the journal into the file
        found = journal.found_of(journal.path_of(path), handle, size)
    except BaseException:
        os.close(handle)
        raise
    if found is None:
        os.close(handle)
        return None
    overlay = Overlay()
    for offset, data in found.pages:
        overlay.write(offset, memoryview(data))
    state = found.commit.size, *state_of(os.fstat(handle))[1:]
    return Opened(h5py.File(_Snapshot(path, handle, overlay), "r"), state, found.end)


class _Snapshot(Overlaid):
    """Keeps its share of the file until h5py lets go of it."""

    def __del__(self) -> None:
        os.close(self.handle)


def _share(handle: int) -> None:
    until = time.monotonic() + _PATIENCE
    while not locks.share(handle):
        if time.monotonic() > until:
            raise BlockingIOError(errno.EWOULDBLOCK, "locked")
        time.sleep(0.01)
