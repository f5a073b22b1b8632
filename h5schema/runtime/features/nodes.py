"""Features of one dtype whose entries are datasets of their own, at the paths that their ids fill in."""

from __future__ import annotations

from typing import TypeVar, Unpack, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from ..blocks import RaggedBlock, Texts
from ..kinds import CHANGED, Kind, Place, SpreadArrays, SpreadRagged, SpreadTexts
from ..spans import Rows
from .dense import Array
from .feature import Given
from .ragged import Ragged
from .text import Text

ItemT = TypeVar("ItemT", bound=np.generic)


class ArrayNodes(Array[ItemT]):
    """Entries are arrays of one shape, each a dataset of its own."""

    __slots__ = ()

    kind = cast("Kind[NDArray[ItemT]]", SpreadArrays())

    def understood(self, values: NDArray[ItemT], place: Place, rows: Rows) -> NDArray[ItemT]:
        return super().understood(_expected(values, self.file_dtype, place.path), place, rows)


class RaggedNodes(Ragged[ItemT]):
    """Entries are arrays of their own length or shape, each a dataset of its own."""

    __slots__ = ()

    kind = cast("Kind[RaggedBlock[ItemT]]", SpreadRagged())

    def from_file(self, values: RaggedBlock[ItemT], path: str, rows: Rows) -> RaggedBlock[ItemT]:
        known = _expected(values.values, self.file_dtype, path)
        return super().from_file(values.of(known), path, rows)


class TextNodes(Text):
    """Entries are texts, each a dataset of its own."""

    __slots__ = ()

    def __init__(self, dims: str, **options: Unpack[Given]) -> None:
        super().__init__(dims, **options)
        self.kind = cast("Kind[Texts]", SpreadTexts())

    def encode(self, entry: object, where: str) -> bytes:
        encoded = super().encode(entry, where)
        if encoded.endswith(b"\0"):
            raise DataError("the text ends with NUL, which HDF5 drops", where=where, do="take the NUL away")
        return encoded


def _expected(values: NDArray[ItemT], wanted: np.dtype[np.generic], path: str) -> NDArray[ItemT]:
    """Values of the dtype that the file is to have."""
    if values.size and values.dtype != wanted:
        raise DataError(f"a node is {values.dtype}, not {wanted}", where=path, do=CHANGED)
    return cast("NDArray[ItemT]", values.astype(wanted, copy=False))
