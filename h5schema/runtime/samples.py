"""The samples of a plan: which rows of its dim, after split, conditions and subset."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from .any_reader import AnyReader
from .blocks import Maybe
from .chosen import Entries, First, Samples
from .conditions import Absent, Condition, Present
from .plan import Plan, Take, takes
from .spans import Rows

Subset: TypeAlias = Sequence[str] | Sequence[int] | NDArray[np.generic]
"""Ids or positions in the dim, each once, or a mask over the dim."""


def samples_of(reader: AnyReader, plan: Plan, subset: Subset | None, limit: int | None) -> Samples:
    """The samples of a plan, in the order of the file.

    Args:
        reader: Of the file.
        plan: What a sample is.
        subset: Of the samples that are left by split and conditions.
        limit: At most so many, from the first on.

    Raises:
        DataError: A sample lacks an input that has no `fill`, or split and conditions leave none at all.
    """
    rows = _rows_of(reader, plan, subset)
    samples = Entries(plan.over, reader.length(plan.over) if rows is None else rows)
    for take in takes(plan.sample):
        _expect_present(reader, take, plan.over, rows)
    return samples if limit is None else First(samples, limit)


def _rows_of(reader: AnyReader, plan: Plan, subset: Subset | None) -> Rows | None:
    """Which rows are samples; None: all."""
    rows = None if plan.split is None else reader.split(plan.split)
    for address, condition in plan.where.items():
        asked = _all_rows(reader, plan.over) if rows is None else rows
        rows = asked[_holds(reader, address, condition, asked)]
    if not (reader.length(plan.over) if rows is None else len(rows)):
        asked_for = [f"split {plan.split}"] if plan.split else []
        asked_for += [f"where {address}: {condition}" for address, condition in plan.where.items()]
        raise DataError(
            f"no sample is left of {reader.length(plan.over)} entries"
            + (f" by {', '.join(asked_for)}" if asked_for else ""),
            where=f"{reader.name}: {plan.over}",
            do="look at the split and the conditions; training would go on in silence over nothing",
        )
    if subset is None:
        return rows
    wanted = _positions(reader, plan.over, subset)
    return np.sort(wanted) if rows is None else rows[np.isin(rows, wanted)]


def _all_rows(reader: AnyReader, dim: str) -> Rows:
    return np.arange(reader.length(dim), dtype=np.int64)


def _holds(reader: AnyReader, address: str, condition: Condition, rows: Rows) -> NDArray[np.bool_]:
    block: object = reader.read(address, rows)
    condition = reader.model.features[address].in_numbers(condition)
    if not isinstance(block, Maybe):
        return condition.holds(block)
    some = cast("Maybe[object]", block)
    return (
        condition.holds(some)
        if isinstance(condition, Present | Absent)
        else condition.holds(some.values) & some.present
    )


def _positions(reader: AnyReader, dim: str, subset: Subset) -> Rows:
    size = reader.length(dim)
    where = f"{reader.name}: {dim}"
    items = _items(subset, where)
    if items and all(isinstance(item, bool | np.bool_) for item in items):
        mask = np.array(items, np.bool_)
        if mask.shape != (size,):
            raise DataError(
                f"a mask of shape {list(mask.shape)} for {size} entries", where=where, do="give one bool per entry"
            )
        return np.flatnonzero(mask)
    rows: set[int] = set()
    for item in items:
        row = _position(reader, dim, item)
        if not 0 <= row < size:
            raise DataError(f"position {row} of {size} entries", where=where, do="positions count from 0")
        if row in rows:
            raise DataError(
                f"the entry {item!r} is given twice",
                where=where,
                do="give each entry once; a mask over the dim is of bools: numpy.asarray(mask, bool)",
            )
        rows.add(row)
    return np.array(list(rows), np.int64)


def _items(subset: object, where: str) -> list[object]:
    alone = isinstance(subset, np.ndarray) and not subset.ndim
    if alone or isinstance(subset, str | bytes) or not isinstance(subset, Iterable):
        raise DataError(f"{subset!r} is no list of entries", where=where, do=f"give a list: [{subset!r}]")
    return list(cast("Iterable[object]", subset))


def _position(reader: AnyReader, dim: str, item: object) -> int:
    if isinstance(item, str):
        return reader.row_of(dim, item)
    if isinstance(item, bool) or not isinstance(item, int | np.integer):
        raise DataError(
            f"{item!r} is no entry", where=f"{reader.name}: {dim}", do="give ids, positions, or a mask over the dim"
        )
    return int(cast("int", item))


def _expect_present(reader: AnyReader, take: Take, dim: str, rows: Rows | None) -> None:
    feature = reader.model.features[take.address]
    if not feature.options.optional or take.fill is not None:
        return
    rows = _all_rows(reader, dim) if rows is None else rows
    for start in range(0, len(rows), 4096):
        some = rows[start : start + 4096]
        block = cast("Maybe[object]", reader.read(take.address, some))
        if not block.present.all():
            row = int(some[int(np.argmin(block.present))])
            raise DataError(
                "the entry has no value, and the input has no `fill`",
                where=reader.where(take.address, dim, row),
                do=f"in the loader write `where: {{{take.address}: present}}`, or give the input a `fill`",
            )
