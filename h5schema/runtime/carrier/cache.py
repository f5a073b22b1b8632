"""Decoded chunks that are kept: one cache for the whole process, bounded by bytes."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from typing import TypeAlias

from .gather import Buffer

Key: TypeAlias = tuple[int, int, int]
"""The dataset (a number of its own in this process), column and place of a chunk."""


class ChunkCache:
    """The chunks that were used last.

    Args:
        limit: Bytes that are kept at most.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.held = 0
        self._chunks: OrderedDict[Key, Buffer] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Buffer | None:
        """A chunk, if it is still there."""
        with self._lock:
            found = self._chunks.get(key)
            if found is not None:
                self._chunks.move_to_end(key)
            return found

    def put(self, key: Key, chunk: Buffer) -> None:
        """Keeps a chunk; those that were not used for longest make room."""
        with self._lock:
            if key in self._chunks or len(chunk) > self.limit:
                return
            self._chunks[key] = chunk
            self.held += len(chunk)
            while self.held > self.limit:
                self.held -= len(self._chunks.popitem(last=False)[1])

    def forget(self, dataset: int) -> None:
        """Drops the chunks of a dataset that was closed."""
        with self._lock:
            for key in [key for key in self._chunks if key[0] == dataset]:
                self.held -= len(self._chunks.pop(key))

    def empty(self) -> None:
        """Forgets everything; a forked child does, whose parent may have held the lock."""
        self._lock = threading.Lock()
        self._chunks.clear()
        self.held = 0


CHUNKS = ChunkCache(64 << 20)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=CHUNKS.empty)
