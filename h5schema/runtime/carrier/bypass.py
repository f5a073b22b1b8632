"""The way past HDF5 to the datasets of one file, each proven against h5py before it is used."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import FileError

from ..spans import Access, Rows
from .decode_error import DecodeError
from .filters import undoes
from .located import Located, locate, one_chunk
from .rows import DirectRows
from .state import State
from .stores import Memory, Preads, Store, mapped
from .threads import cores

_MOST_COLUMNS = 64
"""Rows that are cut into more chunks than this are left to HDF5."""


class Bypass:
    """Finds datasets in a file, and brings the bytes of all of them from one store.

    Args:
        handle: Descriptor of the file, which stays open.
        path: Of the file.
        state: Of the file.
        access: `map` or `read`; see `DirectCarrier`.
        threads: Threads that decode chunks; None: as many as there are cores.
    """

    def __init__(self, handle: int, path: Path, state: State, *, access: Access, threads: int | None) -> None:
        self._handle = handle
        self._path = path
        self._state = state
        self._access: Access = access
        self._threads = threads or cores()
        self._store: Store | None = None

    def rows_of(self, dataset: h5py.Dataset, path: str) -> DirectRows | None:
        """The rows of a dataset; None: HDF5 has to read it.

        Raises:
            FileError: Its data reach beyond the end of the file.
        """
        located = locate(dataset, path)
        if located is None or not undoes(located.filters) or len(located.addresses) > _MOST_COLUMNS:
            return None
        if located.end > self._state[0]:
            raise FileError(
                f"its data reach to byte {located.end}, but the file ends at {self._state[0]}",
                where=f"{self._path}: {path}",
                do="the file was cut short; copy it again from its origin",
            )
        direct = DirectRows(located, self._bytes(), self._threads)
        return direct if _is_proven(direct, dataset, located) else None

    def again(self, located: Located) -> DirectRows:
        """The rows of a dataset that was found before, in this very state of the file."""
        return DirectRows(located, self._bytes(), self._threads)

    def held(self, path: str, values: NDArray[np.generic]) -> DirectRows:
        """The rows of a dataset that was read whole."""
        return DirectRows(one_chunk(path, values), Memory(values.reshape(-1).view(np.uint8)), self._threads)

    def _bytes(self) -> Store:
        if self._store is None:
            reads = self._access == "read"
            self._store = Preads(self._handle, str(self._path)) if reads else mapped(self._handle, self._state[0])
        return self._store


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
