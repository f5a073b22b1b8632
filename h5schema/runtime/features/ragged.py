"""Features whose entries are arrays of their own length or shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import IntEnum
from typing import TypeVar, Unpack, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError
from h5schema.vocabulary.dtypes import CONVERTED

from ..blocks import Maybe, RaggedBlock, ShapedBlock
from ..kinds import EndToEnd, Kind, PartKind, Place
from ..members import Members
from ..sealed import is_sealed
from ..spans import Part, Reading, Rows, offsets_of
from ..values import expect_shape, has_shape
from ..where import Where
from .feature import Feature, Given, Options, owners

ItemT = TypeVar("ItemT", bound=np.generic)


class Ragged(Feature[NDArray[ItemT], RaggedBlock[ItemT]]):
    """Entries are arrays of their own length, float32 [clip, time], or shape: uint8 [image, height, width, 3].

    The dims that vary are `RaggedAxis`, per the open one.

    Args:
        dtype: numpy's scalar type of the values.
        dims: The open dim, its ragged dims, and any fixed ones.
        enum: The values are members of this enum.
        stored: The dtype as the language writes it, where numpy's type does not say it: `datetime64[ns]`.
    """

    __slots__ = ()

    kind = cast("Kind[RaggedBlock[ItemT]]", EndToEnd())

    def __init__(
        self,
        dtype: type[ItemT],
        dims: str,
        *,
        stored: str | None = None,
        enum: type[IntEnum] | None = None,
        names: Sequence[str] | None = None,
        **options: Unpack[Given],
    ) -> None:
        members = None if enum is None else Members(enum, names)
        super().__init__(stored or np.dtype(dtype).name, dims, Options(**options), members)

    def pack(self, entries: Sequence[object], place: Place, where: Where) -> RaggedBlock[ItemT]:
        parts: list[NDArray[np.generic]] = []
        plain, memory, sizes = self.members is None and self.dtype not in CONVERTED, self.number.memory, place.sizes
        for i, entry in enumerate(entries):
            if plain and type(entry) is np.ndarray and entry.dtype == memory and has_shape(entry, sizes):
                parts.append(entry)  # most entries: no word of an error is made for them
                continue
            part = self.fitted(entry, where.entry(i))
            self.expect_members(part, where.entry(i))
            if part.size == 0 and part.ndim == 1:
                part = part.reshape(_none(place))
            expect_shape(part, sizes, where.entry(i))
            parts.append(part)
        if len(place.outer) == 1:
            return RaggedBlock(self._end_to_end(parts, place), offsets_of(np.fromiter(map(len, parts), np.int64)))
        outer = len(place.outer)
        shapes = np.array([part.shape[:outer] for part in parts], np.int64).reshape(len(parts), outer)
        lengths = shapes.prod(axis=1)
        flat = [part.reshape(rows, *place.shape) for part, rows in zip(parts, lengths.tolist(), strict=True)]
        return ShapedBlock(self._end_to_end(flat, place), offsets_of(lengths), shapes)

    def _end_to_end(self, parts: list[NDArray[np.generic]], place: Place) -> NDArray[ItemT]:
        if len(parts) == 1 and is_sealed(parts[0]):
            return cast("NDArray[ItemT]", parts[0])
        values = np.concatenate(parts) if parts else np.empty((0, *place.shape), self.number.memory)
        return cast("NDArray[ItemT]", values)

    def accept(self, block: object, place: Place, where: Where) -> RaggedBlock[ItemT]:
        if not isinstance(block, RaggedBlock):
            raise DataError(
                f"{type(block).__name__} is not a block of entries of different lengths",
                where=str(where),
                do="give a list with one array per entry, or a RaggedBlock(values, offsets)",
            )
        given = cast("RaggedBlock[np.generic]", block)
        offsets = np.asarray(given.offsets)
        if not are_offsets(offsets, len(given.values)):
            raise DataError(
                "the offsets do not run from 0 to the number of values",
                where=str(where),
                do="entry i is values[offsets[i]:offsets[i + 1]]; offsets has one item more than there are entries",
            )
        values = self.number.fit(given.values, str(where))
        expect_shape(values, (None, *place.shape), str(where))
        accepted = RaggedBlock(cast("NDArray[ItemT]", values), offsets.astype(np.int64, copy=False))
        if len(place.outer) > 1:
            accepted = ShapedBlock(accepted.values, accepted.offsets, _shapes(given, place, where))
        self._expect_members_of(accepted, str(where), where.rows(len(accepted)))
        return accepted

    def _expect_members_of(self, block: RaggedBlock[ItemT], where: str, rows: Rows | None) -> None:
        """Refuses values that are no members, by the row of the entry that has one."""
        if self.members is not None:
            self.expect_members(block.values, where, None if rows is None else owners(block, rows))

    def placeholder(self, place: Place) -> object:
        return np.empty(_none(place), self.number.memory)

    def whole(self, block: RaggedBlock[ItemT]) -> tuple[NDArray[np.generic], np.dtype[np.generic]]:
        """See `Feature.whole`; a ragged feature always has entries, so nobody asks."""
        return self.number.to_file(block.values), self.file_dtype

    @property
    def attributes(self) -> Mapping[str, str]:
        return {**super().attributes, **self.number.attributes}

    def write(
        self, place: Place, block: RaggedBlock[ItemT], present: NDArray[np.bool_] | None, ends: Mapping[str, int]
    ) -> dict[str, NDArray[np.generic]]:
        return super().write(place, self.to_file(block), present, ends)

    def to_file(self, block: RaggedBlock[ItemT]) -> RaggedBlock[ItemT]:
        """The same entries as they lie in the file."""
        return cast("RaggedBlock[ItemT]", block.of(self.number.to_file(block.values)))

    def numbers(self, block: RaggedBlock[ItemT]) -> object:
        return block.values

    def reading(self, place: Place, rows: Rows) -> Reading[RaggedBlock[ItemT]]:
        block, present = yield from self.kind.read(place, rows)
        return self._understood(place, rows, block, present)

    def reading_part(self, place: Place, rows: Rows, part: Part) -> Reading[RaggedBlock[ItemT]]:
        block, present = yield from cast("PartKind[RaggedBlock[ItemT]]", self.kind).read_part(place, rows, part)
        return self._understood(place, rows, block, present)

    def _understood(
        self, place: Place, rows: Rows, block: RaggedBlock[ItemT], present: NDArray[np.bool_] | None
    ) -> RaggedBlock[ItemT]:
        understood = self.from_file(block, place.path, rows)
        return understood if present is None else cast("RaggedBlock[ItemT]", Maybe(understood, present))

    def from_file(self, values: RaggedBlock[ItemT], path: str, rows: Rows) -> RaggedBlock[ItemT]:
        """Entries as they lie in the file, understood; `rows` are theirs, for errors."""
        understood = cast("RaggedBlock[ItemT]", values.of(self.number.from_file(values.values)))
        self._expect_members_of(understood, path, rows)
        return understood

    def entry(self, block: RaggedBlock[ItemT], index: int) -> NDArray[ItemT]:
        return block[index]


def are_offsets(offsets: NDArray[np.generic], end: int) -> bool:
    """Whether they cut so many rows into entries."""
    if offsets.dtype.kind not in "iu" or offsets.ndim != 1 or not len(offsets):
        return False
    return bool(offsets[0] == 0 and offsets[-1] == end and np.greater_equal(offsets[1:], offsets[:-1]).all())


def _none(place: Place) -> tuple[int, ...]:
    """The shape of an array without values."""
    return tuple(size or 0 for size in place.sizes)


def _shapes(given: RaggedBlock[np.generic], place: Place, where: Where) -> Rows:
    """The shapes that a block was given with, which are those of its entries."""
    shapes: NDArray[np.generic] = np.asarray(given.shapes) if isinstance(given, ShapedBlock) else np.empty(0)
    if shapes.dtype.kind in "iu" and shapes.shape == (len(given), len(place.outer)):
        fixed = all(size is None or (shapes[:, axis] == size).all() for axis, size in enumerate(place.outer))
        if fixed and not np.less(shapes, 0).any() and (shapes.prod(axis=1) == given.lengths).all():
            return shapes.astype(np.int64, copy=False)
    raise DataError(
        "the shapes are not those of the entries",
        where=str(where),
        do=f"give a list of arrays, or a ShapedBlock(values, offsets, shapes) with {len(place.outer)} sizes an entry",
    )
