"""One file of several: closed and opened again, it is the same."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import h5py

from .carrier import DirectCarrier, changed
from .reader import FileCarrier, Reader
from .spans import Access, Carrier

if TYPE_CHECKING:
    from .carrier.known import KnownCarrier
    from .carrier.located import Located
    from .file import File
    from .kinds import Place

_MOST_CHUNKS = 1024
"""Of a dataset of so many chunks a closed file keeps where they lie: 24 kB."""


class Shard(Reader):
    """One file of several; it is closed and opened again, and has to stay the same.

    Attributes:
        known: Number of entries of each dim, as it was when it was first asked for.
    """

    def __init__(self, file: type[File], path: Path, *, access: Access = "map") -> None:
        super().__init__(file, path, access=access)
        self.known: dict[str, int] = {}
        self._located: dict[str, Located] = {}
        self._light: tuple[int, KnownCarrier] | None = None

    def length(self, dim: str) -> int:
        count = super().length(dim)
        if self.known.setdefault(dim, count) != count:
            raise changed(self.path)
        return count

    def expect(self, file: h5py.File) -> None:
        """See `Reader`: one that was opened before is known; another process has yet to learn the names in it."""
        if self.seen is None or (self.file.schema.renamed and "model" not in vars(self)):
            super().expect(file)

    def __getstate__(self) -> dict[str, object]:
        return super().__getstate__() | {"known": self.known, "_located": dict[str, Located](), "_light": None}

    def carrier(self) -> Carrier:
        """See `Reader`: HDF5 opens the file again only for what is not known of it."""
        if self._light is not None and self._light[0] != os.getpid():
            self._leave()
        if self._opened is not None:
            return super().carrier()
        if self._light is None and self._located and self.seen is not None:
            from .carrier.known import known  # once a file is opened again

            found = known(self.path, self.seen.state, self._located, self.access, self._with_hdf5)
            self._light = None if found is None else (os.getpid(), found)
        light = self._light  # another thread may have HDF5 open the file
        return self._with_hdf5() if light is None else light[1]

    def hdf5(self) -> h5py.File:
        """See `Reader`."""
        self._with_hdf5()
        return super().hdf5()

    def _with_hdf5(self) -> Carrier:
        """HDF5 opens the file; what read it without HDF5 goes when the last thread has done with it."""
        carrier = super().carrier()
        self._light = None
        return carrier

    def in_nodes(self, place: Place) -> Place:
        """See `Reader`: what finds nodes keeps the carrier, and asks HDF5."""
        if "{" in place.path:
            self._with_hdf5()
        return super().in_nodes(place)

    def close(self) -> None:
        """See `Reader`: here it is the same file that is opened again."""
        self.remembered()
        if self._opened is not None and self.seen is not None and self.seen.is_sure and not self.seen.journal:
            self._located.update(_located(self._opened[2]))
        self._leave()
        self._shut()

    def _leave(self) -> None:
        if self._light is not None:
            self._light[1].close()
            self._light = None

    def _forget(self) -> None:
        """Only what keeps the carrier: the file is the same when it is opened again."""
        self._compared = {name: one for name, one in self._compared.items() if one.place.nodes is None}


def _located(carrier: FileCarrier) -> dict[str, Located]:
    """Where the datasets lie that were read past HDF5, if that is little to remember."""
    if not isinstance(carrier, DirectCarrier) or carrier.access == "memory":
        return {}
    found = {path: rows.located for path, rows in carrier.direct().items()}
    return {path: located for path, located in found.items() if located.addresses.size <= _MOST_CHUNKS}
