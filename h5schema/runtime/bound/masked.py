"""Columns some of whose rows have no value."""

from __future__ import annotations

import numpy as np

from h5schema.errors import DataError

from ..spans import Rows, positions
from .columns import Column, Values

_BOOL = np.dtype(np.bool_)


class Masked:
    """A column, and another one that says which of its rows have a value.

    Args:
        column: The values.
        there: bool, one for each row.
        may_stand: Whether what stands where there is no value may be read as one, as NaN may.
    """

    def __init__(self, column: Column, there: Column, *, may_stand: bool = False) -> None:
        self._column = column
        self.there = there
        self.may_stand = may_stand
        self.dtype, self.shape = column.dtype, column.shape

    def read(self, starts: Rows, lengths: Rows | int) -> Values:
        return self._column.read(starts, lengths)


class Complete:
    """A column that has a value in every row that is read, or refuses.

    Args:
        column: The values.
        there: bool, one for each row.
        where: File and path, for errors.
    """

    def __init__(self, column: Column, there: Column, where: str) -> None:
        self._column = column
        self._there = there
        self._where = where
        self.dtype, self.shape = column.dtype, column.shape

    def read(self, starts: Rows, lengths: Rows | int) -> Values:
        there = self._there.read(starts, lengths)
        if not there.all():
            counts = np.full(len(starts), lengths, np.int64) if isinstance(lengths, int) else lengths
            row = int(positions(starts, counts)[int(np.argmin(there))])
            raise DataError(
                "the entry has no value", where=f"{self._where}, row {row}", do="write `optional: true` in the schema"
            )
        return self._column.read(starts, lengths)


class Unmixed:
    """A column of numbers none of whose rows has values beside some that mean none, or refuses.

    Args:
        column: The values, as they lie in the file.
        missing: The values that mean none.
        where: File and path, for errors.
    """

    def __init__(self, column: Column, missing: Values, where: str) -> None:
        self._column = column
        self._missing = missing
        self._where = where
        self.dtype, self.shape = column.dtype, column.shape

    def read(self, starts: Rows, lengths: Rows | int) -> Values:
        values = self._column.read(starts, lengths)
        if values.ndim < 2 or not values.size:
            return values
        none = missing_in(values, self._missing).reshape(len(values), -1)
        mixed = none.any(axis=1) & ~none.all(axis=1)
        if mixed.any():
            counts = np.full(len(starts), lengths, np.int64) if isinstance(lengths, int) else lengths
            row = int(positions(starts, counts)[int(np.argmax(mixed))])
            raise DataError(
                "some values of the entry are missing, which whole numbers cannot say",
                where=f"{self._where}, row {row}",
                do="write `dtype: float64` in the schema: they are NaN then",
            )
        return values


class Known:
    """Which rows of a column hold another value than those that mean none.

    Args:
        column: As it lies in the file.
        missing: The values that mean none; NaN is one of them if it stands there.
    """

    def __init__(self, column: Column, missing: Values) -> None:
        self._column = column
        self._missing = missing
        self.dtype: np.dtype[np.generic] = _BOOL
        self.shape = None if column.shape is None else column.shape[:1]

    def read(self, starts: Rows, lengths: Rows | int) -> Values:
        known = np.logical_not(missing_in(self._column.read(starts, lengths), self._missing))
        return np.asarray(known.reshape(len(known), -1).any(axis=1) if known.size else np.ones(len(known), np.bool_))


def missing_in(values: Values, missing: Values) -> Values:
    """bool, of the shape of `values`: which mean that there is none."""
    found: Values = np.isin(values, missing)
    if values.dtype.kind == "f" and np.isnan(missing.astype(np.float64)).any():
        found = np.isnan(values) | found
    return found
