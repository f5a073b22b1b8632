"""The samples of a plan: what split, conditions, subset and windows leave of its dim."""

from __future__ import annotations

import numpy as np

from .any_reader import AnyReader
from .chance import Drawn
from .chosen import Entries, First, Inside, Kept, Samples, Within
from .held import InPart, all_rows, expect_present, holds, is_of_element, none_left, rows_of
from .model import Model
from .plan import Plan, takes
from .products import product_of
from .projected import plain, roots, windows_along
from .ranges import ranged
from .spans import Rows, offsets_of
from .subsets import Subsets, expect_known
from .windows import Places, cut_of

_AT_ONCE = 1 << 14
"""Samples that conditions look at together."""


def samples_of(reader: AnyReader, plan: Plan, subset: Subsets | None, limit: int | None) -> Samples:
    """The samples of a plan, in the order of the file.

    Args:
        reader: Of the file.
        plan: What a sample is.
        subset: Of the entries that are left by split and conditions; nothing else may leave none.
        limit: At most so many samples, from the first on.

    Raises:
        DataError: A sample lacks an input that has no `fill`, or split and conditions leave none at all.
    """
    expect_known(reader, roots(reader.model, plan), subset)
    if len(plan.dims) > 1:
        samples = product_of(reader, plan, subset)
    else:
        root = root_of(reader.model, plan.dim)
        rows = rows_of(reader, plan, root, subset)
        for take in takes(plan.sample):
            expect_present(reader, take, root, _with_samples(reader, plan, root, rows))
        samples = _within(reader, plan, root, rows)
    return samples if limit is None else First(samples, limit)


def root_of(model: Model, dim: str) -> str:
    """The dim of entries that a dim is, or of which it is a ragged dim."""
    return model.chain(dim)[0]


# Which entries.


def _with_samples(reader: AnyReader, plan: Plan, root: str, rows: Rows | None) -> Rows | None:
    """Those of the entries that hold a sample: of a ragged dim an entry may have none."""
    if not reader.model.is_ragged(plan.dim):
        return rows
    asked = all_rows(reader, root) if rows is None else rows
    if len(reader.model.chain(plan.dim)) == 2:
        return asked[reader.lengths(plan.dim, asked) > 0]
    *outer, counts = reader.lists(plan.dim, asked)
    for lengths in reversed(outer):
        ends = offsets_of(counts)[offsets_of(lengths)]
        counts = np.diff(ends)
    return asked[counts > 0]


# Which positions in them.


def _within(reader: AnyReader, plan: Plan, root: str, rows: Rows | None) -> Samples:
    """The samples in the entries at some rows; None: in all."""
    dim, window = plan.dim, plan.window.get(plan.dim)
    if dim == root and window is None:
        return Entries(dim, reader.length(dim) if rows is None else rows)
    if len(reader.model.chain(dim)) > 2:
        return _inside(reader, plan, root, all_rows(reader, root) if rows is None else rows)
    parent = None if dim == root else root
    if parent is None:
        borders = reader.borders(dim)
        entries, lengths = borders[:-1], np.diff(borders)
    else:
        entries = all_rows(reader, root) if rows is None else rows
        lengths = reader.lengths(dim, entries)
    windows = windows_along(reader.model, plan, dim)
    samples: Samples
    still: Samples
    if window is not None and window.ranges is not None:
        shifts = [one.shift or 0 for one in windows]
        bounds = min(shifts, default=0), max(shifts, default=0)
        samples = still = ranged(reader, window, dim, parent, entries, lengths, bounds)
        reach = bounds
    else:
        places = Places() if window is None else Places.of(window, [cut_of(one) for one in windows])
        samples = Within(dim, parent, entries, lengths, places)
        still = Within(dim, parent, entries, lengths, places._replace(jitter=0))
        reach = places.low - places.jitter, places.high + places.jitter
    if not len(samples) and len(entries):
        longest = f"the window of {dim}: the longest entry has {int(lengths.max())}" if window else ""
        raise none_left(reader, plan, root, f"{len(entries)} entries", longest)
    known = rows if parent is None else None
    part = InPart(reader, plan.split, dim, reach) if parent is None and plan.split is not None else None
    kept = _kept(reader, plan, still, known, part)
    if kept is None:
        return samples
    if not len(kept) and (rows is None or len(rows)):
        raise none_left(reader, plan, root, f"{len(samples)} positions")
    return Kept(samples, kept)


def _inside(reader: AnyReader, plan: Plan, root: str, entries: Rows) -> Samples:
    """The elements of a ragged dim of ragged dims, in the entries at some rows."""
    first, *deeper = reader.lists(plan.dim, entries)
    _, outermost, *dims = reader.model.chain(plan.dim)
    samples: Samples = Within(outermost, root, entries, first, Places())
    for dim, lengths in zip(dims, deeper, strict=True):
        samples = Inside(dim, samples, lengths)
    if not len(samples) and len(entries):
        raise none_left(reader, plan, root, f"{len(entries)} entries")
    kept = _kept(reader, plan, samples, None, None)
    if kept is None:
        return samples
    if not len(kept) and len(entries):
        raise none_left(reader, plan, root, f"{len(samples)} positions")
    return Kept(samples, kept)


def _kept(reader: AnyReader, plan: Plan, samples: Samples, known: Rows | None, part: InPart | None) -> Rows | None:
    """Which samples conditions on their own elements leave; None: all.

    Args:
        reader: Of the file.
        plan: What a sample is.
        samples: All of them.
        known: The rows that positions may have in a dim of entries; None: any.
        part: In which all of their windows lie; None: anywhere.
    """
    conditions = [
        (address, asked) for address, asked in plan.where.items() if is_of_element(reader.model, plan, address, asked)
    ]
    if known is None and not conditions:
        return None
    kept: list[Rows] = []
    for first in range(0, len(samples), _AT_ONCE):
        indices = np.arange(first, min(len(samples), first + _AT_ONCE), dtype=np.int64)
        chosen = samples.at(indices, Drawn(0, 0, indices))
        at = chosen.at
        held = np.ones(len(indices), np.bool_) if known is None else np.isin(at[plan.dim], known)
        held &= True if part is None else part.holds(chosen)
        for address, condition in conditions:
            held &= holds(reader, plain(reader.model, plan, address), address, condition, at)
        kept.append(indices[held])
    return np.concatenate(kept) if kept else np.empty(0, np.int64)
