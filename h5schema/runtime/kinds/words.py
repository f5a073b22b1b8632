"""The words of a category: its dictionary in a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import FileError

from ..blocks import Categories, Texts
from ..spans import Rows


class Words(Protocol):
    """The dictionary of a file: its words by code."""

    @property
    def texts(self) -> Texts:
        """The words that are known."""
        ...

    def codes_of(self, block: Categories) -> Rows:
        """The code of each entry in the file: int64 [n], -1 for one that is absent."""
        ...


class KnownWords:
    """Words that are all known.

    Args:
        texts: The words, by code.
    """

    def __init__(self, texts: Texts) -> None:
        self.texts = texts

    def codes_of(self, block: Categories) -> Rows:
        """See `Words`."""
        known = {word: code for code, word in enumerate(self.texts)}
        return _coded(block, known)


class PlannedWords:
    """Words of which another process has said which codes they have.

    Args:
        codes: By word.
    """

    def __init__(self, codes: Mapping[str, int]) -> None:
        self._codes = codes

    @property
    def texts(self) -> Texts:
        """See `Words`."""
        return Texts.of([word.encode() for word in self._codes])

    def codes_of(self, block: Categories) -> Rows:
        """See `Words`."""
        return _coded(block, self._codes)


class NewWords:
    """Words of a file in the making: a new one gets the next code.

    Args:
        words: Those that there are already, by code.
    """

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._codes = {word: code for code, word in enumerate(words)}

    def __len__(self) -> int:
        return len(self._codes)

    @property
    def texts(self) -> Texts:
        """See `Words`."""
        return Texts.of([word.encode() for word in self._codes])

    def codes_of(self, block: Categories) -> Rows:
        """See `Words`."""
        self.take(block.words[code] for code in block.used)
        return _coded(block, self._codes)

    def take(self, words: Iterable[str]) -> dict[str, int]:
        """The codes of words, some of which may be new."""
        return {word: self._codes.setdefault(word, len(self._codes)) for word in words}

    def first(self, count: int) -> list[str]:
        """The words of the first codes."""
        return list(self._codes)[:count]


def stored_words(texts: Sequence[str]) -> NDArray[np.bytes_]:
    """Words as they lie in a file: texts of one fixed length."""
    encoded = [text.encode() for text in texts]
    return np.array(encoded, f"S{max((len(one) for one in encoded), default=1) or 1}")


def _coded(block: Categories, known: Mapping[str, int]) -> Rows:
    codes = [-1] * len(block.words)
    for code in block.used:
        word = block.words[code]
        if word not in known:
            raise FileError(
                f"the word {word!r} is new",
                do="sources changed while they were read, or a function does not always return the same: run it again",
            )
        codes[code] = known[word]
    return block.coded(codes)
