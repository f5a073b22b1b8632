"""Views of features that are a mapping in each entry of an outer dim."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import cast

import numpy as np

from h5schema.errors import DataError

from .blocks import AnyValues, Maybe
from .keyed import named_within
from .spans import Rows
from .state_dict import StateDict
from .view import View


class TreeView(View[StateDict, AnyValues]):
    """State dicts by the id of the entry whose they are, or by its position: `view["run1", "best"]["layer.weight"]`."""

    __slots__ = ()

    def __iter__(self) -> Iterator[StateDict]:
        return (self._one(row) for row in range(len(self)))

    def read(self, rows: Rows) -> AnyValues:
        raise DataError("state dicts are read one by one", where=self._where(), do="give the id of an entry")

    def names(self, rows: Iterable[int]) -> Sequence[str]:
        known = [row for row in rows if row < len(self)]
        return list(self._reader.ids(self._lead()).read(np.array(known, np.int64)))

    def _one(self, row: int) -> StateDict:
        text = self._reader.ids(self._lead()).read(np.array([row], np.int64))[0]
        dim = self._within()
        rows = named_within(self._reader, dim, text)
        if self._place().optional and rows:
            block = self._reader.read(self.address, np.fromiter(rows.values(), np.int64))
            there = cast("Maybe[AnyValues]", block).present
            rows = {name: row for (name, row), one in zip(rows.items(), there, strict=True) if one}
        return StateDict(partial(self._values, rows), rows, dim, self._reader.name)

    def _values(self, rows: Mapping[str, int], names: Sequence[str]) -> AnyValues:
        """Values of an entry by their names, of which these are the rows."""
        at = np.array([rows[name] for name in names], np.int64)
        block = self._reader.read(self.address, at)
        return cast("AnyValues", cast("Maybe[AnyValues]", block).values if isinstance(block, Maybe) else block)

    def _within(self) -> str:
        """The dim of the names."""
        return super()._lead()

    def _lead(self) -> str:
        return self._reader.model.outer(self._within())[-1]
