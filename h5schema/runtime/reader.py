"""The engine behind a file: opened late, once in each process; reads blocks of features."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

import h5py
import numpy as np

from h5schema.errors import DataError, FileError, UsageError
from h5schema.vocabulary import layout

from . import stamp
from .any_reader import AnyReader
from .blocks import Maybe, Texts
from .carrier import DirectCarrier, Seen, changed, may_differ, seen
from .damage import DO, READ_ERRORS, damaged, readable
from .evolution import model_in
from .features.category import MOST_BYTES
from .forms import expect_rows, expect_whole
from .kinds import Dense, KnownWords, Place, Stored
from .model import AnyFeature, Model, model_of
from .opening import Opened, opened
from .spans import (
    Access,
    Asked,
    Carrier,
    Part,
    Reading,
    Rows,
    Spans,
    any_outside,
    carry_out,
    carry_out_together,
    in_runs,
)
from .tables import TableCarrier
from .utf8 import expect_utf8

if TYPE_CHECKING:
    from .file import File
    from .ids import Ids


class FileCarrier(Carrier, Protocol):
    """A carrier that keeps something of its file."""

    def close(self) -> None:
        """Drops what is kept of the file."""
        ...


class Compared(NamedTuple):
    """A feature whose datasets were compared with its declaration, and the number of its entries."""

    feature: AnyFeature
    place: Place
    size: int


class Reader(AnyReader):
    """Reads one file.

    It pickles as the class, the path, the mode and what was seen of the file: a handle does not survive, and need not.
    A process that is told so, or was forked, reads the same file or none.

    Args:
        file: The generated class.
        path: Of the file.
        access: See `File`.

    Attributes:
        seen: Of the file, when it was first opened; None: it was not.
    """

    def __init__(self, file: type[File], path: Path, *, access: Access = "map") -> None:
        self.file = file
        self.path = Path(os.path.abspath(path))  # it is opened late, and the working directory may change meanwhile
        self.access: Access = access
        self.seen: Seen | None = None
        self._opened: tuple[int, h5py.File, FileCarrier] | None = None
        self._compared: dict[str, Compared] = {}
        self._lengths: dict[str, int] = {}
        self._asked: dict[str, int] = {}

    @cached_property
    def model(self) -> Model:
        """What the class declares; of one with older versions, as the file has it."""
        if self.file.schema.renamed:
            self.carrier()  # which compares the file with the class
            found: Model = vars(self)["model"]
            return found
        return model_of(self.file)

    @property
    def name(self) -> str:
        return str(self.path)

    def where(self, what: str, dim: str, row: int) -> str:
        return f"{self.path}: {what}, row {row}"

    def only(self, what: str) -> Reader:
        return self

    def each(self) -> Iterator[Reader]:
        yield self

    def __getstate__(self) -> dict[str, object]:
        fresh = {"_opened": None, "_compared": dict[str, Compared](), "_lengths": dict[str, int](), "_asked": {}}
        return {"file": self.file, "path": self.path, "access": self.access, "seen": self.remembered(), **fresh}

    def carrier(self) -> Carrier:
        """Brings rows of this file; opened anew in a process that inherited it by fork."""
        if self._opened is None or self._opened[0] != os.getpid():
            self.remembered()
            found = self._open()
            try:
                self._expect_same(found)
            except FileError:
                found.file.close()
                raise
            self._opened = os.getpid(), found.file, self._carrier_of(found)
        return self._opened[2]

    def _open(self) -> Opened:
        """The open file, which is of this class; as it was when it was first opened, if it still is there."""
        found = opened(self.path, None if self.seen is None else self.seen.journal)
        try:
            self.expect(found.file)
        except FileError:
            found.file.close()
            raise
        self._forget()
        return found

    def _expect_same(self, found: Opened) -> None:
        """Refuses a file that was just opened, if it is not as it was when it was first opened."""
        now = None if found.state is None else seen(found.state, found.journal)
        if self.seen is None or now is None:
            self.seen = self.seen or now
        elif may_differ(self.seen, now, self.path) and self._commits(found.file) != self.seen.commits:
            raise changed(self.path)

    def remembered(self) -> Seen | None:
        """What was seen of the file, with its commits counted: known when it is opened again, here or elsewhere."""
        if self._opened is not None and self.seen is not None and self.seen.commits is None:
            self.seen = self.seen._replace(commits=self._commits(self._opened[1]))
        return self.seen

    def _commits(self, file: h5py.File) -> int | None:
        """How often entries were committed; None: nobody counts."""
        path = next((layout.of_dim(dim, "commits") for dim in self.model.open_dims()), None)
        try:
            return None if path is None or path not in file else int(cast("h5py.Dataset", file[path]).shape[0])
        except READ_ERRORS:  # whoever reads it will say
            return None

    def _carrier_of(self, found: Opened) -> FileCarrier:
        carrier = DirectCarrier(found.file, self.path, access=self.access, state=found.state, asked=self._asked)
        tables = self.model.tables
        return TableCarrier(carrier, tables, carrier.close) if tables else carrier

    def expect(self, file: h5py.File) -> None:
        """Refuses a file that is not of this class."""
        self.model = model_in(file, self.file.schema, model_of(self.file))

    def _forget(self) -> None:
        """Drops what was found in the file: the next one of this name may be another."""
        self._compared.clear()
        self._lengths.clear()
        self._asked.clear()

    def open(self) -> None:
        with readable(str(self.path)):
            self.carrier()

    def hdf5(self) -> h5py.File:
        """The open h5py file, for what this class does not offer; read-only."""
        self.carrier()
        assert self._opened is not None
        return self._opened[1]

    def close(self) -> None:
        """Closes the file; the next use opens it again, or another that is there by then."""
        self._shut()
        self.seen = None

    def _shut(self) -> None:
        if self._opened is not None and self._opened[0] == os.getpid():
            self._opened[2].close()
            self._opened[1].close()
        self._opened = None
        self._forget()

    # Reading.

    def read(self, address: str, rows: Rows, part: Part | None = None, run: int = 1) -> object:
        where = f"{self.path}: {self.model.places[address].path}"
        try:
            return carry_out(self._reading(Asked(address, rows, part, run)), self.carrier())
        except DataError as error:
            if error.where.startswith(str(self.path)):
                raise
            raise DataError(error.what, where=f"{self.path}: {error.where}", do=error.do) from None
        except READ_ERRORS as error:
            raise damaged(where, error) from error

    def read_together(self, asked: Sequence[Asked]) -> list[object]:
        try:
            return carry_out_together([self._reading(one) for one in asked], self.carrier())
        except (DataError, *READ_ERRORS):  # one by one the error says which feature it was
            return [self.read(*one.row_by_row()) for one in asked]

    def _reading(self, asked: Asked) -> Reading[object]:
        carrier = self.carrier()
        feature, place, size = self.compared(asked.address)
        if asked.run > 1 and (place.optional or not isinstance(feature.kind, Dense)):
            asked = asked.row_by_row()
        _, rows, part, run = asked
        if any_outside(rows, size - run + 1):
            raise self._outside(place, rows, size - run + 1)
        if run > 1:
            return (yield from in_runs(feature.reading(place, rows), rows, run))
        if part is not None:
            return (yield from feature.reading_part(place, rows, part))
        if place.lead is not None or not place.optional:
            return (yield from feature.reading(place, rows))
        there = carrier.has(place.path)
        value = (yield from feature.reading(place, rows)) if there else feature.nothing(place)
        return Maybe(value, np.array([there]))

    def length(self, dim: str) -> int:
        known = self._lengths.get(dim)
        if known is None:
            with readable(f"{self.path}: {self.model.axes[dim].path}"):
                known = self._committed(dim)
                self._lengths[dim] = known
        return known

    def lengths(self, dim: str, rows: Rows) -> Rows:
        address = self.model.over_ragged(dim)
        place = self.compared(address).place
        with readable(f"{self.path}: {place.path}"):
            return carry_out(place.located.read(place, rows), self.carrier()).lengths

    def lists(self, dim: str, rows: Rows) -> tuple[Rows, ...]:
        place = self.compared(self.model.over_chain(dim)).place
        with readable(f"{self.path}: {place.path}"):
            indexed = carry_out(place.located.read(place, rows), self.carrier())
        return (indexed.lengths, *indexed.inner)[: len(self.model.chain(dim)) - 1]

    def _committed(self, dim: str) -> int:
        """The length of a dim's scale, if the last commit record says the same."""
        carrier, path = self.carrier(), layout.of_dim(dim, "commits")
        counted = layout.of_dim(dim, "index") if self.model.is_spread(dim) else self.model.axes[dim].path
        count, commits = carrier.length(counted), carrier.length(path)
        last = carrier.fetch((Spans(path, np.array([commits - 1], np.int64)),))[0].tolist() if commits else [0]
        if last != [count]:
            raise FileError(
                f"{dim} has {count} entries, but {last[0]} by its last commit", where=f"{self.path}: {path}", do=DO
            )
        return count

    def entry_bytes(self, address: str) -> int:
        feature, place, size = self.compared(address)
        values = feature.stored(place)[0]
        if place.nodes is not None:
            return place.nodes.mean_bytes(size)
        rows = 1 if values.per_entry else self.carrier().length(values.path) // max(1, size)
        return rows * values.dtype.itemsize * int(np.prod(values.shape, dtype=np.int64))

    def ids(self, dim: str) -> Ids:
        if not self.model.has_ids(dim):
            raise UsageError(f"the entries of {dim} have no ids", where=str(self.path), do="address them by position")
        from .ids import Ids  # not needed to read by position

        path = layout.of_dim(dim, "ids")
        with readable(f"{self.path}: {path}"):
            fixed = isinstance(self.hdf5().get(path), h5py.Dataset)
        return Ids(dim, fixed=fixed, carrier=self.carrier(), file=str(self.path))

    def categories(self, address: str) -> Texts:
        words = self.compared(address).place.words
        if words is None:
            raise UsageError(f"{address} is no category", where=str(self.path), do="it has no dictionary of words")
        return words.texts

    def parameters(self) -> dict[str, object]:
        """How each feature was extracted, by address."""
        import json  # rarely

        with readable(f"{self.path}: {stamp.PARAMETERS}"):
            return cast("dict[str, object]", json.loads(stamp.read_text(self.hdf5(), stamp.PARAMETERS)))

    def verify(self) -> None:
        from .verify import verify  # rarely

        verify(self)

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

    def place(self, address: str) -> Place:
        """Where a feature lies, in the shape that it has in this file."""
        place = self.in_nodes(self.model.places[address].sized(self.length))
        dictionary = self.model.features[address].dictionary(place)
        return place if dictionary is None else place._replace(words=self._words(dictionary))

    def in_nodes(self, place: Place) -> Place:
        """The same place, whose nodes are found in this file, if it has braces."""
        if place.lead is None or not self.model.is_spread(place.lead) or "{" not in place.path:
            return place
        from .nodes import FileNodes  # few have them

        return place._replace(nodes=FileNodes(place.path, self.ids(place.lead), self.carrier()))

    def _words(self, path: str) -> KnownWords:
        """The words of a category."""
        carrier, where = self.carrier(), f"{self.path}: {path}"
        expect_rows(carrier, Stored(path, np.dtype(f"S{MOST_BYTES}")), str(self.path), None)
        (words,) = carrier.fetch((Spans(path, np.zeros(1, np.int64), carrier.length(path)),))
        texts = Texts.of(cast("list[bytes]", words.tolist()))
        expect_utf8(texts, where, None)
        return KnownWords(texts)

    def _compare(self, address: str) -> Compared:
        feature, place = self.model.features[address], self.place(address)
        carrier, file = self.carrier(), str(self.path)
        if place.lead is None:
            if carrier.has(place.path) or not place.optional:
                expect_whole(carrier, feature.stored_whole(place), file)
            return Compared(feature, place, 1)
        size = self.length(place.lead)
        for part in feature.stored(place):
            if not part.nodes:
                expect_rows(carrier, part, file, size + part.before if part.per_entry else None)
        return Compared(feature, place, size)
