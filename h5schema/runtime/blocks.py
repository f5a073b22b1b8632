"""Blocks: the values of some entries, as one read or one write moves them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, TypeVar, cast, overload

import numpy as np
from numpy.typing import NDArray

from .spans import Rows, offsets_of, positions

BlockT = TypeVar("BlockT")
ItemT = TypeVar("ItemT", bound=np.generic)


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


class Texts(Sequence[str]):
    """Texts of n entries; kept as utf-8, decoded when one is looked at."""

    __slots__ = ("_bytes",)

    def __init__(self, block: RaggedBlock[np.uint8]) -> None:
        self._bytes = block

    @classmethod
    def of(cls, encoded: Sequence[bytes]) -> Texts:
        """From the utf-8 bytes of each text."""
        lengths = np.fromiter(map(len, encoded), np.int64, len(encoded))
        return cls(RaggedBlock(np.frombuffer(b"".join(encoded), np.uint8), offsets_of(lengths)))

    def __len__(self) -> int:
        return len(self._bytes)

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        if isinstance(index, slice):
            return [self[i] for i in range(len(self))[index]]
        return self._bytes[index].tobytes().decode()

    def __iter__(self) -> Iterator[str]:
        whole = self._bytes.values.tobytes()
        offsets = self._bytes.offsets.tolist()
        return (whole[a:b].decode() for a, b in pairwise(offsets))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)  # pyright: ignore[reportUnknownArgumentType]

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Texts({list(self)!r})"

    @property
    def encoded(self) -> RaggedBlock[np.uint8]:
        """The utf-8 bytes, end to end."""
        return self._bytes


def joined(blocks: Sequence[object]) -> object:
    """Blocks of one feature, one after the other, as one block."""
    first = blocks[0]
    if isinstance(first, Maybe):
        some = cast("Sequence[Maybe[object]]", blocks)
        return Maybe(joined([one.values for one in some]), np.concatenate([one.present for one in some]))
    if isinstance(first, Texts):
        return Texts(_end_to_end([text.encoded for text in cast("Sequence[Texts]", blocks)]))
    if isinstance(first, RaggedBlock):
        return _end_to_end(cast("Sequence[RaggedBlock[np.generic]]", blocks))
    return np.concatenate(cast("Sequence[NDArray[np.generic]]", blocks))


def taken(block: object, rows: Rows) -> object:
    """The entries of a block at `rows`, in that order, as one block."""
    if isinstance(block, Maybe):
        some = cast("Maybe[object]", block)
        return Maybe(taken(some.values, rows), some.present[rows])
    if isinstance(block, Texts):
        return Texts(_entries_of(block.encoded, rows))
    if isinstance(block, RaggedBlock):
        return _entries_of(cast("RaggedBlock[np.generic]", block), rows)
    return cast("NDArray[np.generic]", block).take(rows, axis=0)


def alike(one: object, other: object) -> bool:
    """Whether two blocks of one feature hold the same, bit by bit."""
    pairs = zip(_arrays(one), _arrays(other), strict=True)
    return all(a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in pairs)


def _arrays(block: object) -> tuple[NDArray[np.generic], ...]:
    """What a block is made of."""
    if isinstance(block, Maybe):
        some = cast("Maybe[object]", block)
        return some.present, *_arrays(some.values)
    if isinstance(block, Texts):
        return _arrays(block.encoded)
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
