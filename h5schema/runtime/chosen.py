"""Samples of a loader as arithmetic: sample i is found when it is asked for, so a billion of them need no memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple, Protocol, cast

import numpy as np

from .chance import Drawn
from .spans import Rows, offsets_of
from .windows import Places


class Chosen(NamedTuple):
    """Some samples: where each of them is.

    Attributes:
        at: By dim of the sample: int64 [n], the row in a dim of entries, the position within its entry in a ragged one.
        drawn: The samples as chance sees them.
        sizes: By dim, where samples are ranges of it: int64 [n], how long each is.
    """

    at: Mapping[str, Rows]
    drawn: Drawn
    sizes: Mapping[str, Rows] = {}

    def one(self, index: int) -> Chosen:
        """One of them alone."""
        here, (seed, epoch, positions) = slice(index, index + 1), self.drawn
        at, sizes = ({dim: rows[here] for dim, rows in known.items()} for known in (self.at, self.sizes))
        return Chosen(at, Drawn(seed, epoch, positions[here]), sizes)

    def said(self, index: int) -> str:
        """Where one of them is, for errors; nothing: they are nowhere."""
        return "".join(f", {dim} {int(rows[index])}" for dim, rows in self.at.items())


class Samples(Protocol):
    """The samples of a plan, counted from 0."""

    def __len__(self) -> int:
        """Number of samples."""
        ...

    def at(self, indices: Rows, drawn: Drawn) -> Chosen:
        """Where samples are.

        Args:
            indices: int64 [n], each from 0 to the number of samples less one.
            drawn: The samples as chance sees them.
        """
        ...

    def decided(self) -> tuple[object, ...]:
        """What decides which samples these are: numbers, names, arrays of rows, and other samples."""
        ...


class Entries:
    """The entries of one dim: all of them, or those at some rows.

    Args:
        dim: Address of the dim.
        rows: int64 [samples]; or how many entries there are, if all of them are samples.
    """

    def __init__(self, dim: str, rows: Rows | int) -> None:
        self._dim = dim
        self._rows = rows

    def __len__(self) -> int:
        return self._rows if isinstance(self._rows, int) else len(self._rows)

    def at(self, indices: Rows, drawn: Drawn) -> Chosen:
        return Chosen({self._dim: indices if isinstance(self._rows, int) else self._rows[indices]}, drawn)

    def decided(self) -> tuple[object, ...]:
        return self._dim, self._rows


class Within:
    """Positions within entries, one entry after the other; no window reaches from one entry into another.

    Args:
        dim: Address of the dim.
        parent: Of which each entry has a length of it; None: it is a dim of entries itself, and those of each file are
            one.
        rows: int64 [n], of the entries of the parent; or the first row of each file.
        lengths: int64 [n], of the dim in these entries.
        places: Where positions are in an entry.
    """

    def __init__(self, dim: str, parent: str | None, rows: Rows, lengths: Rows, places: Places) -> None:
        self._dim = dim
        self._parent = parent
        self._rows = rows
        self._lengths = lengths
        self._places = places
        self._ends = offsets_of(places.counts(lengths))

    def __len__(self) -> int:
        return int(self._ends[-1])

    def at(self, indices: Rows, drawn: Drawn) -> Chosen:
        places, entries = self._places, np.searchsorted(self._ends, indices, side="right") - 1
        positions = (indices - self._ends[entries] + places.first) * places.hop
        if places.jitter:
            low = np.maximum(positions - places.jitter, places.least())
            high = np.minimum(positions + places.jitter, places.last(self._lengths[entries]))
            positions = low + drawn.below(high - low + 1, "jitter")
        if self._parent is None:
            return Chosen({self._dim: positions + self._rows[entries]}, drawn)
        return Chosen({self._dim: positions, self._parent: self._rows[entries]}, drawn)

    def decided(self) -> tuple[object, ...]:
        return self._dim, self._parent, self._rows, self._lengths, self._places


class Inside:
    """Elements of the entries of a ragged dim, which lie in entries themselves: one item after the other.

    Args:
        dim: Address of the dim.
        outer: All items of the dim that it is per.
        lengths: int64 [items], of the dim in each of them.
    """

    def __init__(self, dim: str, outer: Samples, lengths: Rows) -> None:
        self._dim = dim
        self._outer = outer
        self._ends = offsets_of(lengths)

    def __len__(self) -> int:
        return int(self._ends[-1])

    def at(self, indices: Rows, drawn: Drawn) -> Chosen:
        items = np.searchsorted(self._ends, indices, side="right") - 1
        return Chosen({**self._outer.at(items, drawn).at, self._dim: indices - self._ends[items]}, drawn)

    def decided(self) -> tuple[object, ...]:
        return self._dim, self._outer, self._ends


class Ranged:
    """Ranges of entries, which are as long as they say.

    Args:
        dim: Address of the dim.
        parent: Of which each entry has a length of it; None: it is a dim of entries itself.
        rows: int64 [samples], the entry of the parent.
        starts: int64 [samples], of each range.
        sizes: int64 [samples], how long each is.
    """

    def __init__(self, dim: str, parent: str | None, rows: Rows, starts: Rows, sizes: Rows) -> None:
        self._dim = dim
        self._sizes = sizes
        self._at = {dim: starts} if parent is None else {dim: starts, parent: rows}

    def __len__(self) -> int:
        return len(self._sizes)

    def at(self, indices: Rows, drawn: Drawn) -> Chosen:
        at = {dim: rows[indices] for dim, rows in self._at.items()}
        return Chosen(at, drawn, {self._dim: self._sizes[indices]})

    def decided(self) -> tuple[object, ...]:
        return *self._at, *self._at.values(), self._sizes


class Kept:
    """Some of other samples: those that conditions on single elements have left.

    Args:
        samples: All of them.
        indices: int64 [kept], which of them.
    """

    def __init__(self, samples: Samples, indices: Rows) -> None:
        self._samples = samples
        self._indices = indices

    def __len__(self) -> int:
        return len(self._indices)

    def at(self, indices: Rows, drawn: Drawn) -> Chosen:
        return self._samples.at(self._indices[indices], drawn)

    def decided(self) -> tuple[object, ...]:
        return self._samples, self._indices


class First:
    """The first of some samples.

    Args:
        samples: All of them.
        limit: How many are kept, at most.
    """

    def __init__(self, samples: Samples, limit: int) -> None:
        self._samples = samples
        self._length = min(len(samples), limit)

    def __len__(self) -> int:
        return self._length

    def at(self, indices: Rows, drawn: Drawn) -> Chosen:
        return self._samples.at(indices, drawn)

    def decided(self) -> tuple[object, ...]:
        return self._samples, self._length


def everything(samples: Samples) -> Chosen:
    """All samples, in their order."""
    indices = np.arange(len(samples), dtype=np.int64)
    return samples.at(indices, Drawn(0, 0, indices))


def fingerprint(samples: Samples) -> str:
    """A short hash of which samples there are: 16 hexadecimal digits."""
    digest = hashlib.blake2b(digest_size=8)
    left: list[object] = [samples]
    while left:
        one = left.pop()
        if isinstance(one, np.ndarray):
            digest.update(np.ascontiguousarray(cast("Rows", one)).data)
        elif one is None or isinstance(one, int | str | tuple):
            digest.update(f"{one!r}/".encode())
        else:
            left += cast("Samples", one).decided()
    return digest.hexdigest()
