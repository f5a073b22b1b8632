"""What is large lies in memory that two processes share; only the rest of an answer travels between them.

One process may put as many things as there are handles before the other takes the first.
"""

from __future__ import annotations

import os
import pickle
import tempfile
from collections.abc import Iterable
from io import BytesIO
from itertools import cycle

_LARGE = 32 << 10
"""Fewer bytes travel."""


def shared_memory() -> int:
    """A descriptor of memory that a child may be given; it grows with what is written there."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("h5schema")
    with tempfile.TemporaryFile() as file:
        return os.dup(file.fileno())


class Shelf:
    """One process puts an object here and sends what that returns; the other takes it, in the same order.

    Args:
        handles: Descriptors of the memory.
    """

    def __init__(self, handles: Iterable[int]) -> None:
        self._handles = cycle(handles)

    def put(self, thing: object) -> bytes:
        """Lays down what is large in it; returns the rest."""
        rest = BytesIO()
        _Pickler(rest, next(self._handles)).dump(thing)
        return rest.getvalue()

    def take(self, rest: bytes) -> object:
        """The object again."""
        return _Unpickler(BytesIO(rest), next(self._handles)).load()


class _Pickler(pickle.Pickler):
    def __init__(self, rest: BytesIO, handle: int) -> None:
        super().__init__(rest, pickle.HIGHEST_PROTOCOL)
        self._handle = handle
        self._end = 0

    def persistent_id(self, obj: object) -> tuple[int, int] | None:
        """Where large bytes lie."""
        if type(obj) is not bytes or len(obj) < _LARGE:
            return None
        begin, done = self._end, 0
        while done < len(obj):
            done += os.pwrite(self._handle, memoryview(obj)[done:], begin + done)
        self._end += len(obj)
        return begin, len(obj)


class _Unpickler(pickle.Unpickler):
    def __init__(self, rest: BytesIO, handle: int) -> None:
        super().__init__(rest)
        self._handle = handle

    def persistent_load(self, pid: tuple[int, int]) -> bytes:
        """The bytes that lie there."""
        begin, size = pid
        return os.pread(self._handle, size, begin)
