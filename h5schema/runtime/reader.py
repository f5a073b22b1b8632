"""The engine behind a file: opened late, once in each process; reads blocks of features."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, cast

import h5py
import numpy as np

from h5schema.errors import DataError, FileError, UsageError
from h5schema.vocabulary import layout
from h5schema.vocabulary.suggest import closest

from . import stamp
from .blocks import Maybe
from .carrier import DirectCarrier
from .damage import DO, READ_ERRORS, damaged, readable
from .entries import Entries, IdEntries
from .forms import expect_rows, expect_whole
from .ids import Ids
from .kinds import Place
from .model import AnyFeature, Model, model_of
from .opening import open_to_read
from .spans import Carrier, Reading, Rows, Spans, carry_out, carry_out_together
from .splits import SplitRows
from .view import RowError, View

if TYPE_CHECKING:
    from .file import File


class Compared(NamedTuple):
    """A feature whose datasets were compared with its declaration, and the number of its entries."""

    feature: AnyFeature
    place: Place
    size: int


class Reader:
    """Reads a file of one class; what generated classes offer is a face of this.

    It pickles as the class, the path and the mode: a handle does not survive, and need not.

    Args:
        file: The generated class.
        path: Of the file.
        mapped: See `File`.
    """

    def __init__(self, file: type[File], path: Path, *, mapped: bool = True) -> None:
        self.file = file
        self.path = path
        self.mapped = mapped
        self._opened: tuple[int, h5py.File, DirectCarrier] | None = None
        self._compared: dict[str, Compared] = {}
        self._lengths: dict[str, int] = {}

    @cached_property
    def model(self) -> Model:
        """What the class declares."""
        return model_of(self.file)

    def __getstate__(self) -> dict[str, object]:
        fresh = {"_opened": None, "_compared": dict[str, Compared](), "_lengths": dict[str, int]()}
        return {"file": self.file, "path": self.path, "mapped": self.mapped, **fresh}

    def carrier(self) -> Carrier:
        """Brings rows of this file; opened anew in a process that inherited it by fork."""
        if self._opened is None or self._opened[0] != os.getpid():
            file = open_to_read(self.path)
            try:
                stamp.expect(file, self.file.schema, self.model.layout())
            except FileError:
                file.close()
                raise
            self._opened = os.getpid(), file, DirectCarrier(file, self.path, mapped=self.mapped)
            self._compared.clear()
            self._lengths.clear()
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
        self._lengths.clear()

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
        where = f"{self.path}: {self.model.places[address].path}"
        try:
            return carry_out(self._reading(address, rows), self.carrier())
        except DataError as error:
            if error.where.startswith(str(self.path)):
                raise
            raise DataError(error.what, where=f"{self.path}: {error.where}", do=error.do) from None
        except READ_ERRORS as error:
            raise damaged(where, error) from error

    def read_together(self, asked: Sequence[tuple[str, Rows]]) -> list[object]:
        """The blocks of several features, each at its rows, in as few fetches as one of them needs."""
        try:
            return carry_out_together([self._reading(address, rows) for address, rows in asked], self.carrier())
        except (DataError, *READ_ERRORS):  # one by one the error says which feature it was
            return [self.read(address, rows) for address, rows in asked]

    def _reading(self, address: str, rows: Rows) -> Reading[object]:
        carrier = self.carrier()
        feature, place, size = self.compared(address)
        if len(rows) and int(rows.view(np.uint64).max()) >= size:  # a negative row would be large
            raise self._outside(place, rows, size)
        if place.lead is not None or not place.optional:
            return (yield from feature.reading(place, rows))
        there = carrier.has(place.path)
        value = (yield from feature.reading(place, rows)) if there else feature.nothing(place)
        return Maybe(value, np.array([there]))

    def _outside(self, place: Place, rows: Rows, size: int) -> RowError:
        return RowError(
            f"row {int(rows[(rows < 0) | (rows >= size)][0])} is asked for, but there are {size}",
            where=f"{self.path}: {place.path}",
            do=f"rows count from 0 to {size - 1}" if size else "there are no entries",
        )

    def length(self, dim: str) -> int:
        """Number of entries of an open dim."""
        known = self._lengths.get(dim)
        if known is None:
            with readable(f"{self.path}: {self.model.axes[dim].path}"):
                known = self._committed(dim)
                self._lengths[dim] = known
        return known

    def _committed(self, dim: str) -> int:
        """The length of a dim's scale, if the last commit record says the same."""
        carrier, path = self.carrier(), layout.of_dim(dim, "commits")
        count, commits = carrier.length(self.model.axes[dim].path), carrier.length(path)
        last = carrier.fetch((Spans(path, np.array([commits - 1], np.int64)),))[0].tolist() if commits else [0]
        if last != [count]:
            raise FileError(
                f"{dim} has {count} entries, but {last[0]} by its last commit", where=f"{self.path}: {path}", do=DO
            )
        return count

    def entry_bytes(self, address: str) -> int:
        """Stored bytes of one entry of a feature, on average."""
        feature, place, size = self.compared(address)
        values = feature.stored(place)[0]
        rows = 1 if values.per_entry else self.carrier().length(values.path) // max(1, size)
        return rows * values.dtype.itemsize * int(np.prod(values.shape, dtype=np.int64))

    def ids(self, dim: str) -> Ids:
        """The ids of a dim's entries."""
        if not self.model.has_ids(dim):
            raise UsageError(f"the entries of {dim} have no ids", where=str(self.path), do="address them by position")
        carrier, path = self.carrier(), layout.of_dim(dim, "ids")
        with readable(f"{self.path}: {path}"):
            fixed = isinstance(self.hdf5().get(path), h5py.Dataset)
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

    def parameters(self) -> dict[str, object]:
        """How each feature was extracted, by address."""
        with readable(f"{self.path}: {stamp.PARAMETERS}"):
            return cast("dict[str, object]", json.loads(stamp.read_text(self.hdf5(), stamp.PARAMETERS)))

    # What is stored against its declaration.

    def compared(self, address: str) -> Compared:
        """A feature, once its datasets were compared with its declaration.

        Raises:
            FileError: They differ.
        """
        known = self._compared.get(address)
        if known is None:
            with readable(f"{self.path}: {self.model.places[address].path}"):
                known = self._compared[address] = self._compare(address)
        return known

    def _compare(self, address: str) -> Compared:
        feature, place = self.model.features[address], self.model.places[address]
        carrier, file = self.carrier(), str(self.path)
        if place.lead is None:
            if carrier.has(place.path) or not place.optional:
                expect_whole(carrier, feature.stored_whole(place), file)
            return Compared(feature, place, 1)
        size = self.length(place.lead)
        for part in feature.stored(place):
            expect_rows(carrier, part, file, size if part.per_entry else None)
        return Compared(feature, place, size)
