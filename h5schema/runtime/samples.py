"""The samples of a plan: what split, conditions, subset and windows leave of its dim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from .any_reader import AnyReader
from .blocks import Maybe
from .chance import Drawn
from .chosen import Chosen, Entries, First, Kept, Samples, Within
from .conditions import Absent, Condition, Present
from .model import Model
from .plan import Plan, Take, takes
from .products import Listed, Product, in_parts, keys_of, stored_elements
from .projected import projection, roots, windows_along
from .projections import Cell, Element, Entry, Piece, Projection
from .ranges import ranged
from .spans import Part, Rows
from .subsets import Subsets, expect_known, rows_in
from .windows import Places, cut_of

_AT_ONCE = 1 << 14
"""Samples that conditions look at together."""


def samples_of(reader: AnyReader, plan: Plan, subset: Subsets | None, limit: int | None) -> Samples:
    """The samples of a plan, in the order of the file.

    Args:
        reader: Of the file.
        plan: What a sample is.
        subset: Of the entries that are left by split and conditions.
        limit: At most so many samples, from the first on.

    Raises:
        DataError: A sample lacks an input that has no `fill`, or split and conditions leave none at all.
    """
    expect_known(reader, roots(reader.model, plan), subset)
    if len(plan.dims) > 1:
        samples = _of_product(reader, plan, subset)
    else:
        root = root_of(reader.model, plan.dim)
        rows = _rows_of(reader, plan, root, subset)
        for take in takes(plan.sample):
            _expect_present(reader, take, root, _with_samples(reader, plan, root, rows))
        samples = _within(reader, plan, root, rows)
    return samples if limit is None else First(samples, limit)


def root_of(model: Model, dim: str) -> str:
    """The dim of entries that a dim is, or of which it is a ragged dim."""
    return model.parent(dim) if model.is_ragged(dim) else dim


# Which entries.


def _rows_of(reader: AnyReader, plan: Plan, root: str, subset: Subsets | None) -> Rows | None:
    """Which entries of the root hold samples; None: all."""
    rows = None if plan.split is None or _over(reader, plan.split) != (root,) else reader.split(plan.split)
    for address, condition in plan.where.items():
        if _is_of_entry(reader.model, plan, root, address, condition):
            asked = _all_rows(reader, root) if rows is None else rows
            rows = asked[_held(reader, Entry(address, root), address, condition, {root: asked})]
    if not (reader.length(root) if rows is None else len(rows)):
        raise _none_left(reader, plan, root, f"{reader.length(root)} entries")
    for piece in _pieces(reader.model, plan):
        asked = _all_rows(reader, root) if rows is None else rows
        rows = asked[piece.fits(reader.lengths(piece.dim, asked))]
        if not len(rows):
            raise _none_left(reader, plan, root, f"{len(asked)} entries", f"the window of {piece.dim}: all are shorter")
    own = subset.get(root) if isinstance(subset, Mapping) else subset
    if own is None:
        return rows
    wanted = rows_in(reader, root, own)
    return np.sort(wanted) if rows is None else rows[np.isin(rows, wanted)]


def _with_samples(reader: AnyReader, plan: Plan, root: str, rows: Rows | None) -> Rows | None:
    """Those of the entries that hold a sample: of a ragged dim an entry may have none."""
    if not reader.model.is_ragged(plan.dim):
        return rows
    asked = _all_rows(reader, root) if rows is None else rows
    return asked[reader.lengths(plan.dim, asked) > 0]


def _over(reader: AnyReader, split: str) -> tuple[str, ...]:
    """The dims that a split divides."""
    return reader.file.splits[split.partition("/")[0]].dims


def _is_of_entry(model: Model, plan: Plan, root: str, address: str, condition: Condition) -> bool:
    """Whether a condition is one on each entry of a root."""
    place = model.places[address]
    if len(plan.dims) > 1:
        return place.lead == root and not set(place.dims[1:]) & set(plan.dims)
    return not _is_of_element(model, plan, address, condition)


def _is_of_element(model: Model, plan: Plan, address: str, condition: Condition) -> bool:
    """Whether a condition is one on each position of the dim, not on each entry of its root."""
    if model.is_ragged(plan.dim):
        return plan.dim in model.places[address].ragged and not isinstance(condition, Present | Absent)
    return plan.dim in plan.window


def _pieces(model: Model, plan: Plan) -> Iterator[Piece]:
    """Windows of dims that samples have no position in, and that entries have to be long enough for."""
    for take in takes(plan.sample):
        seen = projection(model, plan, take)
        if isinstance(seen, Piece) and seen.needs_room:
            yield seen


# Which positions in them.


def _within(reader: AnyReader, plan: Plan, root: str, rows: Rows | None) -> Samples:
    """The samples in the entries at some rows; None: in all."""
    dim, window = plan.dim, plan.window.get(plan.dim)
    if dim == root and window is None:
        return Entries(dim, reader.length(dim) if rows is None else rows)
    parent = None if dim == root else root
    if parent is None:
        borders = reader.borders(dim)
        entries, lengths = borders[:-1], np.diff(borders)
    else:
        entries = _all_rows(reader, root) if rows is None else rows
        lengths = reader.lengths(dim, entries)
    windows = windows_along(reader.model, plan, dim)
    samples: Samples
    still: Samples
    if window is not None and window.ranges is not None:
        shifts = [one.shift or 0 for one in windows]
        bounds = min(shifts, default=0), max(shifts, default=0)
        samples = still = ranged(reader, window, dim, parent, entries, lengths, bounds)
    else:
        places = Places() if window is None else Places.of(window, [cut_of(one) for one in windows])
        samples = Within(dim, parent, entries, lengths, places)
        still = Within(dim, parent, entries, lengths, places._replace(jitter=0))
    if not len(samples) and len(entries):
        longest = f"the window of {dim}: the longest entry has {int(lengths.max())}" if window else ""
        raise _none_left(reader, plan, root, f"{len(entries)} entries", longest)
    known = rows if parent is None else None
    kept = _kept(reader, plan, still, known)
    if kept is None:
        return samples
    if not len(kept):
        raise _none_left(reader, plan, root, f"{len(samples)} positions")
    return Kept(samples, kept)


def _kept(reader: AnyReader, plan: Plan, samples: Samples, known: Rows | None) -> Rows | None:
    """Which samples conditions on their own elements leave; None: all.

    Args:
        reader: Of the file.
        plan: What a sample is.
        samples: All of them.
        known: The rows that positions may have in a dim of entries; None: any.
    """
    conditions = [
        (address, asked) for address, asked in plan.where.items() if _is_of_element(reader.model, plan, address, asked)
    ]
    if known is None and not conditions:
        return None
    kept: list[Rows] = []
    for first in range(0, len(samples), _AT_ONCE):
        indices = np.arange(first, min(len(samples), first + _AT_ONCE), dtype=np.int64)
        at = samples.at(indices, Drawn(0, 0, indices)).at
        held = np.ones(len(indices), np.bool_) if known is None else np.isin(at[plan.dim], known)
        for address, condition in conditions:
            held &= _held(reader, _element(reader.model, plan, address), address, condition, at)
        kept.append(indices[held])
    return np.concatenate(kept) if kept else np.empty(0, np.int64)


def _element(model: Model, plan: Plan, address: str) -> Projection:
    if model.is_ragged(plan.dim):
        return Element(address, model.parent(plan.dim), plan.dim)
    return Entry(address, plan.dim)


# Over several dims.


def _of_product(reader: AnyReader, plan: Plan, subset: Subsets | None) -> Samples:
    """The samples of a plan over several dims of entries."""
    known = {dim: _rows_of(reader, plan, dim, subset) for dim in plan.dims}
    for take in takes(plan.sample):
        lead = reader.model.places[take.address].lead
        if lead is None or lead in known:
            _expect_present(reader, take, plan.dim if lead is None else lead, None if lead is None else known[lead])
    rows = {dim: reader.length(dim) if found is None else found for dim, found in known.items()}
    asked = [(address, one) for address, one in plan.where.items() if _is_of_cell(reader.model, plan, address)]
    samples: Samples = Product(rows)
    stored = [address for address, condition in asked if isinstance(condition, Present)]
    if stored:
        samples = _stored(reader, plan, stored, known)
    others = [(address, condition) for address, condition in asked if not isinstance(condition, Present)]
    if others:
        samples = Kept(samples, _held_cells(reader, plan, samples, others))
    if not len(samples):
        raise _none_left(reader, plan, " x ".join(plan.dims), f"{len(Product(rows))} elements")
    return samples


def _is_of_cell(model: Model, plan: Plan, address: str) -> bool:
    return bool(set(model.places[address].dims[1:]) & set(plan.dims))


def _stored(reader: AnyReader, plan: Plan, addresses: Sequence[str], known: Mapping[str, Rows | None]) -> Samples:
    """The elements that all of some sparse features store."""
    sizes = {dim: reader.length(dim) for dim in plan.dims}
    kept: dict[str, Rows] = {}
    for address in addresses:
        lead = str(reader.model.places[address].lead)
        rows = known[lead]
        at = stored_elements(reader, address, _all_rows(reader, lead) if rows is None else rows)
        held = np.ones(len(at[lead]), np.bool_)
        for dim, some in known.items():
            if some is not None and dim != lead:
                held &= np.isin(at[dim], some)
        if kept:
            held &= np.isin(keys_of(at, sizes), keys_of(kept, sizes))
        kept = {dim: rows[held] for dim, rows in at.items()}
    return Listed(kept)


def _held_cells(reader: AnyReader, plan: Plan, samples: Samples, conditions: Sequence[tuple[str, Condition]]) -> Rows:
    kept = [np.empty(0, np.int64)]
    for indices in in_parts(len(samples), _AT_ONCE):
        at = samples.at(indices, Drawn(0, 0, indices)).at
        held = np.ones(len(indices), np.bool_)
        for address, condition in conditions:
            cell = Cell(address, reader.model.places[address].dims, plan.dims)
            held &= _held(reader, cell, address, condition, at)
        kept.append(indices[held])
    return np.concatenate(kept)


# Shared.


def _all_rows(reader: AnyReader, dim: str) -> Rows:
    return np.arange(reader.length(dim), dtype=np.int64)


def _held(
    reader: AnyReader, seen: Projection, address: str, condition: Condition, at: Mapping[str, Rows]
) -> NDArray[np.bool_]:
    """Which samples meet a condition."""
    indices = np.arange(len(next(iter(at.values()))), dtype=np.int64)
    chosen = Chosen(at, Drawn(0, 0, indices))
    asked = seen.asked(reader, chosen)
    block = seen.cut(reader, reader.read(*asked), asked, chosen)
    condition = reader.model.features[address].in_numbers(condition)
    if not isinstance(block, Maybe):
        return condition.holds(block)
    some = cast("Maybe[object]", block)
    return (
        condition.holds(some)
        if isinstance(condition, Present | Absent)
        else condition.holds(some.values) & some.present
    )


def _none_left(reader: AnyReader, plan: Plan, root: str, of: str, more: str = "") -> DataError:
    asked = [f"split {plan.split}"] if plan.split else []
    asked += [f"where {address}: {condition}" for address, condition in plan.where.items()]
    asked += [more] if more else []
    return DataError(
        f"no sample is left of {of}" + (f" by {', '.join(asked)}" if asked else ""),
        where=f"{reader.name}: {root}",
        do="look at the split and the conditions; training would go on in silence over nothing",
    )


def _expect_present(reader: AnyReader, take: Take, dim: str, rows: Rows | None) -> None:
    feature, place = reader.model.features[take.address], reader.model.places[take.address]
    if not feature.options.optional or take.fill is not None or take.via or place.lead not in (None, dim):
        return
    if place.lead is None:
        rows = np.zeros(1, np.int64)
    rows = _all_rows(reader, dim) if rows is None else rows
    for start in range(0, len(rows), 4096):
        some = rows[start : start + 4096]
        nothing = Part(np.zeros(len(some), np.int64), 0) if len(place.ragged) == 1 else None
        block = cast("Maybe[object]", reader.read(take.address, some, nothing))
        if not block.present.all():
            row = int(some[int(np.argmin(block.present))])
            raise DataError(
                "the entry has no value, and the input has no `fill`",
                where=reader.where(take.address, dim, row),
                do=f"in the loader write `where: {{{take.address}: present}}`, or give the input a `fill`",
            )
