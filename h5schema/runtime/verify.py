"""Reads everything in a file once, and compares it with its checksums and its declarations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import FileError
from h5schema.vocabulary import layout

from . import stamp
from .damage import DO, READ_ERRORS, readable
from .forms import expect_rows
from .ids import stored_ids
from .kinds import EndToEnd, Files, Place, as_bytes, nested, present_at, records_at, shapes_of, sum_of, sums_of
from .reader import Reader
from .spans import Rows, Spans, carry_out
from .writing import checksums


def verify(reader: Reader) -> None:
    """Compares every dataset and attribute that the class declares with its form and its checksums.

    Raises:
        FileError: One is missing, has another form, cannot be read, or is not what was written.
    """
    _Verification(reader).run()


class _Verification:
    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._model = reader.model
        self._carrier = reader.carrier()
        self._file = reader.hdf5()
        self._name = str(reader.path)

    def run(self) -> None:
        """See `verify`. What is ours comes first: it says how many entries there are, and which values they have."""
        with readable(self._name):
            known = sorted(self._summed())
        ours = [path for path in known if path.startswith(f"/{layout.RESERVED}/")]
        for path in ours:
            self._compare(path)
        with readable(self._name):
            held = self._held()
        for path in held:
            if path not in known:
                raise FileError(f"the checksums of {path} are missing", where=f"{self._name}: {_FOLDER}", do=DO)
        for path in known:
            if path not in ours:
                self._compare(path)
        for address, place in self._model.places.items():
            if place.lead is not None and place.path in self._model.nodes(place.lead):
                self._compare_nodes(address, self._reader.length(place.lead))

    def _held(self) -> list[str]:
        """What the file is to have checksums of; all of it is there, in its form."""
        for address in self._model.features:
            self._reader.compared(address)
        dims = [path for dim in self._model.open_dims() for path in self._dim(dim)]
        return [stamp.SCHEMA, stamp.LAYOUT, stamp.PARAMETERS, *dims, *self._features()]

    def _dim(self, dim: str) -> list[str]:
        """The datasets of an open dim, of the form that they are to have."""
        count = self._reader.length(dim)
        parts = [(part, count if part.per_entry else None) for part in self._model.kept(dim)]
        if self._model.has_ids(dim):
            parts += stored_ids(dim, count, fixed=isinstance(self._file.get(layout.of_dim(dim, "ids")), h5py.Dataset))
        for part, rows in parts:
            expect_rows(self._carrier, part, self._name, rows)
        return [part.path for part, _ in parts]

    def _features(self) -> Iterator[str]:
        """The datasets and attributes of features; an optional one may not be there."""
        for address, place in self._model.places.items():
            if place.lead is not None:
                yield from (part.path for part in self._model.stored(address) if not part.nodes)
                if (words := self._model.features[address].dictionary(place)) is not None:
                    yield words
            elif not place.optional or self._carrier.has(place.path):
                yield place.path

    def _summed(self) -> set[str]:
        """What has checksums, by path."""
        found: set[str] = set()

        def note(name: str, one: object) -> None:
            if isinstance(one, h5py.Dataset):
                found.add(name if name.startswith("@") else f"/{name}")

        if not isinstance(folder := self._file.get(_FOLDER), h5py.Group):
            raise FileError("the checksums are missing", where=f"{self._name}: {_FOLDER}", do=DO)
        folder.visititems(note)
        return found

    def _compare(self, path: str) -> None:
        where = f"{self._name}: {path}"
        with readable(where):
            if not self._carrier.has(path):
                raise FileError(f"the {'attribute' if '@' in path else 'dataset'} is missing", where=where, do=DO)
            count = checksums.count_of(self._file, path)
            sums, step = self._sums_of(path)
        if len(sums) != -(-count // step):
            raise FileError(
                f"there are {count} rows, but checksums for {len(sums)} blocks of {step}", where=where, do=DO
            )
        for number, wanted in enumerate(sums.tolist()):
            first, last = number * step, min(count, (number + 1) * step)
            if not self._is(path, first, last, wanted):
                raise FileError(f"{self._said(path, first, last)} not what was written", where=where, do=DO)

    def _compare_nodes(self, address: str, count: int) -> None:
        """Compares the dataset of each entry with its checksum."""
        place = self._reader.compared(address).place
        assert place.nodes is not None
        for first in range(0, count, _TOGETHER):
            rows = np.arange(first, min(count, first + _TOGETHER), dtype=np.int64)
            present = carry_out(present_at(place, rows), self._carrier)
            (sums,) = self._carrier.fetch((Spans(sums_of(place), rows[present]),))
            for row, wanted in zip(rows[present].tolist(), sums.tolist(), strict=True):
                self._compare_node(place, np.array([row], np.int64), cast("int", wanted))

    def _compare_node(self, place: Place, rows: Rows, wanted: int) -> None:
        path = place.nodes.paths(rows)[0] if place.nodes is not None else place.path
        try:
            (record,) = carry_out(records_at(place, rows), self._carrier)
            right = sum_of(record) == wanted and self._has_lengths(place, rows, record.shape)
        except READ_ERRORS:
            right = False
        if not right:
            raise FileError("the value is not what was written", where=f"{self._name}: {path}", do=DO)

    def _has_lengths(self, place: Place, rows: Rows, shape: tuple[int, ...]) -> bool:
        """Whether the shape of an entry is what its ragged dims say."""
        if not place.ragged:
            return True
        indexed = carry_out(place.located.read(place, rows), self._carrier)
        return bool(
            (np.array(shape[: len(place.outer)]) == shapes_of(place, (indexed.lengths, *indexed.inner))[0]).all()
        )

    def _sums_of(self, path: str) -> tuple[NDArray[np.uint32], int]:
        """The checksums of a dataset, and for how many rows each stands."""
        stored = self._file[checksums.path_of(path)]
        sums, step = np.asarray(stored[()]), int(stored.attrs.get(checksums.ROWS_PER_BLOCK, 0))
        if sums.dtype != np.uint32 or sums.ndim != 1 or step < 1:
            raise FileError(f"the checksums of {path} are damaged", where=f"{self._name}: {_FOLDER}", do=DO)
        return sums, step

    def _is(self, path: str, first: int, last: int, wanted: int) -> bool:
        try:
            return checksums.crc(checksums.rows_of(self._file, path, first, last)) == wanted
        except READ_ERRORS:
            return False

    def _said(self, path: str, first: int, last: int) -> str:
        """Which rows these are, as a user counts them: rows of entries, also where values lie end to end."""
        if "@" in path or not cast("h5py.Dataset", self._file[path]).shape:
            return "the value is"
        for address, place in self._model.places.items():
            if place.path == path and self._model.is_end_to_end(address):
                kept = isinstance(self._model.features[address].kind, Files)
                starts, ends = self._extents(as_bytes(place) if kept else place)
                rows = np.flatnonzero((starts >= 0) & (starts < last) & (ends > first))
                return f"the values of {_rows(int(rows[0]), int(rows[-1]))} are" if len(rows) else "the values are"
        return f"{_rows(first, last - 1)} {'is' if last - first == 1 else 'are'}"

    def _extents(self, place: Place) -> tuple[Rows, Rows]:
        """First and last row of the values of each entry, the last of which is not one of them."""
        assert place.lead is not None
        rows = np.arange(self._reader.length(place.lead), dtype=np.int64)
        indexed, present = carry_out(EndToEnd().located(place, rows), self._carrier)
        starts = indexed.starts if present is None else np.where(present, indexed.starts, -1)
        return starts, indexed.starts + np.diff(nested(place, indexed).row_offsets)


_FOLDER = checksums.FOLDER
_TOGETHER = 4096
"""Nodes of which the checksums are read at a time."""


def _rows(first: int, last: int) -> str:
    return f"row {first}" if first == last else f"rows {first} to {last}"
