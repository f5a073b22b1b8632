"""Tables: features that are members of the records of one compound dataset."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from .kinds import Stored
from .spans import Carrier, Fetched, Spans

Values = NDArray[np.generic]


class Table(NamedTuple):
    """One compound dataset.

    Attributes:
        path: HDF5 path of the dataset.
        lead: Address of the dim whose entries are its rows.
        members: What each feature stores, at the path of its member.
    """

    path: str
    lead: str
    members: tuple[Stored, ...]

    @property
    def stored(self) -> Stored:
        """The dataset as it is appended to."""
        members = ((self.names(one.path), np.dtype((one.dtype, one.shape))) for one in self.members)
        return Stored(self.path, _record(list(members)), axes=(self.lead,))

    def names(self, path: str) -> tuple[str, ...]:
        """Names of a member, from the record inwards."""
        return tuple(posixpath.relpath(path, self.path).split("/"))

    def records(self, columns: Mapping[str, Values]) -> Values:
        """Rows of the dataset; the columns are by the paths of the members."""
        made = np.zeros(len(columns[self.members[0].path]), self.stored.dtype)
        for member in self.members:
            column = self.column(made, member.path)
            column[...] = columns[member.path]
        return made

    def column(self, records: Values, path: str) -> Values:
        """The values of a member, over the same memory."""
        for name in self.names(path):
            records = cast("dict[str, Values]", records)[name]  # numpy knows no fields
        return records


def _record(members: Sequence[tuple[tuple[str, ...], np.dtype[np.generic]]]) -> np.dtype[np.generic]:
    """The dtype of records; members of one first name are a record in it."""
    inner: dict[str, list[tuple[tuple[str, ...], np.dtype[np.generic]]]] = {}
    for names, dtype in members:
        inner.setdefault(names[0], []).append((names[1:], dtype))
    fields = [(name, parts[0][1] if not parts[0][0] else _record(parts)) for name, parts in inner.items()]
    return np.dtype(fields)


class TableCarrier:
    """A carrier that knows of tables: the rows of several members are one fetch of records.

    Args:
        carrier: Brings the rows of datasets.
        tables: By the path of each member.
        close: Closes the carrier.
    """

    def __init__(self, carrier: Carrier, tables: Mapping[str, Table], close: Callable[[], None] | None = None) -> None:
        self._carrier = carrier
        self._tables = tables
        self._close = close

    def fetch(self, spans: Sequence[Spans]) -> Fetched:
        """See `Carrier`."""
        asked: dict[tuple[object, ...], Spans] = {}
        keys = [self._key(one) for one in spans]
        for key, one in zip(keys, spans, strict=True):
            table = self._tables.get(one.path)
            asked.setdefault(key, one if table is None else one._replace(path=table.path))
        fetched = dict(zip(asked, self._carrier.fetch(list(asked.values())), strict=True))
        return tuple(self._values(one.path, fetched[key]) for key, one in zip(keys, spans, strict=True))

    def _key(self, asked: Spans) -> tuple[object, ...]:
        """Equal for what is one fetch."""
        table = self._tables.get(asked.path)
        lengths = asked.lengths if isinstance(asked.lengths, int) else id(asked.lengths)
        return (asked.path, id(asked)) if table is None else (table.path, id(asked.starts), lengths)

    def _values(self, path: str, rows: Values) -> Values:
        table = self._tables.get(path)
        return rows if table is None else np.ascontiguousarray(table.column(rows, path))

    def length(self, path: str) -> int:
        """See `Carrier`."""
        return self._carrier.length(self._dataset(path))

    def has(self, path: str) -> bool:
        """See `Carrier`."""
        return self._carrier.has(self._dataset(path))

    def form(self, path: str) -> tuple[np.dtype[np.generic], tuple[int, ...] | None]:
        """See `Carrier`."""
        dtype, shape = self._carrier.form(self._dataset(path))
        table = self._tables.get(path)
        if table is None:
            return dtype, shape
        for name in table.names(path):
            if name not in (dtype.names or ()):
                return dtype, None
            dtype = cast("Mapping[str, np.dtype[np.generic]]", dtype)[name]
        return dtype.base, None if shape is None else (*shape, *dtype.shape)

    def close(self) -> None:
        """Closes the carrier."""
        if self._close is not None:
            self._close()

    def _dataset(self, path: str) -> str:
        table = self._tables.get(path)
        return path if table is None else table.path


def merged(tables: Mapping[str, Table], rows: Mapping[str, Values]) -> dict[str, Values]:
    """Rows of members as rows of their tables; the others as they are."""
    found = {path: values for path, values in rows.items() if path not in tables}
    found |= {table.path: table.records(rows) for table in _of(tables, rows)}
    return found


def _of(tables: Mapping[str, Table], rows: Mapping[str, Values]) -> Iterator[Table]:
    """The tables of which there are rows, each once."""
    yield from {table.path: table for path, table in tables.items() if path in rows}.values()
