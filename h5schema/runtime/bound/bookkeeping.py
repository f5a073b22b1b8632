"""What files of ours keep beside the values, worked out from a file of others: which entries are there, and where."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from h5schema.vocabulary import layout

from ..spans import Rows
from .columns import Column, InMemory
from .indices import Worked
from .masked import Masked
from .spread import Joined, Stacked, absent_first
from .understood import Sentinel

if TYPE_CHECKING:
    from .shown import Shown


def computed(shown: Shown, path: str) -> Column:
    """What a file of ours would have at a path below its reserved group."""
    kind, _, rest = path.removeprefix(f"/{layout.RESERVED}/").partition("/")
    address, _, part = rest.rpartition("/")
    return _PARTS[kind, part](shown, address)


def _present(shown: Shown, address: str) -> Column:
    """Which entries of an optional feature are there."""
    place, feature, column = shown.model.places[address], shown.model.features[address], shown.raw(address)
    assert place.lead is not None
    if feature.options.fill is not None and column is not None:
        return Sentinel(shown.columns[place.path], feature, feature.options.fill)
    if isinstance(column, Masked):
        return column.there
    there = np.full(shown.dims.length(place.lead), column is not None, np.bool_)
    return InMemory(column.present if isinstance(column, Stacked) else there, shown.nodes.name, place.path)


def _starts(shown: Shown, address: str) -> Column:
    """Where the entries of a ragged feature begin; negative: absent."""
    place, column = shown.model.places[address], shown.raw(address)
    if isinstance(column, Joined):
        return Worked(len(column.present), absent_first(column))

    def starts(rows: Rows) -> Rows:
        return np.full(len(rows), -1, np.int64) if column is None else shown.dims.firsts(place.ragged[-1], rows)

    return Worked(shown.dims.runs(place.ragged[0]).entries, starts)


def _firsts(shown: Shown, dim: str) -> Column:
    """Where the lengths of a dim that is per a ragged one begin, for each entry of the open dim."""
    parent = outermost = shown.model.parent(dim)
    while shown.model.is_ragged(above := shown.model.parent(outermost)):
        outermost = above

    def firsts(rows: Rows) -> Rows:
        return shown.dims.firsts(parent, rows)

    return Worked(shown.dims.runs(outermost).entries, firsts)


def _lengths(shown: Shown, dim: str) -> Column:
    """The lengths of a ragged dim."""
    runs = shown.dims.runs(dim)
    return Worked(runs.entries, runs.lengths)


def _ids(shown: Shown, dim: str) -> Column:
    return shown.dims.ids(dim)


def _id_index(shown: Shown, dim: str) -> Column:
    return shown.dims.id_index(dim)


_PARTS: Mapping[tuple[str, str], Callable[[Shown, str], Column]] = {
    ("features", "present"): _present,
    ("features", "starts"): _starts,
    ("dims", "lengths"): _lengths,
    ("dims", "firsts"): _firsts,
    ("dims", "ids"): _ids,
    ("dims", "index"): _id_index,
}
