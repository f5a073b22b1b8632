"""Entries of other dims: all of them, or those that a sample refers to."""

from __future__ import annotations

from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from ..any_reader import AnyReader
from ..blocks import Maybe, RaggedBlock, Texts
from ..chosen import Chosen
from ..spans import Asked, Rows
from .projection import Entry, Projection

_MOST_BYTES = 64 << 20
"""Of a feature that comes whole with every batch."""


def all_rows(reader: AnyReader, address: str, lead: str, do: str) -> Rows:
    """The rows of all entries of a feature that is read whole for every batch.

    Raises:
        DataError: It is too large for that; `do` says what else to do.
    """
    count = reader.length(lead)
    size = count * reader.entry_bytes(address) if count else 0
    if size > _MOST_BYTES:
        raise DataError(
            f"all {count} entries would be read for every batch, {size >> 20} MiB",
            where=f"{reader.name}: {address}",
            do=do,
        )
    return np.arange(count, dtype=np.int64)


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
        do = f"say `via` which feature a sample finds its own {self._lead}, or read it once by itself"
        return Asked(self._address, all_rows(reader, self._address, self._lead, do))

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
        found = self._references.cut(reader, reader.read_together([asked])[0], asked, chosen)
        return cast("Maybe[object]", found).values if isinstance(found, Maybe) else found

    def cut(self, reader: AnyReader, block: object, asked: Asked, chosen: Chosen) -> object:
        if not isinstance(self._references, Entry) or not reader.model.places[self._references.address].ragged:
            return block
        found = cast("RaggedBlock[np.generic]", self._found(reader, chosen))
        return Joined(block, found.offsets)

    def sample_bytes(self, reader: AnyReader) -> int:
        return reader.entry_bytes(self._address)
