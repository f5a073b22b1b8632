"""Entries of sparse kinds that change: their elements lie without gaps, in the order of the entries.

An entry of another length moves everything behind it, so changes are gathered, and written together before a commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from ..kinds import Compressed, Coordinates, Gapless
from ..model import Model
from ..spans import Carrier, Fetched, Rows, Spans, offsets_of, positions
from .datasets import Datasets
from .plans import Values

_TOGETHER_BYTES = 64 << 20
"""Of elements that wait in memory."""
_MOVED_BYTES = 8 << 20
"""Of elements that are moved at a time."""
_FAR = 2**60
"""Where elements that wait begin, for who reads them; no dataset is that long."""


class Compact:
    """The entries of one set of such datasets, and those of them that wait.

    Args:
        datasets: Of the file.
        gapless: Which they are.

    Attributes:
        count: Entries that there are, with those that wait.
    """

    def __init__(self, datasets: Datasets, gapless: Gapless) -> None:
        self._datasets = datasets
        self.gapless = gapless
        self._waiting: dict[int, Mapping[str, Values]] = {}
        self._bytes = 0
        self.count = self._there

    @property
    def _there(self) -> int:
        """Entries that are in the datasets."""
        return self._datasets.rows(self.gapless.ends) - 1

    @property
    def is_changed(self) -> bool:
        """Whether something waits."""
        return bool(self._waiting) or self.count != self._there

    @property
    def is_full(self) -> bool:
        """Whether what waits is to be written."""
        return self._bytes > _TOGETHER_BYTES

    def moved_by(self, at: Rows, lengths: Rows) -> int:
        """Bytes that move if entries get so many elements."""
        there, ends = at[at < self._there], self.gapless.ends
        first, last = (self._datasets.read_at(ends, rows).astype(np.int64) for rows in (there, there + 1))
        old = last - first
        changed = there[old != lengths[: len(there)]]
        return self._bytes_behind(int(changed[0])) if len(changed) else 0

    def moved_without(self, row: int) -> int:
        """Bytes that move if the last entry gets a row."""
        return self._bytes_behind(row) if row < min(self._there, self.count) - 1 else 0

    def _bytes_behind(self, row: int) -> int:
        """Of the elements of all entries behind one."""
        (end,) = self._datasets.read(self.gapless.ends, row + 1, row + 2).tolist()
        each = sum(self._datasets.read(path, 0, 0).dtype.itemsize for path in self.gapless.paths)
        return (self._datasets.rows(self.gapless.paths[0]) - int(end)) * each

    def put(self, at: Rows, rows: Mapping[str, Values]) -> None:
        """Gives entries other elements.

        Args:
            at: Rows of the entries; they rise.
            rows: Of each dataset that changes; the ends count from the first of these.
        """
        ends = offsets_of(np.diff(rows[self.gapless.ends], prepend=0)).tolist()
        known = [path for path in self.gapless.elements if path in rows]
        for row, (first, last) in zip(at.tolist(), pairwise(ends), strict=True):
            self._keep(row, {path: rows[path][first:last].copy() for path in known})

    def _keep(self, row: int, new: Mapping[str, Values]) -> None:
        old = self._waiting.get(row, {})
        missing = [path for path in self.gapless.elements if path not in new and path not in old]
        self._bytes -= _size(old)
        self._waiting[row] = {**old, **self._read(row, missing), **new}
        self._bytes += _size(self._waiting[row])

    def _read(self, row: int, paths: Sequence[str]) -> dict[str, Values]:
        if not paths:
            return {}
        first, last = self._datasets.read(self.gapless.ends, row, row + 2).tolist()
        return {path: self._datasets.read(path, first, last) for path in paths}

    def take_away(self, row: int) -> None:
        """The last entry gets the row of another, which is gone."""
        last = self.count - 1
        moved = self._waiting.pop(last, None)
        if row == last:
            self._bytes -= _size(moved or {})
        elif moved is not None:
            self._bytes -= _size(self._waiting.get(row, {}))
            self._waiting[row] = moved
        else:
            self._keep(row, self._read(last, self.gapless.elements))
        self.count = last

    def settle(self) -> None:
        """Writes what waits."""
        if not self.is_changed:
            return
        there, count = self._there, self.count
        low = min([*self._waiting, there, count])
        old = self._datasets.read(self.gapless.ends, low, there + 1).astype(np.int64)
        lengths = np.zeros(count - low, np.int64)
        kept = min(there, count) - low
        lengths[:kept] = np.diff(old)[:kept]
        for row, elements in self._waiting.items():
            lengths[row - low] = len(elements[self.gapless.elements[0]])
        new = old[0] + offsets_of(lengths)
        staying = np.ones(kept, bool)
        staying[[row - low for row in self._waiting if row - low < kept]] = False
        self._move(*_runs(staying, old, new), size=int(new[-1]))
        self._write(low, new)
        for path in self.gapless.paths:
            if self._datasets.rows(path) > new[-1]:
                self._datasets.shrink(path, int(new[-1]))
        if count < there:
            self._datasets.shrink(self.gapless.ends, count + 1)
        elif count > there:
            self._datasets.append(self.gapless.ends, new[there + 1 - low :])
        if not np.array_equal(new[: kept + 1], old[: kept + 1]):
            self._datasets.put(self.gapless.ends, low, new[: kept + 1])
        self._waiting.clear()
        self._bytes = 0

    def _move(self, old: Rows, new: Rows, sizes: Rows, *, size: int) -> None:
        """Moves runs: first those that move to the front, from the first on, then the others, from the last one."""
        for path in self.gapless.paths:
            more = size - self._datasets.rows(path)
            if more > 0:
                like = self._datasets.read(path, 0, 0)
                self._datasets.append(path, np.zeros((more, *like.shape[1:]), like.dtype))
            for i in np.flatnonzero(new < old).tolist():
                self._move_run(path, int(old[i]), int(new[i]), int(sizes[i]))
            for i in np.flatnonzero(new > old)[::-1].tolist():
                self._move_run(path, int(old[i]), int(new[i]), int(sizes[i]))

    def _move_run(self, path: str, old: int, new: int, size: int) -> None:
        step = max(1, _MOVED_BYTES // self._datasets.read(path, 0, 0).dtype.itemsize)
        firsts = range(0, size, step)
        for first in firsts if new < old else reversed(firsts):
            last = min(size, first + step)
            self._datasets.put(path, new + first, self._datasets.read(path, old + first, old + last))

    def _write(self, low: int, new: Rows) -> None:
        """Writes the elements that wait to where they belong; those of entries that follow each other together."""
        rows = np.sort(np.fromiter(self._waiting, np.int64, len(self._waiting)))
        for some in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1) if len(rows) else ():
            first = int(new[some[0] - low])
            entries = [self._waiting[row] for row in some.tolist()]
            for path in self.gapless.elements:
                self._datasets.put(path, first, np.concatenate([one[path] for one in entries]))
            if self.gapless.entries is not None:
                lengths = np.diff(new[some[0] - low : some[-1] - low + 2])
                self._datasets.put(self.gapless.entries, first, np.repeat(some, lengths))

    # What waits, as it is read.

    def fetch(self, spans: Spans, carrier: Carrier) -> Values:
        """Rows of one of the datasets as they will be; elements that wait lie far behind all others."""
        if spans.path == self.gapless.ends:
            return self._ends(spans, carrier)
        behind = spans.starts >= _FAR
        if spans.path == self.gapless.entries or not behind.any():
            return carrier.fetch((spans,))[0]
        lengths = np.broadcast_to(np.asarray(spans.lengths, np.int64), spans.starts.shape)
        (known,) = carrier.fetch((Spans(spans.path, spans.starts[~behind], lengths[~behind]),))
        waiting = np.concatenate([self._waiting[row][spans.path] for row in sorted(self._waiting)])
        found = np.empty((int(lengths.sum()), *known.shape[1:]), known.dtype)
        begins = offsets_of(lengths)[:-1]
        found[positions(begins[~behind], lengths[~behind])] = known
        found[positions(begins[behind], lengths[behind])] = waiting[
            positions(spans.starts[behind] - _FAR, lengths[behind])
        ]
        return found

    def _ends(self, spans: Spans, carrier: Carrier) -> Values:
        """Where the elements of entries begin and end."""
        rows = np.array(sorted(self._waiting), np.int64)
        behind = np.isin(spans.starts, rows)
        (known,) = carrier.fetch((spans._replace(starts=spans.starts[~behind]),))
        found = np.empty((len(spans.starts), 2), np.int64)
        found[~behind] = known.reshape(-1, 2)
        first = self.gapless.elements[0]
        ends = _FAR + offsets_of(np.array([len(self._waiting[row][first]) for row in rows.tolist()], np.int64))
        number = np.searchsorted(rows, spans.starts[behind])
        found[behind] = np.stack([ends[number], ends[number + 1]], axis=1)
        return found.reshape(-1)


class Awaiting:
    """A carrier that sees what waits.

    Args:
        carrier: Of what is in the file.
        compacts: By path of each of their datasets.
    """

    def __init__(self, carrier: Carrier, compacts: Mapping[str, Compact]) -> None:
        self._carrier = carrier
        self._compacts = compacts

    def fetch(self, spans: Sequence[Spans]) -> Fetched:
        """See `Carrier`."""
        others = [one for one in spans if one.path not in self._compacts]
        fetched = iter(self._carrier.fetch(others) if others else ())
        return tuple(
            self._compacts[one.path].fetch(one, self._carrier) if one.path in self._compacts else next(fetched)
            for one in spans
        )

    def length(self, path: str) -> int:
        """See `Carrier`."""
        known = self._compacts.get(path)
        return known.count + 1 if known is not None and path == known.gapless.ends else self._carrier.length(path)

    def has(self, path: str) -> bool:
        """See `Carrier`."""
        return self._carrier.has(path)

    def form(self, path: str) -> tuple[np.dtype[np.generic], tuple[int, ...] | None]:
        """See `Carrier`."""
        dtype, shape = self._carrier.form(path)
        known = self._compacts.get(path)
        return dtype, (known.count + 1,) if known is not None and path == known.gapless.ends else shape


class Compacts:
    """All that waits of a file.

    Args:
        datasets: Of the file.
    """

    def __init__(self, datasets: Datasets) -> None:
        self._datasets = datasets
        self._known: dict[str, Compact] = {}

    def of(self, model: Model, address: str) -> Compact | None:
        """What waits of the entries of a feature; None: they do not lie so."""
        gapless = _gapless(model, address)
        if gapless is None:
            return None
        if gapless.ends not in self._known:
            sharing = [one for one in model.features if one != address]
            found = [one for other in sharing if (one := _gapless(model, other)) and one.ends == gapless.ends]
            paths = dict.fromkeys(path for one in (gapless, *found) for path in one.elements)
            self._known[gapless.ends] = Compact(self._datasets, gapless._replace(elements=tuple(paths)))
        return self._known[gapless.ends]

    def seen(self, carrier: Carrier) -> Carrier:
        """A carrier that sees what waits."""
        compacts = [one for one in self._known.values() if one.is_changed]
        by_path = {path: one for one in compacts for path in (one.gapless.ends, *one.gapless.paths)}
        return Awaiting(carrier, by_path) if by_path else carrier

    @property
    def is_full(self) -> bool:
        """Whether what waits is to be written."""
        return any(one.is_full for one in self._known.values())

    @property
    def is_changed(self) -> bool:
        """Whether something waits."""
        return any(one.is_changed for one in self._known.values())

    def settle(self) -> None:
        """Writes what waits; entries may come by other ways from then on."""
        for one in self._known.values():
            one.settle()
        self._known.clear()


def _gapless(model: Model, address: str) -> Gapless | None:
    kind = model.features[address].kind
    return kind.gapless(model.places[address]) if isinstance(kind, Compressed | Coordinates) else None


def _size(elements: Mapping[str, Values]) -> int:
    return sum(values.nbytes for values in elements.values())


def _runs(staying: Values, old: Rows, new: Rows) -> tuple[Rows, Rows, Rows]:
    """Entries that stay and follow each other: where their elements were, where they go, how many they are."""
    edges = np.flatnonzero(np.diff(staying, prepend=False, append=False)).reshape(-1, 2)
    return old[edges[:, 0]], new[edges[:, 0]], old[edges[:, 1]] - old[edges[:, 0]]
