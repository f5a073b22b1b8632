"""Indices of others: which values belong to which entry, in each form in which files say so."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError, FileError

from ..spans import Rows, offsets_of, positions
from .columns import Column

At: TypeAlias = Callable[[Rows], Rows]
"""Numbers of the entries at some rows."""
Mask: TypeAlias = Callable[[Rows], NDArray[np.bool_]]

_INT64 = np.dtype(np.int64)


class Numbers:
    """A column of whole numbers.

    Args:
        column: That holds them.
        where: File and path, for errors.

    Raises:
        FileError: It holds others.
    """

    def __init__(self, column: Column, where: str) -> None:
        if column.dtype.kind not in "iu" or not column.shape:
            raise self._no_index(column.dtype, column.shape or (), where)
        self._column = column
        self._dtype = column.dtype
        self.where = where
        self.shape = column.shape

    def expect_flat(self) -> None:
        """Refuses numbers that have several axes.

        Raises:
            FileError: They have.
        """
        if len(self.shape) > 1:
            raise self._no_index(self._dtype, self.shape, self.where)

    def _no_index(self, dtype: np.dtype[np.generic], shape: tuple[int, ...], where: str) -> FileError:
        return FileError(
            f"an index is made of whole numbers, not of {dtype} {list(shape)}",
            where=where,
            do="name another dataset in the `index` of the schema",
        )

    def at(self, rows: Rows) -> Rows:
        """The numbers at rows: int64 [n], or [n, 2]."""
        return self._column.read(rows, 1).astype(np.int64)

    def all(self) -> Rows:
        """All of them."""
        return self._column.read(np.zeros(1, np.int64), self.shape[0]).astype(np.int64)


class Runs(NamedTuple):
    """Where the values of each entry lie.

    Attributes:
        entries: How many there are.
        starts: Row of the first value of each.
        stops: Row after the last value of each.
        end: The number of values that there must be; None: the form does not say.
        where: File and path, for errors.
        touching: Whether each entry begins where the one before it ends.
    """

    entries: int
    starts: At
    stops: At
    end: int | None
    where: str
    touching: bool = True

    def lengths(self, rows: Rows) -> Rows:
        """How many values the entries at rows have.

        Raises:
            DataError: One ends before it begins.
        """
        starts, stops = self.starts(rows), self.stops(rows)
        wrong = stops < starts
        if wrong.any():
            at = int(np.argmax(wrong))
            raise DataError(
                f"the entry begins at {int(starts[at])} and ends at {int(stops[at])}, before that",
                where=f"{self.where}, row {int(rows[at])}",
                do="the file's index is damaged, or `index` in the schema names another form than the file has",
            )
        return stops - starts


def runs_of(form: Mapping[str, Numbers]) -> Runs:
    """The runs of an index of one form."""
    for word, numbers in form.items():
        if word != "ranges":
            numbers.expect_flat()
    return _FORMS[tuple(form)](*form.values())


def _offsets(offsets: Numbers) -> Runs:
    count = offsets.shape[0] - 1
    if count < 0:
        raise FileError("there are no offsets, not even the first", where=offsets.where, do="name another dataset")
    first, end = (int(offsets.at(np.array([row], np.int64))[0]) for row in (0, count))
    if first != 0:
        raise FileError(
            f"the offsets begin with {first}, not with 0: the values before it would belong to no entry",
            where=f"{offsets.where}, row 0",
            do="write `ends` in the `index` of the schema if these are ends, or bind a file whose index is whole",
        )

    def stops(rows: Rows) -> Rows:
        return offsets.at(rows + 1)

    return Runs(count, offsets.at, stops, end, offsets.where)


def _ends(ends: Numbers) -> Runs:
    count = ends.shape[0]

    def starts(rows: Rows) -> Rows:
        found = np.zeros(len(rows), np.int64)
        later = rows > 0
        found[later] = ends.at(rows[later] - 1)
        return found

    end = int(ends.at(np.array([count - 1], np.int64))[0]) if count else 0
    return Runs(count, starts, ends.at, end, ends.where)


def _lengths(lengths: Numbers) -> Runs:
    known = lengths.all()
    if (known < 0).any():
        row = int(np.argmax(known < 0))
        raise FileError(f"a length of {int(known[row])}", where=f"{lengths.where}, row {row}", do="the file is damaged")
    return between(offsets_of(known), lengths.where)


def between(offsets: Rows, where: str) -> Runs:
    """The runs of entries that lie end to end, from offsets in memory."""

    def starts(rows: Rows) -> Rows:
        return offsets[rows]

    def stops(rows: Rows) -> Rows:
        return offsets[rows + 1]

    return Runs(len(offsets) - 1, starts, stops, int(offsets[-1]), where)


def _ranges(ranges: Numbers) -> Runs:
    if len(ranges.shape) != 2 or ranges.shape[1] != 2:
        raise FileError(
            f"ranges are pairs of start and stop, not of shape {list(ranges.shape)}",
            where=ranges.where,
            do="name another dataset in the `index` of the schema",
        )

    def starts(rows: Rows) -> Rows:
        return ranges.at(rows)[:, 0]

    def stops(rows: Rows) -> Rows:
        return ranges.at(rows)[:, 1]

    return Runs(ranges.shape[0], starts, stops, None, ranges.where, touching=False)


def _start_end(start: Numbers, end: Numbers) -> Runs:
    _expect_alike(start, end)
    return Runs(start.shape[0], start.at, end.at, None, start.where, touching=False)


def _start_length(start: Numbers, length: Numbers) -> Runs:
    _expect_alike(start, length)

    def stops(rows: Rows) -> Rows:
        return start.at(rows) + length.at(rows)

    return Runs(start.shape[0], start.at, stops, None, start.where, touching=False)


def _expect_alike(start: Numbers, other: Numbers) -> None:
    if start.shape != other.shape:
        raise FileError(
            f"{list(other.shape)} ends or lengths for {list(start.shape)} starts",
            where=other.where,
            do="name two datasets of one length in the `index` of the schema",
        )


_FORMS: Mapping[tuple[str, ...], Callable[..., Runs]] = {
    ("offsets",): _offsets,
    ("ends",): _ends,
    ("lengths",): _lengths,
    ("ranges",): _ranges,
    ("start", "end"): _start_end,
    ("start", "length"): _start_length,
}


def only(runs: Runs, mask: Mask) -> Runs:
    """The same runs, but none for the entries that a mask leaves out."""

    def starts(rows: Rows) -> Rows:
        return np.where(mask(rows), runs.starts(rows), 0)

    def stops(rows: Rows) -> Rows:
        return np.where(mask(rows), runs.stops(rows), 0)

    return runs._replace(starts=starts, stops=stops, end=None, touching=False)


class Worked:
    """A column of numbers that are worked out when they are asked for.

    Args:
        count: How many there are.
        at: Works them out.
    """

    def __init__(self, count: int, at: At) -> None:
        self.dtype: np.dtype[np.generic] = _INT64
        self.shape = (count,)
        self._at = at

    def read(self, starts: Rows, lengths: Rows | int) -> NDArray[np.generic]:
        if isinstance(lengths, int) and lengths == 1:
            return self._at(starts)
        counts = np.full(len(starts), lengths, np.int64) if isinstance(lengths, int) else lengths
        return self._at(positions(starts, counts))


class Rearranged:
    """The values of another column in the order of the entries that they belong to, end to end.

    Args:
        column: The values as they lie in the file: in any order, some for several entries.
        starts: The first row of each entry in the file.
        offsets: Where each entry begins here, and where the last one ends.
    """

    def __init__(self, column: Column, starts: Rows, offsets: Rows) -> None:
        self._column = column
        self._starts = starts
        self._offsets = offsets
        self.dtype = column.dtype
        self.shape = (int(offsets[-1]), *(column.shape or (0,))[1:])

    def read(self, starts: Rows, lengths: Rows | int) -> NDArray[np.generic]:
        counts = np.full(len(starts), lengths, np.int64) if isinstance(lengths, int) else lengths
        entries, begins, sizes = pieces(self._offsets, starts, counts)
        return self._column.read(self._starts[entries] + begins - self._offsets[entries], sizes)


def pieces(offsets: Rows, starts: Rows, counts: Rows) -> tuple[Rows, Rows, Rows]:
    """Part, first row and number of rows of each piece of some runs, cut where a part ends.

    Args:
        offsets: The first row of each part, and the end of the last.
        starts: The first row of each run.
        counts: Rows of each run.
    """
    filled = counts > 0
    starts, counts = starts[filled], counts[filled]
    first = np.searchsorted(offsets, starts, side="right") - 1
    last = np.searchsorted(offsets, starts + counts - 1, side="right") - 1
    many = last - first + 1
    parts = positions(first, many)
    begins = np.maximum(np.repeat(starts, many), offsets[parts])
    sizes = np.minimum(np.repeat(starts + counts, many), offsets[parts + 1]) - begins
    there = sizes > 0  # between two parts there may be empty ones
    return parts[there], begins[there], sizes[there]
