"""Features whose entries are lists: of arrays, of texts, or of lists again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Any, Literal, Protocol, TypeAlias, TypeVar, Unpack, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from ..blocks import Block, Maybe, NestedBlock
from ..kinds import EndToEnd, Kind, PartKind, Place
from ..members import Members
from ..spans import Part, Reading, Rows, offsets_of
from ..where import Where
from .blob import Bytes
from .encoded import EncodedFeature
from .feature import Feature, Given, Options
from .json import Json
from .ragged import Ragged, are_offsets
from .text import Text

EntryT = TypeVar("EntryT")

Lists: TypeAlias = NestedBlock[Any]

_ENCODED = {"str": Text, "bytes": Bytes, "json": Json}


class Leaf(Protocol):
    """The feature of what is in the lists; its blocks are of a type that it knows."""

    @property
    def members(self) -> Members | None: ...
    @property
    def has_bytes(self) -> bool: ...
    @property
    def file_dtype(self) -> np.dtype[np.generic]: ...
    @property
    def attributes(self) -> Mapping[str, str]: ...
    def pack(self, entries: Sequence[object], place: Place, where: Where) -> Block: ...
    def accept(self, block: object, place: Place, where: Where) -> Block: ...
    def numbers(self, block: Any) -> object: ...
    def to_file(self, block: Any) -> object: ...
    def from_file(self, values: Any, path: str, rows: Rows) -> Block: ...
    def whole(self, block: Any) -> tuple[NDArray[np.generic], np.dtype[np.generic]]: ...


class Nested(Feature[EntryT, Lists]):
    """Entries are lists of arrays, float32 [image, polygon, vertex, 2], of texts, or of lists again.

    `Nested[list[NDArray[np.float32]]](np.float32, "image polygon vertex 2")`: there is a list over each ragged dim
    that another one is per, and of texts over every ragged dim.

    Args:
        dtype: numpy's scalar type of the values, or `str`, `bytes` or `json` as the language has it.
        dims: The open dim, the ragged dims of the lists, and the dims of the arrays in them.
        stored, enum, names: As `Ragged` has them.
    """

    __slots__ = ("_inner", "_leaf")

    kind = cast("Kind[Lists]", EndToEnd())

    def __init__(
        self,
        dtype: type[np.generic] | Literal["str", "bytes", "json"],
        dims: str,
        *,
        stored: str | None = None,
        enum: type[IntEnum] | None = None,
        names: Sequence[str] | None = None,
        **options: Unpack[Given],
    ) -> None:
        leaf: Ragged[Any] | EncodedFeature[Any, Any]
        if isinstance(dtype, str):
            leaf = _ENCODED[dtype](dims)
        else:
            leaf = Ragged(dtype, dims, stored=stored, enum=enum, names=names)
        super().__init__(leaf.dtype, dims, Options(**options), leaf.members)
        self._leaf: Leaf = leaf
        self._inner: Feature[Any, Any] = leaf

    def innermost(self) -> Feature[Any, Any]:
        return self._inner

    @property
    def has_bytes(self) -> bool:
        return self._leaf.has_bytes

    @property
    def file_dtype(self) -> np.dtype[np.generic]:
        return self._leaf.file_dtype

    @property
    def attributes(self) -> Mapping[str, str]:
        return {**self._leaf.attributes, **super().attributes}

    # What a user gives.

    def pack(self, entries: Sequence[object], place: Place, where: Where) -> Lists:
        items: list[object] = list(entries)
        levels: list[Rows] = []
        for dim in place.lists:
            lists = [_items(item, dim, where.entry(i)) for i, item in enumerate(items)]
            levels.append(offsets_of(np.fromiter(map(len, lists), np.int64, len(lists))))
            where = where.within(dim, levels[-1])
            items = [item for one in lists for item in one]
        block: Block = self._leaf.pack(items, place, where)
        for offsets in reversed(levels):
            block = NestedBlock(block, offsets)
        return cast("Lists", block)

    def accept(self, block: object, place: Place, where: Where) -> Lists:
        given, levels = block, list[Rows]()
        for dim in place.lists:
            if not isinstance(given, NestedBlock):
                raise DataError(
                    f"{type(given).__name__} is not a block of lists over {dim}",
                    where=str(where),
                    do="give a list for each entry, or a NestedBlock(inner, offsets)",
                )
            nested = cast("NestedBlock[object]", given)
            given, offsets = nested.inner, np.asarray(nested.offsets)
            if not are_offsets(offsets, len(cast("Sequence[object]", given))):
                raise DataError(
                    f"the offsets do not run from 0 to the number of items in the lists over {dim}",
                    where=str(where),
                    do="list i is inner[offsets[i]:offsets[i + 1]]; offsets has one item more than there are lists",
                )
            levels.append(offsets.astype(np.int64, copy=False))
            where = where.within(dim, levels[-1])
        accepted: Block = self._leaf.accept(given, place, where)
        for offsets in reversed(levels):
            accepted = NestedBlock(accepted, offsets)
        return cast("Lists", accepted)

    def placeholder(self, place: Place) -> object:
        return []

    # What a file has.

    def entry(self, block: Lists, index: int) -> EntryT:
        return cast("EntryT", block[index])

    def numbers(self, block: Lists) -> object:
        return self._leaf.numbers(block.leaf)

    def reading(self, place: Place, rows: Rows) -> Reading[Lists]:
        block, present = yield from self.kind.read(place, rows)
        return self._understood(place, rows, block, present)

    def reading_part(self, place: Place, rows: Rows, part: Part) -> Reading[Lists]:
        block, present = yield from cast("PartKind[Lists]", self.kind).read_part(place, rows, part)
        return self._understood(place, rows, block, present)

    def _understood(self, place: Place, rows: Rows, block: Lists, present: NDArray[np.bool_] | None) -> Lists:
        of = np.repeat(rows, np.diff(block.leaf_offsets))
        understood = block.with_leaf(self._leaf.from_file(block.leaf, place.path, of))
        return understood if present is None else cast("Lists", Maybe(understood, present))

    def write(
        self, place: Place, block: Lists, present: NDArray[np.bool_] | None, ends: Mapping[str, int]
    ) -> dict[str, NDArray[np.generic]]:
        return super().write(place, block.with_leaf(cast("Block", self._leaf.to_file(block.leaf))), present, ends)

    def whole(self, block: Lists) -> tuple[NDArray[np.generic], np.dtype[np.generic]]:
        """See `Feature.whole`; a nested feature always has entries, so nobody asks."""
        return self._leaf.whole(block.leaf)


def _items(given: object, dim: str, where: str) -> list[object]:
    """The items of a list as a user gives it."""
    said = type(given).__name__
    is_array = isinstance(given, np.ndarray) and np.ndim(cast("NDArray[np.generic]", given)) > 0
    if not is_array and not isinstance(given, list | tuple | Block):
        raise DataError(f"{said} is not a list", where=where, do=f"give a list with one item for each {dim}")
    return list(cast("Iterable[object]", given))
