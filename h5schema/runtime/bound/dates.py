"""Dates of others: numbers since a moment, as `units` and `calendar` of CF say it, in the unit of the feature."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError, FileError
from h5schema.vocabulary.dtypes import date_unit

from ..spans import Rows, positions
from .columns import Column, Values
from .masked import missing_in

SAID = ("units", "calendar")
"""Attributes that say what the numbers are."""

_NANOSECONDS = {"ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "min": 60 * 10**9, "h": 3600 * 10**9, "D": 86400 * 10**9}
_SPELLINGS = {
    "D": "d day days",
    "h": "h hr hrs hour hours",
    "min": "min mins minute minutes",
    "s": "s sec secs second seconds",
    "ms": "ms msec msecs millisecond milliseconds",
    "us": "us microsecond microseconds",
    "ns": "ns nanosecond nanoseconds",
}
_UNITS = {word: unit for unit, words in _SPELLINGS.items() for word in words.split()}
_SINCE = re.compile(
    r"(\w+) since (\d{1,4})-(\d{1,2})-(\d{1,2})"
    r"(?:[T ]\s*(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,9}))?)?)?(?:\s*(?:Z|UTC|GMT|[+-]?0?0:?00))?",
    re.IGNORECASE,
)
_CHANGED = datetime(1582, 10, 15)
"""From here on the calendar that CF calls standard is the one that numpy counts in."""
_1970 = datetime(1970, 1, 1)
_SMALLEST = np.iinfo(np.int64).min  # NaT
_LARGEST = np.iinfo(np.int64).max
_WHOLE = 2.0**53
_AS_NUMBERS = "give the feature the stored `dtype`, which leaves the numbers as they are"


class _Since(NamedTuple):
    """What `units` says.

    Attributes:
        unit: A key of `_NANOSECONDS`.
        start: Nanoseconds from 1970 to the moment that is counted from.
    """

    unit: str
    start: int


def dated(column: Column, dtype: str, said: Mapping[str, object], where: str, missing: Values) -> Column:
    """A column of numbers as int64 in the unit of a dtype of dates.

    Args:
        column: The numbers.
        dtype: Of the feature.
        said: The attributes that there are of `SAID`.
        where: File and path, for errors.
        missing: Numbers that mean none, which become NaT.

    Raises:
        FileError: Nobody knows which moments the numbers are.
    """
    text, calendar = _said(said)
    since = _since(text)
    standard = calendar != "proleptic_gregorian"
    if since is None:
        what = f"its `units` are {text!r}, not days to nanoseconds since a date" if text else "a date has no `units`"
    elif calendar not in ("", "standard", "gregorian", "proleptic_gregorian"):
        what = f"its calendar is {calendar}, which has other days than numpy's"
    elif standard and since.start < _nanoseconds(_CHANGED):
        what = f"its `units` are {text!r}, and the standard calendar has other days than numpy's before 1582-10-15"
    else:
        moments = _Moments(since, dtype, _nanoseconds(_CHANGED) if standard else None)
        return column if column.dtype.kind not in "iuf" else _Dated(column, moments, missing, f"{text!r}", where)
    raise FileError(what, where=where, do=_AS_NUMBERS)


def expect_ours(dtype: str, said: Mapping[str, object], where: str) -> None:
    """Refuses a dataset that says of its numbers that they are other moments than a feature of dates would read.

    Raises:
        FileError: It does.
    """
    text, calendar = _said(said)
    ours = _Since(date_unit(dtype) or "", 0)
    if text and (_since(text) != ours or calendar not in ("", "proleptic_gregorian")):
        raise FileError(
            f"its `units` are {text!r}" + f", its calendar is {calendar}" * bool(calendar) + f": no {dtype} as it lies",
            where=where,
            do="write `bind: cf`, which decodes them, or give the feature the stored `dtype`",
        )


class _Moments:
    """Numbers of one unit since a moment as moments in the unit of a dtype.

    Of two units the smaller one divides the other, so all is counted in whole numbers of the smaller one.
    """

    def __init__(self, since: _Since, dtype: str, first: int | None) -> None:
        self.dtype = dtype
        stored, wanted = _NANOSECONDS[since.unit], _NANOSECONDS[date_unit(dtype) or "s"]
        small = min(stored, wanted)
        start, beside = divmod(since.start, small)
        self._none_is_whole = beside != 0
        self._factor, self._divisor = stored // small, wanted // small
        self._start, self._rest = divmod(start, self._divisor)
        self._low = -(-(_SMALLEST + 1 - start) // self._factor)
        self._high = (_LARGEST - start) // self._factor
        self._first = None if first is None else -(-first // wanted)

    def of(self, numbers: Values) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """int64 moments, and which of them are exact."""
        whole, parts, good = self._split(numbers)
        if self._none_is_whole:
            return whole, np.zeros(whole.shape, np.bool_)
        if self._divisor == 1:
            good &= (whole >= self._low) & (whole < self._high) | (whole == self._high) & (parts == 0)
            found = whole * self._factor + parts + _wrapped(self._start)  # int64 wraps around, and back
        else:
            left = whole % self._divisor + self._rest
            good &= left % self._divisor == 0
            found = whole // self._divisor + left // self._divisor + self._start
        return found, good if self._first is None else good & (found >= self._first)

    def _split(self, numbers: Values) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """Whole numbers of the stored unit, how many of the smaller one are beside them, and where that is all.

        A float is a whole number of the smaller unit if it is the nearest float of one, and of one only.
        """
        if numbers.dtype.kind != "f":
            good = np.less_equal(numbers, _LARGEST)
            return numbers.astype(np.int64), np.zeros(numbers.shape, np.int64), good
        floats = numbers.astype(np.float64)
        with np.errstate(all="ignore"):
            floor = np.floor(floats)
            parts = np.rint((floats - floor) * self._factor)
            near = (floor + parts / self._factor == floats) & (np.spacing(np.abs(floats)) * self._factor < 0.5)
            good = (near | (parts / self._factor == floats - floor)) & (np.abs(floats) <= _WHOLE)
        return np.where(good, floor, 0).astype(np.int64), np.where(good, parts, 0).astype(np.int64), good


class _Dated:
    """A column of numbers as moments.

    Args:
        column: The numbers.
        moments: What becomes of them.
        missing: Numbers that mean none.
        text: Their unit, for errors.
        where: File and path, for errors.
    """

    def __init__(self, column: Column, moments: _Moments, missing: Values, text: str, where: str) -> None:
        self._column = column
        self._moments = moments
        self._missing = missing
        self._text = text
        self._where = where
        self.dtype: np.dtype[np.generic] = np.dtype(np.int64)
        self.shape = column.shape

    def read(self, starts: Rows, lengths: Rows | int) -> Values:
        numbers = self._column.read(starts, lengths)
        nat = _is_nat(numbers, self._missing)
        found, good = self._moments.of(np.where(nat, np.zeros(1, numbers.dtype), numbers))
        good |= nat
        if not good.all():
            at = tuple(int(one) for one in np.argwhere(~good)[0])
            counts = np.full(len(starts), lengths, np.int64) if isinstance(lengths, int) else lengths
            row = f", row {int(positions(starts, counts)[at[0]])}" if self.shape else ""
            raise DataError(
                f"{numbers[at]} of {self._text} has no exact value in {self._moments.dtype}",
                where=self._where + row,
                do="choose a unit that holds it, or give the feature the stored `dtype`; of the standard calendar "
                "only dates from 1582-10-15 on are decoded",
            )
        found[nat] = _SMALLEST
        return found


def _is_nat(numbers: Values, missing: Values) -> NDArray[np.bool_]:
    """Where NaN stands, the smallest int64, which is NaT, or what means none."""
    nat = np.isnan(numbers) if numbers.dtype.kind == "f" else np.equal(numbers, _SMALLEST)
    return np.logical_or(nat, missing_in(numbers, missing))


def _said(said: Mapping[str, object]) -> tuple[str, str]:
    """What `units` and `calendar` say; of an attribute that is missing nothing."""
    units, calendar = (said.get(key, "") for key in SAID)
    return _text(units), _text(calendar).lower()


def _text(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _since(text: str) -> _Since | None:
    """What `units` means; None: nothing that is known."""
    found = _SINCE.fullmatch(text.strip())
    unit = None if found is None else _UNITS.get(found[1].lower())
    if found is None or unit is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[1:7])
    try:
        start = datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
    return _Since(unit, _nanoseconds(start) + int((found[8] or "").ljust(9, "0")))


def _nanoseconds(moment: datetime) -> int:
    """From 1970 to a moment."""
    gone = moment - _1970
    return (gone.days * 86400 + gone.seconds) * 10**9


def _wrapped(number: int) -> int:
    """The int64 that has the lowest bits of a number."""
    return (number - _SMALLEST) % 2**64 + _SMALLEST
