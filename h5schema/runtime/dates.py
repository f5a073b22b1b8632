"""Dates: int64 since 1970 in the file, which says so in CF's words; numpy's datetime64 in memory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol, cast, runtime_checkable

import numpy as np

from h5schema.errors import DataError
from h5schema.vocabulary.dtypes import DATE_UNITS

from .number_types import NumberType, Values
from .values import array_of


class Dates(NumberType):
    """Moments in one unit, NaT among them.

    A moment of another unit is taken if this one has it exactly.

    Args:
        name: As the language writes it: `datetime64[ns]`.
        unit: numpy's name of the unit.
    """

    def __init__(self, name: str, unit: str) -> None:
        super().__init__(name)
        self.file = np.dtype(np.int64)
        self.loaded = "int64"
        self.attributes = {"units": f"{DATE_UNITS[unit]} since 1970-01-01", "calendar": "proleptic_gregorian"}
        self.blank = np.array("NaT", self.memory)

    def fit(self, value: object, where: str) -> Values:
        """See `NumberType`."""
        if isinstance(value, list | tuple):
            return self._fit_list(cast("Sequence[object]", value), where)
        array = _dates_of(value, self.name, where)
        with np.errstate(all="ignore"):
            fitted = array.astype(self.memory)
            back = fitted.astype(array.dtype)
        same = np.isnat(array) | (back == array)
        if not same.all():
            raise DataError(
                f"{array[np.unravel_index(int(np.argmin(same)), array.shape)]} has no exact value in {self.name}",
                where=where,
                do=f"round it first, e.g. x.astype('{self.name}'), or choose a unit that holds it",
            )
        return fitted

    def _fit_list(self, value: Sequence[object], where: str) -> Values:
        parts = [self.fit(one, where) for one in value]
        if any(part.shape != parts[0].shape for part in parts):
            raise DataError("the items of the list differ in shape", where=where, do="give one array")
        return np.stack(parts) if parts else np.empty(0, self.memory)

    def to_file(self, values: Values) -> Values:
        """See `NumberType`."""
        return values.view(np.int64)

    def from_file(self, rows: Values) -> Values:
        """See `NumberType`."""
        return rows.astype(np.int64, copy=False).view(self.memory)

    def in_numbers(self, values: Values) -> Values:
        """See `NumberType`: NaT is the smallest int64."""
        return values.view(np.int64)


@runtime_checkable
class _Timestamp(Protocol):
    """pandas' Timestamp, which is a datetime too, and knows nanoseconds."""

    def to_datetime64(self) -> np.datetime64: ...


def _dates_of(value: object, name: str, where: str) -> Values:
    """What is given, as an array of datetime64 of its own unit."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        raise DataError(
            f"{value} has a time zone, which would be lost",
            where=where,
            do="give it in UTC and without a zone: x.astimezone(timezone.utc).replace(tzinfo=None)",
        )
    if isinstance(value, _Timestamp):
        value = value.to_datetime64()
    elif isinstance(value, date):
        value = np.datetime64(value)
    elif not isinstance(value, np.ndarray | np.generic) and hasattr(value, "__array__"):
        value = array_of(value, where)
    array = np.asarray(cast("Values", value)) if isinstance(value, np.ndarray | np.generic) else None
    if array is None or array.dtype.kind != "M" or array.dtype.str[1:] == "M8":
        if array is not None and array.dtype.kind == "M" and np.isnat(array).all():
            return array.astype(name)
        given = f"values of {array.dtype}" if array is not None and array.ndim else f"{value!r}"
        raise DataError(
            f"{given}: no dates",
            where=where,
            do=f"give numpy's datetime64, or a datetime, e.g. np.array(x, dtype='{name}')",
        )
    return array
