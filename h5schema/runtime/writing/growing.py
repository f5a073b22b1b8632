"""Values that are added to entries one by one, and wait to be written together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from ..kinds import Place
from .columns import numbers_of
from .plans import Values

if TYPE_CHECKING:
    from ..model import AnyFeature

_TOGETHER = 1024


class Growing:
    """What waits to be added to the entries of some features that share a ragged dim.

    Args:
        features: Each with where it lies.

    Attributes:
        fitting: Rows of entries of which it is known that just these features grow.
    """

    def __init__(self, features: Sequence[tuple[AnyFeature, Place]]) -> None:
        self._features = [feature for feature, _ in features]
        self._columns = [numbers_of(feature, place, _TOGETHER) for feature, place in features]
        self._rows: list[int] = []
        self.fitting: set[int] = set()

    def add(self, row: int, values: Sequence[object]) -> bool:
        """Takes one value of each feature for an entry, if all plainly fit."""
        at = len(self._rows)
        for column, value in zip(self._columns, values, strict=True):
            if column is None or column.put(at, value) < 0:
                return False
        self._rows.append(row)
        return True

    @property
    def is_full(self) -> bool:
        """Whether what waits is to be written."""
        return len(self._rows) == _TOGETHER

    def taken(self) -> Iterator[tuple[int, list[Values]]]:
        """Each entry, and its values of each feature as they lie in the file; no longer waiting."""
        self.fitting.clear()
        if not self._rows:
            return
        rows = np.array(self._rows)
        self._rows = []
        columns = [
            feature.number.to_file(cast("Values", column.given(len(rows))))
            for feature, column in zip(self._features, self._columns, strict=True)
            if column is not None
        ]
        order = np.argsort(rows, kind="stable")
        cuts = np.flatnonzero(np.diff(rows[order])) + 1
        for some in np.split(order, cuts):
            yield int(rows[some[0]]), [values[some] for values in columns]
