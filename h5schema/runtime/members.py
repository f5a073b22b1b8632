"""Enums in a file: integers, and by HDF5's enum type the names they stand for."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import cast

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError
from h5schema.vocabulary.dtypes import enum_base
from h5schema.vocabulary.suggest import closest

from .conditions import Among, Condition
from .spans import Rows


class Members:
    """The members of an enum, by name in the file and by value.

    Args:
        enum: The generated enum.
        names: Names in the file in the order of the members; None: the members' own.
    """

    __slots__ = ("_known", "base", "enum", "names")

    def __init__(self, enum: type[IntEnum], names: Sequence[str] | None) -> None:
        self.enum = enum
        texts = [member.name for member in enum] if names is None else names
        self.names = {text: int(member) for text, member in zip(texts, enum, strict=True)}
        self.base = enum_base(tuple(self.names.values()))
        self._known = np.array(sorted(self.names.values()), self.base)

    @property
    def first(self) -> int:
        """The value of the first member; it stands where an entry is absent."""
        return next(iter(self.names.values()))

    def file_dtype(self, base: str) -> np.dtype[np.generic]:
        """HDF5's enum type over the integer dtype `base`."""
        return h5py.enum_dtype(self.names, basetype=base)

    def record(self, base: str) -> object:
        """The enum as the layout's fingerprint writes it."""
        return {"enum": self.names, "base": base}

    def value_of(self, name: str, where: str) -> int:
        """The value of a member, by its name in the file."""
        if name not in self.names:
            near = closest(name, self.names)
            raise DataError(
                f"{name!r} is not a member of {self.enum.__name__}" + (f"; did you mean {near!r}?" if near else ""),
                where=where,
                do=f"the members are {', '.join(list(self.names)[:20])}",
            )
        return self.names[name]

    def in_numbers(self, value: object, where: str) -> object:
        """A value in which members may stand by their names: a text, a list of them, an array of them."""
        if isinstance(value, str):
            return self.value_of(value, where)
        given: object = value
        if isinstance(value, np.ndarray):
            return self._of_array(cast("NDArray[np.generic]", given), where)
        if not isinstance(value, list | tuple):
            return given
        items = cast("Sequence[object]", value)
        return [self.in_numbers(item, where) for item in items]

    def _of_array(self, array: NDArray[np.generic], where: str) -> object:
        return self.in_numbers(cast("object", array.tolist()), where) if array.dtype.kind in "UO" else array

    def by_value(self, condition: Condition) -> Condition:
        """A condition on members by their names, as one on their values."""
        if not isinstance(condition, Among):
            return condition
        where = self.enum.__name__
        return Among(*(self.value_of(one, where) if isinstance(one, str) else one for one in condition.values))

    def expect(self, values: NDArray[np.generic], where: str, rows: Rows | None = None) -> None:
        """Refuses values that are no member; HDF5 itself reads and writes them without a word."""
        if not values.size:
            return
        known = self._known
        gapless = int(known[-1]) - int(known[0]) == len(known) - 1
        if gapless and values.min() >= known[0] and values.max() <= known[-1]:
            return
        good = np.isin(values, known)
        if not good.all():
            at = np.argwhere(~good)[0]
            row = "" if rows is None or values.ndim == 0 else f", row {int(rows[at[0]])}"
            raise DataError(
                f"{values[tuple(at)]} is no value of {self.enum.__name__}",
                where=where + row,
                do=f"the values are {', '.join(f'{n} = {v}' for n, v in list(self.names.items())[:20])}",
            )
