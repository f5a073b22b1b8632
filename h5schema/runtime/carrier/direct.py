"""Rows past HDF5 where that is safe, through h5py where it is not: the same rows either way."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import FileError

from ..spans import Access, Fetched, Rows, Spans, expect_inside
from .filters import DecodeError, undoes
from .located import Located, chunks_of, locate, one_chunk
from .rows import DirectRows
from .state import changed, state_of
from .stores import Memory, Preads, Store, mapped
from .threads import cores
from .with_h5py import H5pyCarrier

_ROWS_PER_CHUNK = 25
"""Reading one row through h5py costs what 25 entries of the chunk table cost: locating waits until it pays."""
_MOST_COLUMNS = 64
"""Rows that are cut into more chunks than this are left to HDF5."""


class DirectCarrier:
    """Reads a finished file: each dataset is located when it is first used, and proven against h5py.

    Args:
        file: The open file; it belongs to the caller.
        path: Of the file.
        access: How the bytes come. `map`: the file is mapped into memory. `read`: it is read piece by piece, which
            survives a file that is cut short while it is read. `memory`: a dataset is read whole when it is first used.
        threads: Threads that decode chunks; None: as many as there are cores.
    """

    def __init__(self, file: h5py.File, path: Path, *, access: Access = "map", threads: int | None = None) -> None:
        self.plain = H5pyCarrier(file)
        self._path = path
        self._handle: int | None = _descriptor(file)
        self._state = None if self._handle is None else state_of(os.fstat(self._handle))
        self._access: Access = access
        self._threads = threads or cores()
        self._store: Store | None = None
        self._direct: dict[str, DirectRows | None] = {}
        self._asked: dict[str, int] = {}
        self._lock = threading.Lock()

    def fetch(self, spans: Sequence[Spans]) -> Fetched:
        self._expect_unchanged()
        return tuple([self._rows(asked) for asked in spans])

    def length(self, path: str) -> int:
        return self.plain.length(path)

    def has(self, path: str) -> bool:
        return self.plain.has(path)

    def form(self, path: str) -> tuple[np.dtype[np.generic], tuple[int, ...] | None]:
        return self.plain.form(path)

    def direct(self) -> dict[str, DirectRows]:
        """The datasets that are read past HDF5 so far, by path."""
        return {path: found for path, found in self._direct.items() if found is not None}

    def close(self) -> None:
        """Drops what is kept of the file."""
        for direct in self._direct.values():
            if direct is not None:
                direct.close()
        self._direct.clear()
        self._store = None  # a map holds the file, and its lock with it

    def _rows(self, asked: Spans) -> NDArray[np.generic]:
        direct = self._direct.get(asked.path)
        if direct is None:
            direct = self._found(asked)
            if direct is None:
                return self.plain.fetch((asked,))[0]
        expect_inside(asked, direct.count, str(self._path))
        try:
            return direct.read(asked.starts, asked.lengths)
        except DecodeError:  # HDF5 has the last word
            return self.plain.fetch((asked,))[0]

    def _found(self, asked: Spans) -> DirectRows | None:
        """The direct way to a dataset, once it pays and if there is one."""
        path = asked.path
        if path in self._direct or self._handle is None or "@" in path:
            return None
        with self._lock:
            if path in self._direct:
                return self._direct[path]
            dataset = self.plain.dataset(path)
            rows = len(asked.starts) if isinstance(asked.lengths, int) else int(asked.lengths.sum())
            self._asked[path] = self._asked.get(path, 0) + rows
            if self._access != "memory" and self._asked[path] * _ROWS_PER_CHUNK < chunks_of(dataset):
                return None
            found = self._locate(dataset, path)
            if self._access == "memory" and dataset.shape:
                found = self._held(path, found)
            self._direct[path] = found
            return found

    def _held(self, path: str, direct: DirectRows | None) -> DirectRows | None:
        """A dataset out of memory, whatever its layout in the file."""
        whole = Spans(path, np.zeros(1, np.int64), self.plain.length(path))
        values = self.plain.fetch((whole,))[0] if direct is None else direct.read(whole.starts, whole.lengths)
        if values.dtype.hasobject or not values.size:
            return None
        return DirectRows(one_chunk(path, values), Memory(values.reshape(-1).view(np.uint8)), self._threads)

    def _locate(self, dataset: h5py.Dataset, path: str) -> DirectRows | None:
        located = locate(dataset, path)
        if located is None or not undoes(located.filters) or len(located.addresses) > _MOST_COLUMNS:
            return None
        if self._state is not None and located.end > self._state[0]:
            raise FileError(
                f"its data reach to byte {located.end}, but the file ends at {self._state[0]}",
                where=f"{self._path}: {path}",
                do="the file was cut short; copy it again from its origin",
            )
        direct = DirectRows(located, self._bytes(), self._threads)
        return direct if _is_proven(direct, dataset, located) else None

    def _bytes(self) -> Store:
        if self._store is None:
            assert self._handle is not None
            assert self._state is not None
            size = self._state[0]
            reads = self._access == "read"
            self._store = Preads(self._handle, str(self._path)) if reads else mapped(self._handle, size)
        return self._store

    def _expect_unchanged(self) -> None:
        if self._state is None:
            return
        try:
            now = state_of(os.stat(self._path))
        except FileNotFoundError:
            now = None
        if now != self._state:
            raise changed(self._path)


def _descriptor(file: h5py.File) -> int | None:
    """The descriptor behind an open file; None: it is read some other way (a remote driver, an image in memory)."""
    if file.driver != "sec2":
        return None
    return int(file.id.get_vfd_handle())


def _is_proven(direct: DirectRows, dataset: h5py.Dataset, located: Located) -> bool:
    """Whether the first and the last row are what h5py reads: addresses are believed no further than that."""
    ends: Rows = np.array([0, located.shape[0] - 1], np.int64)
    try:
        found = direct.read(ends, 1)
    except DecodeError:
        return False
    try:
        wanted = np.stack([dataset[0], dataset[located.shape[0] - 1]])
    except OSError:
        return False
    return found.tobytes() == wanted.astype(found.dtype).tobytes()
