"""The entries of a ragged dim that have ids, of a file that is written."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from typing import TypeVar

from ..keyed import Key, KeyedEntries
from .axis_writers import by_address, expect_no_trees
from .recorder import Recorder

EntryT = TypeVar("EntryT")


class KeyedAxisWriter(KeyedEntries[EntryT], MutableMapping[Key, EntryT]):
    """Entries by tuples of ids, of a file that is being written; an entry is within one that is there."""

    __slots__ = ()

    _reader: Recorder

    def __setitem__(self, key: Key, entry: EntryT) -> None:
        """Adds an entry, or replaces the one with this id."""
        self._reader.keep(self._dim, self._text(key), entry)

    def __delitem__(self, key: Key) -> None:
        """Takes the entry with this id away, and all within it; the last one gets its position."""
        _ = self.row(key)
        self._reader.take_away(self._dim, self._text(key))

    def rename(self, old: Key, new: Key) -> None:
        """Gives the entry with the id `old` another id.

        Raises:
            UnknownIdError: There is no such entry, or none within which the new one would be.
            DataError: The new one is no id, or that of another entry.
        """
        _ = self.row(old)
        self._reader.rename(self._dim, self._text(old), self._text(new))

    def extend(self, keys: Sequence[Key], blocks: Mapping[str, object]) -> None:
        """Adds many entries at once.

        Args:
            keys: One for each entry.
            blocks: By address of the feature, or nested as an entry is: an array [n, ...], a list of n values, or
                a block.
        """
        expect_no_trees(self._reader, self._dim)
        ids = [self._text(key) for key in keys]
        for one in ids:
            self._reader.expect_outer(self._dim, one)
        self._reader.transaction.put(self._dim, by_address(blocks, self._reader.model, self._dim), ids)
