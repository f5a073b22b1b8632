"""Which entries of a dim hold samples: what split, conditions and a subset leave of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from .any_reader import AnyReader
from .blocks import Maybe
from .chance import Drawn
from .chosen import Chosen
from .conditions import Absent, Among, Condition, Present
from .model import Model
from .plan import Plan, Take, takes
from .projected import projection
from .projections import Cropped, Entry, Piece, Projection
from .spans import Part, Rows, offsets_of
from .subsets import Subsets, rows_in


class Rule(Protocol):
    """Which values belong to a sample."""

    def holds(self, values: object) -> NDArray[np.bool_]:
        """bool, of the shape of `values`."""
        ...


def rows_of(reader: AnyReader, plan: Plan, root: str, subset: Subsets | None) -> Rows | None:
    """Which entries of the root hold samples; None: all."""
    rows = None if plan.split is None or split_over(reader, plan.split) != (root,) else reader.split(plan.split)
    for address, condition in plan.where.items():
        if _is_of_entry(reader.model, plan, root, address, condition):
            asked = all_rows(reader, root) if rows is None else rows
            rows = asked[holds(reader, Entry(address, root), address, condition, {root: asked})]
    if not (reader.length(root) if rows is None else len(rows)):
        raise none_left(reader, plan, root, f"{reader.length(root)} entries")
    for piece in _pieces(reader.model, plan):
        asked = all_rows(reader, root) if rows is None else rows
        rows = asked[piece.fits(reader.lengths(piece.dim, asked))]
        if not len(rows):
            raise none_left(reader, plan, root, f"{len(asked)} entries", f"the window of {piece.dim}: all are shorter")
    own = subset.get(root) if isinstance(subset, Mapping) else subset
    if own is None:
        return rows
    wanted = rows_in(reader, root, own)
    return np.sort(wanted) if rows is None else rows[np.isin(rows, wanted)]


def split_over(reader: AnyReader, split: str) -> tuple[str, ...]:
    """The dims that a split divides."""
    return reader.file.splits[split.partition("/")[0]].dims


def _is_of_entry(model: Model, plan: Plan, root: str, address: str, condition: Condition) -> bool:
    """Whether a condition is one on each entry of a root."""
    place = model.places[address]
    if len(plan.dims) > 1:
        return place.lead == root and not set(place.dims[1:]) & set(plan.dims)
    return not is_of_element(model, plan, address, condition)


def is_of_element(model: Model, plan: Plan, address: str, condition: Condition) -> bool:
    """Whether a condition is one on each position of the dim, not on each entry of its root."""
    if model.is_ragged(plan.dim):
        return bool(model.places[address].ragged) and not isinstance(condition, Present | Absent)
    return plan.dim in plan.window


def _pieces(model: Model, plan: Plan) -> Iterator[Piece]:
    """Windows of dims that samples have no position in, and that entries have to be long enough for."""
    for take in takes(plan.sample):
        seen = projection(model, plan, take)
        seen = seen.inner if isinstance(seen, Cropped) else seen
        if isinstance(seen, Piece) and seen.needs_room:
            yield seen


def all_rows(reader: AnyReader, dim: str) -> Rows:
    """The rows of all entries of a dim."""
    return np.arange(reader.length(dim), dtype=np.int64)


def holds(reader: AnyReader, seen: Projection, address: str, rule: Rule, at: Mapping[str, Rows]) -> NDArray[np.bool_]:
    """Which samples meet a condition."""
    indices = np.arange(len(next(iter(at.values()))), dtype=np.int64)
    chosen = Chosen(at, Drawn(0, 0, indices))
    asked = seen.asked(reader, chosen)
    block = seen.cut(reader, reader.read_together([asked])[0], asked, chosen)
    rule = reader.model.features[address].in_numbers(rule) if isinstance(rule, Among) else rule
    if not isinstance(block, Maybe):
        return rule.holds(block)
    some = cast("Maybe[object]", block)
    return rule.holds(some) if isinstance(rule, Present | Absent) else rule.holds(some.values) & some.present


def none_left(reader: AnyReader, plan: Plan, root: str, of: str, more: str = "") -> DataError:
    """What to say where split and conditions leave no sample."""
    asked = [f"split {plan.split}"] if plan.split else []
    asked += [f"where {address}: {condition}" for address, condition in plan.where.items()]
    asked += [more] if more else []
    what = "the split, the conditions and the windows" if plan.window else "the split and the conditions"
    return DataError(
        f"no sample is left of {of}" + (f" by {', '.join(asked)}" if asked else ""),
        where=f"{reader.name}: {root}",
        do=f"look at {what}; training would go on in silence over nothing",
    )


def expect_present(reader: AnyReader, take: Take, dim: str, rows: Rows | None) -> None:
    """Refuses samples that lack an input which has no `fill`."""
    feature, place = reader.model.features[take.address], reader.model.places[take.address]
    if not feature.options.optional or take.fill is not None or take.via or place.lead not in (None, dim):
        return
    if place.lead is None:
        rows = np.zeros(1, np.int64)
    rows = all_rows(reader, dim) if rows is None else rows
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


class InPart:
    """A part of a split of a dim of entries of which windows are taken: no window may reach out of it.

    Args:
        reader: Of the file.
        split: The part.
        dim: Address of the dim.
        reach: Of the lowest value that is taken, and of the highest plus one, counted from the position; of ranges from
            their first and from their last.
    """

    def __init__(self, reader: AnyReader, split: str, dim: str, reach: tuple[int, int]) -> None:
        outside = np.ones(reader.length(dim), np.int64)
        outside[reader.split(split)] = 0
        self._outside = offsets_of(outside)
        self._borders = reader.borders(dim)
        self._dim, self._reach = dim, reach

    def holds(self, chosen: Chosen) -> NDArray[np.bool_]:
        """bool [n]: around which positions all values are in the part. Beyond the file there are none."""
        (low, high), at = self._reach, chosen.at[self._dim]
        file = np.searchsorted(self._borders, at, side="right")
        first = np.clip(at + low, self._borders[file - 1], self._borders[file])
        last = np.clip(at + high + chosen.sizes.get(self._dim, 0), first, self._borders[file])
        return cast("NDArray[np.bool_]", self._outside[first] == self._outside[last])
