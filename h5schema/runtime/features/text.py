"""Features whose entries are texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Unpack, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from ..blocks import Maybe, RaggedBlock, Texts
from ..kinds import Dense, EndToEnd, Kind, Place, Stored
from ..spans import Reading, Rows
from ..utf8 import expect_utf8
from ..where import Where
from .feature import Feature, Given, Options

_ANY_BYTES = (1 << 31) - 1


class Text(Feature[str, Texts]):
    """Entries are texts: utf-8, end to end, or of at most `size` bytes each.

    HDF5's own variable-length strings are not used: they are slow and cannot be compressed.

    Args:
        dims: Address of the open dim, or nothing: one text for the whole file.
        size: Bytes of the longest text; a longer one is refused.
    """

    __slots__ = ("kind", "size")

    def __init__(
        self,
        dims: str = "",
        *,
        size: int | None = None,
        **options: Unpack[Given],
    ) -> None:
        super().__init__("str" if size is None else f"str:{size}", dims, Options(**options))
        self.size = size
        self.kind = cast("Kind[Texts]", EndToEnd() if size is None and dims else Dense())

    @property
    def file_dtype(self) -> np.dtype[np.generic]:
        return np.dtype(np.uint8) if self.size is None else h5py.string_dtype("utf-8", self.size)

    def pack(self, entries: Sequence[object], place: Place, where: Where) -> Texts:
        return Texts.of([self._encode(entry, where.entry(i)) for i, entry in enumerate(entries)])

    def accept(self, block: object, place: Place, where: Where) -> Texts:
        if isinstance(block, Texts) and self.size is None:
            return block
        if isinstance(block, str) or not isinstance(block, Sequence | np.ndarray):
            raise DataError(f"{type(block).__name__} is not a list of texts", where=str(where), do="give a list of str")
        return self.pack(list(cast("Sequence[object]", block)), place, where)

    def _encode(self, entry: object, where: str) -> bytes:
        if not isinstance(entry, str):
            raise DataError(
                f"{entry!r} is {type(entry).__name__}, not str", where=where, do="decode or format it first"
            )
        try:
            encoded = entry.encode()
        except UnicodeEncodeError:
            raise DataError(
                f"{entry!r} cannot be written as utf-8", where=where, do="take out the lone surrogate"
            ) from None
        if self.size is not None and len(encoded) > self.size:
            raise DataError(
                f"the text has {len(encoded)} bytes of utf-8, more than {self.size}",
                where=where,
                do="nothing is cut: raise the size in the schema, or write `dtype: str`",
            )
        if (self.size is not None or not self.dims) and encoded.endswith(b"\0"):
            raise DataError("the text ends with NUL, which HDF5 drops", where=where, do="take the NUL away")
        return encoded

    def placeholder(self, place: Place) -> object:
        return ""

    def numbers(self, block: Texts) -> object:
        return block

    def reading(self, place: Place, rows: Rows) -> Reading[Texts]:
        fetched, present = yield from self.kind.read(place, rows)
        values: object = fetched
        if isinstance(values, RaggedBlock):
            texts = Texts(cast("RaggedBlock[np.uint8]", values))
        else:
            texts = Texts.of([_as_bytes(text) for text in cast("NDArray[np.generic]", values).tolist()])
        expect_utf8(texts, place.path, None if place.lead is None else rows)
        return texts if present is None else cast("Texts", Maybe(texts, present))

    def write(
        self, place: Place, block: Texts, present: NDArray[np.bool_] | None, ends: Mapping[str, int]
    ) -> dict[str, NDArray[np.generic]]:
        stored: object = block.encoded
        if self.size is not None:
            stored = np.array([text.tobytes() for text in block.encoded], self.file_dtype)
        return self.kind.write(place, cast("Texts", stored), present, ends)

    def whole(self, block: Texts) -> tuple[NDArray[np.generic], np.dtype[np.generic]]:
        encoded = block.encoded[0].tobytes()
        dtype = h5py.string_dtype("utf-8", self.size or max(1, len(encoded)))
        return np.array(encoded, dtype), dtype

    def stored_whole(self, place: Place) -> Stored:
        return Stored(place.path, np.dtype(f"S{self.size or _ANY_BYTES}"), per_entry=False)

    def entry(self, block: Texts, index: int) -> str:
        return block[index]


def _as_bytes(text: object) -> bytes:
    return text if isinstance(text, bytes) else str(text).encode()
