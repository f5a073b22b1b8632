"""Features whose entries are texts, of which there are few different ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Unpack, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from ..blocks import Categories, Maybe
from ..kinds import Coded, Kind, Place
from ..number_types import NumberType, number_type
from ..spans import Reading, Rows
from ..where import Where
from .feature import Feature, Given, Options

MOST_BYTES = 1024
"""Of a word: all words of a file take the room of the longest."""


class Category(Feature[str, Categories]):
    """Entries are texts, stored as codes and a dictionary in the file, which grows with what is written.

    Codes are in the order in which words come first, so they depend on the file.

    Args:
        dims: Address of the open dim.
    """

    __slots__ = ()

    kind = cast("Kind[Categories]", Coded())

    def __init__(self, dims: str, **options: Unpack[Given]) -> None:
        super().__init__("category", dims, Options(**options))

    @property
    def file_dtype(self) -> np.dtype[np.generic]:
        return np.dtype(np.int32)

    @property
    def number(self) -> NumberType:
        return number_type("int64")

    @property
    def attributes(self) -> Mapping[str, str]:
        return {**super().attributes, "encoding-type": "array", "encoding-version": "0.2.0"}

    def dictionary(self, place: Place) -> str | None:
        return f"{place.path}/categories"

    def encoding(self, place: Place, count: int) -> Mapping[str, object]:
        return {"encoding-type": "categorical", "encoding-version": "0.2.0", "ordered": np.bool_(False)}

    def pack(self, entries: Sequence[object], place: Place, where: Where) -> Categories:
        return Categories.named([self._word(entry, where, i) for i, entry in enumerate(entries)])

    def accept(self, block: object, place: Place, where: Where) -> Categories:
        if isinstance(block, Categories):
            return block
        if isinstance(block, str | bytes) or not (isinstance(block, Sequence) or hasattr(block, "__array__")):
            raise DataError(f"{type(block).__name__} is not a list of texts", where=str(where), do="give a list of str")
        return self.pack(list(cast("Sequence[object]", block)), place, where)

    def _word(self, entry: object, where: Where, index: int) -> str | None:
        if entry is _NOTHING:
            return None
        if not isinstance(entry, str):
            raise DataError(
                f"{entry!r} is {type(entry).__name__}, not str",
                where=where.entry(index),
                do="decode or format it first",
            )
        try:
            size = len(entry.encode())
        except UnicodeEncodeError:
            raise DataError(
                f"{entry!r} cannot be written as utf-8", where=where.entry(index), do="take out the lone surrogate"
            ) from None
        if size > MOST_BYTES:
            raise DataError(
                f"the text has {size} bytes, and a category at most {MOST_BYTES}",
                where=where.entry(index),
                do="write `dtype: str` in the schema",
            )
        if entry.endswith("\0"):
            raise DataError(
                "the text ends with NUL, which HDF5 drops", where=where.entry(index), do="take the NUL away"
            )
        return str(entry)

    def placeholder(self, place: Place) -> object:
        return _NOTHING

    def whole(self, block: Categories) -> tuple[NDArray[np.generic], np.dtype[np.generic]]:
        """See `Feature.whole`; a category always has entries, so nobody asks."""
        return block.codes, self.file_dtype

    def numbers(self, block: Categories) -> object:
        return block

    def reading(self, place: Place, rows: Rows) -> Reading[Categories]:
        block, present = yield from self.kind.read(place, rows)
        return block if present is None else cast("Categories", Maybe(block, present))

    def entry(self, block: Categories, index: int) -> str:
        return block[index]


_NOTHING = object()
