"""Entries of one dim that were given one by one, and wait to be written together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

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
        self._puts: list[tuple[str, Callable[[int, object], int]]] = [
            (keys_of(address, dim)[0], column.put) for address, column in self._columns.items()
        ]

    def put(self, entry: object) -> int:
        """Copies an entry to the next row, if it plainly fits, and returns its bytes, else -1; `keep` makes it wait."""
        if type(entry) is not dict or not self._puts:
            return -1
        values, row, size = cast("dict[str, object]", entry), self._in_columns, 0
        if len(values) != len(self._puts):
            return -1
        for name, put in self._puts:
            taken = put(row, values.get(name))
            if taken < 0:
                return -1
            size += taken
        return size

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
    if len(set(ragged)) < len(ragged) or any(len(keys_of(address, dim)) > 1 for address in led):
        return rows, {}  # lengths must agree; an entry is nested
    found = {address: column_of(model.features[address], model.places[address], rows) for address in led}
    known = {address: column for address, column in found.items() if column is not None}
    return rows, known if len(known) == len(found) else {}
