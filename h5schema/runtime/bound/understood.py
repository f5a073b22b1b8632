"""Values of others as a feature wants them: which stored types it takes, and what becomes of them."""

from __future__ import annotations

from typing import cast

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError, FileError
from h5schema.vocabulary.dtypes import NUMBERS, keeps_values

from ..bfloat16 import is_bits
from ..blocks import Encoded
from ..features import Attributes, EncodedFeature
from ..members import Members
from ..model import AnyFeature
from ..spans import Rows, positions
from .columns import Column, Converted

Values = NDArray[np.generic]
_BOOL = np.dtype(np.bool_)


def understood(feature: AnyFeature, column: Column, where: str) -> Column:
    """A column as the feature reads it.

    Raises:
        FileError: What is stored does not become a value of the feature without loss.
    """
    if isinstance(feature, Attributes):
        return column
    if isinstance(feature, EncodedFeature):
        return _texts(cast("EncodedFeature[object, Encoded[object]]", feature), column, where)
    stored, wanted = column.dtype, feature.file_dtype
    if feature.members is not None:
        _expect_members(h5py.check_enum_dtype(stored), feature.members.names, where)
        if stored.kind in "iu" and not is_bits(stored):
            return _AsMembers(column, feature.members, np.dtype(wanted.str), where)
    if is_bits(stored) != is_bits(wanted):
        raise _other(stored, wanted, where)
    names = np.dtype(stored.str).newbyteorder("=").name, np.dtype(wanted.str).name
    if wanted == _BOOL and stored.kind in "iu":
        return Converted(column, _BOOL, lambda values: _truth(values, where))
    if names[0] not in NUMBERS or not keeps_values(*names):
        raise _other(stored, wanted, where)
    return column


def said(dtype: np.dtype[np.generic]) -> str:
    """A stored dtype as a schema writes it."""
    string = h5py.check_string_dtype(dtype)
    if is_bits(dtype):
        return "bfloat16"
    if string is not None or dtype.kind == "S":
        return f"texts of {dtype.itemsize} bytes" if dtype.kind == "S" else "texts of any length"
    members = h5py.check_enum_dtype(dtype)
    if members is not None:
        return f"an enum of {', '.join(list(members)[:8])}"
    if dtype.names is not None:
        return f"records of {', '.join(dtype.names[:8])}"
    if h5py.check_vlen_dtype(dtype) is not None:
        return "arrays of any length (HDF5's vlen)"
    return np.dtype(dtype.str).newbyteorder("=").name if dtype.kind in "biufc" else str(dtype)


def _other(stored: np.dtype[np.generic], wanted: np.dtype[np.generic], where: str) -> FileError:
    found = said(stored)
    do = f"write `dtype: {found}` in the schema" if found in NUMBERS else "change `dtype` in the schema"
    if stored.names is not None:
        do = "name a member: `at` goes on into records, such as table/field"
    elif h5py.check_string_dtype(stored) is not None:
        do = "write `dtype: str` in the schema, or `dtype: bytes`"
    return FileError(f"stored as {found}, which {said(wanted)} does not hold", where=where, do=do)


def _expect_members(stored: dict[str, int] | None, wanted: dict[str, int], where: str) -> None:
    """Refuses an enum whose names or values are others; plain integers are compared when they are read."""
    if stored is None or stored == wanted:
        return
    differ = sorted(set(stored.items()) ^ set(wanted.items()), key=lambda item: (item[1], item[0]))
    name, value = differ[0]
    side = "in the file" if stored.get(name) == value else "in the schema"
    known = ", ".join(f"{n}: {v}" for n, v in sorted(stored.items(), key=lambda item: item[1])[:8])
    raise FileError(
        f"the enum's members differ: {name} = {value} is {side} only",
        where=where,
        do=f"write `dtype: {{enum: {{{known}}}}}` in the schema",
    )


class _AsMembers:
    """Whole numbers, all of which are members of an enum.

    Args:
        column: The numbers, of any integer dtype.
        members: Of the enum.
        dtype: That they become.
        where: File and path, for errors.
    """

    def __init__(self, column: Column, members: Members, dtype: np.dtype[np.generic], where: str) -> None:
        self._column = column
        self._members = members
        self._where = where
        self.dtype, self.shape = dtype, column.shape

    def read(self, starts: Rows, lengths: Rows | int) -> Values:
        values = self._column.read(starts, lengths)
        counts = np.full(len(starts), lengths, np.int64) if isinstance(lengths, int) else lengths
        self._members.expect(values, self._where, positions(starts, counts) if self.shape else None)
        return values.astype(self.dtype, copy=False)


class Sentinel:
    """Which rows of a column do not hold the value that means absent.

    Args:
        column: As the feature reads it.
        feature: Says what the value is in the file.
        fill: The value.
    """

    def __init__(self, column: Column, feature: AnyFeature, fill: bool | float | str) -> None:
        self._column = column
        self.dtype: np.dtype[np.generic] = _BOOL
        self.shape = None if column.shape is None else column.shape[:1]
        members = feature.members
        self._fill = members.value_of(fill, "fill") if members is not None and isinstance(fill, str) else fill

    def read(self, starts: Rows, lengths: Rows | int) -> Values:
        values = self._column.read(starts, lengths)
        fill = self._fill.encode() if isinstance(self._fill, str) else self._fill
        other = np.not_equal(values, cast("int", fill)).reshape(len(values), -1)
        return np.asarray(other.any(axis=1))


def _truth(values: Values, where: str) -> Values:
    numbers = values.astype(np.int64)
    if ((numbers != 0) & (numbers != 1)).any():
        wrong = numbers[(numbers != 0) & (numbers != 1)][0]
        raise DataError(f"{wrong} is not true or false", where=where, do="write the stored `dtype` in the schema")
    return numbers.astype(np.bool_)


def _texts(feature: EncodedFeature[object, Encoded[object]], column: Column, where: str) -> Column:
    stored = column.dtype
    info = h5py.check_string_dtype(stored)
    if info is None and stored.kind != "S":
        found = said(stored)
        do = f"write `dtype: {found}` in the schema" if found in NUMBERS else "change `dtype` in the schema"
        raise FileError(f"stored as {found}, not as texts", where=where, do=do)
    if feature.size is not None and (stored.kind != "S" or stored.itemsize > feature.size):
        raise FileError(
            f"stored as {said(stored)}, not of at most {feature.size}",
            where=where,
            do=f"write `dtype: {feature.word}` in the schema",
        )
    latin = feature.word != "bytes" and (info is None or info.encoding == "ascii")
    return Converted(column, stored, lambda values: _encoded(values, latin=latin))


def _encoded(values: Values, *, latin: bool) -> Values:
    """Texts as their bytes; what the file calls ASCII and is no utf-8 is Latin-1, as every byte is there."""
    if values.dtype.kind == "S" and not latin:
        return values
    found = np.empty(values.shape, object)
    found.reshape(-1)[:] = [_bytes_of(one, latin=latin) for one in values.reshape(-1).tolist()]
    return found


def _bytes_of(one: object, *, latin: bool) -> bytes:
    encoded = one if isinstance(one, bytes) else str(one).encode(errors="surrogateescape")
    if not latin or encoded.isascii():
        return encoded
    try:
        encoded.decode()
    except UnicodeDecodeError:
        return encoded.decode("latin-1").encode()
    return encoded
