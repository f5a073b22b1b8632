"""The values of entries that are given one by one: what plainly fits is copied to its row, and checked with the rest.

What does not plainly fit may still fit, or is to be refused at once and with the right words: it goes the long way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy import ndarray
from numpy.typing import NDArray

from h5schema.vocabulary.dtypes import CONVERTED

from ..features import Array, Category, Enumerated, Ragged, Scalar, Text
from ..kinds import Coded, EndToEnd, Place
from ..values import has_shape, integer_range

if TYPE_CHECKING:
    from ..model import AnyFeature


class Column(Protocol):
    """The values of one feature."""

    def put(self, row: int, value: Any) -> int:
        """Copies a value to a row, in place of what is there; returns its bytes, -1 if it does not plainly fit."""
        ...

    def given(self, count: int) -> object:
        """The first values, as a user gives a block; later ones take their rows."""
        ...


class Numbers:
    """Values of one dtype and shape.

    Args:
        dtype: Theirs.
        shape: Of one.
        rows: How many there may be.
        holds: Whether a Python object is a number that `dtype` holds, perhaps rounded.
    """

    def __init__(self, dtype: str, shape: tuple[int, ...], rows: int, holds: Callable[[object], bool]) -> None:
        self._count = rows
        self._dtype = np.dtype(dtype)
        self._shape = shape
        self._holds = holds
        self._row_bytes = self._dtype.itemsize * math.prod(shape)

    @cached_property
    def _rows(self) -> NDArray[np.generic]:
        """Made for the first one: most files are not written one by one."""
        return np.empty((self._count, *self._shape), self._dtype)

    def put(self, row: int, value: Any) -> int:
        """See `Column`."""
        if type(value) is ndarray:
            if value.dtype != self._dtype or value.shape != self._shape:
                return -1
        elif not self._holds(value):
            return -1
        self._rows[row] = value
        return self._row_bytes

    def given(self, count: int) -> object:
        """See `Column`."""
        return self._rows[:count].copy()


class Parts:
    """Arrays of one dtype, and of one shape but for the ragged dims.

    Args:
        dtype: Theirs.
        sizes: Of their dims, None where it is ragged.
        rows: How many there may be.
    """

    def __init__(self, dtype: str, sizes: tuple[int | None, ...], rows: int) -> None:
        self._parts: list[object] = [None] * rows
        self._dtype = np.dtype(dtype)
        self._sizes = sizes

    def put(self, row: int, value: Any) -> int:
        """See `Column`."""
        if type(value) is not ndarray or value.dtype != self._dtype or not has_shape(value, self._sizes):
            return -1
        self._parts[row] = value.copy()
        return int(value.nbytes)

    def given(self, count: int) -> object:
        """See `Column`."""
        return self._parts[:count]


class Words:
    """Texts of any length.

    Args:
        rows: How many there may be.
    """

    def __init__(self, rows: int) -> None:
        self._texts: list[object] = [None] * rows

    def put(self, row: int, value: object) -> int:
        """See `Column`."""
        if type(value) is not str or not value.isascii():
            return -1
        self._texts[row] = value
        return len(value)

    def given(self, count: int) -> object:
        """See `Column`."""
        return self._texts[:count]


def column_of(feature: AnyFeature, place: Place, rows: int) -> Column | None:
    """A column for the values of a feature; None: they always go the long way."""
    make = None if feature.dtype in CONVERTED else _COLUMNS.get(type(feature))
    return None if make is None or feature.options.check is not None else make(feature, place, rows)


def numbers_of(feature: AnyFeature, place: Place, rows: int) -> Numbers | None:
    """A column for single values of a feature whose entries have many; None: they always go the long way."""
    if feature.dtype in CONVERTED or feature.members or feature.options.check is not None:
        return None
    return Numbers(feature.dtype, place.shape, rows, _nothing if place.shape else _holding(feature.dtype))


def _nothing(value: object) -> bool:
    return False


def _of_arrays(feature: AnyFeature, place: Place, rows: int) -> Column | None:
    return None if feature.members else Numbers(feature.dtype, place.shape, rows, lambda value: False)


def _of_numbers(feature: AnyFeature, place: Place, rows: int) -> Column:
    return Numbers(feature.dtype, (), rows, _holding(feature.dtype))


def _of_members(feature: AnyFeature, place: Place, rows: int) -> Column:
    assert feature.members is not None
    enum = feature.members.enum
    return Numbers(feature.dtype, (), rows, lambda value: type(value) is enum)


def _of_parts(feature: AnyFeature, place: Place, rows: int) -> Column | None:
    return None if feature.members else Parts(feature.dtype, place.sizes, rows)


def _of_words(feature: AnyFeature, place: Place, rows: int) -> Column | None:
    return Words(rows) if isinstance(feature.kind, EndToEnd | Coded) else None


_COLUMNS: Mapping[type, Callable[[AnyFeature, Place, int], Column | None]] = {
    Array: _of_arrays,
    Scalar: _of_numbers,
    Enumerated: _of_members,
    Ragged: _of_parts,
    Text: _of_words,
    Category: _of_words,
}


def _holding(dtype: str) -> Callable[[object], bool]:
    """Whether an object is a number of exactly this dtype, or a Python number that it holds."""
    own = np.dtype(dtype).type
    if np.issubdtype(own, np.integer):
        low, high = integer_range(dtype)
        return lambda value: (type(value) is int and low <= value <= high) or type(value) is own
    if np.issubdtype(own, np.floating):
        most = float(np.finfo(dtype).max)
        return lambda value: (type(value) is float and not abs(value) > most) or type(value) is own
    return lambda value: type(value) is own or (own is np.bool_ and type(value) is bool)
