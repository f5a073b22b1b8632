"""Features whose entries are bytes of any length, whatever they stand for."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self, TypeVar, Unpack, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from ..blocks import Encoded, Maybe, RaggedBlock
from ..kinds import Dense, EndToEnd, Kind, Place, Stored
from ..spans import Reading, Rows
from ..where import Where
from .feature import Feature, Given, Options

EntryT = TypeVar("EntryT")
EncodedT = TypeVar("EncodedT", bound=Encoded[Any])

_ANY_BYTES = (1 << 31) - 1


class EncodedFeature(Feature[EntryT, EncodedT]):
    """Entries become bytes, which lie end to end, or of which each has at most `size`.

    HDF5's own variable-length types are not used: they are slow and cannot be compressed.
    """

    __slots__ = ("kind", "size")

    word: ClassVar[str]
    """The dtype in the language."""
    noun: ClassVar[str]
    """What an entry is called in errors."""
    takes: ClassVar[str]
    """What a list of entries holds, in errors."""
    block: type[EncodedT]

    def __init__(self, dims: str, size: int | None, **options: Unpack[Given]) -> None:
        super().__init__(self.word if size is None else f"{self.word}:{size}", dims, Options(**options))
        self.size = size
        self.kind = cast("Kind[EncodedT]", EndToEnd() if size is None and dims else Dense())

    # What a subclass says of its entries.

    @abstractmethod
    def encode(self, entry: object, where: str) -> bytes:
        """The bytes of an entry; refuses one that has none."""

    @abstractmethod
    def expect(self, block: EncodedT, path: str, rows: Rows | None, present: NDArray[np.bool_] | None) -> None:
        """Refuses bytes that were read and are no entries; `rows` is None of a value for the file."""

    @abstractmethod
    def fixed(self, size: int) -> np.dtype[np.generic]:
        """HDF5's type of fixed length."""

    # What holds for all.

    @property
    def file_dtype(self) -> np.dtype[np.generic]:
        return np.dtype(np.uint8) if self.size is None else self.fixed(self.size)

    @property
    def has_bytes(self) -> bool:
        return self.size is None and bool(self.dims)

    def pack(self, entries: Sequence[object], place: Place, where: Where) -> EncodedT:
        return self.block.of([self.encoded(entry, where.entry(i)) for i, entry in enumerate(entries)])

    def accept(self, block: object, place: Place, where: Where) -> EncodedT:
        if isinstance(block, self.block) and self.size is None:
            return block
        if isinstance(block, str | bytes) or not isinstance(block, Sequence | np.ndarray):
            raise DataError(
                f"{type(block).__name__} is not a list of {self.noun}s",
                where=str(where),
                do=f"give a list of {self.takes}",
            )
        return self.pack(list(cast("Sequence[object]", block)), place, where)

    def encoded(self, entry: object, where: str) -> bytes:
        """The bytes of an entry, as the file keeps them; refuses what does not fit."""
        encoded = self.encode(entry, where)
        if self.size is not None and len(encoded) > self.size:
            raise DataError(
                f"the {self.noun} has {len(encoded)} bytes{self.of_bytes}, more than {self.size}",
                where=where,
                do=f"nothing is cut: raise the size in the schema, or write `dtype: {self.word}`",
            )
        if (self.size is not None or not self.dims) and encoded.endswith(b"\0"):
            raise DataError(f"the {self.noun} ends with NUL, which HDF5 drops", where=where, do=self.without_nul)
        return encoded

    of_bytes: ClassVar[str] = ""
    without_nul: ClassVar[str] = "take the NUL away"

    def by_row(self) -> Self:
        """See `Feature`."""
        twin = self.renewed(self.options)
        twin.kind = cast("Kind[EncodedT]", Dense())
        return twin

    def decoded(self, encoded: bytes) -> object:
        """What these bytes are."""
        return self.block.decoded(encoded)

    def numbers(self, block: EncodedT) -> object:
        return block

    def reading(self, place: Place, rows: Rows) -> Reading[EncodedT]:
        fetched, present = yield from self.kind.read(place, rows)
        block = self.from_file(fetched, place.path, None if place.lead is None else rows, present)
        return block if present is None else cast("EncodedT", Maybe(block, present))

    def from_file(
        self, values: object, path: str, rows: Rows | None, present: NDArray[np.bool_] | None = None
    ) -> EncodedT:
        """Entries as they lie in the file, understood; `rows` are theirs, for errors."""
        if isinstance(values, RaggedBlock):
            block = self.block(cast("RaggedBlock[np.uint8]", values))
        else:
            block = self.block.of([_as_bytes(one) for one in cast("NDArray[np.generic]", values).reshape(-1).tolist()])
        self.expect(block, path, rows, present)
        return block

    def to_file(self, block: EncodedT) -> object:
        """The same entries as they lie in the file."""
        if self.size is None:
            return block.encoded
        return np.array([one.tobytes() for one in block.encoded], self.file_dtype)

    def write(
        self, place: Place, block: EncodedT, present: NDArray[np.bool_] | None, ends: Mapping[str, int]
    ) -> dict[str, NDArray[np.generic]]:
        return self.kind.write(place, cast("EncodedT", self.to_file(block)), present, ends)

    def whole(self, block: EncodedT) -> tuple[NDArray[np.generic], np.dtype[np.generic]]:
        encoded = block.encoded[0].tobytes()
        dtype = self.fixed(self.size or max(1, len(encoded)))
        return np.array(encoded, dtype), dtype

    def stored_whole(self, place: Place) -> Stored:
        return Stored(place.path, np.dtype(f"S{self.size or _ANY_BYTES}"), per_entry=False)

    def entry(self, block: EncodedT, index: int) -> EntryT:
        return cast("EntryT", block[index])


def _as_bytes(one: object) -> bytes:
    return one if isinstance(one, bytes) else str(one).encode()
