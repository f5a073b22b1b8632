"""The nodes of entries that are laid out as paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from ..spans import Rows


class Nodes(Protocol):
    """The nodes of one feature in a file."""

    def paths(self, rows: Rows) -> Sequence[str]:
        """Where the entries at `rows` lie."""
        ...

    def form(self, path: str) -> tuple[np.dtype[np.generic], tuple[int, ...] | None]:
        """Dtype and shape of a node; without values its shape is None."""
        ...

    def mean_bytes(self, count: int) -> int:
        """About how many bytes an entry has; `count` is the number of entries."""
        ...
