"""Features: frozen declarations that stand in generated code.

On a file class `Photos.image` is the declaration; on an open file `photos.image` is a
typed view. A declaration says what an entry is and leaves how it lies in the file to
its storage kind.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar, cast, overload

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from .blocks import Maybe, RaggedBlock, Texts
from .conditions import Check
from .kinds import Dense, EndToEnd, Kind, Place, Stored
from .members import Members
from .spans import Reading, Rows, offsets_of
from .values import expect_shape, fit

if TYPE_CHECKING:
    from .file import Node
    from .view import View

EntryT = TypeVar("EntryT")
BlockT = TypeVar("BlockT")
OtherEntryT = TypeVar("OtherEntryT")
OtherBlockT = TypeVar("OtherBlockT")
ItemT = TypeVar("ItemT", bound=np.generic)
EnumT = TypeVar("EnumT", bound=IntEnum)
NumberT = TypeVar("NumberT")
IntegerT = TypeVar("IntegerT", bound=np.integer[Any])
FloatingT = TypeVar("FloatingT", bound=np.floating[Any])
ComplexT = TypeVar("ComplexT", bound=np.complexfloating[Any, Any])


@dataclass(frozen=True)
class Options:
    """How the values of a feature are stored and what they keep; options never leak between features.

    Attributes:
        at: HDF5 path relative to the group; None: the feature's name. `@a` is an attribute.
        unit: Physical unit, kept as the attribute `unit` beside the data.
        codec: `none`, `default` (deflate with shuffle) or `lzf`.
        level: Of deflate, 0 to 9; None: 4.
        chunk: Bytes of a chunk; None: about 1 MiB of whole entries.
        check: What every value keeps.
        optional: Whether entries may be absent.
    """

    at: str | None = None
    unit: str = ""
    codec: str = "none"
    level: int | None = None
    chunk: int | None = None
    check: Check | None = None
    optional: bool = False


class Feature(ABC, Generic[EntryT, BlockT]):
    """One named quantity: an entry of it is an `EntryT`, some entries are a `BlockT`."""

    __slots__ = ("_name", "dims", "dtype", "options")

    kind: Kind[BlockT]

    def __init__(self, dtype: str, dims: str, options: Options) -> None:
        self.dtype = dtype
        self.dims = dims
        self.options = options
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, node: None, owner: type) -> Self: ...
    @overload
    def __get__(self, node: Node, owner: type) -> View[EntryT, BlockT]: ...
    def __get__(self, node: Node | None, owner: type) -> Self | View[EntryT, BlockT]:
        if node is None:
            return self
        return cast("View[EntryT, BlockT]", node.view(self._name))

    def renewed(self, options: Options) -> Self:
        """The same declaration with other options."""
        twin = object.__new__(type(self))
        for cls in type(self).__mro__:
            for slot in getattr(cls, "__slots__", ()):
                if hasattr(self, slot):
                    setattr(twin, slot, getattr(self, slot))
        twin.options = options
        return twin

    # What a subclass says of its values.

    @property
    @abstractmethod
    def file_dtype(self) -> np.dtype[np.generic]:
        """The dtype that h5py creates."""

    @property
    def dtype_record(self) -> object:
        """The dtype as the layout's fingerprint writes it."""
        return self.dtype

    @abstractmethod
    def pack(self, entries: Sequence[object], place: Place, where: str) -> BlockT:
        """Entries as a user gives them, made one block; refuses what would change."""

    @abstractmethod
    def accept(self, block: object, place: Place, where: str) -> BlockT:
        """A whole block as a user gives it, checked; refuses what would change."""

    @abstractmethod
    def entry(self, block: BlockT, index: int) -> EntryT:
        """One entry of a block."""

    @abstractmethod
    def placeholder(self, place: Place) -> object:
        """What lies in the file where an entry is absent; never returned."""

    @abstractmethod
    def numbers(self, block: BlockT) -> object:
        """The values of a block as conditions see them."""

    @abstractmethod
    def reading(self, place: Place, rows: Rows) -> Reading[BlockT]:
        """Reads the entries at `rows`; for an optional feature the block is a `Maybe`."""

    @abstractmethod
    def whole(self, block: BlockT) -> tuple[NDArray[np.generic], np.dtype[np.generic]]:
        """The value of a feature without entries, and the dtype of its dataset or attribute."""

    # What holds for all.

    def nothing(self, place: Place) -> BlockT:
        """A block of one entry that is absent."""
        return self.pack([self.placeholder(place)], place, "")

    def stored(self, place: Place) -> tuple[Stored, ...]:
        """The datasets it needs."""
        return self.kind.stored(place, self.file_dtype)

    def block_of(self, given: object, place: Place, count: int, where: str) -> tuple[BlockT, NDArray[np.bool_] | None]:
        """What a user gives for `count` entries: a block, or a list of entries in which None is absent."""
        present: NDArray[np.bool_] | None = None
        if isinstance(given, Maybe):
            some = cast("Maybe[object]", given)
            given, present = some.values, some.present
        if isinstance(given, list | tuple):
            entries = list(cast("Sequence[object]", given))
            there = np.array([entry is not None for entry in entries], bool)
            present = there if present is None else present & there
            stand_in = self.placeholder(place)
            block = self.pack([stand_in if entry is None else entry for entry in entries], place, where)
        else:
            block = self.accept(given, place, where)
        length = len(cast("Sequence[object]", block))
        if length != count:
            raise DataError(f"{length} entries are given, but the others have {count}", where=where, do="give as many")
        if not place.optional:
            if present is not None and not present.all():
                row = int(np.argmin(present))
                raise DataError(
                    f"entry {row} of the block is None, but the feature is not optional",
                    where=where,
                    do="give a value, or write `optional: true` in the schema",
                )
            present = None
        elif present is None:
            present = np.ones(count, bool)
        self._keep_check(block, present, where)
        return block, present

    def write(
        self, place: Place, block: BlockT, present: NDArray[np.bool_] | None, ends: Mapping[str, int]
    ) -> dict[str, NDArray[np.generic]]:
        """Rows to append to each dataset."""
        return self.kind.write(place, block, present, ends)

    def _keep_check(self, block: BlockT, present: NDArray[np.bool_] | None, where: str) -> None:
        check = self.options.check
        if check is None:
            return
        numbers = self.numbers(block)
        good = check.holds(numbers)
        if present is not None and not isinstance(numbers, RaggedBlock):
            good = good | ~present.reshape(-1, *[1] * (good.ndim - 1))
        if not good.all():
            at = tuple(int(i) for i in np.argwhere(~good)[0])
            value = numbers[at[0]] if isinstance(numbers, Texts) else np.asarray(numbers)[at]
            raise DataError(
                f"{value!r} at {list(at)} breaks the check ({check})",
                where=where,
                do="mend the data, or the check in the schema",
            )


