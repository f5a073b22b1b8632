"""Features that are all attributes of a node, in files of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, Unpack, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import UsageError

from ..blocks import Maybe
from ..kinds import Dense, Kind, Place
from ..spans import Reading, Rows
from ..where import Where
from .feature import Feature, Given, Options

Mappings: TypeAlias = NDArray[np.object_]
"""Of each entry a mapping."""


class Attributes(Feature[dict[str, object], Mappings]):
    """Entries are all attributes of a node by name: texts, Python's numbers, arrays; None has no value.

    Args:
        dims: Address of the dim whose entries are nodes, or nothing: one node of the file.
    """

    __slots__ = ()

    kind = cast("Kind[Mappings]", Dense())

    def __init__(self, dims: str = "", **options: Unpack[Given]) -> None:
        super().__init__("any", dims, Options(**options))

    @property
    def file_dtype(self) -> np.dtype[np.generic]:
        return np.dtype(object)

    def reading(self, place: Place, rows: Rows) -> Reading[Mappings]:
        values, present = yield from self.kind.read(place, rows)
        return values if present is None else cast("Mappings", Maybe(values, present))

    def entry(self, block: Mappings, index: int) -> dict[str, object]:
        return dict(cast("dict[str, object]", block[index]))

    def numbers(self, block: Mappings) -> object:
        return block

    def placeholder(self, place: Place) -> object:
        return {}

    def pack(self, entries: Sequence[object], place: Place, where: Where) -> Mappings:
        found = np.empty(len(entries), object)
        found[:] = entries
        return found

    # Only files of others have them, and these are never written.

    def accept(self, block: object, place: Place, where: Where) -> Mappings:
        raise self._never(where)

    def whole(self, block: Mappings) -> tuple[NDArray[np.generic], np.dtype[np.generic]]:
        raise self._never(self.dims)

    def _never(self, where: object) -> UsageError:
        return UsageError("attributes of others are not written", where=str(where), do="write them with h5py")
