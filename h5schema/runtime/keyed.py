"""The entries of a ragged dim that have ids: each is found by a tuple, the ids of the outer dims first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias, TypeVar, cast

import numpy as np

from h5schema.errors import DataError

from .entries import AnyEntries
from .ids import unknown_id
from .node_paths import INSIDE
from .spans import Rows
from .view import as_rows

if TYPE_CHECKING:
    from .any_reader import AnyReader
    from .model import Model

EntryT = TypeVar("EntryT")
Key: TypeAlias = "tuple[str, ...]"

_AT_ONCE = 1024


def as_key(given: object, dims: Sequence[str], where: str) -> str:
    """The id, as one text, of an entry within others.

    Args:
        given: A tuple of ids, or one id if there is but one dim.
        dims: Of the ids, the outermost first.
        where: For errors.

    Raises:
        DataError: It is no such tuple.
    """
    known = cast("tuple[object, ...]", given if isinstance(given, tuple) else (given,))
    parts = [one for one in known if isinstance(one, str) and one]
    if len(parts) < len(known) or len(parts) != len(dims):
        wanted = ", ".join(f"an id of {dim}" for dim in dims)
        raise DataError(f"{given!r} is no id", where=where, do=f"give texts: ({wanted})" if len(dims) > 1 else wanted)
    slashed = next((number for number, one in enumerate(parts[:-1]) if INSIDE in one), None)
    if slashed is not None:
        raise DataError(
            f"the id {parts[slashed]!r} has a slash, so nothing can be within it",
            where=where,
            do=f"give the entry of {dims[slashed]} an id without one",
        )
    return INSIDE.join(parts)


def text_of(given: object, model: Model, dim: str, where: str) -> str:
    """The id of an entry of a dim as one text: of a tuple, or of a text that is the id itself where no dim is outer."""
    return as_key(given, model.ids_of(dim), where)


def parts_of(text: str, depth: int) -> Key:
    """The tuple that an id is."""
    return tuple(text.split(INSIDE, depth - 1))


def named_within(reader: AnyReader, dim: str, outer: str) -> dict[str, int]:
    """The rows of a dim's entries within another entry, by their own ids there.

    Args:
        reader: Of the file.
        dim: Address of the dim.
        outer: Id of the other entry.
    """
    size = reader.length(dim)
    if not size:
        return {}
    texts = reader.ids(dim).read(np.arange(size, dtype=np.int64))
    before = f"{outer}{INSIDE}"
    values, offsets = texts.encoded.values, texts.encoded.offsets
    encoded = before.encode()
    rows = np.flatnonzero(np.diff(offsets) > len(encoded))
    for number in range(len(encoded) - 1, -1, -1):
        rows = rows[values[offsets[rows] + number] == encoded[number]]
    return {texts[row].removeprefix(before): row for row in rows.tolist()}


class KeyedEntries(AnyEntries[EntryT], Mapping[Key, EntryT]):
    """Entries by tuples of ids, in the order of the file; by position with `at`, of one outer entry with `of`."""

    __slots__ = ()

    def __getitem__(self, key: Key) -> EntryT:
        return self.at(self.row(key))

    def __iter__(self) -> Iterator[Key]:
        for start in range(0, len(self), _AT_ONCE):
            yield from self.ids(np.arange(start, min(len(self), start + _AT_ONCE), dtype=np.int64))

    def __contains__(self, key: object) -> bool:
        try:
            return isinstance(key, tuple) and self.row(cast("Key", key)) >= 0
        except DataError:  # no tuple of as many ids, or there is no such entry
            return False

    def row(self, key: Key) -> int:
        """The position of the entry with this id."""
        return self._reader.row_of(self._dim, self._text(key))

    def ids(self, rows: Rows) -> list[Key]:
        """The ids of the entries at `rows`."""
        depth = len(self._outer) + 1
        return [parts_of(text, depth) for text in self._reader.ids(self._dim).read(as_rows(rows, self._where()))]

    def of(self, *outer: str) -> Mapping[str, EntryT]:
        """The entries within one entry of the outer dim, by their own ids there; as they are now.

        Args:
            outer: Its id.

        Raises:
            UnknownIdError: There is no such entry.
        """
        first = cast("object", outer[0]) if outer else None
        if isinstance(first, tuple):
            said = ", ".join(map(repr, cast("tuple[object, ...]", first)))
            raise DataError("the ids of the outer entries are given one by one", where=self._where(), do=f"of({said})")
        text = as_key(outer, self._outer, self._where())
        _ = self._reader.row_of(self._outer[-1], text)
        return Within(self, outer, named_within(self._reader, self._dim, text))

    @property
    def dim(self) -> str:
        """Address of the dim."""
        return self._dim

    @property
    def name(self) -> str:
        """Of the file, for errors."""
        return self._reader.name

    @property
    def _outer(self) -> tuple[str, ...]:
        return self._reader.model.outer(self._dim)

    def _text(self, key: object) -> str:
        return text_of(key, self._reader.model, self._dim, self._where())


class Within(Mapping[str, EntryT]):
    """Some entries, each by its own id within another entry.

    Args:
        entries: Of the dim.
        outer: Id of the other entry.
        names: Own ids of those that are in it.
    """

    def __init__(self, entries: KeyedEntries[EntryT], outer: Key, names: Iterable[str]) -> None:
        self._entries = entries
        self._outer = outer
        self._names = dict.fromkeys(names)

    def __getitem__(self, name: str) -> EntryT:
        if name not in self._names:
            raise unknown_id(self._entries.dim, name, self._entries.name)
        return self._entries[(*self._outer, name)]  # in a file that is written rows move

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"<{', '.join(self._names) or 'no entries'}>"
