"""The reader of a file that others made."""

from __future__ import annotations

from typing import cast

import h5py
import numpy as np

from h5schema.errors import FileError

from ..carrier import DirectCarrier
from ..damage import readable
from ..ids import Ids
from ..opening import Opened
from ..reader import Compared, Reader
from ..spans import Carrier
from .folder import joined, source_of
from .shown import Shown

_AT_ONCE = 4096


class BoundReader(Reader):
    """Reads one file of others, which is shown as one of ours; the file is compared with the class, not its stamp."""

    def _open(self) -> Opened:
        source = source_of(self.model)
        if source is None:
            return super()._open()
        self._forget()
        return Opened(joined(self.path, source[1]), None, 0)

    def expect(self, file: h5py.File) -> None:
        """See `Reader`: such a file has no stamp."""

    def _carrier_of(self, found: Opened) -> Shown:
        carrier = DirectCarrier(found.file, self.path, access=self.access, state=found.state)
        return Shown(found.file, carrier, self.model, self.file.schema.bind, str(self.path))

    def shown(self) -> Shown:
        """The file as one of ours."""
        return cast("Shown", self.carrier())

    def carrier(self) -> Carrier:
        """See `Reader`: all that the class names is compared with the file when it is opened."""
        known, carrier = self._opened, super().carrier()
        if self._opened is not known:
            try:
                dims = self.shown().dims
                for address, place in self.model.places.items():
                    if not dims.named.is_spread(place):  # there may be many nodes
                        self.compared(address)
            except FileError:
                self.close()
                raise
        return carrier

    def _committed(self, dim: str) -> int:
        return self.shown().dims.length(dim)

    def _compare(self, address: str) -> Compared:
        feature, place = self.model.features[address], self.shown().placed(address)
        return Compared(feature.by_row(), place, 1 if place.lead is None else self.length(place.lead))

    def ids(self, dim: str) -> Ids:
        if not self.model.has_ids(dim):
            return super().ids(dim)  # refuses
        return Ids(dim, fixed=True, carrier=self.carrier(), file=str(self.path))

    def parameters(self) -> dict[str, object]:
        """See `Reader`: h5schema made nothing in it."""
        return {}

    def verify(self) -> None:
        """Reads everything once. There are no checksums but HDF5's own."""
        for address in self.model.features:
            with readable(f"{self.path}: {self.model.places[address].path}"):
                size = self.compared(address).size
            for first in range(0, size, _AT_ONCE):
                self.read(address, np.arange(first, min(size, first + _AT_ONCE), dtype=np.int64))
