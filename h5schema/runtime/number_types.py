"""What numbers are in a file, in a block and in a batch: the same, where a subclass does not say otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from h5schema.vocabulary.dtypes import date_unit

from .values import fit

Values = NDArray[np.generic]


class NumberType:
    """Numbers that lie in the file as they are given.

    Args:
        name: As the language writes it.

    Attributes:
        memory: dtype of blocks.
        file: dtype of the dataset's rows.
        loaded: Name of the dtype of batches, where a loader does not ask for another.
        attributes: What the dataset says of itself, for other readers.
        blank: What lies in the file where an entry is absent.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.memory: np.dtype[Any] = np.dtype(name)
        self.file: np.dtype[Any] = self.memory
        self.loaded = name
        self.attributes: Mapping[str, str] = {}
        self.blank: object = 0

    def fit(self, value: object, where: str) -> Values:
        """What a user gives, in memory's dtype; refuses what would change."""
        return fit(value, self.name, where)

    def to_file(self, values: Values) -> Values:
        """Values of memory as rows of the dataset."""
        return values

    def from_file(self, rows: Values) -> Values:
        """Rows of the dataset as values of memory."""
        return rows.astype(self.memory, copy=False)

    def in_numbers(self, values: Values) -> Values:
        """Values of memory as numbers that a loader casts."""
        return values


@cache
def number_type(name: str) -> NumberType:
    """The type of a dtype of the language."""
    unit = date_unit(name)
    if unit is not None:
        from .dates import Dates  # rarely

        return Dates(name, unit)
    if name == "bfloat16":
        from .bfloat16_type import BFloat16  # rarely

        return BFloat16(name)
    return NumberType(name)
