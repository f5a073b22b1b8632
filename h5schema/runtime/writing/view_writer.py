"""One feature of a file that is written: its entries are replaced, and written in part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar, cast, overload

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import UsageError

from ..concatenation import Axis, Positions, unjoined
from ..features import Feature
from ..spans import Rows
from ..view import Id, View
from .recorder import Recorder
from .values_writer import ValuesWriter

EntryT = TypeVar("EntryT")
BlockT = TypeVar("BlockT")


class ViewWriter(View[EntryT, BlockT]):
    """A feature of a file that is written: `view["id"] = entry`, `view[rows] = block`, `view["id", 10:20] = part`."""

    __slots__ = ()

    _reader: Recorder

    @overload
    def __setitem__(self, index: tuple[int | str, *tuple[Axis | str, ...]], value: object) -> None: ...
    @overload
    def __setitem__(self, index: int | str | tuple[()], value: EntryT) -> None: ...
    @overload
    def __setitem__(
        self, index: slice | Sequence[int] | Sequence[str] | NDArray[np.generic], value: BlockT | Sequence[EntryT]
    ) -> None: ...
    def __setitem__(self, index: Any, value: object) -> None:
        """Writes over one entry, over many, or over a part of one."""
        if isinstance(index, tuple):
            index = self._with_id(cast("tuple[object, ...]", index))
        if isinstance(index, tuple) and not index:
            self._reader.assign(self.address, value)
        elif isinstance(index, tuple):
            first, *part = cast("tuple[int | str, *tuple[Axis, ...]]", index)
            row = self._row_of(first)
            self._expect_parts()
            self.values.put(row, tuple(part), value)
        elif isinstance(index, int | str | np.integer):
            self._put(np.array([self._room().row(cast("int | str", index))]), [value])
        else:
            self._put(self._room().rows(index), value)

    def append(self, key: int | Id, more: object) -> None:
        """Adds values at the end of an entry of its own length.

        Args:
            key: Id or position of the entry.
            more: One value, or an array of some.
        """
        self._reader.transaction.grow(self._room().row(key), {self.address: more})

    @property
    def values(self) -> ValuesWriter:
        """The values of all entries, one after the other; what is written there is written into the entries."""
        return ValuesWriter(self._reader, self.address, cast("Feature[object, object]", self._feature))

    def _expect_parts(self) -> None:
        """Refuses to write a part of an entry that has none which lies by itself."""
        unlike = unjoined(cast("Feature[object, object]", self._feature), self._place())
        if unlike:
            raise UsageError(
                f"{self.address} {unlike}, so no part of an entry is written by itself",
                where=self._where(),
                do="read the entry, change it, and give it as a whole",
            )

    def _row_of(self, index: object) -> int:
        self._lead()
        return self._row(index)

    def _room(self) -> Positions:
        """What an index means of the entries that there are to be."""
        size = self._reader.transaction.room(self._lead())
        return Positions(self._reader, self.address, cast("Feature[object, object]", self._feature), size)

    def _put(self, rows: Rows, values: object) -> None:
        self._reader.transaction.put_at(self._lead(), rows, {self.address: values})
