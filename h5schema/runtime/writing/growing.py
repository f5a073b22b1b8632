"""Values that are added to entries one by one, and wait to be written together."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

import numpy as np

from ..kinds import Place
from .columns import numbers_of
from .plans import Values

if TYPE_CHECKING:
    from ..model import AnyFeature

_TOGETHER = 1024


class Growing:
    """What waits to be added to the entries of one feature.

    Args:
        feature: Whose values.
        place: Where it lies.
    """

    def __init__(self, feature: AnyFeature, place: Place) -> None:
        self._feature = feature
        self._place = place
        self._column = numbers_of(feature, place, _TOGETHER)
        self._rows: list[int] = []

    def add(self, row: int, value: object) -> bool:
        """Takes one value for an entry, if it plainly fits."""
        if self._column is None or self._column.put(len(self._rows), value) < 0:
            return False
        self._rows.append(row)
        return True

    @property
    def is_full(self) -> bool:
        """Whether what waits is to be written."""
        return len(self._rows) == _TOGETHER

    def taken(self) -> Iterator[tuple[int, Values]]:
        """Each entry, and its values as they lie in the file; no longer waiting."""
        if not self._rows or self._column is None:
            return
        rows = np.array(self._rows)
        values = self._feature.number.to_file(cast("Values", self._column.given(len(rows))))
        self._rows = []
        order = np.argsort(rows, kind="stable")
        cuts = np.flatnonzero(np.diff(rows[order])) + 1
        for some in np.split(order, cuts):
            yield int(rows[some[0]]), values[some]
