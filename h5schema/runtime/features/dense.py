"""Features whose entry i is row i: arrays of one shape, numbers, members of enums."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum, IntEnum
from typing import Any, TypeVar, Unpack, cast, overload

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError
from h5schema.vocabulary.dtypes import CONVERTED

from ..blocks import Maybe
from ..kinds import Dense, Kind, Place
from ..members import Members
from ..sealed import is_sealed
from ..spans import Reading, Rows
from ..values import expect_shape
from ..where import Where
from .feature import Feature, Given, Options

EntryT = TypeVar("EntryT")
ItemT = TypeVar("ItemT", bound=np.generic)
EnumT = TypeVar("EnumT", bound=IntEnum)
NumberT = TypeVar("NumberT")
IntegerT = TypeVar("IntegerT", bound=np.integer[Any])
FloatingT = TypeVar("FloatingT", bound=np.floating[Any])
ComplexT = TypeVar("ComplexT", bound=np.complexfloating[Any, Any])


class DenseFeature(Feature[EntryT, NDArray[ItemT]]):
    """A feature whose entry i is row i."""

    __slots__ = ()

    kind = cast("Kind[NDArray[ItemT]]", Dense())

    def pack(self, entries: Sequence[object], place: Place, where: Where) -> NDArray[ItemT]:
        plain, memory = self.members is None and self.dtype not in CONVERTED, self.number.memory
        if plain and len(entries) == 1 and self._is_kept(entries[0], place):
            return cast("NDArray[ItemT]", cast("NDArray[np.generic]", entries[0])[None])
        rows = np.empty((len(entries), *place.shape), memory)
        for i, entry in enumerate(entries):
            if plain and type(entry) is np.ndarray and entry.dtype == memory and entry.shape == place.shape:
                rows[i] = entry  # most entries: no word of an error is made for them
                continue
            row = self._fit(entry, where.entry(i))
            expect_shape(row, place.shape, where.entry(i))
            rows[i] = row
        return rows

    def _is_kept(self, entry: object, place: Place) -> bool:
        """Whether an entry, which may be nearly as large as the memory, need not be copied."""
        return is_sealed(entry) and entry.dtype == self.number.memory and entry.shape == place.shape

    def accept(self, block: object, place: Place, where: Where) -> NDArray[ItemT]:
        array = self.fitted(block, str(where))
        expect_shape(array, (None, *place.shape), str(where))
        self.expect_members(array, str(where), where.rows(len(array)))
        return cast("NDArray[ItemT]", array)

    def _fit(self, value: object, where: str) -> NDArray[np.generic]:
        """One entry as an array of the feature's dtype."""
        array = self.fitted(value, where)
        self.expect_members(array, where)
        return array

    def placeholder(self, place: Place) -> object:
        blank = self.number.blank if self.members is None else self.members.first
        return np.full(place.shape, blank, self.number.memory)

    def whole(self, block: NDArray[ItemT]) -> tuple[NDArray[np.generic], np.dtype[np.generic]]:
        return self.number.to_file(block)[0, ...], self.file_dtype

    def numbers(self, block: NDArray[ItemT]) -> object:
        return block

    @property
    def attributes(self) -> Mapping[str, str]:
        return {**super().attributes, **self.number.attributes}

    def write(
        self, place: Place, block: NDArray[ItemT], present: NDArray[np.bool_] | None, ends: Mapping[str, int]
    ) -> dict[str, NDArray[np.generic]]:
        return super().write(place, cast("NDArray[ItemT]", self.number.to_file(block)), present, ends)

    def reading(self, place: Place, rows: Rows) -> Reading[NDArray[ItemT]]:
        values, present = yield from self.kind.read(place, rows)
        values = self.understood(values, place, rows)
        return values if present is None else cast("NDArray[ItemT]", Maybe(values, present))

    def understood(self, values: NDArray[ItemT], place: Place, rows: Rows) -> NDArray[ItemT]:
        """Fetched values in the feature's own dtype; members of its enum, if it has one."""
        understood = cast("NDArray[ItemT]", self.number.from_file(values))
        self.expect_members(understood, place.path, rows)
        return understood


