"""The entries of a dim of a file that is written."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping, Sequence
from typing import TYPE_CHECKING, TypeVar, cast

from h5schema.errors import DataError, UsageError

from ..concatenation import Positions
from ..entries import Entries, IdEntries, keys_of
from ..view import Id
from .new_lengths import over
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


class RaggedAxisWriter:
    """A ragged dim of a file that is written: the features over it grow together.

    Args:
        recorder: Of the file.
        dim: Address of the dim.
    """

    __slots__ = ("_dim", "_recorder")

    def __init__(self, recorder: Recorder, dim: str) -> None:
        self._recorder = recorder
        self._dim = dim

    def append(self, key: int | Id, values: Mapping[str, object]) -> None:
        """Adds values at the end of an entry; an optional feature that it has not is left out.

        Args:
            key: Id or position of the entry.
            values: By feature: one value, or an array of some, as many of each.

        Raises:
            DataError: A value does not fit, or a feature is missing.
        """
        model, where = self._recorder.model, f"{self._recorder.path}: {self._dim}"
        features = over(model, self._dim)
        lead = model.places[features[0]].lead or "" if features else ""
        if not isinstance(values, Mapping) or not values:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise DataError(f"{values!r} are no values by feature", where=where, do=f"give {', '.join(features)}")
        given = by_address(values, model, lead)
        unknown = next((one for one in given if one not in features), None)
        if unknown is not None:
            do = f"there are {', '.join(features) or 'none'}"
            raise DataError(f"{unknown} is no feature over {self._dim}", where=where, do=do)
        first = features[0]
        size = self._recorder.transaction.room(lead)
        row = Positions(self._recorder, first, model.features[first], size).row(key)
        self._recorder.transaction.grow(row, {one: given[one] for one in features if one in given})


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
