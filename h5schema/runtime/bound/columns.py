"""Columns: what is shown as the rows of a dataset, wherever it comes from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from ..spans import Carrier, Rows, Spans, expect_inside, positions

Values = NDArray[np.generic]


class Column(Protocol):
    """Rows that can be read as those of a dataset.

    Attributes:
        dtype: Of one value.
        shape: Rows first; () is one value, and None none at all.
    """

    @property
    def dtype(self) -> np.dtype[np.generic]: ...

    @property
    def shape(self) -> tuple[int, ...] | None: ...

    def read(self, starts: Rows, lengths: Rows | int) -> Values:
        """The rows of runs, end to end; one value is one row, whatever is asked for."""
        ...


class Stored:
    """A dataset as it lies in the file.

    Args:
        carrier: Of the file.
        path: HDF5 path.
    """

    def __init__(self, carrier: Carrier, path: str) -> None:
        self._carrier = carrier
        self._path = path
        self.dtype, self.shape = carrier.form(path)

    def read(self, starts: Rows, lengths: Rows | int) -> Values:
        return self._carrier.fetch((Spans(self._path, starts, lengths),))[0]


class Member:
    """A member of the records of another column, perhaps one inside another.

    Args:
        records: Of a compound dtype.
        names: Of the members, from the outermost.
    """

    def __init__(self, records: Column, names: Sequence[str]) -> None:
        self._records = records
        self._names = names
        dtype, shape = records.dtype, records.shape
        for name in names:
            dtype = member(dtype, name)
            if dtype.subdtype is not None:
                dtype, inner = dtype.subdtype
                shape = None if shape is None else (*shape, *inner)
        self.dtype, self.shape = dtype, shape

    def read(self, starts: Rows, lengths: Rows | int) -> Values:
        found = self._records.read(starts, lengths)
        for name in self._names:
            found = cast("Values", cast("NDArray[np.void]", found)[name])
        return found.copy()  # a view would keep all records, and torch takes no such strides, be it of one row


def member(dtype: np.dtype[np.generic], name: str) -> np.dtype[np.generic]:
    """The dtype of a member of records; of the values of an array, if it is one."""
    return cast("np.dtype[np.void]", dtype)[name]


class InMemory:
    """Values in memory: an attribute, or what was computed.

    Args:
        values: All of them.
        where: File and path, for errors.
        path: HDF5 path.
        shape: None: there are none.
    """

    def __init__(self, values: Values, file: str, path: str, *, empty: bool = False) -> None:
        self._values = values
        self._file = file
        self._path = path
        self.dtype = values.dtype
        self.shape = None if empty else values.shape

    def read(self, starts: Rows, lengths: Rows | int) -> Values:
        if not self._values.ndim:
            return self._values[None]
        expect_inside(Spans(self._path, starts, lengths), len(self._values), self._file)
        counts = np.full(len(starts), lengths, np.int64) if isinstance(lengths, int) else lengths
        return self._values[positions(starts, counts)]


class Blank:
    """Rows that say nothing: what stands where entries are absent.

    Args:
        dtype: Of one value.
        shape: Rows first.
    """

    def __init__(self, dtype: np.dtype[np.generic], shape: tuple[int, ...]) -> None:
        self.dtype, self.shape = dtype, shape

    def read(self, starts: Rows, lengths: Rows | int) -> Values:
        count = len(starts) * lengths if isinstance(lengths, int) else int(lengths.sum())
        return np.zeros((count, *self.shape[1:]), self.dtype)


class Converted:
    """Another column, whose values are understood in another way.

    Args:
        column: Where they come from.
        dtype: What they become.
        convert: Makes it.
    """

    def __init__(self, column: Column, dtype: np.dtype[np.generic], convert: Callable[[Values], Values]) -> None:
        self._column = column
        self._convert = convert
        self.dtype, self.shape = dtype, column.shape

    def read(self, starts: Rows, lengths: Rows | int) -> Values:
        return self._convert(self._column.read(starts, lengths))


class Characters:
    """Texts whose characters lie along the last axis of another column, one byte each.

    Args:
        column: The bytes.
    """

    def __init__(self, column: Column) -> None:
        *outer, width = column.shape or (1,)
        self._column = column
        self.dtype: np.dtype[np.generic] = np.dtype(f"S{max(width, 1)}")
        self.shape = tuple(outer)

    def read(self, starts: Rows, lengths: Rows | int) -> Values:
        if self.shape:
            found = self._column.read(starts, lengths)
        else:
            found = self._column.read(np.zeros(1, np.int64), (self._column.shape or (1,))[0])[None]
        whole = np.zeros((*found.shape[:-1], self.dtype.itemsize), "S1")
        whole[..., : found.shape[-1]] = found
        return whole.view(self.dtype)[..., 0]
