"""Pieces of entries: the element at a position, a window, the entries around one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from ..any_reader import AnyReader
from ..blocks import Block, Maybe, NestedBlock, RaggedBlock, ShapedBlock
from ..chosen import Chosen
from ..spans import Asked, Part, Rows
from ..windows import Edge, Window, cut_of

_LOOKED_AT = 1024
"""Entries of which the lengths are taken to be those of all."""


class Element:
    """The element at each sample's position within its entry: of lists one item, and an element of it, and so on.

    Args:
        address: Of the feature.
        lead: Its dim of entries.
        dims: Those of its ragged dims in which samples have a position, the outermost first.
    """

    alone = False

    def __init__(self, address: str, lead: str, dims: Sequence[str]) -> None:
        self._address = address
        self._lead = lead
        self._dims = dims

    def asked(self, reader: AnyReader, chosen: Chosen) -> Asked:
        return Asked(self._address, chosen.at[self._lead], Part(chosen.at[self._dims[0]], 1))

    def cut(self, reader: AnyReader, block: object, asked: Asked, chosen: Chosen) -> object:
        if isinstance(block, Maybe):
            some = cast("Maybe[object]", block)
            return Maybe(self._picked(some.values, some.present, chosen), some.present)
        return self._picked(block, np.ones(len(asked.rows), np.bool_), chosen)

    def _picked(self, block: object, present: NDArray[np.bool_], chosen: Chosen) -> object:
        """One element of each sample; what is absent has 0 of a number."""
        for depth, dim in enumerate(self._dims):
            first = chosen.at[dim] if depth else np.zeros(len(present), np.int64)
            if not isinstance(block, NestedBlock):
                return _at(cast("RaggedBlock[np.generic]", block), first[:, None])[:, 0]
            if not present.all():
                raise DataError(
                    "an entry has no value", where=self._address, do=f"ask `where: {{{self._address}: present}}`"
                )
            lists = cast("NestedBlock[Block]", block)
            block = lists.inner.taken(lists.offsets[:-1] + first)
        return block

    def sample_bytes(self, reader: AnyReader) -> int:
        return _value_bytes(reader, self._address)


class Slice(Element):
    """What arrays of any shape have at each sample's position within their first dim: arrays of the other dims."""

    def cut(self, reader: AnyReader, block: object, asked: Asked, chosen: Chosen) -> object:
        if isinstance(block, Maybe):
            some = cast("Maybe[object]", block)
            return Maybe(self.cut(reader, some.values, asked, chosen), some.present)
        arrays = cast("ShapedBlock[np.generic]", block)
        return replace(arrays, shapes=arrays.shapes[:, 1:] * arrays.shapes[:, :1])  # of an absent one there are none

    def sample_bytes(self, reader: AnyReader) -> int:
        some = np.arange(min(_LOOKED_AT, reader.length(self._lead)), dtype=np.int64)
        lengths = reader.lengths(self._dims[0], some)
        return reader.entry_bytes(self._address) * len(some) // max(1, int(lengths.sum()))


class Piece:
    """A window of each entry, along its ragged dim.

    Args:
        address: Of the feature.
        lead: Its dim of entries.
        dim: Its ragged dim.
        window: What it takes.
        sampled: Whether samples have a position in the dim; if not, it is cut at one place of each entry.
    """

    alone = False

    def __init__(self, address: str, lead: str, dim: str, window: Window, *, sampled: bool) -> None:
        self._address = address
        self._lead = lead
        self.dim = dim
        self._at = None if sampled else window.at or "start"
        self._edge: Edge = window.edge or "drop"
        self._cut = cut_of(window)
        low, high = self._cut.low, self._cut.high
        if self._edge == "repeat":  # then the value that is repeated is always among what is read
            low, high = min(low, 0), max(high, 1)
        self._low, self._size = low, high - low
        values = self._cut.values
        self._is_plain = values.ndim == 1 and np.array_equal(values, np.arange(low, high))

    def asked(self, reader: AnyReader, chosen: Chosen) -> Asked:
        rows = chosen.at[self._lead]
        positions = chosen.at[self.dim] if self._at is None else self._places(reader.lengths(self.dim, rows), chosen)
        return Asked(self._address, rows, Part(positions + self._low, self._size))

    @property
    def needs_room(self) -> bool:
        """Whether an entry that is too short is no sample; one without values has none that could be repeated."""
        return self._at is not None and self._edge != "pad"

    def fits(self, lengths: Rows) -> NDArray[np.bool_]:
        """Whether entries of some lengths are long enough: bool [n]."""
        return lengths >= (1 if self._edge == "repeat" else self._cut.high - self._cut.low)

    def _places(self, lengths: Rows, chosen: Chosen) -> Rows:
        """Where each entry is cut."""
        room = np.maximum(0, lengths - (self._cut.high - self._cut.low))
        if self._at == "random":
            room = chosen.drawn.below(room + 1, self.dim)
        elif self._at == "center":
            room //= 2
        else:
            room[:] = 0
        return room - self._cut.low

    def cut(self, reader: AnyReader, block: object, asked: Asked, chosen: Chosen) -> object:
        assert asked.part is not None
        first = asked.part.first
        return _by_sample(block, lambda ragged: self._window(ragged, first))

    def _window(self, block: RaggedBlock[np.generic], first: Rows) -> NDArray[np.generic]:
        if self._is_plain and len(block.values) == len(block) * self._size:
            return block.values.reshape(len(block), self._size, *block.values.shape[1:])
        wanted = self._cut.values - self._low + (first - np.maximum(first, 0)).reshape(-1, *[1] * self._cut.values.ndim)
        found = _at(block, wanted)
        if self._edge != "repeat":
            inside = (wanted >= 0) & (wanted < block.lengths.reshape(-1, *[1] * self._cut.values.ndim))
            found[~inside] = 0
        return found

    def sample_bytes(self, reader: AnyReader) -> int:
        return self._size * _value_bytes(reader, self._address)


