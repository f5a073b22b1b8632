"""Conditions on values: of `check` in a feature, `where` in a loader, parts of a split."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from .blocks import Categories, Encoded, Maybe, Texts

Value: TypeAlias = bool | int | float | str


@dataclass(frozen=True, slots=True)
class Check:
    """Bounds that every value keeps; None: not asked.

    Attributes:
        min: The smallest value that is allowed.
        max: The largest value that is allowed.
        above: Every value is greater than this.
        below: Every value is less than this.
        unique: No value stands twice in the file.
        finite: No value is infinite or NaN.
        match: A regular expression that a whole text matches.
    """

    min: float | None = None
    max: float | None = None
    above: float | None = None
    below: float | None = None
    unique: bool = False
    finite: bool = False
    match: str | None = None

    def holds(self, values: object) -> NDArray[np.bool_]:
        """bool, of the shape of `values`: which keep the bounds. NaN keeps none."""
        if isinstance(values, Categories):
            return _of_words(self, values)
        if isinstance(values, Texts):
            pattern = re.compile(self.match or ".*", re.DOTALL)
            return np.array([pattern.fullmatch(text) is not None for text in values], bool)
        if isinstance(values, Encoded):
            return np.ones(len(cast("Encoded[object]", values)), bool)
        array = np.asarray(values)
        good = np.ones(array.shape, bool)
        if self.min is not None:
            good &= array >= self.min
        if self.max is not None:
            good &= array <= self.max
        if self.above is not None:
            good &= array > self.above
        if self.below is not None:
            good &= array < self.below
        if self.finite:
            good &= np.isfinite(array)
        return good

    def __str__(self) -> str:
        said = [
            f"{name}: {value}"
            for name in self.__slots__
            if (value := getattr(self, name)) is not None and value is not False
        ]
        return ", ".join(said)


class Among:
    """One of these values; a member of an enum is named as in the file."""

    __slots__ = ("values",)

    def __init__(self, *values: Value) -> None:
        self.values = values

    def holds(self, values: object) -> NDArray[np.bool_]:
        """bool [n]: which entries are one of the values."""
        if isinstance(values, Categories):
            return _of_words(self, values)
        if isinstance(values, Texts):
            wanted = set(self.values)
            return np.array([text in wanted for text in values], bool)
        array, listed = np.asarray(values), np.array(self.values)
        if array.dtype.kind == "f":  # 0.1 is meant in the precision of the feature, as a bound is
            listed = listed.astype(array.dtype)
        return np.isin(array, listed)

    def __repr__(self) -> str:
        return f"Among({', '.join(map(repr, self.values))})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Among) and self.values == other.values

    def __hash__(self) -> int:
        return hash(self.values)


@dataclass(frozen=True, slots=True)
class Present:
    """The entry has the feature."""

    def holds(self, values: object) -> NDArray[np.bool_]:
        """bool [n]: which entries have a value."""
        assert isinstance(values, Maybe)
        return values.present


@dataclass(frozen=True, slots=True)
class Absent:
    """The entry lacks the feature."""

    def holds(self, values: object) -> NDArray[np.bool_]:
        """bool [n]: which entries have no value."""
        assert isinstance(values, Maybe)
        return ~values.present


def _of_words(condition: Check | Among, values: Categories) -> NDArray[np.bool_]:
    """bool [n]: each word is looked at once; what is absent is nothing."""
    return np.append(condition.holds(values.words), False)[values.codes]


Condition: TypeAlias = Check | Among | Present | Absent
