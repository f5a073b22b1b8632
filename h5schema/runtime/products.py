"""Samples over several dims of entries: every combination of entries, or the elements that conditions leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from .any_reader import AnyReader
from .chance import Drawn
from .chosen import Chosen, Kept, Samples, Within, everything
from .conditions import Absent, Among, Check, Present
from .features.sparse import Sparse
from .held import InPart, Rule, expect_present, holds, none_left, rows_of, split_over
from .model import Model
from .plan import Plan, takes
from .projected import windows_along
from .projections import Cell
from .spans import Rows
from .stored import Asked, Stored
from .subsets import Subsets
from .windows import Places, cut_of

_AT_ONCE = 1 << 14
"""Samples that conditions look at together."""


class Product:
    """Every combination of entries of several dims, those of the last dim one after the other.

    Args:
        rows: Of each dim, by address: int64 [n]; or how many entries there are, if all of them are samples.
    """

    def __init__(self, rows: Mapping[str, Rows | int]) -> None:
        self._rows = rows
        self._sizes = tuple(map(_count, rows.values()))

    def __len__(self) -> int:
        return prod(self._sizes)

    def at(self, indices: Rows, drawn: Drawn) -> Chosen:
        along = np.unravel_index(indices, self._sizes)
        pairs = zip(self._rows.items(), along, strict=True)
        return Chosen(
            {dim: one.astype(np.int64) if isinstance(rows, int) else rows[one] for (dim, rows), one in pairs}, drawn
        )

    def decided(self) -> tuple[object, ...]:
        return *self._rows, *self._rows.values()


class _Condition(NamedTuple):
    """What is asked of one feature at each element."""

    address: str
    rule: Rule


def product_of(reader: AnyReader, plan: Plan, subset: Subsets | None) -> Samples:
    """The samples of a plan over several dims of entries."""
    known = {dim: rows_of(reader, plan, dim, subset) for dim in plan.dims}
    for take in takes(plan.sample):
        lead = reader.model.places[take.address].lead
        if lead is None or lead in known:
            expect_present(reader, take, plan.dim if lead is None else lead, None if lead is None else known[lead])
    rows = {dim: _places(reader, plan, dim, found) for dim, found in known.items()}
    if any(found is not None and not len(found) for found in known.values()):
        return Product(rows)  # of a subset of nothing
    for dim, found in known.items():
        if not _count(rows[dim]):
            entries = reader.length(dim) if found is None else len(found)
            raise none_left(reader, plan, dim, f"{entries} entries", f"the window of {dim}")
    asked = list(_conditions(reader, plan))
    has_windows = bool(set(plan.window) & set(plan.dims))  # then samples are some positions, not all elements of rows
    in_rows = [] if has_windows else _in_rows(reader.model, plan, asked)
    samples: Samples = Product(rows)
    if in_rows:
        first = reader.model.places[in_rows[0].address]
        samples = Stored(reader, [str(dim) for dim in first.dims], in_rows, rows)
    known_there = {one.address for one in in_rows}
    others = [one for one in asked if one.address not in known_there]
    if others:
        samples = Kept(samples, _kept(reader, plan, samples, others))
    if not len(samples):
        raise none_left(reader, plan, " x ".join(plan.dims), f"{len(Product(rows))} elements")
    return samples


def _count(rows: Rows | int) -> int:
    return rows if isinstance(rows, int) else len(rows)


def _places(reader: AnyReader, plan: Plan, dim: str, found: Rows | None) -> Rows | int:
    """The rows of a dim that samples have; where a window of it is taken, its positions among these."""
    window = plan.window.get(dim)
    if window is None:
        return reader.length(dim) if found is None else found
    places = Places.of(window, [cut_of(one) for one in windows_along(reader.model, plan, dim)])
    borders = reader.borders(dim)
    within = Within(dim, None, borders[:-1], np.diff(borders), places)
    chosen = everything(within)
    at = chosen.at[dim]
    held = np.ones(len(at), np.bool_) if found is None else np.isin(at, found)
    if plan.split is not None and split_over(reader, plan.split) == (dim,):
        held &= InPart(reader, plan.split, dim, (places.low, places.high)).holds(chosen)
    return at[held]


def _conditions(reader: AnyReader, plan: Plan) -> Iterator[_Condition]:
    """What is asked of single elements: by `where`, and by a split of several dims."""
    for address, rule in plan.where.items():
        if set(reader.model.places[address].dims[1:]) & set(plan.dims):
            yield from _on_elements(reader.model, address, rule)
    if plan.split is not None and len(split_over(reader, plan.split)) > 1:
        from .splits import ElementsOfPart  # not needed for a loader without a split

        name, _, part = plan.split.partition("/")
        own = ElementsOfPart(reader, name, reader.file.splits[name], part)
        yield from _on_elements(reader.model, own.by, own)


def _on_elements(model: Model, address: str, rule: Rule) -> Iterator[_Condition]:
    """A condition; one on values of a sparse feature asks those that it stores: all others are absent."""
    feature = model.features[address]
    if isinstance(feature, Sparse) and not isinstance(rule, Present | Absent):
        yield _Condition(address, Present())
    asked = feature.in_numbers(rule) if isinstance(rule, Present | Absent | Among | Check) else rule
    yield _Condition(address, asked)


def _in_rows(model: Model, plan: Plan, asked: Sequence[_Condition]) -> list[Asked]:
    """The conditions that are looked for in the rows of sparse features, all of which have the same dims."""
    stored = {address: isinstance(rule, Present) for address, rule in asked if _is_of_storage(model, address, rule)}
    fits = [address for address in stored if set(model.places[address].dims) == set(plan.dims)]
    alike = [address for address in fits if model.places[address].dims == model.places[fits[0]].dims]
    rules = {
        address: [one.rule for one in asked if one.address == address and not isinstance(one.rule, Present | Absent)]
        for address in alike
    }
    return [Asked(address, stored[address], rules[address]) for address in alike]


def _is_of_storage(model: Model, address: str, rule: Rule) -> bool:
    """Whether it is asked which elements a sparse feature stores."""
    return isinstance(rule, Present | Absent) and isinstance(model.features[address], Sparse)


def _kept(reader: AnyReader, plan: Plan, samples: Samples, conditions: Sequence[_Condition]) -> Rows:
    """Which samples conditions on single elements leave."""
    kept = [np.empty(0, np.int64)]
    for first in range(0, len(samples), _AT_ONCE):
        indices = np.arange(first, min(len(samples), first + _AT_ONCE), dtype=np.int64)
        at = samples.at(indices, Drawn(0, 0, indices)).at
        held = np.ones(len(indices), np.bool_)
        for address, rule in conditions:
            stored = _is_of_storage(reader.model, address, rule)
            cell = Cell(address, reader.model.places[address].dims, plan.dims, stored=stored)
            held &= holds(reader, cell, address, rule, at)
        kept.append(indices[held])
    return np.concatenate(kept)
