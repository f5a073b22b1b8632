"""Files and groups: the classes that generated readers derive from."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self, cast, overload

import h5py
import numpy as np

from h5schema.errors import DataError, FileError, UsageError
from h5schema.vocabulary import layout
from h5schema.vocabulary.dtypes import NUMBERS, keeps_values
from h5schema.vocabulary.suggest import closest

from . import checksums, stamp
from .blocks import Maybe
from .carrier import H5pyCarrier
from .entries import Entries, IdEntries
from .features import Feature
from .ids import Ids
from .kinds import Place, Stored
from .model import Model, model_of
from .opening import open_to_read
from .spans import Rows, carry_out
from .splits import Split, SplitRows
from .stamp import Schema
from .view import RowError, View


class Node:
    """The root of a file, or a group in it."""

    _file: File
    _address: str

    def view(self, name: str) -> View[object, object]:
        """The view of the feature `name` of this node."""
        address = f"{self._address}/{name}" if self._address else name
        return View(self._file, address, self._file.model.features[address])

    def entries(self, name: str) -> object:
        """The entries of the dim `name` of this node."""
        return self._file.entries_of(f"{self._address}/{name}" if self._address else name)

    def assign(self, name: str, value: object) -> None:
        """Gives the feature `name` of this node, which has no entries, its value."""
        self._file.assign_at(f"{self._address}/{name}" if self._address else name, value)


class Group(Node):
    """A group of a file class: declared as `cells = CellsGroup("cells")`.

    Args:
        at: HDF5 path relative to the enclosing group.
    """

    def __init__(self, at: str) -> None:
        self.at = at
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, node: None, owner: type) -> Self: ...
    @overload
    def __get__(self, node: Node, owner: type) -> Self: ...
    def __get__(self, node: Node | None, owner: type) -> Self:
        if node is None:
            return self
        bound = type(self)(self.at)
        bound._name = self._name
        bound._file = node._file
        bound._address = f"{node._address}/{self._name}" if node._address else self._name
        return bound


class File(Node):
    """An HDF5 file of one schema, for reading.

    The file is opened when it is first needed, once in each process, so an instance may
    be pickled and may be used before and after a fork.

    Args:
        path: Of the file.

    Raises:
        FileError: When it is opened: it is missing, damaged, or of another schema.
    """

    schema: ClassVar[Schema]
    splits: ClassVar[Mapping[str, Split]] = {}

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._file = self
        self._address = ""
        self._opened: tuple[int, h5py.File, H5pyCarrier] | None = None
        self._known: set[str] = set()

    @property
    def model(self) -> Model:
        """What the class declares."""
        return model_of(type(self))

    # Opening and closing.

    def carrier(self) -> H5pyCarrier:
        """Brings rows of this file; opened anew in a process that inherited it by fork."""
        if self._opened is None or self._opened[0] != os.getpid():
            file = open_to_read(self.path)
            try:
                stamp.expect(file, self.schema, self.model.layout())
            except FileError:
                file.close()
                raise
            self._opened = os.getpid(), file, H5pyCarrier(file)
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
            self._opened[1].close()
        self._opened = None

    def __enter__(self) -> Self:
        self.carrier()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __getstate__(self) -> dict[str, object]:
        return {"path": self.path}

    def __setstate__(self, state: dict[str, object]) -> None:
        type(self).__init__(self, cast("Path", state["path"]))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.path)!r})"

    def assign_at(self, address: str, value: object) -> None:
        """Gives a feature that has no entries its value; writers do."""
        raise UsageError(
            f"{type(self).__name__} reads; it does not write",
            where=f"{self.path}: {address}",
            do=f"write with {type(self).__name__}Writer",
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

    def entries_of(self, dim: str) -> object:
        """The entries of an open dim: a sequence, or a mapping if they have ids."""
        return IdEntries[object](self, dim) if self.model.has_ids(dim) else Entries[object](self, dim)

    def split(self, part: str) -> Rows:
        """Rows of one part of a split, in the order of the file: `file.split("random/train")`."""
        name, _, wanted = part.partition("/")
        if name not in self.splits or wanted not in self.splits[name].parts:
            known = [f"{split}/{part}" for split, declared in self.splits.items() for part in declared.parts]
            near = closest(part, known)
            raise UsageError(
                f"there is no part {part!r} of a split",
                where=type(self).__name__,
                do=f"did you mean {near!r}?" if near else f"there are {', '.join(known) or 'none'}",
            )
        return SplitRows(self, name, self.splits[name]).part(wanted)

    @property
    def parameters(self) -> dict[str, object]:
        """How each feature was extracted, by address: its `call` and `params`; empty for a file written by hand."""
        return cast("dict[str, object]", json.loads(stamp.read_text(self.hdf5(), stamp.PARAMETERS)))

    def verify(self) -> None:
        """Reads everything once and compares it with its checksums.

        Raises:
            FileError: A block differs; its dataset and rows are named.
        """
        checksums.verify(self.hdf5())

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
