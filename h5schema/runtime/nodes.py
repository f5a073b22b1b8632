"""Where the entries of a dim lie that is laid out as paths, in an open file of ours."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Protocol

import numpy as np

from h5schema.vocabulary.patterns import Pattern

from .node_paths import NodePath, captures_of
from .spans import Carrier, Rows

_LOOKED_AT = 32


class _Texts(Protocol):
    def read(self, rows: Rows) -> Sequence[str]:
        """The ids of the entries at `rows`."""
        ...


class FileNodes:
    """Nodes of one feature; see `kinds.Nodes`.

    Args:
        path: With braces.
        ids: Of the dim that they name.
        carrier: Of the file.
    """

    def __init__(self, path: str, ids: _Texts, carrier: Carrier) -> None:
        self._pattern = Pattern.parse(path)
        self._ids = ids
        self._carrier = carrier

    def paths(self, rows: Rows) -> Sequence[str]:
        """See `kinds.Nodes`."""
        return [NodePath(self._pattern.fill(captures_of(self._pattern, text))) for text in self._ids.read(rows)]

    def form(self, path: str) -> tuple[np.dtype[np.generic], tuple[int, ...] | None]:
        """See `kinds.Nodes`."""
        return self._carrier.form(path)

    def mean_bytes(self, count: int) -> int:
        """See `kinds.Nodes`: that of some entries, because each has to be opened."""
        some = np.unique(np.linspace(0, max(0, count - 1), min(count, _LOOKED_AT)).astype(np.int64))
        paths = [path for path in self.paths(some) if self._carrier.has(path)]
        sizes = [prod(shape) * dtype.itemsize for dtype, shape in map(self.form, paths) if shape is not None]
        return sum(sizes) // max(1, len(sizes))