class _Dense(Feature[EntryT, NDArray[ItemT]]):
    """A feature whose entry i is row i."""

    __slots__ = ()

    kind = cast("Kind[NDArray[ItemT]]", Dense())

    @property
    def file_dtype(self) -> np.dtype[np.generic]:
        """See `Feature.file_dtype`."""
        return np.dtype(self.dtype)

    def pack(self, entries: Sequence[object], place: Place, where: str) -> NDArray[ItemT]:
        """See `Feature.pack`."""
        rows = np.empty((len(entries), *place.shape), self.dtype)
        for i, entry in enumerate(entries):
            row = self._fit(entry, f"{where}, entry {i} of the block" if len(entries) > 1 else where)
            expect_shape(row, place.shape, where)
            rows[i] = row
        return rows

    def accept(self, block: object, place: Place, where: str) -> NDArray[ItemT]:
        """See `Feature.accept`."""
        array = self._fit(block, where)
        expect_shape(array, (None, *place.shape), where)
        return cast("NDArray[ItemT]", array)

    def _fit(self, value: object, where: str) -> NDArray[np.generic]:
        return fit(value, self.dtype, where)

    def placeholder(self, place: Place) -> object:
        """See `Feature.placeholder`."""
        return np.zeros(place.shape, self.dtype)

    def whole(self, block: NDArray[ItemT]) -> tuple[NDArray[np.generic], np.dtype[np.generic]]:
        """See `Feature.whole`."""
        return block[0, ...], self.file_dtype

    def numbers(self, block: NDArray[ItemT]) -> object:
        """See `Feature.numbers`."""
        return block

    def reading(self, place: Place, rows: Rows) -> Reading[NDArray[ItemT]]:
        """See `Feature.reading`."""
        values, present = yield from self.kind.read(place, rows)
        values = self.understood(values, place, rows)
        return values if present is None else cast("NDArray[ItemT]", Maybe(values, present))

    def understood(self, values: NDArray[ItemT], place: Place, rows: Rows) -> NDArray[ItemT]:
        """Fetched values in the feature's own dtype."""
        return cast("NDArray[ItemT]", values.astype(self.dtype, copy=False))


