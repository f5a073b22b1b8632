"""Features whose entries are texts."""

from __future__ import annotations

from typing import TypeVar, Unpack

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from ..blocks import Texts
from ..kinds import Place
from ..spans import Rows
from ..utf8 import expect_utf8
from .encoded import EncodedFeature
from .feature import Given

EntryT = TypeVar("EntryT")


class _Utf8(EncodedFeature[EntryT, Texts]):
    """What is stored as utf-8."""

    __slots__ = ()

    word, noun, takes, of_bytes = "str", "text", "str", " of utf-8"
    block = Texts

    def __init__(self, dims: str = "", *, size: int | None = None, **options: Unpack[Given]) -> None:
        super().__init__(dims, size, **options)

    def encode(self, entry: object, where: str) -> bytes:
        if not isinstance(entry, str):
            raise DataError(
                f"{entry!r} is {type(entry).__name__}, not str", where=where, do="decode or format it first"
            )
        try:
            return entry.encode()
        except UnicodeEncodeError:
            raise DataError(
                f"{entry!r} cannot be written as utf-8", where=where, do="take out the lone surrogate"
            ) from None

    def expect(self, block: Texts, path: str, rows: Rows | None, present: NDArray[np.bool_] | None) -> None:
        expect_utf8(block, path, rows)

    def fixed(self, size: int) -> np.dtype[np.generic]:
        return h5py.string_dtype("utf-8", size)

    def placeholder(self, place: Place) -> object:
        return ""


class Text(_Utf8[str]):
    """Entries are texts: utf-8, end to end, or of at most `size` bytes each.

    Args:
        dims: Address of the open dim, or nothing: one text for the whole file.
        size: Bytes of the longest text; a longer one is refused.
    """

    __slots__ = ()


class TextList(_Utf8[list[str]]):
    """A list of texts, in a file of others: one value for the whole file.

    Args:
        dims: Its length, or `_`: any.
        size: Bytes of the longest text.
    """

    __slots__ = ()

    def entry(self, block: Texts, index: int) -> list[str]:
        return list(block)
