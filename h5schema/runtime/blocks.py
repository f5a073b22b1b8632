"""Blocks: the values of some entries, as one read or one write moves them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, Self, TypeVar, cast, overload

import numpy as np
from numpy.typing import NDArray

from .spans import Rows, offsets_of, positions

BlockT = TypeVar("BlockT")
ItemT = TypeVar("ItemT", bound=np.generic)
ValueT_co = TypeVar("ValueT_co", covariant=True)


@dataclass(frozen=True, slots=True, eq=False)
class RaggedBlock(Generic[ItemT]):
    """Entries of different lengths, end to end.

    Attributes:
        values: [sum of lengths, ...], the values of all entries.
        offsets: int64 [n + 1]; entry i is `values[offsets[i]:offsets[i + 1]]`.
    """

    values: NDArray[ItemT]
    offsets: Rows

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, index: int) -> NDArray[ItemT]: ...
    @overload
    def __getitem__(self, index: slice) -> RaggedBlock[ItemT]: ...
    def __getitem__(self, index: int | slice) -> NDArray[ItemT] | RaggedBlock[ItemT]:
        if isinstance(index, slice):
            first, last, step = index.indices(len(self))
            if step != 1:
                message = f"a block is cut into consecutive entries, not by steps of {step}"
                raise IndexError(message)
            offsets = self.offsets[first : max(first, last) + 1]
            return RaggedBlock(self.values[offsets[0] : offsets[-1]], offsets - offsets[0])
        if not 0 <= index < len(self):
            message = f"entry {index} of {len(self)}"
            raise IndexError(message)
        return self.values[self.offsets[index] : self.offsets[index + 1]]

    def __iter__(self) -> Iterator[NDArray[ItemT]]:
        return (self[i] for i in range(len(self)))

    @property
    def lengths(self) -> Rows:
        """int64 [n], the length of each entry."""
        return np.diff(self.offsets)


class Encoded(Sequence[ValueT_co], ABC):
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
        return len(self._bytes)

    @overload
    def __getitem__(self, index: int) -> ValueT_co: ...
    @overload
    def __getitem__(self, index: slice) -> list[ValueT_co]: ...
    def __getitem__(self, index: int | slice) -> ValueT_co | list[ValueT_co]:
        if isinstance(index, slice):
            return [self[i] for i in range(len(self))[index]]
        return self.decoded(self._bytes[index].tobytes())

    def __iter__(self) -> Iterator[ValueT_co]:
        whole = self._bytes.values.tobytes()
        offsets = self._bytes.offsets.tolist()
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


def joined(blocks: Sequence[object]) -> object:
    """Blocks of one feature, one after the other, as one block."""
    first = blocks[0]
    if isinstance(first, Maybe):
        some = cast("Sequence[Maybe[object]]", blocks)
        return Maybe(joined([one.values for one in some]), np.concatenate([one.present for one in some]))
    if isinstance(first, Encoded):
        some_encoded = cast("Sequence[Encoded[object]]", blocks)
        return type(some_encoded[0])(_end_to_end([one.encoded for one in some_encoded]))
    if isinstance(first, RaggedBlock):
        return _end_to_end(cast("Sequence[RaggedBlock[np.generic]]", blocks))
    return np.concatenate(cast("Sequence[NDArray[np.generic]]", blocks))


def taken(block: object, rows: Rows) -> object:
    """The entries of a block at `rows`, in that order, as one block."""
    if isinstance(block, Maybe):
        some = cast("Maybe[object]", block)
        return Maybe(taken(some.values, rows), some.present[rows])
    if isinstance(block, Encoded):
        encoded = cast("Encoded[object]", block)
        return type(encoded)(_entries_of(encoded.encoded, rows))
    if isinstance(block, RaggedBlock):
        return _entries_of(cast("RaggedBlock[np.generic]", block), rows)
    return cast("NDArray[np.generic]", block).take(rows, axis=0)


def alike(one: object, other: object) -> bool:
    """Whether two blocks of one feature hold the same, bit by bit."""
    pairs = zip(_arrays(one), _arrays(other), strict=True)
    return all(a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in pairs)


def bytes_in(block: object) -> int:
    """Bytes of a block in memory."""
    return sum(array.nbytes for array in _arrays(block))


def _arrays(block: object) -> tuple[NDArray[np.generic], ...]:
    """What a block is made of."""
    if isinstance(block, Maybe):
        some = cast("Maybe[object]", block)
        return some.present, *_arrays(some.values)
    if isinstance(block, Encoded):
        return _arrays(cast("Encoded[object]", block).encoded)
    if isinstance(block, RaggedBlock):
        ragged = cast("RaggedBlock[np.generic]", block)
        return ragged.offsets, ragged.values
    return (cast("NDArray[np.generic]", block),)


def _entries_of(block: RaggedBlock[ItemT], rows: Rows) -> RaggedBlock[ItemT]:
    lengths = block.lengths[rows]
    values = block.values.take(positions(block.offsets[rows], lengths), axis=0)
    return RaggedBlock(values, offsets_of(lengths))


def _end_to_end(blocks: Sequence[RaggedBlock[ItemT]]) -> RaggedBlock[ItemT]:
    lengths = np.concatenate([block.lengths for block in blocks])
    return RaggedBlock(np.concatenate([block.values for block in blocks]), offsets_of(lengths))


@dataclass(frozen=True, slots=True, eq=False)
class Maybe(Generic[BlockT]):
    """A block some of whose entries are absent; what stands there in `values` means nothing.

    Attributes:
        values: The block of all entries.
        present: bool [n], which entries are there.
    """

    values: BlockT
    present: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.present)
