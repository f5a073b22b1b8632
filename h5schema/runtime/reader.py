"""The engine behind a file: opened late, once in each process; reads blocks of features."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np

from h5schema.errors import DataError, FileError, UsageError
from h5schema.vocabulary import layout
from h5schema.vocabulary.dtypes import NUMBERS, keeps_values
from h5schema.vocabulary.suggest import closest

from . import stamp
from .blocks import Maybe
from .carrier import DirectCarrier
from .entries import Entries, IdEntries
from .features import Feature
from .ids import Ids
from .kinds import Place, Stored
from .model import Model, model_of
from .opening import open_to_read
from .spans import Carrier, Rows, carry_out
from .splits import SplitRows
from .view import RowError, View

if TYPE_CHECKING:
    from .file import File


class Reader:
    """Reads a file of one class; what generated classes offer is a face of this.

    It pickles as the class and the path: a handle does not survive, and need not.

    Args:
        file: The generated class.
        path: Of the file.
    """

    def __init__(self, file: type[File], path: Path) -> None:
        self.file = file
        self.path = path
        self._opened: tuple[int, h5py.File, DirectCarrier] | None = None
        self._known: set[str] = set()

    @property
    def model(self) -> Model:
        """What the class declares."""
        return model_of(self.file)

    def __getstate__(self) -> dict[str, object]:
        return {"file": self.file, "path": self.path, "_opened": None, "_known": set[str]()}

    def carrier(self) -> Carrier:
        """Brings rows of this file; opened anew in a process that inherited it by fork."""
        if self._opened is None or self._opened[0] != os.getpid():
            file = open_to_read(self.path)
            try:
                stamp.expect(file, self.file.schema, self.model.layout())
            except FileError:
                file.close()
                raise
            self._opened = os.getpid(), file, DirectCarrier(file, self.path)
            self._known.clear()
        return self._opened[2]

    def hdf5(self) -> h5py.File:
        """The open h5py file, for what this class does not offer; read-only."""
        self.carrier()
        assert self._opened is not None
        return self._opened[1]

    def close(self) -> None:
        """Closes the file; the next use opens it again."""
        if self._opened is not None and self._opened[0] == os.getpid():
            self._opened[2].close()
            self._opened[1].close()
        self._opened = None

    # What generated classes ask for.

    def view(self, address: str) -> View[object, object]:
        """The view of a feature."""
        return View(self, address, self.model.features[address])

    def entries(self, dim: str) -> object:
        """The entries of an open dim: a sequence, or a mapping if they have ids."""
        found: IdEntries[object] | Entries[object] = (
            IdEntries(self, dim) if self.model.has_ids(dim) else Entries(self, dim)
        )
        return found

    def assign(self, address: str, value: object) -> None:
        """Gives a feature that has no entries its value; writers do."""
        raise UsageError(
            f"{self.file.__name__} reads; it does not write",
            where=f"{self.path}: {address}",
            do=f"write with {self.file.__name__}Writer",
        )

    # Reading.

    def read(self, address: str, rows: Rows) -> object:
        """The block of one feature at `rows`; a feature without entries has one row."""
        place, feature = self.model.places[address], self.model.features[address]
        carrier = self.carrier()
        if address not in self._known:
            self._expect_stored(feature, place)
            self._known.add(address)
        self.expect_rows(address, rows)
        if place.lead is None and place.optional:
            there = carrier.has(place.path)
            value = carry_out(feature.reading(place, rows), carrier) if there else feature.nothing(place)
            return Maybe(value, np.array([there]))
        try:
            return carry_out(feature.reading(place, rows), carrier)
        except DataError as error:
            where = error.where if error.where.startswith(str(self.path)) else f"{self.path}: {error.where}"
            raise DataError(error.what, where=where, do=error.do) from None

    def expect_rows(self, address: str, rows: Rows) -> None:
        """Refuses rows that the feature does not have."""
        place = self.model.places[address]
        size = 1 if place.lead is None else self.length(place.lead)
        if len(rows) and (int(rows.min()) < 0 or int(rows.max()) >= size):
            at = int(rows[(rows < 0) | (rows >= size)][0])
            raise RowError(
                f"row {at} is asked for, but there are {size}",
                where=f"{self.path}: {place.path}",
                do=f"rows count from 0 to {size - 1}" if size else "there are no entries",
            )

    def length(self, dim: str) -> int:
        """Number of entries of an open dim."""
        return self.carrier().length(self.model.axes[dim].path)

    def ids(self, dim: str) -> Ids:
        """The ids of a dim's entries."""
        if not self.model.has_ids(dim):
            raise UsageError(f"the entries of {dim} have no ids", where=str(self.path), do="address them by position")
        carrier = self.carrier()
        fixed = isinstance(self.hdf5().get(layout.of_dim(dim, "ids")), h5py.Dataset)
        return Ids(dim, fixed=fixed, carrier=carrier, file=str(self.path))

    def row_of(self, dim: str, text: str) -> int:
        """The row of the entry with an id."""
        return self.ids(dim).row_of(text)

    def split(self, part: str) -> Rows:
        """Rows of one part of a split, in the order of the file: int64 [n].

        Args:
            part: `split/part`.
        """
        splits = self.file.splits
        name, _, wanted = part.partition("/")
        if name not in splits or wanted not in splits[name].parts:
            known = [f"{split}/{part}" for split, declared in splits.items() for part in declared.parts]
            near = closest(part, known)
            raise UsageError(
                f"there is no part {part!r} of a split",
                where=self.file.__name__,
                do=f"did you mean {near!r}?" if near else f"there are {', '.join(known) or 'none'}",
            )
        return SplitRows(self, name, splits[name]).part(wanted)

    # What is stored against its declaration.

    def _expect_stored(self, feature: Feature[object, object], place: Place) -> None:
        carrier = self.carrier()
        if place.lead is None:
            if carrier.has(place.path) or not place.optional:
                self._expect(feature.stored_whole(place), *carrier.form(place.path))
            return
        for part in feature.stored(place):
            dtype, shape = carrier.form(part.path)
            self._expect(part, dtype, shape[1:] if shape else None)
            if part.per_entry and shape and shape[0] != self.length(place.lead):
                raise FileError(
                    f"{shape[0]} rows, but {place.lead} has {self.length(place.lead)} entries",
                    where=f"{self.path}: {part.path}",
                    do=_CHANGED,
                )

    def _expect(self, part: Stored, stored: np.dtype[np.generic], shape: tuple[int, ...] | None) -> None:
        """Compares a dataset with its declaration by our own table: HDF5 would convert without a word."""
        where, wanted = f"{self.path}: {part.path}", part.dtype
        if shape != part.shape:
            said = "no values" if shape is None else f"values of shape {list(shape)}"
            raise FileError(f"{said}, not {list(part.shape)}", where=where, do=_CHANGED)
        if h5py.check_enum_dtype(stored) != h5py.check_enum_dtype(wanted):
            raise FileError("the enum's names or values are not those of the schema", where=where, do=_CHANGED)
        if wanted.kind == "S":
            if not part.per_entry and h5py.check_string_dtype(stored) is not None:
                return
            if stored.kind != "S" or stored.itemsize > wanted.itemsize:
                raise FileError(
                    f"stored as {stored}, not as texts of {wanted.itemsize} bytes", where=where, do=_CHANGED
                )
            return
        names = np.dtype(stored.str).newbyteorder("=").name, np.dtype(wanted.str).name
        if names[0] not in NUMBERS or not keeps_values(*names):
            raise FileError(f"stored as {stored}, which {wanted} does not hold", where=where, do=_CHANGED)


_CHANGED = "the file was changed by another program; extract or copy it again"
