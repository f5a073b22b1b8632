"""The disk begins with what was written while more is made; who then calls fsync waits for less."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

_TOGETHER = 16 << 20
"""Bytes that the disk is asked to begin with at a time."""
_WRITE = 2
"""SYNC_FILE_RANGE_WRITE of sync_file_range(2): begins, and does not wait."""


class WriteBack:
    """Asks the system to begin writing; nothing counts on it, because what is to be on the disk is forced there.

    Args:
        handle: Descriptor of the file.
        wanted: Whether somebody will wait for the disk.
    """

    def __init__(self, handle: int, *, wanted: bool) -> None:
        self._handle = handle
        self._wanted = wanted
        self._waiting = 0

    def wrote(self, size: int) -> None:
        """So many bytes more were written."""
        self._waiting += size
        if self._wanted and self._waiting >= _TOGETHER:
            self._waiting = 0
            _begin()(self._handle)


@cache
def _begin() -> Callable[[int], object]:
    """What begins to write all of a file that is not on the disk; an error is one that fsync says, too."""
    import ctypes  # who writes little does not need it

    call = getattr(ctypes.CDLL(None), "sync_file_range", None)  # Linux has it
    if call is None:
        return lambda handle: None
    call.argtypes = [ctypes.c_int, ctypes.c_int64, ctypes.c_int64, ctypes.c_uint]
    return lambda handle: call(handle, 0, 0, _WRITE)
