"""End to end: entries of different lengths, one after the other in one dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from ..blocks import Block, NestedBlock, RaggedBlock, ShapedBlock
from ..spans import Part, Reading, Rows, Spans, offsets_of, positions
from .index import Indexed, firsts_of, lengths_of, shapes_of, starts_of
from .kind import Place, Stored

_Values: TypeAlias = "RaggedBlock[np.generic]"


class EndToEnd:
    """Values end to end; an index says where those of each entry begin, and how many there are.

    The lengths belong to the ragged dims, because every feature over them has them; a text
    has no such dim and keeps its own. A negative start is an absent entry, a length of
    zero an empty one. Entries need not lie in order, nor without gaps.
    """

    def stored(self, place: Place, dtype: np.dtype[np.generic]) -> tuple[Stored, ...]:
        return Stored(place.path, dtype, place.shape, per_entry=False), *place.located.stored(place)

    def read(self, place: Place, rows: Rows) -> Reading[tuple[Block, NDArray[np.bool_] | None]]:
        indexed, present = yield from self.located(place, rows)
        block = nested(place, indexed)
        (values,) = yield (Spans(place.path, indexed.starts, np.diff(block.row_offsets)),)
        return _filled(block, values), present

    def read_part(self, place: Place, rows: Rows, part: Part) -> Reading[tuple[Block, NDArray[np.bool_] | None]]:
        indexed, present = yield from self.located(place, rows)
        spans, indexed = (_of_lists if place.lists else _of_arrays)(place, indexed, _inside(part, indexed.lengths))
        (values,) = yield (spans,)
        return _filled(nested(place, indexed), values), present

    def located(self, place: Place, rows: Rows) -> Reading[tuple[Indexed, NDArray[np.bool_] | None]]:
        """Where the values of entries lie; absent ones are empty."""
        indexed = yield from place.located.read(place, rows)
        if not place.optional:
            return indexed, None
        present = indexed.starts >= 0
        per_entry = 1 if place.lists else 1 + len(indexed.inner)
        lengths = [np.where(present, one, 0) for one in (indexed.lengths, *indexed.inner)[:per_entry]]
        inner = (*lengths[1:], *indexed.inner[per_entry - 1 :])
        return Indexed(np.where(present, indexed.starts, 0), lengths[0], inner), present

    def write(
        self,
        place: Place,
        block: Block,
        present: NDArray[np.bool_] | None,
        ends: Mapping[str, int],
    ) -> dict[str, NDArray[np.generic]]:
        """See `Kind.write`. The lengths of a ragged dim are written once for all its features, not here."""
        leaf = cast("_Values", block.leaf)
        starts = block.row_offsets[:-1] + ends[place.path]
        if present is not None:
            starts = np.where(present, starts, -1)
        rows: dict[str, NDArray[np.generic]] = {place.path: leaf.values, starts_of(place): starts}
        if len(place.ragged) > len(place.lists):
            return rows
        lengths = lengths_of(place)
        rows[lengths] = leaf.lengths
        if place.lists:
            rows[firsts_of(lengths)] = block.leaf_offsets[:-1] + ends[lengths]
        return rows


def nested(place: Place, indexed: Indexed) -> Block:
    """A block of the entries that an index found, without their values."""
    lengths, lists = (indexed.lengths, *indexed.inner), len(place.lists)
    block: Block = _arrays(place, lengths[lists:])
    for counts in reversed(lengths[:lists]):
        block = NestedBlock(block, offsets_of(counts))
    return block


def _arrays(place: Place, lengths: tuple[Rows, ...]) -> _Values:
    nothing: NDArray[np.generic] = np.empty(0, np.uint8)
    if len(place.outer) == 1:
        return RaggedBlock(nothing, offsets_of(lengths[0]))
    shapes = shapes_of(place, lengths)
    return ShapedBlock(nothing, offsets_of(shapes.prod(axis=1)), shapes)


def _filled(block: Block, values: NDArray[np.generic]) -> Block:
    return block.with_leaf(cast("_Values", block.leaf).of(values))


def _inside(part: Part, lengths: Rows) -> tuple[Rows, Rows]:
    """First position and number of those of a part that are inside."""
    first = np.clip(part.first, 0, lengths)
    return first, np.clip(part.first + part.size, first, lengths) - first


def _of_arrays(place: Place, indexed: Indexed, part: tuple[Rows, Rows]) -> tuple[Spans, Indexed]:
    """A part of each array along its first ragged axis: one run for each position of the axes in front of it."""
    first, size = part
    if len(place.outer) == 1:
        return Spans(place.path, indexed.starts + first, size), indexed._replace(lengths=size)
    shapes, axis = shapes_of(place, (indexed.lengths, *indexed.inner)), place.outer.index(None)
    each, runs = shapes[:, axis + 1 :].prod(axis=1), int(np.prod(shapes[:1, :axis]))
    starts = indexed.starts + first * each + np.arange(runs)[:, None] * indexed.lengths * each
    spans = Spans(place.path, starts.T.reshape(-1), np.repeat(size * each, runs))
    return spans, indexed._replace(lengths=size)


def _of_lists(place: Place, indexed: Indexed, part: tuple[Rows, Rows]) -> tuple[Spans, Indexed]:
    """Some items of each list, with all that is in them."""
    whole, (first, size) = nested(place, indexed), part
    begins, counts, inner = offsets_of(indexed.lengths)[:-1] + first, size, list[Rows]()
    for depth, lengths in enumerate(indexed.inner, 1):
        inner.append(lengths[positions(begins, counts)])
        if depth < len(place.lists):
            offsets = offsets_of(lengths)
            begins, counts = offsets[begins], offsets[begins + counts] - offsets[begins]
    rows = cast("_Values", whole.leaf).offsets
    starts = indexed.starts + rows[begins] - whole.row_offsets[:-1]
    return Spans(place.path, starts, rows[begins + counts] - rows[begins]), Indexed(starts, size, tuple(inner))
