"""Which files are open, of data sets of many: no more than the descriptors of a process allow."""

from __future__ import annotations

import os
import resource
import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from .reader import Reader

_MOST = 128


def most() -> int:
    """Files that may be open at a time. One takes two descriptors, HDF5's and the map's: half of all are left alone."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if soft == resource.RLIM_INFINITY else max(1, min(_MOST, soft // 4))


class OpenFiles:
    """The readers that have their files open; those that were not used for longest are closed.

    One that is in use stays open, so there may be more of them than `most` by the number of threads.
    """

    def __init__(self) -> None:
        self._users: WeakKeyDictionary[Reader, int] = WeakKeyDictionary()
        self._lock = threading.Lock()
        self._process = os.getpid()

    def __len__(self) -> int:
        return len(self._users)

    @contextmanager
    def using(self, reader: Reader) -> Generator[Reader]:
        """In here the file of a reader is open, and stays open; one thread opens it, the others wait."""
        with self._lock:
            if self._process != os.getpid():
                self._drop_inherited()
            users = self._users.pop(reader, None)
            if users is None:
                self._make_room()
                reader.open()
            self._users[reader] = (users or 0) + 1
        try:
            yield reader
        finally:
            with self._lock:
                if reader in self._users:
                    self._users[reader] -= 1

    def close(self, reader: Reader) -> None:
        """Closes the file of a reader, unless a thread reads it; the next use opens it again."""
        with self._lock:
            if not self._users.get(reader):
                self._users.pop(reader, None)
                reader.close()

    def _make_room(self) -> None:
        for reader, users in list(self._users.items()) if len(self._users) >= most() else ():
            if not users:
                reader.close()
                del self._users[reader]
                if len(self._users) < most():
                    return

    def _drop_inherited(self) -> None:
        """A child that was forked has its parent's descriptors, and opens its own."""
        for reader in list(self._users):
            reader.close()
        self._users.clear()
        self._process = os.getpid()

    def renew(self) -> None:
        """In a forked child: a thread of the parent may have held the lock."""
        self._lock = threading.Lock()


OPEN = OpenFiles()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=OPEN.renew)