class Stretch:
    """A window of a dim of entries: the entries around each sample's position.

    Args:
        address: Of the feature.
        lead: Its dim of entries.
        window: What it takes.
    """

    alone = False

    def __init__(self, address: str, lead: str, window: Window) -> None:
        self._address = address
        self._lead = lead
        self._pads = window.edge == "pad"
        self._cut = cut_of(window)
        low, high, values = self._cut
        self._is_run = high - low > 1 and values.ndim == 1 and np.array_equal(values, np.arange(low, high))

    def asked(self, reader: AnyReader, chosen: Chosen) -> Asked:
        positions, borders = chosen.at[self._lead], reader.borders(self._lead)
        files = np.searchsorted(borders, positions, side="right")
        low, high = self._cut.low, self._cut.high
        if (
            self._is_run
            and (positions + low >= borders[files - 1]).all()
            and (positions + high <= borders[files]).all()
        ):
            return Asked(self._address, positions + low, run=high - low)
        by_sample = (-1, *[1] * self._cut.values.ndim)
        first, last = borders[files - 1].reshape(by_sample), borders[files].reshape(by_sample) - 1
        return Asked(self._address, np.clip(self._rows(chosen), first, last).reshape(-1))

    def _rows(self, chosen: Chosen) -> Rows:
        return chosen.at[self._lead].reshape(-1, *[1] * self._cut.values.ndim) + self._cut.values

    def cut(self, reader: AnyReader, block: object, asked: Asked, chosen: Chosen) -> object:
        if asked.run > 1 and not isinstance(block, Maybe):  # all of it lies inside
            values = cast("NDArray[np.generic]", block)
            return values.reshape(len(asked.rows), asked.run, *values.shape[1:])
        asked, rows = asked.row_by_row(), self._rows(chosen)
        if isinstance(block, Maybe):
            some = cast("Maybe[object]", block)
            present = some.present.reshape(rows.shape)
            if self._pads:  # what lies outside is no entry that could be absent
                present = present | (rows != asked.rows.reshape(rows.shape))
            return Maybe(self._shaped(some.values, rows, asked.rows), present)
        return self._shaped(block, rows, asked.rows)

    def _shaped(self, block: object, rows: Rows, read: Rows) -> NDArray[np.generic]:
        values = cast("NDArray[np.generic]", block)
        shaped = values.reshape(*rows.shape, *values.shape[1:])
        if self._pads and (outside := rows != read.reshape(rows.shape)).any():
            shaped[outside] = 0
        return shaped

    def sample_bytes(self, reader: AnyReader) -> int:
        return self._cut.values.size * reader.entry_bytes(self._address)


def _by_sample(block: object, cut: Callable[[RaggedBlock[np.generic]], NDArray[np.generic]]) -> object:
    """A block of pieces of ragged entries as an array, [n, ...]; absent ones stay absent."""
    if isinstance(block, Maybe):
        some = cast("Maybe[RaggedBlock[np.generic]]", block)
        return Maybe(cut(some.values), some.present)
    return cut(cast("RaggedBlock[np.generic]", block))


def _at(block: RaggedBlock[np.generic], wanted: Rows) -> NDArray[np.generic]:
    """Of each entry the values at some positions, [n, ...]; where there is none the nearest, of an empty entry 0."""
    by_entry = (-1, *[1] * (wanted.ndim - 1))
    lengths, starts = block.lengths.reshape(by_entry), block.offsets[:-1].reshape(by_entry)
    if not len(block.values):
        return np.zeros((*wanted.shape, *block.values.shape[1:]), block.values.dtype)
    index = starts + np.clip(wanted, 0, np.maximum(lengths - 1, 0))
    found = block.values.take(np.minimum(index, len(block.values) - 1), axis=0)
    if not lengths.all():
        found[block.lengths == 0] = 0
    return found


def _value_bytes(reader: AnyReader, address: str) -> int:
    """Bytes of one value of entries that have a length of their own."""
    values = reader.model.stored(address)[0]
    return values.dtype.itemsize * int(np.prod(values.shape, dtype=np.int64))
