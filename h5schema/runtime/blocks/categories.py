"""Blocks of texts of which there are few: a code for each entry, and the texts by code."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Self, cast, overload

import numpy as np
from numpy.typing import NDArray

from ..spans import Rows
from .encoded import Texts
from .ragged import RaggedBlock


class Categories(Texts):
    """Texts of n entries, many of which are equal.

    Args:
        codes: int64 [n], the number of each entry's text among `words`; -1: there is none.
        words: The texts, each once.
    """

    __slots__ = ("codes", "words")

    def __init__(self, codes: Rows, words: Texts) -> None:
        self.codes = codes
        self.words = words

    @classmethod
    def named(cls, texts: Sequence[str | None]) -> Self:
        """From the text of each entry; None: there is none."""
        known: dict[str, int] = {}
        codes = (-1 if text is None else known.setdefault(text, len(known)) for text in texts)
        return cls(np.fromiter(codes, np.int64, len(texts)), Texts.of([word.encode() for word in known]))

    @property
    def used(self) -> list[int]:
        """The codes that entries have, in the order in which they come first."""
        codes, first = np.unique(self.codes, return_index=True)
        ordered: list[int] = codes[np.argsort(first)].tolist()
        return [code for code in ordered if code >= 0]

    def coded(self, code_of: Sequence[int]) -> Rows:
        """Other codes: `code_of[i]` in place of i; what is absent stays -1."""
        return np.array([*code_of, -1], np.int64)[self.codes]

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(len(self))[index]]
        code = int(self.codes[index])
        return "" if code < 0 else self.words[code]

    @property
    def encoded(self) -> RaggedBlock[np.uint8]:
        words = self.words.encoded.followed_by([Texts.of([b""]).encoded])
        return words.taken(np.where(self.codes < 0, len(self.words), self.codes))

    def taken(self, rows: Rows) -> Self:
        return type(self)(self.codes[rows], self.words)

    def between(self, first: int, last: int) -> Self:
        return type(self)(self.codes[first:last], self.words)

    def followed_by(self, others: Sequence[object]) -> Self:
        blocks = [self, *cast("Sequence[Self]", others)]
        known: dict[str, int] = {}
        codes = [block.coded([known.setdefault(word, len(known)) for word in block.words]) for block in blocks]
        return type(self)(np.concatenate(codes), Texts.of([word.encode() for word in known]))

    @property
    def arrays(self) -> tuple[NDArray[np.generic], ...]:
        return tuple(chain((self.codes,), self.words.arrays))
