"""How a feature is seen from a sample: indexed by the dims that they share, the others kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from .any_reader import AnyReader
from .blocks import Maybe, RaggedBlock, Texts
from .cells import Cell
from .chosen import Chosen
from .kinds import Place
from .model import Model
from .plan import Plan, Take, takes
from .ranges import Range
from .spans import Asked, Part, Rows
from .windows import Edge, Window, cut_of

_ONE = np.zeros(1, np.int64)


class Projection(Protocol):
    """What is read of a feature for some samples, and what of it belongs to each.

    Attributes:
        alone: Whether it is one value for all samples.
    """

    alone: bool

    def asked(self, reader: AnyReader, chosen: Chosen) -> Asked:
        """What is read for some samples."""
        ...

    def cut(self, reader: AnyReader, block: object, asked: Asked, chosen: Chosen) -> object:
        """What was read, by sample."""
        ...

    def sample_bytes(self, reader: AnyReader) -> int:
        """Stored bytes of one sample, on average."""
        ...


class Whole:
    """A feature without entries: its value, the same for all samples."""

    alone = True

    def __init__(self, address: str) -> None:
        self._address = address

    def asked(self, reader: AnyReader, chosen: Chosen) -> Asked:
        return Asked(self._address, _ONE)

    def cut(self, reader: AnyReader, block: object, asked: Asked, chosen: Chosen) -> object:
        return block

    def sample_bytes(self, reader: AnyReader) -> int:
        return 0


class Entry:
    """The entry of each sample.

    Args:
        address: Of the feature.
        lead: Its dim of entries.
    """

    alone = False

    def __init__(self, address: str, lead: str) -> None:
        self.address = address
        self._lead = lead

    def asked(self, reader: AnyReader, chosen: Chosen) -> Asked:
        return Asked(self.address, chosen.at[self._lead])

    def cut(self, reader: AnyReader, block: object, asked: Asked, chosen: Chosen) -> object:
        return block

    def sample_bytes(self, reader: AnyReader) -> int:
        return reader.entry_bytes(self.address)


class Element:
    """The element at each sample's position within its entry.

    Args:
        address: Of the feature.
        lead: Its dim of entries.
        dim: Its ragged dim.
    """

    alone = False

    def __init__(self, address: str, lead: str, dim: str) -> None:
        self._address = address
        self._lead = lead
        self._dim = dim

    def asked(self, reader: AnyReader, chosen: Chosen) -> Asked:
        return Asked(self._address, chosen.at[self._lead], Part(chosen.at[self._dim], 1))

    def cut(self, reader: AnyReader, block: object, asked: Asked, chosen: Chosen) -> object:
        return _by_sample(block, lambda ragged: _at(ragged, np.zeros((len(ragged), 1), np.int64))[:, 0])

    def sample_bytes(self, reader: AnyReader) -> int:
        return _value_bytes(reader, self._address)


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
        """Whether an entry that is too short is no sample."""
        return self._at is not None and self._edge == "drop"

    def fits(self, lengths: Rows) -> NDArray[np.bool_]:
        """Whether entries of some lengths are long enough: bool [n]."""
        return lengths >= self._cut.high - self._cut.low

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

    def asked(self, reader: AnyReader, chosen: Chosen) -> Asked:
        rows = self._rows(chosen)
        return Asked(self._address, np.clip(rows, 0, reader.length(self._lead) - 1).reshape(-1))

    def _rows(self, chosen: Chosen) -> Rows:
        return chosen.at[self._lead].reshape(-1, *[1] * self._cut.values.ndim) + self._cut.values

    def cut(self, reader: AnyReader, block: object, asked: Asked, chosen: Chosen) -> object:
        rows = self._rows(chosen)
        if isinstance(block, Maybe):
            some = cast("Maybe[object]", block)
            return Maybe(self._shaped(some.values, rows, asked.rows), some.present.reshape(rows.shape))
        return self._shaped(block, rows, asked.rows)

    def _shaped(self, block: object, rows: Rows, read: Rows) -> NDArray[np.generic]:
        values = cast("NDArray[np.generic]", block)
        shaped = values.reshape(*rows.shape, *values.shape[1:])
        if self._pads and (outside := rows != read.reshape(rows.shape)).any():
            shaped[outside] = 0
        return shaped

    def sample_bytes(self, reader: AnyReader) -> int:
        return self._cut.values.size * reader.entry_bytes(self._address)


_MOST_BYTES = 64 << 20
"""Of a feature that comes whole with every batch."""


class All:
    """All entries of a feature that samples share no dim with, the same for all samples.

    Args:
        address: Of the feature.
        lead: Its dim of entries.
    """

    alone = True

    def __init__(self, address: str, lead: str) -> None:
        self._address = address
        self._lead = lead

    def asked(self, reader: AnyReader, chosen: Chosen) -> Asked:
        count = reader.length(self._lead)
        size = count * reader.entry_bytes(self._address) if count else 0
        if size > _MOST_BYTES:
            raise DataError(
                f"all {count} entries would come with every batch, {size >> 20} MiB",
                where=f"{reader.name}: {self._address}",
                do=f"say `via` which feature a sample finds its own {self._lead}, or read it once by itself",
            )
        return Asked(self._address, np.arange(count, dtype=np.int64))

    def cut(self, reader: AnyReader, block: object, asked: Asked, chosen: Chosen) -> object:
        if isinstance(block, Maybe):
            some = cast("Maybe[object]", block)
            return Maybe(self.cut(reader, some.values, asked, chosen), some.present[None])
        return cast("NDArray[np.generic]", block)[None] if isinstance(block, np.ndarray) else block

    def sample_bytes(self, reader: AnyReader) -> int:
        return 0


class Joined(NamedTuple):
    """Entries that samples refer to, several of each.

    Attributes:
        block: Of all of them.
        offsets: int64 [n + 1]; sample i has those from `offsets[i]` to `offsets[i + 1]`.
    """

    block: object
    offsets: Rows


class Via:
    """The entries that a feature of each sample refers to.

    Args:
        address: Of the wanted feature.
        lead: Its dim of entries.
        references: How the feature is seen whose values are positions in this dim, or ids.
    """

    alone = False

    def __init__(self, address: str, lead: str, references: Projection) -> None:
        self._address = address
        self._lead = lead
        self._references = references

    def asked(self, reader: AnyReader, chosen: Chosen) -> Asked:
        found = self._found(reader, chosen)
        if isinstance(found, RaggedBlock):
            found = cast("RaggedBlock[np.generic]", found).values
        if isinstance(found, Texts):
            ids = reader.ids(self._lead)
            known = {text: ids.row_of(text) for text in set(found)}
            return Asked(self._address, np.array([known[text] for text in found], np.int64))
        return Asked(self._address, cast("NDArray[np.generic]", found).astype(np.int64))

    def _found(self, reader: AnyReader, chosen: Chosen) -> object:
        """What the samples refer to."""
        asked = self._references.asked(reader, chosen)
        found = self._references.cut(reader, reader.read(*asked), asked, chosen)
        return cast("Maybe[object]", found).values if isinstance(found, Maybe) else found

    def cut(self, reader: AnyReader, block: object, asked: Asked, chosen: Chosen) -> object:
        if not isinstance(self._references, Entry) or not reader.model.places[self._references.address].ragged:
            return block
        found = cast("RaggedBlock[np.generic]", self._found(reader, chosen))
        return Joined(block, found.offsets)

    def sample_bytes(self, reader: AnyReader) -> int:
        return reader.entry_bytes(self._address)


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


def projection(model: Model, plan: Plan, take: Take) -> Projection:
    """How the feature of an input is seen from a sample."""
    place, address = model.places[take.address], take.address
    if place.lead is None:
        return Whole(address)
    if take.via is not None:
        return Via(address, place.lead, _plain(model, plan, take.via))
    if place.lead not in roots(model, plan):
        return All(address, place.lead)
    if len(plan.dims) > 1 and set(place.dims[1:]) & set(plan.dims):
        return Cell(address, place.dims, plan.dims)
    window = window_of(plan, take, place.lead)
    if window is not None and window.ranges is not None:
        return Range(address, place.lead, place.lead, window)
    if window is not None:
        return Stretch(address, place.lead, window)
    dim = place.ragged[0] if place.ragged else None
    if dim is None:
        return Entry(address, place.lead)
    window = window_of(plan, take, dim)
    if window is not None and window.ranges is not None:
        return Range(address, place.lead, dim, window)
    if window is not None:
        return Piece(address, place.lead, dim, window, sampled=dim == plan.dim)
    return Element(address, place.lead, dim) if dim == plan.dim else Entry(address, place.lead)


def roots(model: Model, plan: Plan) -> tuple[str, ...]:
    """The dims of entries that a loader runs over, or over ragged dims of which."""
    return tuple(model.parent(dim) if model.is_ragged(dim) else dim for dim in plan.dims)


def _plain(model: Model, plan: Plan, address: str) -> Projection:
    """How a feature is seen without a window."""
    place = model.places[address]
    assert place.lead is not None
    if place.ragged[:1] == (plan.dim,):
        return Element(address, place.lead, plan.dim)
    return Entry(address, place.lead)


def window_of(plan: Plan, take: Take, dim: str) -> Window | None:
    """The window of an input along a dim."""
    known = plan.window.get(dim)
    return None if known is None else known.over(take.window.get(dim))


def windows_along(model: Model, plan: Plan, dim: str) -> list[Window]:
    """The windows of all inputs along a dim."""
    found = [window_of(plan, take, dim) for take in takes(plan.sample) if _has(model.places[take.address], dim)]
    return [window for window in found if window is not None]


def _has(place: Place, dim: str) -> bool:
    return dim == place.lead or dim in place.ragged[:1]
