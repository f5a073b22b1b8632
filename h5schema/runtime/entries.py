"""The entries of an open dim: every feature that the dim leads, of one position."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar, cast, overload

import numpy as np

from h5schema.errors import DataError

from .blocks import Texts
from .ids import UnknownIdError
from .spans import Rows
from .view import RowError, View, as_rows

if TYPE_CHECKING:
    from .any_reader import AnyReader

EntryT = TypeVar("EntryT")

_AT_ONCE = 1024


def keys_of(address: str, dim: str) -> tuple[str, ...]:
    """Where a feature stands in the entry of a dim: names from the dim's own group, else from the root."""
    home = dim.rpartition("/")[0]
    inner = address.removeprefix(f"{home}/") if home and address.startswith(f"{home}/") else address
    return tuple(inner.split("/"))


def flat(entry: object, addresses: Sequence[str], dim: str) -> dict[str, object]:
    """The values of a nested entry by address; a group that is left out leaves out its features."""
    found: dict[str, object] = {}
    for address in addresses:
        value: object = entry
        for key in keys_of(address, dim):
            value = cast("Mapping[str, object]", value).get(key) if isinstance(value, Mapping) else None
        found[address] = value
    return found


class AnyEntries(Generic[EntryT]):
    """Entries by position."""

    __slots__ = ("_dim", "_reader")

    def __init__(self, reader: AnyReader, dim: str) -> None:
        self._reader = reader
        self._dim = dim

    def __len__(self) -> int:
        return self._reader.length(self._dim)

    def at(self, row: int) -> EntryT:
        """The entry at a position; negative ones count from the end."""
        _ = self._position(row)
        entry: dict[str, object] = {}
        for address in self._reader.model.led_by(self._dim):
            *outer, last = keys_of(address, self._dim)
            inner = entry
            for key in outer:
                inner = cast("dict[str, object]", inner.setdefault(key, {}))
            view = View(self._reader, address, self._reader.model.features[address])
            inner[last] = view[row]
        for address in self._reader.model.trees(self._dim):
            entry[keys_of(address, self._dim)[-1]] = self._reader.view(address)[row]
        return cast("EntryT", entry)

    def _position(self, row: object, room: int | None = None) -> int:
        """A position counted from 0."""
        if isinstance(row, bool) or not isinstance(row, int | np.integer):
            raise RowError(f"{row!r} is no position", where=self._where(), do="give a whole number")
        size = len(self) if room is None else room
        if not -size <= int(cast("int", row)) < size:
            raise RowError(
                f"entry {row} is asked for, but there are {size}",
                where=self._where(),
                do="positions count from 0; negative ones from the end",
            )
        return int(cast("int", row)) % size

    def _where(self) -> str:
        return f"{self._reader.name}: {self._dim}"


class Entries(AnyEntries[EntryT], Sequence[EntryT]):
    """Entries by position."""

    __slots__ = ()

    @overload
    def __getitem__(self, index: int) -> EntryT: ...
    @overload
    def __getitem__(self, index: slice) -> list[EntryT]: ...
    def __getitem__(self, index: int | slice) -> EntryT | list[EntryT]:
        if isinstance(index, slice):
            return [self.at(row) for row in self._between(index)]
        return self.at(index)

    def _between(self, index: slice) -> range:
        try:
            return range(len(self))[index]
        except (TypeError, ValueError):  # an end that is no number, a step of 0
            raise RowError(
                f"{index!r} is no slice of entries", where=self._where(), do="give whole numbers, and a step but 0"
            ) from None


class IdEntries(AnyEntries[EntryT], Mapping[str, EntryT]):
    """Entries by id, in the order of the file; by position with `at`."""

    __slots__ = ()

    def __getitem__(self, key: str) -> EntryT:
        return self.at(self.row(key))

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self), _AT_ONCE):
            yield from self.ids(np.arange(start, min(len(self), start + _AT_ONCE), dtype=np.int64))

    def __contains__(self, key: object) -> bool:
        try:
            return isinstance(key, str) and self.row(key) >= 0
        except UnknownIdError:
            return False

    def row(self, key: str) -> int:
        """The position of the entry with this id."""
        self._expect_id(key)
        return self._reader.row_of(self._dim, key)

    def ids(self, rows: Rows) -> Texts:
        """The ids of the entries at `rows`."""
        return self._reader.ids(self._dim).read(as_rows(rows, self._where()))

    def _expect_id(self, key: object) -> None:
        if not isinstance(key, str):
            position = key if isinstance(key, int) else 0
            raise DataError(
                f"{key!r} is no id",
                where=self._where(),
                do=f"give an id, which is a text; by position an entry is .at({position})",
            )
