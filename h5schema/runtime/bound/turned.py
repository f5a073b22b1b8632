"""Datasets whose axes stand in another order than the entries need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import h5py
import numpy as np

from ..spans import Rows, Spans, expect_inside
from .columns import Values


class Turned:
    """A dataset with its axes in another order; rows are along the first of these.

    Args:
        dataset: As it lies in the file.
        axes: Of the dataset, in the order that is shown; those that are left out are of size 1.
    """

    def __init__(self, dataset: h5py.Dataset, axes: Sequence[int]) -> None:
        self._dataset = dataset
        self._axes = tuple(axes)
        self.dtype: np.dtype[np.generic] = dataset.dtype
        self.shape = tuple(dataset.shape[axis] for axis in axes)

    def read(self, starts: Rows, lengths: Rows | int) -> Values:
        path = str(self._dataset.name)
        expect_inside(Spans(path, starts, lengths), self.shape[0], self._dataset.file.filename)
        counts = np.full(len(starts), lengths, np.int64) if isinstance(lengths, int) else lengths
        runs = zip(starts.tolist(), (starts + counts).tolist(), strict=True)
        found = [self._rows(first, last) for first, last in runs]
        return np.concatenate(found) if found else np.empty((0, *self.shape[1:]), self.dtype)

    def _rows(self, first: int, last: int) -> Values:
        lead = self._axes[0]
        part = cast("Values", self._dataset[(*(slice(None) for _ in range(lead)), slice(first, last))])
        gone = [axis for axis in range(part.ndim) if axis not in self._axes]
        return np.ascontiguousarray(part.transpose(*self._axes, *gone).reshape(last - first, *self.shape[1:]))
