"""Entries of one dim that were given one by one, and wait to be written together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sized
from typing import TYPE_CHECKING, TypeAlias, cast

from ..blocks import bytes_in
from ..entries import keys_of
from .chunking import row_bytes
from .columns import Column, column_of
from .taken import Checked, Given, checked, together

if TYPE_CHECKING:
    from ..model import Model

_TOGETHER = 1024
"""Entries that are written at a time, if they are not too large."""
_TOGETHER_BYTES = 8 << 20


class Waiting:
    """The entries of one dim that wait.

    Those whose values all plainly fit lie in columns, behind those that went the long way.

    Args:
        model: What the file class declares.
        dim: Address of the dim.
        target: Name of the file, for errors.
    """

    def __init__(self, model: Model, dim: str, target: str) -> None:
        self._model = model
        self._dim = dim
        self._target = target
        self._looked_at: list[Checked] = []
        self._ids: list[str] = []
        self._in_columns = 0
        self._count = 0
        self._bytes = 0
        self._most, self._columns = _columns(model, dim)
        self._puts = _tree({keys_of(address, dim): column.put for address, column in self._columns.items()})
        self._together = _lengths_together(model, dim)

    def put(self, entry: object) -> int:
        """Copies an entry to the next row, if it plainly fits, and returns its bytes, else -1; `keep` makes it wait."""
        if not self._puts or (self._together and not _are_alike(entry, self._together)):
            return -1
        return _put(self._puts, entry, self._in_columns)

    def keep(self, key: str | None, size: int) -> bool:
        """The entry that was put waits; returns whether all are to be written."""
        if key is not None:
            self._ids.append(key)
        self._in_columns += 1
        self._count += 1
        self._bytes += size
        return self._count >= self._most or self._bytes >= _TOGETHER_BYTES

    def add(self, entry: Checked) -> bool:
        """An entry that went the long way waits; returns whether all are to be written."""
        self._close_columns()
        self._looked_at.append(entry)
        self._count += 1
        self._bytes += sum(bytes_in(block) for block, _ in entry.blocks.values())
        return self._count >= self._most or self._bytes >= _TOGETHER_BYTES

    def taken(self) -> Checked | None:
        """All that wait, no longer; None: there are none."""
        self._close_columns()
        entries = together(self._looked_at) if self._looked_at else None
        self._looked_at = []
        self._count = self._bytes = 0
        return entries

    def _close_columns(self) -> None:
        """What lies in the columns is checked with the same rules as everything else."""
        if self._in_columns:
            values = {address: column.given(self._in_columns) for address, column in self._columns.items()}
            given = Given(values, self._in_columns, 0, self._ids or None)
            self._looked_at.append(checked(self._model, self._dim, given, self._target))
            self._ids, self._in_columns = [], 0


def _columns(model: Model, dim: str) -> tuple[int, Mapping[str, Column]]:
    """How many entries may wait, and a column for each feature that a dim leads; none, if one of them has none."""
    led = model.led_by(dim)
    size = sum(row_bytes(part) for address in led for part in model.stored(address))
    rows = max(1, min(_TOGETHER, _TOGETHER_BYTES // max(1, size)))
    ragged = [dim for address in led for dim in model.places[address].ragged]
    shared = {one for one in ragged if ragged.count(one) > 1}
    if any(
        shared.intersection(place.ragged) and len(place.ragged) > 1 for place in map(model.places.get, led) if place
    ):
        return rows, {}  # several lengths must agree
    found = {address: column_of(model.features[address], model.places[address], rows) for address in led}
    known = {address: column for address, column in found.items() if column is not None}
    return rows, known if len(known) == len(found) else {}


_Puts: TypeAlias = "dict[str, Callable[[int, object], int] | _Puts]"
"""What takes the value of each key of an entry, nested as that is."""


def _tree(puts: Mapping[tuple[str, ...], Callable[[int, object], int]]) -> _Puts:
    """What takes the values of an entry, by its keys."""
    tree: _Puts = {}
    for first in dict.fromkeys(keys[0] for keys in puts):
        inner = {keys[1:]: put for keys, put in puts.items() if keys[0] == first}
        tree[first] = inner[()] if () in inner else _tree(inner)
    return tree


def _put(puts: _Puts, entry: object, row: int) -> int:
    """Copies the values of an entry to a row; returns their bytes, -1 if one does not plainly fit."""
    if type(entry) is not dict:
        return -1
    values, size = cast("dict[str, object]", entry), 0
    if len(values) != len(puts):
        return -1
    for name, put in puts.items():
        value = values.get(name)
        taken = put(row, value) if callable(put) else _put(put, value, row)
        if taken < 0:
            return -1
        size += taken
    return size


def _lengths_together(model: Model, dim: str) -> list[list[tuple[str, ...]]]:
    """Keys of the features whose entries have one length, if they are several."""
    by_dim: dict[str, list[tuple[str, ...]]] = {}
    for address in model.led_by(dim):
        for ragged in model.places[address].ragged:
            by_dim.setdefault(ragged, []).append(keys_of(address, dim))
    return [keys for keys in by_dim.values() if len(keys) > 1]


def _are_alike(entry: object, together: list[list[tuple[str, ...]]]) -> bool:
    """Whether values that have one length have it; which has not is said elsewhere."""
    for some in together:
        lengths = set[int]()
        for keys in some:
            value = entry
            for key in keys:
                value = cast("dict[str, object]", value).get(key) if type(value) is dict else None
            if value is not None:
                lengths.add(len(value) if isinstance(value, Sized) else -1)
        if len(lengths) > 1:
            return False
    return True
