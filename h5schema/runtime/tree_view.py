"""Views of features that are a mapping in each entry of an outer dim."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

import numpy as np

from h5schema.errors import DataError

from .blocks import AnyValues
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
        return StateDict(self._values, named_within(self._reader, dim, text), dim, self._reader.name)

    def _values(self, rows: Rows) -> AnyValues:
        return cast("AnyValues", self._reader.read(self.address, rows))

    def _within(self) -> str:
        """The dim of the names."""
        return super()._lead()

    def _lead(self) -> str:
        return self._reader.model.outer(self._within())[-1]