class Array(_Dense[NDArray[ItemT], ItemT]):
    """Entries are arrays of one shape: uint8 [photo, 32, 32, 3].

    Args:
        dtype: numpy's scalar type of the values.
        dims: Addresses of dims and sizes of unnamed ones, in stored order.
        enum: The values are members of this enum.
    """

    __slots__ = ("enum", "names")

    def __init__(
        self,
        dtype: type[ItemT],
        dims: str,
        *,
        enum: type[IntEnum] | None = None,
        names: Sequence[str] | None = None,
        at: str | None = None,
        unit: str = "",
        codec: str = "none",
        level: int | None = None,
        chunk: int | None = None,
        check: Check | None = None,
    ) -> None:
        super().__init__(np.dtype(dtype).name, dims, Options(at, unit, codec, level, chunk, check))
        self.enum = None if enum is None else Members(enum, names)

    @property
    def file_dtype(self) -> np.dtype[np.generic]:
        """See `Feature.file_dtype`."""
        return np.dtype(self.dtype) if self.enum is None else self.enum.file_dtype(self.dtype)

    @property
    def dtype_record(self) -> object:
        """See `Feature.dtype_record`."""
        return self.dtype if self.enum is None else self.enum.record(self.dtype)

    def understood(self, values: NDArray[ItemT], place: Place, rows: Rows) -> NDArray[ItemT]:
        """See `_Dense.understood`."""
        values = super().understood(values, place, rows)
        if self.enum is not None:
            self.enum.expect(values, place.path, rows)
        return values

    def _fit(self, value: object, where: str) -> NDArray[np.generic]:
        array = super()._fit(value, where)
        if self.enum is not None:
            self.enum.expect(array, where)
        return array

    def entry(self, block: NDArray[ItemT], index: int) -> NDArray[ItemT]:
        """See `Feature.entry`."""
        return block[index, ...]


