"""The entries of a dim of a file that is written."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

from h5schema.errors import UsageError

from ..entries import Entries, IdEntries, keys_of
from .recorder import Recorder

if TYPE_CHECKING:
    from ..model import Model

EntryT = TypeVar("EntryT")


class AxisWriter(Entries[EntryT]):
    """The entries of a dim without ids, of a file that is being written."""

    __slots__ = ()

    _reader: Recorder

    def __setitem__(self, index: int, entry: EntryT) -> None:
        """Replaces the entry at a position."""
        row = self._position(index, self._reader.transaction.room(self._dim))
        self._reader.replace(self._dim, row, entry)

    def __delitem__(self, index: int) -> None:
        """Takes the entry at a position away; the last one gets its position."""
        self._reader.transaction.delete(self._dim, self._position(index))

    def append(self, entry: EntryT) -> None:
        """Adds one entry at the end."""
        self._reader.keep(self._dim, None, entry)

    def extend(self, blocks: Mapping[str, object]) -> None:
        """Adds many entries at once.

        Args:
            blocks: By address of the feature, or nested as an entry is: an array [n, ...], a list of n values, or
                a block.
        """
        self._reader.transaction.put(self._dim, by_address(blocks, self._reader.model, self._dim))


class IdAxisWriter(IdEntries[EntryT], MutableMapping[str, EntryT]):
    """The entries of a dim with ids, of a file that is being written."""

    __slots__ = ()

    _reader: Recorder

    def __setitem__(self, key: str, entry: EntryT) -> None:
        """Adds an entry, or replaces the one with this id."""
        self._reader.keep(self._dim, key, entry)

    def __delitem__(self, key: str) -> None:
        """Takes the entry with this id away, and all within it; the last one gets its position."""
        _ = self.row(key)
        self._reader.take_away(self._dim, key)

    def rename(self, old: str, new: str) -> None:
        """Gives the entry with the id `old` another id.

        Raises:
            UnknownIdError: There is no such entry.
            DataError: The new one is no id, or that of another entry.
        """
        _ = self.row(old)
        self._reader.rename(self._dim, old, new)

    def extend(self, ids: Sequence[str], blocks: Mapping[str, object]) -> None:
        """Adds many entries at once.

        Args:
            ids: One for each entry.
            blocks: By address of the feature, or nested as an entry is: an array [n, ...], a list of n values, or
                a block.
        """
        expect_no_trees(self._reader, self._dim)
        self._reader.transaction.put(self._dim, by_address(blocks, self._reader.model, self._dim), ids)


def expect_no_trees(recorder: Recorder, dim: str) -> None:
    """Refuses to add many entries at once that have mappings of their own.

    Raises:
        UsageError: They do.
    """
    trees = recorder.model.trees(dim)
    if trees:
        raise UsageError(
            f"{', '.join(trees)}: each entry of {dim} has names of its own",
            where=f"{recorder.path}: {dim}",
            do=f"give entries one by one: file.{dim.replace('/', '.')}[id] = {{...}}",
        )


def by_address(blocks: Mapping[str, object], model: Model, dim: str) -> dict[str, object]:
    """Blocks that are nested as the entries of a dim are, by address of their features."""
    known = {"/".join(keys_of(address, dim)): address for address in model.led_by(dim)}
    found: dict[str, object] = {}
    waiting = list(blocks.items())
    while waiting:
        name, value = waiting.pop(0)
        if isinstance(value, Mapping) and name not in known and name not in known.values():
            waiting += [(f"{name}/{inner}", one) for inner, one in cast("Mapping[str, object]", value).items()]
        else:
            found[known.get(name, name)] = value
    return found