class Array(DenseFeature[NDArray[ItemT], ItemT]):
    """Entries are arrays of one shape: uint8 [photo, 32, 32, 3].

    Args:
        dtype: numpy's scalar type of the values.
        dims: Addresses of dims and sizes of unnamed ones, in stored order.
        enum: The values are members of this enum.
        stored: The dtype as the language writes it, where numpy's type does not say it: `datetime64[ns]`.
    """

    __slots__ = ()

    def __init__(
        self,
        dtype: type[ItemT],
        dims: str,
        *,
        stored: str | None = None,
        enum: type[IntEnum] | None = None,
        names: Sequence[str] | None = None,
        **options: Unpack[Given],
    ) -> None:
        members = None if enum is None else Members(enum, names)
        super().__init__(stored or np.dtype(dtype).name, dims, Options(**options), members)

    def entry(self, block: NDArray[ItemT], index: int) -> NDArray[ItemT]:
        return block[index, ...]


class Scalar(DenseFeature[NumberT, ItemT]):
    """Entries are single numbers, given as Python's own `int`, `float`, `bool` or `complex`, or numpy's `datetime64`.

    Python's numbers hold every value of numpy's, and do not overflow when they are added.

    Args:
        dtype: numpy's scalar type of the values.
        dims: Address of the open dim, or nothing: one number for the whole file.
        stored: The dtype as the language writes it, where numpy's type does not say it: `datetime64[ns]`.
    """

    __slots__ = ()

    @overload
    def __init__(
        self: Scalar[bool, np.bool_], dtype: type[np.bool_], dims: str = "", **options: Unpack[Given]
    ) -> None: ...
    @overload
    def __init__(
        self: Scalar[int, IntegerT],
        dtype: type[IntegerT],
        dims: str = "",
        **options: Unpack[Given],
    ) -> None: ...
    @overload
    def __init__(
        self: Scalar[float, FloatingT],
        dtype: type[FloatingT],
        dims: str = "",
        *,
        stored: str | None = None,
        **options: Unpack[Given],
    ) -> None: ...
    @overload
    def __init__(
        self: Scalar[complex, ComplexT],
        dtype: type[ComplexT],
        dims: str = "",
        **options: Unpack[Given],
    ) -> None: ...
    @overload
    def __init__(
        self: Scalar[np.datetime64, np.datetime64],
        dtype: type[np.datetime64],
        dims: str = "",
        *,
        stored: str,
        **options: Unpack[Given],
    ) -> None: ...
    def __init__(
        self,
        dtype: type[np.generic],
        dims: str = "",
        *,
        stored: str | None = None,
        **options: Unpack[Given],
    ) -> None:
        super().__init__(stored or np.dtype(dtype).name, dims, Options(**options))

    def entry(self, block: NDArray[ItemT], index: int) -> NumberT:
        value = block[index]
        return cast("NumberT", value if isinstance(value, np.datetime64) else value.item())


class Enumerated(DenseFeature[EnumT, np.integer[Any]]):
    """Entries are members of an enum; the file holds integers and, by HDF5's enum type, their names.

    Args:
        enum: The members.
        dims: Address of the open dim, or nothing: one member for the whole file.
        names: The members' names in the file, where they are not Python identifiers.
    """

    __slots__ = ("enum",)

    def __init__(
        self,
        enum: type[EnumT],
        dims: str = "",
        *,
        names: Sequence[str] | None = None,
        **options: Unpack[Given],
    ) -> None:
        members = Members(enum, names)
        super().__init__(members.base, dims, Options(**options), members)
        self.enum = enum

    def _fit(self, value: object, where: str) -> NDArray[np.generic]:
        if isinstance(value, Enum) and not isinstance(value, self.enum):
            raise DataError(
                f"{type(value).__name__}.{value.name} is no member of {self.enum.__name__}",
                where=where,
                do=f"give a member of {self.enum.__name__}, or its name in the file",
            )
        return super()._fit(value, where)

    def entry(self, block: NDArray[np.integer[Any]], index: int) -> EnumT:
        return self.enum(int(block[index]))
