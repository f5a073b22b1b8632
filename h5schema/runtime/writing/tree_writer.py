"""Features that are a mapping in each entry of an outer dim, of a file that is written."""

from __future__ import annotations

from typing import Any

import numpy as np

from h5schema.errors import UsageError

from ..blocks import AnyValues
from ..state_dict import StateDict
from ..tree_view import TreeView
from ..view import Id
from .trees import Trees
from .view_writer import ViewWriter


class TreeWriter(TreeView, ViewWriter[StateDict, AnyValues]):
    """State dicts of a file that is written: `view["run1", "best"] = model.state_dict()`."""

    __slots__ = ()

    def __setitem__(self, index: Any, value: object) -> None:
        """Gives an entry that is there another mapping."""
        lead = self._lead()
        row = self._row(index)
        key = self._reader.ids(lead).read(np.array([row], np.int64))[0]
        trees = Trees(self._reader, lead)
        values = trees.values(key, {self.address: value}, self._where())
        with self._reader.transaction.whole():
            trees.put(key, values)

    def _one(self, row: int) -> StateDict:
        """Read at once: it is what it was, whatever is written afterwards."""
        return super()._one(row).held()

    def append(self, key: int | Id, more: object) -> None:
        """Refuses: names are given all together."""
        raise UsageError("a state dict is replaced as a whole", where=self._where(), do="give another")
