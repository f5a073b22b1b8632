"""Rows past HDF5 where that is safe, through h5py where it is not: the same rows either way."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
from numpy.typing import NDArray

from ..node_paths import is_attribute
from ..spans import Access, Fetched, Spans, expect_inside
from .decode_error import DecodeError
from .state import State, changed, grown, state_of
from .with_h5py import H5pyCarrier

if TYPE_CHECKING:
    from .bypass import Bypass
    from .rows import DirectRows

_ENTRIES_PER_CALL = 25
"""One call of h5py costs what 25 entries of the chunk table cost: locating waits until it pays."""
_SETUP = 75
"""What locating costs besides, in entries."""
_MOST = 16384
"""Datasets that are located, each of which takes 2 kB; a file in which each entry is one may have millions."""


class DirectCarrier:
    """Reads a finished file: each dataset is located when it is first used, and proven against h5py.

    Args:
        file: The open file; it belongs to the caller.
        path: Of the file.
        access: How the bytes come. `map`: the file is mapped into memory. `read`: it is read piece by piece, which
            survives a file that is cut short while it is read. `memory`: a dataset is read whole when it is first used.
        threads: Threads that decode chunks; None: as many as there are cores.
        state: Of the file, where h5py does not read it by a descriptor that it tells.
        asked: What was asked of each dataset so far, in calls of h5py; this adds to it.
    """

    def __init__(
        self,
        file: h5py.File,
        path: Path,
        *,
        access: Access = "map",
        threads: int | None = None,
        state: State | None = None,
        asked: dict[str, int] | None = None,
    ) -> None:
        self.plain = H5pyCarrier(file)
        self._path = path
        self._handle: int | None = _descriptor(file)
        self._state = state if self._handle is None else state_of(os.fstat(self._handle))
        self._last = self._state
        self.access: Access = access
        self._threads = threads
        self._bypass: Bypass | None = None
        self._direct: dict[str, DirectRows | None] = {}
        self._asked: dict[str, int] = {} if asked is None else asked
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
        self._bypass = None  # a map holds the file, and its lock with it

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
        if path in self._direct or self._handle is None or is_attribute(path) or len(self._direct) >= _MOST:
            return None
        with self._lock:
            if path in self._direct:
                return self._direct[path]
            dataset = self.plain.dataset(path)
            self._asked[path] = self._asked.get(path, 0) + _calls(asked, dataset)
            if self.access != "memory" and self._asked[path] * _ENTRIES_PER_CALL < _SETUP + _chunks_of(dataset):
                return None
            self._direct[path] = found = self._past_hdf5(dataset, path)
            return found

    def _past_hdf5(self, dataset: h5py.Dataset, path: str) -> DirectRows | None:
        if self._bypass is None:
            from .bypass import Bypass  # who reads a few rows needs none of it

            assert self._handle is not None
            now = state_of(os.fstat(self._handle))
            self._bypass = Bypass(self._handle, self._path, now, access=self.access, threads=self._threads)
        own = dataset.file.filename == self.plain.name  # an external link leads to the bytes of another file
        found = self._bypass.rows_of(dataset, path) if own else None
        if self.access != "memory" or not dataset.shape:
            return found
        whole = Spans(path, np.zeros(1, np.int64), self.plain.length(path))
        values = self._whole(whole, found)
        return None if values.dtype.hasobject or not values.size else self._bypass.held(path, values)

    def _whole(self, whole: Spans, direct: DirectRows | None) -> NDArray[np.generic]:
        if direct is not None:
            with suppress(DecodeError):
                return direct.read(whole.starts, whole.lengths)
        return self.plain.fetch((whole,))[0]

    def _expect_unchanged(self) -> None:
        if self._state is None:
            return
        try:
            now = state_of(os.stat(self._path))
        except FileNotFoundError:
            now = None
        if now == self._last:
            return
        if now is None or not grown(self._state, now, self._path):
            raise changed(self._path)
        self._last = now


def _descriptor(file: h5py.File) -> int | None:
    """The descriptor behind an open file; None: it is read some other way (a remote driver, an image in memory)."""
    if file.driver != "sec2":
        return None
    return int(file.id.get_vfd_handle())


def _calls(asked: Spans, dataset: h5py.Dataset) -> int:
    """What a request costs through h5py, in reads of one row: each run is one, and each chunk that it fills."""
    runs = len(asked.starts)
    if dataset.chunks is None:
        return runs
    rows = runs * asked.lengths if isinstance(asked.lengths, int) else int(asked.lengths.sum())
    return runs + rows // dataset.chunks[0]


def _chunks_of(dataset: h5py.Dataset) -> int:
    """How many chunks cover a dataset: what it costs to locate it."""
    if dataset.chunks is None:
        return 1
    return prod([-(-n // c) for n, c in zip(dataset.shape, dataset.chunks, strict=True)])
