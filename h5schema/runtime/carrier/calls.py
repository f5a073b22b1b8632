"""Rows of a dataset in as few and as fast calls of h5py as they take.

On one machine a slice took 4 to 6 µs; a fancy selection 60, and 2 a row where the dataset has no chunks. Of chunks it
took 200 µs a row of uint8[32, 32, 3], where a slice takes 20: it is not used there.
"""

from __future__ import annotations

from math import prod
from typing import NamedTuple, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from ..spans import Rows, positions

Values = NDArray[np.generic]

_BRIDGE_BYTES = 8 << 10
"""A gap of up to so many bytes is read along: one call costs what they cost."""
_SEVERAL = 16
"""From so many rows on a fancy selection is worth setting up."""


def gathered(dataset: h5py.Dataset, starts: Rows, lengths: Rows | int) -> Values:
    """The rows of runs, end to end; each row is read once, in file order. There is at least one."""
    if len(starts) == 1:
        first = int(starts[0])
        return cast("Values", dataset[first : first + (lengths if isinstance(lengths, int) else int(lengths[0]))])
    if isinstance(lengths, int):
        if lengths == 1:
            return _single_rows(dataset, starts)
        lengths = np.full(len(starts), lengths, np.int64)
    return _by_runs(dataset, starts, lengths)


def _single_rows(dataset: h5py.Dataset, rows: Rows) -> Values:
    order = np.argsort(rows, kind="stable")
    wanted, chunks, count = rows[order], dataset.chunks, len(rows)
    first = int(wanted[0])
    extent = int(wanted[-1]) + 1 - first
    near = extent <= count * max(1, _BRIDGE_BYTES // _row_bytes(dataset))
    if chunks is None and near:
        return np.take(cast("Values", dataset[first : first + extent]), rows - first, axis=0)
    if chunks is not None and near and extent <= count * chunks[0]:
        return _by_runs(dataset, rows, np.ones(count, np.int64))
    if chunks is None and count >= _SEVERAL and all(dataset.shape):
        return _in_one_call(dataset, wanted, order)
    found = np.empty((count, *dataset.shape[1:]), dataset.dtype)
    for at, row in zip(order.tolist(), wanted.tolist(), strict=True):
        found[at] = dataset[row]
    return found


def _in_one_call(dataset: h5py.Dataset, wanted: Rows, order: Rows) -> Values:
    """Sorted rows by a fancy selection, which takes none twice; laid out as `order` says they were asked for."""
    new = np.ones(len(wanted), bool)
    new[1:] = wanted[1:] != wanted[:-1]
    place = np.empty(len(wanted), np.int64)
    place[order] = np.cumsum(new) - 1
    return np.take(cast("Values", dataset[wanted[new]]), place, axis=0)


def _by_runs(dataset: h5py.Dataset, starts: Rows, lengths: Rows) -> Values:
    runs = _runs(dataset, starts, lengths)
    parts = [dataset[a:b] for a, b in zip(runs.starts.tolist(), runs.stops.tolist(), strict=True)]
    run = np.searchsorted(runs.starts, starts, side="right") - 1
    within = starts - runs.starts[run]
    # By itself numpy would change the byte order.
    if 2 * len(parts) > len(starts):  # few were joined: as views, rows are copied once
        bounds = zip(run.tolist(), within.tolist(), (within + lengths).tolist(), strict=True)
        return np.concatenate([parts[i][a:b] for i, a, b in bounds], dtype=dataset.dtype)
    sizes = runs.stops - runs.starts
    block = parts[0] if len(parts) == 1 else np.concatenate(parts, dtype=dataset.dtype)
    if len(parts) == 1 and np.array_equal(starts[1:], (starts + lengths)[:-1]):
        return cast("Values", block)
    return np.take(block, positions(within + (np.cumsum(sizes) - sizes)[run], lengths), axis=0)


class _Runs(NamedTuple):
    """What is read with one call each: rows from `starts[i]` to before `stops[i]`, in file order."""

    starts: Rows
    stops: Rows


def _runs(dataset: h5py.Dataset, starts: Rows, lengths: Rows) -> _Runs:
    """Spans in file order; those that overlap or nearly touch are one, if there is no whole chunk between them."""
    filled = lengths > 0
    order = np.argsort(starts[filled], kind="stable")
    first, stop = starts[filled][order], (starts + lengths)[filled][order]
    reach = np.maximum.accumulate(stop)
    here, last = first[1:], reach[:-1]
    apart = here > last + _BRIDGE_BYTES // _row_bytes(dataset)
    if dataset.chunks is not None:
        apart |= here // dataset.chunks[0] > (last - 1) // dataset.chunks[0] + 1
    begin = np.concatenate([[0], np.flatnonzero(apart) + 1])
    return _Runs(first[begin], np.maximum.reduceat(stop, begin))


def _row_bytes(dataset: h5py.Dataset) -> int:
    return max(1, dataset.dtype.itemsize * prod(dataset.shape[1:]))
