"""The dictionaries of categories of a file in the making."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

import h5py

from ..features import Options
from ..kinds import NewWords, stored_words
from ..model import Model
from .datasets import Datasets


class Dictionaries:
    """The words of each category, which get their codes in the order in which they come first.

    Args:
        model: What the file class declares.
        kept: The words that there are already, by address.
        standing: Whether the file is a finished one, which has them.

    Attributes:
        words: By address.
    """

    def __init__(self, model: Model, kept: Mapping[str, Sequence[str]], *, standing: bool) -> None:
        self._paths = model.dictionaries()
        self.words = {address: NewWords(kept.get(address, ())) for address in self._paths}
        self._planned: deque[dict[str, int]] = deque()
        self._written = {address: len(words) for address, words in kept.items() if standing}

    def plan(self, words: Mapping[str, Sequence[str]]) -> dict[str, dict[str, int]]:
        """The codes of the words of entries that are planned."""
        self._planned.append(self._sizes())
        return {address: self.words[address].take(some) for address, some in words.items()}

    def take(self) -> None:
        """The entries of the first plan are taken."""
        self._planned.popleft()

    def kept(self) -> dict[str, list[str]]:
        """The words of the entries that were taken: others may come in another order, the next time."""
        sizes = self._planned[0] if self._planned else self._sizes()
        return {address: self.words[address].first(size) for address, size in sizes.items()}

    def write(self, datasets: Datasets) -> None:
        """Writes the words, if there are others than when they were written last."""
        for address, words in self.words.items():
            if self._written.get(address) != len(words):
                stored = stored_words(list(words.texts))
                dtype = h5py.string_dtype("utf-8", stored.dtype.itemsize)
                datasets.replace(self._paths[address], stored.astype(dtype), dtype, Options())
                self._written[address] = len(words)

    def _sizes(self) -> dict[str, int]:
        return {address: len(words) for address, words in self.words.items()}
