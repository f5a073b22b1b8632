"""Ranges of entries, which are as long as they say."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from ..any_reader import AnyReader
from ..blocks import Maybe, RaggedBlock
from ..chosen import Chosen
from ..spans import Asked, Part, offsets_of, positions
from ..windows import Window


class Range:
    """A range of each entry, along its ragged dim.

    Args:
        address: Of the feature.
        lead: Its dim of entries.
        dim: Its ragged dim; equal to `lead`: the range is one of entries.
        window: What it takes.
    """

    alone = False

    def __init__(self, address: str, lead: str, dim: str, window: Window) -> None:
        self.address = address
        self._lead = lead
        self._dim = dim
        self._shift = window.shift or 0
        self._step = window.step or 1

    def asked(self, reader: AnyReader, chosen: Chosen) -> Asked:
        starts, sizes = chosen.at[self._dim] + self._shift, chosen.sizes[self._dim]
        if self._dim == self._lead:
            return Asked(self.address, positions(starts, sizes))
        return Asked(self.address, chosen.at[self._lead], Part(starts, sizes))

    def cut(self, reader: AnyReader, block: object, asked: Asked, chosen: Chosen) -> object:
        if isinstance(block, Maybe):
            some = cast("Maybe[object]", block)
            return Maybe(self.cut(reader, some.values, asked, chosen), some.present)
        if not isinstance(block, RaggedBlock):
            block = RaggedBlock(cast("NDArray[np.generic]", block), offsets_of(chosen.sizes[self._dim]))
        ragged = cast("RaggedBlock[np.generic]", block)
        if self._step == 1:
            return ragged
        lengths = -(ragged.lengths // -self._step)
        offsets = offsets_of(lengths)
        within = np.arange(int(offsets[-1]), dtype=np.int64) - np.repeat(offsets[:-1], lengths)
        return RaggedBlock(ragged.values[np.repeat(ragged.offsets[:-1], lengths) + self._step * within], offsets)

    def sample_bytes(self, reader: AnyReader) -> int:
        return reader.entry_bytes(self.address)
