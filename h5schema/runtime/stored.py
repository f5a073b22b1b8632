"""Samples that are elements which sparse features store, or do not store, found in the rows when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from .any_reader import AnyReader
from .blocks import Maybe, SparseBlock
from .chance import Drawn
from .chosen import Chosen
from .held import Rule
from .spans import Rows, offsets_of

_AT_ONCE = 1 << 10
"""Rows that are looked through together."""
_IN_MEMORY = 1 << 21
"""Elements whose places are kept: fewer are found faster, more are looked for in the rows that a batch is of."""


class Asked(NamedTuple):
    """What is asked of the elements of one sparse feature.

    Attributes:
        address: Of the feature.
        stored: Whether they are stored.
        rules: Which of the stored values belong to samples.
    """

    address: str
    stored: bool
    rules: Sequence[Rule] = ()


class _Found(NamedTuple):
    """Elements of some rows.

    Attributes:
        keys: int64 [found], ascending: the number of the row times the width, and the place in the row.
        ends: int64 [rows + 1], between which of them those of each row are.
    """

    keys: Rows
    ends: Rows


class Stored:
    """The elements that some sparse features store and others do not; or, if none has to, those that none stores.

    What is kept of each row is how many it has.

    Args:
        reader: Of the file.
        dims: Of the features, in stored order.
        asked: Of the features.
        known: Rows of each dim that samples may have, ascending; or how many there are, if all.
    """

    def __init__(
        self, reader: AnyReader, dims: Sequence[str], asked: Sequence[Asked], known: Mapping[str, Rows | int]
    ) -> None:
        self._reader = reader
        self._dims = dims
        self._known = known
        self._present = [one for one in asked if one.stored]
        self._absent = [one for one in asked if not one.stored]
        self._shape = tuple(_count(known[dim]) for dim in dims[1:])
        self._width = prod(self._shape)
        self._ranks = [_ranks(known[dim], reader.length(dim)) for dim in dims[1:]]
        self._kept: _Found | None = None
        self._ends = self._counted()

    def _counted(self) -> Rows:
        """Looks through all rows: where the samples of each end."""
        rows = _count(self._known[self._dims[0]])
        parts: list[_Found] = []
        counts = [np.empty(0, np.int64)]
        kept = 0
        fits = rows * self._width < 2**62
        for first in range(0, rows, _AT_ONCE):
            found = self._found(np.arange(first, min(rows, first + _AT_ONCE), dtype=np.int64))
            counts.append(np.diff(found.ends))
            kept += len(found.keys)
            fits = fits and kept <= _IN_MEMORY
            parts = [*parts, found._replace(keys=found.keys + first * self._width)] if fits else []
        lengths = np.concatenate(counts)
        if fits:
            self._kept = _Found(np.concatenate([lengths[:0], *(one.keys for one in parts)]), offsets_of(lengths))
        return offsets_of(lengths if self._present else self._width - lengths)

    def __len__(self) -> int:
        return int(self._ends[-1])

    def at(self, indices: Rows, drawn: Drawn) -> Chosen:
        entries = np.searchsorted(self._ends, indices, side="right") - 1
        number = indices - self._ends[entries]
        if self._kept is not None:
            found, asked = self._kept, entries
        else:
            some, asked = np.unique(entries, return_inverse=True)
            found = self._found(some)
        place = self._place(found, asked, number)
        lead = self._known[self._dims[0]]
        at = {self._dims[0]: entries if isinstance(lead, int) else lead[entries]}
        along = np.unravel_index(place, self._shape) if len(place) else [place] * len(self._shape)
        for dim, one in zip(self._dims[1:], along, strict=True):
            rows = self._known[dim]
            at[dim] = one.astype(np.int64) if isinstance(rows, int) else rows[one]
        return Chosen(at, drawn)

    def _place(self, found: _Found, asked: Rows, number: Rows) -> Rows:
        """Where the element with some number among the samples of its row is in the row."""
        if self._present:
            return cast("Rows", found.keys[found.ends[asked] + number] - asked * self._width)
        # Of the places that are not taken, as many lie before a taken one as its place less the taken ones before it.
        rows = np.repeat(np.arange(len(found.ends) - 1, dtype=np.int64), np.diff(found.ends))
        before = found.keys - (np.arange(len(found.keys), dtype=np.int64) - found.ends[rows])
        taken = np.searchsorted(before, asked * self._width + number, side="right") - found.ends[asked]
        return number + taken

    def _found(self, entries: Rows) -> _Found:
        """The elements of some rows that are samples; where no feature has to store them, those that are none."""
        lead = self._known[self._dims[0]]
        rows = entries if isinstance(lead, int) else lead[entries]
        keys = None
        for one in self._present:
            own = self._keys(one, rows)
            keys = own if keys is None else np.intersect1d(keys, own, assume_unique=True)
        for one in self._absent:
            own = self._keys(one, rows)
            if self._present and keys is not None:
                keys = np.setdiff1d(keys, own, assume_unique=True)
            else:
                keys = own if keys is None else np.union1d(keys, own)
        assert keys is not None
        return _Found(keys, np.searchsorted(keys, np.arange(len(rows) + 1, dtype=np.int64) * self._width))

    def _keys(self, asked: Asked, rows: Rows) -> Rows:
        """The elements that one feature stores."""
        block = self._reader.read(asked.address, rows)
        sparse = cast(
            "SparseBlock[np.generic]", cast("Maybe[object]", block).values if isinstance(block, Maybe) else block
        )
        if not len(sparse.indices):
            return np.empty(0, np.int64)
        along = np.unravel_index(sparse.indices, sparse.shape or (sparse.width,))
        held: NDArray[np.bool_] = np.ones(len(sparse.indices), np.bool_)
        keys = sparse.rows
        for one, ranks, size in zip(along, self._ranks, self._shape, strict=True):
            place = one if ranks is None else ranks[one]
            held &= place >= 0
            keys = keys * size + place
        for rule in asked.rules:
            held &= rule.holds(sparse.values)
        return keys[held]

    def decided(self) -> tuple[object, ...]:
        asked = [f"{one.address}/{one.stored}/{list(one.rules)!r}" for one in (*self._present, *self._absent)]
        return *self._dims, *asked, *self._known.values(), self._ends


def _count(known: Rows | int) -> int:
    return known if isinstance(known, int) else len(known)


def _ranks(known: Rows | int, length: int) -> Rows | None:
    """Of each row its number among the rows that samples may have, -1: none; None: all are."""
    if isinstance(known, int):
        return None
    ranks = np.full(length, -1, np.int64)
    ranks[known] = np.arange(len(known))
    return ranks
