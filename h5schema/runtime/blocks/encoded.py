"""Blocks of texts and bytes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Self, TypeVar, cast, overload

import numpy as np
from numpy.typing import NDArray

from ..any_values import AnyValue, only_record
from ..spans import Rows, offsets_of
from .block import Block
from .ragged import RaggedBlock

ValueT_co = TypeVar("ValueT_co", covariant=True)


class Encoded(Block, Sequence[ValueT_co]):
    """Values of n entries, each kept as bytes, and decoded when one is looked at."""

    __slots__ = ("_bytes",)

    def __init__(self, block: RaggedBlock[np.uint8]) -> None:
        self._bytes = block

    @classmethod
    def of(cls, encoded: Sequence[bytes]) -> Self:
        """From the bytes of each value."""
        lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
        return cls(RaggedBlock(np.frombuffer(b"".join(encoded), np.uint8), offsets_of(lengths)))

    @staticmethod
    @abstractmethod
    def decoded(encoded: bytes) -> ValueT_co:
        """The value that these bytes are."""

    def __len__(self) -> int:
        return len(self.encoded)

    @overload
    def __getitem__(self, index: int) -> ValueT_co: ...
    @overload
    def __getitem__(self, index: slice) -> list[ValueT_co]: ...
    def __getitem__(self, index: int | slice) -> ValueT_co | list[ValueT_co]:
        if isinstance(index, slice):
            return [self[i] for i in range(len(self))[index]]
        return self.decoded(self.encoded[index].tobytes())

    def __iter__(self) -> Iterator[ValueT_co]:
        whole = self.encoded.values.tobytes()
        offsets = self.encoded.offsets.tolist()
        return (self.decoded(whole[a:b]) for a, b in pairwise(offsets))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)  # pyright: ignore[reportUnknownArgumentType]

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self)!r})"

    @property
    def encoded(self) -> RaggedBlock[np.uint8]:
        """The bytes, end to end."""
        return self._bytes

    def taken(self, rows: Rows) -> Self:
        return type(self)(self.encoded.taken(rows))

    def between(self, first: int, last: int) -> Self:
        return type(self)(self.encoded.between(first, last))

    def followed_by(self, others: Sequence[object]) -> Self:
        return type(self)(self.encoded.followed_by([block.encoded for block in cast("Sequence[Self]", others)]))

    @property
    def arrays(self) -> tuple[NDArray[np.generic], ...]:
        return self.encoded.arrays

    @property
    def row_offsets(self) -> Rows:
        return self.encoded.offsets


class Texts(Encoded[str]):
    """Texts of n entries; kept as utf-8."""

    __slots__ = ()

    @staticmethod
    def decoded(encoded: bytes) -> str:
        return encoded.decode()


class Blobs(Encoded[bytes]):
    """Bytes of n entries."""

    __slots__ = ()

    @staticmethod
    def decoded(encoded: bytes) -> bytes:
        return encoded


class AnyValues(Encoded[AnyValue]):
    """Values of n entries, each of a dtype and shape of its own; kept as records."""

    __slots__ = ()

    @staticmethod
    def decoded(encoded: bytes) -> AnyValue:
        return only_record(encoded).value()
