"""What a loader reads of a feature for some samples, and what of it belongs to each."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from ..any_reader import AnyReader
from ..chosen import Chosen
from ..spans import Asked

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
