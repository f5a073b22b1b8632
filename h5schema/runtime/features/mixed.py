"""Features whose entries have a dtype and shape of their own."""

from __future__ import annotations

from typing import Unpack, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from ..any_values import AnyValue, record_of
from ..blocks import AnyValues
from ..kinds import Kind, Place, SpreadValues
from ..spans import Rows
from ..state_dict import StateDict
from .encoded import EncodedFeature
from .feature import EntryT, Given

_NOTHING = object()


class AnyNodes(EncodedFeature[EntryT, AnyValues]):
    """Arrays of any dtype and shape, texts, or bytes; each is a dataset of its own.

    Args:
        dims: Address of the open dim, which is laid out as paths.
    """

    __slots__ = ()

    word, noun, takes = "any", "value", "arrays, texts or bytes"
    block = AnyValues

    def __init__(self, dims: str, **options: Unpack[Given]) -> None:
        super().__init__(dims, None, **options)
        self.kind = cast("Kind[AnyValues]", SpreadValues())

    def encode(self, entry: object, where: str) -> bytes:
        return b"" if entry is _NOTHING else record_of(entry, where).encoded()

    def expect(self, block: AnyValues, path: str, rows: Rows | None, present: NDArray[np.bool_] | None) -> None:
        for number, value in enumerate(block.encoded):
            if value.tobytes().startswith(b"str "):
                _expect_utf8(value.tobytes(), path if rows is None else f"{path}, row {int(rows[number])}")

    def fixed(self, size: int) -> np.dtype[np.generic]:
        return np.dtype(f"V{size}")

    def placeholder(self, place: Place) -> object:
        return _NOTHING


class Mixed(AnyNodes[AnyValue]):
    """Entries are arrays of any dtype and shape, texts, or bytes; each is a dataset of its own."""

    __slots__ = ()


class Tree(AnyNodes[StateDict]):
    """An entry of an outer dim has a mapping, from the ids of the dim within it to values of any dtype and shape.

    Args:
        dims: Address of the dim within, which is laid out as paths.
    """

    __slots__ = ()
    is_tree = True


def _expect_utf8(encoded: bytes, where: str) -> None:
    try:
        encoded.decode()
    except UnicodeDecodeError:
        raise DataError(
            "the text is no utf-8",
            where=where,
            do="the file was changed by another program; extract or copy it again",
        ) from None
