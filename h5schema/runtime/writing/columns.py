"""The values of entries that are given one by one: what plainly fits is copied to its row, and checked with the rest.

What does not plainly fit may still fit, or is to be refused at once and with the right words: it goes the long way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
from numpy import ndarray
from numpy.typing import NDArray

from h5schema.errors import DataError
from h5schema.vocabulary.dtypes import CONVERTED

from ..blocks import Maybe
from ..features import Array, Bytes, Category, EncodedFeature, Enumerated, Json, Nested, Ragged, Scalar, Text
from ..kinds import EndToEnd, Place
from ..values import integer_range
from .plain import Copied, arrays, binary, lists, text, word

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
        absent: What lies where a value is absent; None: none may be.
    """

    def __init__(
        self,
        dtype: str,
        shape: tuple[int, ...],
        rows: int,
        holds: Callable[[object], bool],
        absent: object | None = None,
    ) -> None:
        self._count = rows
        self._dtype = np.dtype(dtype)
        self._shape = shape
        self._holds = holds
        self._row_bytes = self._dtype.itemsize * math.prod(shape)
        self._absent = absent
        self._present = None if absent is None else np.ones(rows, bool)

    @cached_property
    def _rows(self) -> NDArray[Any]:
        """Made for the first one: an extraction writes none one by one, and a row may be huge."""
        return np.empty((self._count, *self._shape), self._dtype)

    def put(self, row: int, value: Any) -> int:
        """See `Column`."""
        if type(value) is ndarray:
            if value.dtype != self._dtype or value.shape != self._shape:
                return -1
        elif value is None and self._present is not None:
            self._present[row] = False
            self._rows[row] = self._absent
            return self._row_bytes
        elif not self._holds(value):
            return -1
        self._rows[row] = value
        if self._present is not None:
            self._present[row] = True
        return self._row_bytes

    def given(self, count: int) -> object:
        """See `Column`."""
        rows = self._rows[:count].copy()
        return rows if self._present is None else Maybe(rows, self._present[:count].copy())


class Parts:
    """Values of any length, each copied by itself.

    Args:
        rows: How many there may be.
        copied: A copy of a value, and its bytes; None: it does not plainly fit.
        optional: Whether a value may be absent.
    """

    def __init__(self, rows: int, copied: Callable[[Any], Copied], optional: bool) -> None:
        self._parts: list[object] = [None] * rows
        self._copied = copied
        self._optional = optional

    def put(self, row: int, value: Any) -> int:
        """See `Column`."""
        if value is None and self._optional:
            self._parts[row] = None
            return 0
        found = self._copied(value)
        if found is None:
            return -1
        self._parts[row], size = found
        return size

    def given(self, count: int) -> object:
        """See `Column`."""
        return self._parts[:count]


class Documents:
    """Values that are encoded when they are given, because they may be changed afterwards.

    Args:
        feature: Theirs.
        rows: How many there may be.
        optional: Whether a value may be absent.
    """

    def __init__(self, feature: EncodedFeature[Any, Any], rows: int, optional: bool) -> None:
        self._encoded = [b""] * rows
        self._feature = feature
        self._present = np.ones(rows, bool) if optional else None

    def put(self, row: int, value: object) -> int:
        """See `Column`."""
        if value is None and self._present is None:
            return -1
        try:
            encoded = b"" if value is None else self._feature.encoded(value, "")
        except DataError:  # it is refused with more words
            return -1
        self._encoded[row] = encoded
        if self._present is not None:
            self._present[row] = value is not None
        return len(encoded)

    def given(self, count: int) -> object:
        """See `Column`."""
        block = self._feature.block.of(self._encoded[:count])
        return block if self._present is None else Maybe(block, self._present[:count].copy())


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


def _absent(feature: AnyFeature, place: Place) -> object | None:
    return feature.placeholder(place) if place.optional else None


def _of_arrays(feature: AnyFeature, place: Place, rows: int) -> Column | None:
    absent = _absent(feature, place)
    return None if feature.members else Numbers(feature.dtype, place.shape, rows, _nothing, absent)


def _of_numbers(feature: AnyFeature, place: Place, rows: int) -> Column:
    return Numbers(feature.dtype, (), rows, _holding(feature.dtype), _absent(feature, place))


def _of_members(feature: AnyFeature, place: Place, rows: int) -> Column:
    assert feature.members is not None
    enum = feature.members.enum
    return Numbers(feature.dtype, (), rows, lambda value: type(value) is enum, _absent(feature, place))


def _of_parts(feature: AnyFeature, place: Place, rows: int) -> Column | None:
    return None if feature.members else Parts(rows, arrays(feature.dtype, place.sizes), place.optional)


def _of_words(feature: AnyFeature, place: Place, rows: int) -> Column | None:
    return Parts(rows, text, place.optional) if isinstance(feature.kind, EndToEnd) else None


def _of_categories(feature: AnyFeature, place: Place, rows: int) -> Column:
    return Parts(rows, word, place.optional)


def _of_bytes(feature: AnyFeature, place: Place, rows: int) -> Column | None:
    return Parts(rows, binary, place.optional) if isinstance(feature.kind, EndToEnd) else None


def _of_documents(feature: AnyFeature, place: Place, rows: int) -> Column:
    return Documents(cast("EncodedFeature[Any, Any]", feature), rows, place.optional)


def _of_lists(feature: AnyFeature, place: Place, rows: int) -> Column | None:
    inner = feature.innermost()
    if feature.members or inner.dtype in CONVERTED:
        return None
    leaf = _LEAVES.get(type(inner)) if feature.has_bytes else arrays(feature.dtype, place.sizes)
    return None if leaf is None else Parts(rows, lists(leaf, len(place.lists)), place.optional)


_LEAVES: Mapping[type, Callable[[object], Copied]] = {Text: text, Bytes: binary}
"""What a list may hold besides arrays."""
_COLUMNS: Mapping[type, Callable[[AnyFeature, Place, int], Column | None]] = {
    Array: _of_arrays,
    Scalar: _of_numbers,
    Enumerated: _of_members,
    Ragged: _of_parts,
    Text: _of_words,
    Category: _of_categories,
    Bytes: _of_bytes,
    Json: _of_documents,
    Nested: _of_lists,
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
