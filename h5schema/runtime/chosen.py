"""Samples of a loader as arithmetic: sample i is found when it is asked for, so a billion of them need no memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np

from .chance import Drawn
from .spans import Rows


class Chosen(NamedTuple):
    """Some samples: where each of them is.

    Attributes:
        at: By dim of the sample: int64 [n], the row in a dim of entries, the position within its entry in a ragged one.
        drawn: The samples as chance sees them.
    """

    at: Mapping[str, Rows]
    drawn: Drawn


class Samples(Protocol):
    """The samples of a plan, counted from 0."""

    def __len__(self) -> int:
        """Number of samples."""
        ...

    def at(self, indices: Rows, drawn: Drawn) -> Chosen:
        """Where samples are.

        Args:
            indices: int64 [n], each from 0 to the number of samples less one.
            drawn: The samples as chance sees them.
        """
        ...


class Entries:
    """The entries of one dim: all of them, or those at some rows.

    Args:
        dim: Address of the dim.
        rows: int64 [samples]; or how many entries there are, if all of them are samples.
    """

    def __init__(self, dim: str, rows: Rows | int) -> None:
        self._dim = dim
        self._rows = rows

    def __len__(self) -> int:
        return self._rows if isinstance(self._rows, int) else len(self._rows)

    def at(self, indices: Rows, drawn: Drawn) -> Chosen:
        return Chosen({self._dim: indices if isinstance(self._rows, int) else self._rows[indices]}, drawn)


class First:
    """The first of some samples.

    Args:
        samples: All of them.
        limit: How many are kept, at most.
    """

    def __init__(self, samples: Samples, limit: int) -> None:
        self._samples = samples
        self._length = min(len(samples), limit)

    def __len__(self) -> int:
        return self._length

    def at(self, indices: Rows, drawn: Drawn) -> Chosen:
        return self._samples.at(indices, drawn)


def everything(samples: Samples) -> Chosen:
    """All samples, in their order."""
    indices = np.arange(len(samples), dtype=np.int64)
    return samples.at(indices, Drawn(0, 0, indices))
