"""Many short texts in little memory: bytes end to end, and where each begins."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..pieces import Pieces


class Texts(Pieces[str]):
    """A sequence of texts; names of files that are no UTF-8 are kept as they are."""

    def __init__(self, values: bytes, starts: NDArray[np.int64]) -> None:
        self._values = values
        self._starts = starts

    def __len__(self) -> int:
        return len(self._starts) - 1

    def part(self, first: int, last: int) -> list[str]:
        """Those from `first` to before `last`."""
        bounds: list[int] = self._starts[first : max(first, last) + 1].tolist()
        text = self._decoded(bounds[0], bounds[-1])
        if len(text) != bounds[-1] - bounds[0]:  # then a character is not a byte
            return [self._decoded(start, stop) for start, stop in pairwise(bounds)]
        base = bounds[0]
        return [text[start - base : stop - base] for start, stop in pairwise(bounds)]

    def _decoded(self, start: int, stop: int) -> str:
        return self._values[start:stop].decode("utf-8", "surrogateescape")


class TextsMade:
    """Collects texts, many at a time."""

    def __init__(self) -> None:
        self._values = bytearray()
        self._lengths = array("q")

    def __len__(self) -> int:
        return len(self._lengths)

    def add(self, texts: Sequence[str]) -> None:
        """Puts texts at the end."""
        joined = "".join(texts)
        values = joined.encode("utf-8", "surrogateescape")
        self._values += values
        if len(values) == len(joined):  # every character is a byte
            self._lengths.extend(map(len, texts))
        else:
            self._lengths.extend(len(text.encode("utf-8", "surrogateescape")) for text in texts)

    def done(self) -> Texts:
        """All of them."""
        starts = np.zeros(len(self) + 1, np.int64)
        np.cumsum(np.frombuffer(self._lengths, np.int64), out=starts[1:])
        return Texts(bytes(self._values), starts)