class Scalar(_Dense[NumberT, ItemT]):
    """Entries are single numbers, given as Python's own `int`, `float`, `bool` or `complex`.

    Python's numbers hold every value of numpy's, and do not overflow when they are added.

    Args:
        dtype: numpy's scalar type of the values.
        dims: Address of the open dim, or "" for one number for the whole file.
    """

    __slots__ = ()

    @overload
    def __init__(self: Scalar[bool, np.bool_], dtype: type[np.bool_], dims: str, *, at: str | None = None) -> None: ...
    @overload
    def __init__(
        self: Scalar[int, IntegerT],
        dtype: type[IntegerT],
        dims: str,
        *,
        at: str | None = None,
        unit: str = "",
        codec: str = "none",
        level: int | None = None,
        chunk: int | None = None,
        check: Check | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: Scalar[float, FloatingT],
        dtype: type[FloatingT],
        dims: str,
        *,
        at: str | None = None,
        unit: str = "",
        codec: str = "none",
        level: int | None = None,
        chunk: int | None = None,
        check: Check | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: Scalar[complex, ComplexT],
        dtype: type[ComplexT],
        dims: str,
        *,
        at: str | None = None,
        unit: str = "",
        codec: str = "none",
        level: int | None = None,
        chunk: int | None = None,
        check: Check | None = None,
    ) -> None: ...
    def __init__(
        self,
        dtype: type[np.generic],
        dims: str,
        *,
        at: str | None = None,
        unit: str = "",
        codec: str = "none",
        level: int | None = None,
        chunk: int | None = None,
        check: Check | None = None,
    ) -> None:
        super().__init__(np.dtype(dtype).name, dims, Options(at, unit, codec, level, chunk, check))

    def entry(self, block: NDArray[ItemT], index: int) -> NumberT:
        """See `Feature.entry`."""
        return cast("NumberT", block[index].item())


class Enumerated(_Dense[EnumT, np.integer[Any]]):
    """Entries are members of an enum; the file holds integers and, by HDF5's enum type, their names.

    Args:
        enum: The members.
        dims: Address of the open dim, or "" for one member for the whole file.
        names: The members' names in the file, where they are not Python identifiers.
    """

    __slots__ = ("enum",)

    def __init__(
        self,
        enum: type[EnumT],
        dims: str,
        *,
        names: Sequence[str] | None = None,
        at: str | None = None,
        codec: str = "none",
        level: int | None = None,
        chunk: int | None = None,
    ) -> None:
        self.enum = Members(enum, names)
        super().__init__(self.enum.base, dims, Options(at, "", codec, level, chunk))

    @property
    def file_dtype(self) -> np.dtype[np.generic]:
        """See `Feature.file_dtype`."""
        return self.enum.file_dtype(self.dtype)

    @property
    def dtype_record(self) -> object:
        """See `Feature.dtype_record`."""
        return self.enum.record(self.dtype)

    def _fit(self, value: object, where: str) -> NDArray[np.generic]:
        if isinstance(value, str):
            value = self.enum.value_of(value, where)
        array = fit(value, self.dtype, where) if not isinstance(value, IntEnum) else np.array(int(value), self.dtype)
        self.enum.expect(array, where)
        return array

    def placeholder(self, place: Place) -> object:
        """See `Feature.placeholder`."""
        return next(iter(self.enum.enum))

    def understood(self, values: NDArray[np.integer[Any]], place: Place, rows: Rows) -> NDArray[np.integer[Any]]:
        """See `_Dense.understood`."""
        values = super().understood(values, place, rows)
        self.enum.expect(values, place.path, rows)
        return values

    def entry(self, block: NDArray[np.integer[Any]], index: int) -> EnumT:
        """See `Feature.entry`."""
        return cast("EnumT", self.enum.enum(int(block[index])))


