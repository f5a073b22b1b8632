"""The engine behind a writer: takes entries, checks them, and hands them on to a transaction."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from pathlib import Path
from typing import Generic, TypeVar, cast

import h5py

from h5schema.errors import DataError, UsageError

from .. import stamp
from ..arguments import flag
from ..entries import Entries, IdEntries, flat, keys_of
from ..file import File
from ..ids import unknown_id
from ..kinds import Place
from ..opening import open_to_read
from ..reader import Compared, Reader
from ..spans import Asked, Carrier, Part, Rows
from ..system import uninterrupted
from .claim import Claim, Standing
from .edit import Edit
from .transaction import Transaction

EntryT = TypeVar("EntryT")


class Recorder(Reader):
    """The engine behind a writer: reads what was put so far, and puts more."""

    def __init__(self, file: type[File], path: Path) -> None:
        super().__init__(file, path)
        self._transaction: Transaction | None = None

    def __getstate__(self) -> dict[str, object]:
        return {**super().__getstate__(), "_transaction": None}

    def begin(self, *, overwrite: bool) -> None:
        """Begins a new file."""
        text = stamp.schema_text(self.file)
        overwrite = flag("overwrite", overwrite, str(self.path))
        claim = Claim(self.path, overwrite=overwrite, resumes=False, sync=True)
        self._transaction = Transaction(claim, self.model, self.file.schema, text)

    def edit(self) -> None:
        """Begins to add entries to a finished file."""
        open_to_read(self.path).close()  # which says what it is, if it is no finished file
        claim = Standing(self.path, sync=True)
        try:
            self._transaction = Edit(claim, self.model, self.file.schema)
        except BaseException:
            claim.leave()
            raise

    @property
    def transaction(self) -> Transaction:
        """What is being written."""
        if self._transaction is None:
            raise UsageError(
                "no file is being written",
                where=str(self.path),
                do=f"begin with {self.file.__name__}.create(path), or with .edit(path) to add to a finished file",
            )
        return self._transaction

    @property
    def is_open(self) -> bool:
        """Whether something was begun and neither published nor dropped."""
        return self._transaction is not None

    def carrier(self) -> Carrier:
        return self.transaction.carrier

    def hdf5(self) -> h5py.File:
        self.carrier()  # every dataset is made before somebody looks
        return self.transaction.file

    def read(self, address: str, rows: Rows, part: Part | None = None) -> object:
        with uninterrupted():  # where h5py lets go of what it read, Python would swallow a Ctrl-C
            return super().read(address, rows, part)

    def read_together(self, asked: Sequence[Asked]) -> list[object]:
        with uninterrupted():
            return super().read_together(asked)

    def length(self, dim: str) -> int:
        self.transaction.flush(dim)
        return self.transaction.count(dim)

    def compared(self, address: str) -> Compared:
        return self._compare(address)  # anew each time: the file grows

    def place(self, address: str) -> Place:
        known = self.transaction.model.places.get(address)
        if known is None:
            raise DataError(
                "no entry has a value yet",
                where=f"{self.path}: {self.model.places[address].path}",
                do="read it when the first one is written",
            )
        return known

    def row_of(self, dim: str, text: str) -> int:
        row = self.transaction.row_of(dim, text)
        if row is None:
            raise unknown_id(dim, text, str(self.path))
        return row

    def entries(self, dim: str) -> object:
        found: IdAxisWriter[object] | AxisWriter[object] = (
            IdAxisWriter(self, dim) if self.model.has_ids(dim) else AxisWriter(self, dim)
        )
        return found

    def assign(self, address: str, value: object) -> None:
        place = self.model.places[address]
        if place.across:
            self.transaction.put_all(address, value)
            return
        if place.lead is not None:
            raise UsageError(
                f"{address} has an entry for each of {place.lead}, so it is not assigned as a whole",
                where=str(self.path),
                do=f"give entries: file.{place.lead}.extend(...)",
            )
        self.transaction.put_whole(address, value)

    def keep(self, dim: str, key: str | None, entry: object) -> None:
        """Takes one entry: it is checked and copied now, and written together with others."""
        transaction = self.transaction
        if transaction.put_plain(dim, entry, key):
            return
        addresses = self.model.led_by(dim)
        _expect_keys(entry, addresses, dim, f"{self.path}: {dim}" + ("" if key is None else f" ({key!r})"))
        transaction.put_one(dim, flat(entry, addresses, dim), key)

    def publish(self) -> None:
        """Completes the file and gives it its final name."""
        self.transaction.publish()
        self._transaction = None

    def close(self) -> None:
        if self._transaction is not None:
            self._transaction.discard()
            self._transaction = None


def _expect_keys(entry: object, addresses: Sequence[str], dim: str, where: str) -> None:
    """Refuses an entry with a key that is no feature: its value would be lost without a word."""
    if not isinstance(entry, Mapping):
        raise DataError(f"{type(entry).__name__} is no entry", where=where, do="give a mapping from feature to value")
    known = {keys_of(address, dim) for address in addresses}
    for path, value in _leaves(cast("Mapping[str, object]", entry), (), known):
        left_out = value is None and any(one[: len(path)] == path for one in known)
        if path not in known and not left_out:
            raise DataError(
                f"{'/'.join(map(str, path))} is no feature of an entry of {dim}",
                where=where,
                do=f"an entry has {', '.join('/'.join(one) for one in sorted(known))}",
            )


def _leaves(
    entry: Mapping[str, object], before: tuple[str, ...], known: Set[tuple[str, ...]]
) -> Iterator[tuple[tuple[str, ...], object]]:
    for key, value in entry.items():
        path = (*before, key)
        if isinstance(value, Mapping) and path not in known:
            yield from _leaves(cast("Mapping[str, object]", value), path, known)
        else:
            yield path, value


class AxisWriter(Entries[EntryT], Generic[EntryT]):
    """The entries of a dim without ids, of a file that is being written."""

    __slots__ = ()

    _reader: Recorder

    def append(self, entry: EntryT) -> None:
        """Adds one entry at the end."""
        self._reader.keep(self._dim, None, entry)

    def extend(self, blocks: Mapping[str, object]) -> None:
        """Adds many entries at once.

        Args:
            blocks: By address of the feature: an array [n, ...], a list of n values, or a block.
        """
        self._reader.transaction.put(self._dim, blocks)


class IdAxisWriter(IdEntries[EntryT], Generic[EntryT]):
    """The entries of a dim with ids, of a file that is being written."""

    __slots__ = ()

    _reader: Recorder

    def __setitem__(self, key: str, entry: EntryT) -> None:
        self._reader.keep(self._dim, key, entry)

    def extend(self, ids: Sequence[str], blocks: Mapping[str, object]) -> None:
        """Adds many entries at once.

        Args:
            ids: One for each entry.
            blocks: By address of the feature: an array [n, ...], a list of n values, or a block.
        """
        self._reader.transaction.put(self._dim, blocks, ids)
