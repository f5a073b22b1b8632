"""Rows of a file that was open before: where they lie is known, so HDF5 need not open it again."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from .. import locks
from ..spans import Access, Carrier, Fetched, Spans, expect_inside
from ..system import JOURNAL
from .bypass import Bypass
from .decode_error import DecodeError
from .located import Located
from .rows import DirectRows
from .state import State, state_of


class KnownCarrier:
    """Brings rows of datasets that were located before; for all else, and once the file has changed, opens it.

    Args:
        handle: Descriptor of the file, which now belongs to this.
        path: Of the file.
        state: Of the file.
        rows: Of the datasets, by path.
        opened: Opens the file, and refuses it if it is another.
    """

    def __init__(
        self, handle: int, path: Path, state: State, rows: Mapping[str, DirectRows], opened: Callable[[], Carrier]
    ) -> None:
        self._handle = handle
        self._path = path
        self._state = state
        self._rows = rows
        self._opened = opened

    def fetch(self, spans: Sequence[Spans]) -> Fetched:
        """See `Carrier`."""
        if all(one.path in self._rows for one in spans) and _state_at(self._path) == self._state:
            try:
                return tuple([self._read(one) for one in spans])
            except DecodeError:  # HDF5 has the last word
                pass
        return self._opened().fetch(spans)

    def _read(self, asked: Spans) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
        rows = self._rows[asked.path]
        expect_inside(asked, rows.count, str(self._path))
        return rows.read(asked.starts, asked.lengths)

    def length(self, path: str) -> int:
        """See `Carrier`."""
        return self._opened().length(path)

    def has(self, path: str) -> bool:
        """See `Carrier`."""
        return self._opened().has(path)

    def form(self, path: str) -> tuple[np.dtype[np.generic], tuple[int, ...] | None]:
        """See `Carrier`."""
        return self._opened().form(path)

    def close(self) -> None:
        """Drops what is kept of the file."""
        for rows in self._rows.values():
            rows.close()
        self._rows = dict[str, DirectRows]()
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __del__(self) -> None:
        """One that is forgotten keeps nobody from writing."""
        self.close()


def known(
    path: Path, state: State, located: Mapping[str, Located], access: Access, opened: Callable[[], Carrier]
) -> KnownCarrier | None:
    """The carrier of a file that was open before; None: it may have changed, so HDF5 has to open it.

    Args:
        path: Of the file.
        state: Of the file, of which no later change has it too.
        located: Datasets of it.
        access: See `File`.
        opened: See `KnownCarrier`.
    """
    if _state_at(path) != state or path.with_name(path.name + JOURNAL).exists():
        return None
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if locks.share(handle) and state_of(os.fstat(handle)) == state:
            bypass = Bypass(handle, path, state, access=access, threads=None)
            rows = {name: bypass.again(one) for name, one in located.items()}
            return KnownCarrier(handle, path, state, rows, opened)
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None


def _state_at(path: Path) -> State | None:
    try:
        return state_of(os.stat(path))
    except FileNotFoundError:
        return None