class Ragged(Feature[NDArray[ItemT], RaggedBlock[ItemT]]):
    """Entries are arrays of their own length: float32 [clip, time], where `time` is a `RaggedAxis`.

    Args:
        dtype: numpy's scalar type of the values.
        dims: The open dim, its ragged dim, and any fixed ones.
        enum: The values are members of this enum.
    """

    __slots__ = ("enum",)

    kind = cast("Kind[RaggedBlock[ItemT]]", EndToEnd())

    def __init__(
        self,
        dtype: type[ItemT],
        dims: str,
        *,
        enum: type[IntEnum] | None = None,
        names: Sequence[str] | None = None,
        at: str | None = None,
        unit: str = "",
        codec: str = "none",
        level: int | None = None,
        chunk: int | None = None,
        check: Check | None = None,
    ) -> None:
        super().__init__(np.dtype(dtype).name, dims, Options(at, unit, codec, level, chunk, check))
        self.enum = None if enum is None else Members(enum, names)

    @property
    def file_dtype(self) -> np.dtype[np.generic]:
        """See `Feature.file_dtype`."""
        return np.dtype(self.dtype) if self.enum is None else self.enum.file_dtype(self.dtype)

    @property
    def dtype_record(self) -> object:
        """See `Feature.dtype_record`."""
        return self.dtype if self.enum is None else self.enum.record(self.dtype)

    def pack(self, entries: Sequence[object], place: Place, where: str) -> RaggedBlock[ItemT]:
        """See `Feature.pack`."""
        parts: list[NDArray[np.generic]] = []
        for entry in entries:
            part = self._fit(entry, where)
            if part.size == 0 and part.ndim == 1:
                part = part.reshape(0, *place.shape)
            expect_shape(part, (None, *place.shape), where)
            parts.append(part)
        lengths = np.fromiter(map(len, parts), np.int64, len(parts))
        values = np.concatenate(parts) if parts else np.empty((0, *place.shape), self.dtype)
        return RaggedBlock(cast("NDArray[ItemT]", values), offsets_of(lengths))

    def accept(self, block: object, place: Place, where: str) -> RaggedBlock[ItemT]:
        """See `Feature.accept`."""
        if not isinstance(block, RaggedBlock):
            raise DataError(
                f"{type(block).__name__} is not a block of entries of different lengths",
                where=where,
                do="give a list with one array per entry, or a RaggedBlock(values, offsets)",
            )
        given = cast("RaggedBlock[np.generic]", block)
        offsets = given.offsets
        if offsets[0] != 0 or offsets[-1] != len(given.values) or (np.diff(offsets) < 0).any():
            raise DataError(
                "the offsets do not run from 0 to the number of values",
                where=where,
                do="entry i is values[offsets[i]:offsets[i + 1]]; offsets has one item more than there are entries",
            )
        values = self._fit(given.values, where)
        expect_shape(values, (None, *place.shape), where)
        return RaggedBlock(cast("NDArray[ItemT]", values), offsets.astype(np.int64, copy=False))

    def _fit(self, value: object, where: str) -> NDArray[np.generic]:
        array = fit(value, self.dtype, where)
        if self.enum is not None:
            self.enum.expect(array, where)
        return array

    def placeholder(self, place: Place) -> object:
        """See `Feature.placeholder`."""
        return np.empty((0, *place.shape), self.dtype)

    def whole(self, block: RaggedBlock[ItemT]) -> tuple[NDArray[np.generic], np.dtype[np.generic]]:
        """See `Feature.whole`; a ragged feature always has entries, so nobody asks."""
        return block.values, self.file_dtype

    def numbers(self, block: RaggedBlock[ItemT]) -> object:
        """See `Feature.numbers`."""
        return block.values

    def reading(self, place: Place, rows: Rows) -> Reading[RaggedBlock[ItemT]]:
        """See `Feature.reading`."""
        block, present = yield from self.kind.read(place, rows)
        values = block.values.astype(self.dtype, copy=False)
        if self.enum is not None:
            self.enum.expect(values, place.path)
        understood = RaggedBlock(cast("NDArray[ItemT]", values), block.offsets)
        return understood if present is None else cast("RaggedBlock[ItemT]", Maybe(understood, present))

    def entry(self, block: RaggedBlock[ItemT], index: int) -> NDArray[ItemT]:
        """See `Feature.entry`."""
        return block[index]


class Text(Feature[str, Texts]):
    """Entries are texts: utf-8, end to end, or of at most `size` bytes each.

    HDF5's own variable-length strings are not used: they are slow and cannot be compressed.

    Args:
        dims: Address of the open dim, or "" for one text for the whole file.
        size: Bytes of the longest text; a longer one is refused.
    """

    __slots__ = ("kind", "size")

    def __init__(
        self,
        dims: str,
        *,
        size: int | None = None,
        at: str | None = None,
        codec: str = "none",
        level: int | None = None,
        chunk: int | None = None,
        check: Check | None = None,
    ) -> None:
        super().__init__("str" if size is None else f"str:{size}", dims, Options(at, "", codec, level, chunk, check))
        self.size = size
        self.kind = cast("Kind[Texts]", EndToEnd() if size is None and dims else Dense())

    @property
    def file_dtype(self) -> np.dtype[np.generic]:
        """See `Feature.file_dtype`."""
        return np.dtype(np.uint8) if self.size is None else h5py.string_dtype("utf-8", self.size)

    def pack(self, entries: Sequence[object], place: Place, where: str) -> Texts:
        """See `Feature.pack`."""
        return Texts.of([self._encode(entry, where) for entry in entries])

    def accept(self, block: object, place: Place, where: str) -> Texts:
        """See `Feature.accept`."""
        if isinstance(block, Texts) and self.size is None:
            return block
        if isinstance(block, str) or not isinstance(block, Sequence | np.ndarray):
            raise DataError(f"{type(block).__name__} is not a list of texts", where=where, do="give a list of str")
        return self.pack(list(cast("Sequence[object]", block)), place, where)

    def _encode(self, entry: object, where: str) -> bytes:
        if not isinstance(entry, str):
            raise DataError(
                f"{entry!r} is {type(entry).__name__}, not str", where=where, do="decode or format it first"
            )
        try:
            encoded = entry.encode()
        except UnicodeEncodeError:
            raise DataError(
                f"{entry!r} cannot be written as utf-8", where=where, do="take out the lone surrogate"
            ) from None
        if self.size is not None and len(encoded) > self.size:
            raise DataError(
                f"the text has {len(encoded)} bytes of utf-8, more than {self.size}",
                where=where,
                do="nothing is cut: raise the size in the schema, or write `dtype: str`",
            )
        if self.size is not None and encoded.endswith(b"\0"):
            raise DataError("the text ends with NUL, which HDF5 drops", where=where, do="write `dtype: str`")
        return encoded

    def placeholder(self, place: Place) -> object:
        """See `Feature.placeholder`."""
        return ""

    def numbers(self, block: Texts) -> object:
        """See `Feature.numbers`."""
        return block

    def reading(self, place: Place, rows: Rows) -> Reading[Texts]:
        """See `Feature.reading`."""
        fetched, present = yield from self.kind.read(place, rows)
        values: object = fetched
        if isinstance(values, RaggedBlock):
            texts = Texts(cast("RaggedBlock[np.uint8]", values))
        else:
            texts = Texts.of([_as_bytes(text) for text in cast("NDArray[np.generic]", values).tolist()])
        return texts if present is None else cast("Texts", Maybe(texts, present))

    def write(
        self, place: Place, block: Texts, present: NDArray[np.bool_] | None, ends: Mapping[str, int]
    ) -> dict[str, NDArray[np.generic]]:
        """See `Feature.write`."""
        stored: object = block.encoded
        if self.size is not None:
            stored = np.array([text.tobytes() for text in block.encoded], f"S{self.size}")
        return self.kind.write(place, cast("Texts", stored), present, ends)

    def whole(self, block: Texts) -> tuple[NDArray[np.generic], np.dtype[np.generic]]:
        """See `Feature.whole`."""
        encoded = block.encoded[0].tobytes()
        dtype = h5py.string_dtype("utf-8", self.size or max(1, len(encoded)))
        return np.array(encoded, dtype), dtype

    def entry(self, block: Texts, index: int) -> str:
        """See `Feature.entry`."""
        return block[index]


def _as_bytes(text: object) -> bytes:
    return text if isinstance(text, bytes) else str(text).encode()


def optional(feature: Feature[OtherEntryT, OtherBlockT]) -> Feature[OtherEntryT | None, Maybe[OtherBlockT]]:
    """The same feature, but an entry may be absent: None, which is not empty, zero or NaN."""
    made = feature.renewed(replace(feature.options, optional=True))
    return cast("Feature[OtherEntryT | None, Maybe[OtherBlockT]]", made)
