"""Features: frozen declarations that stand in generated code.

On a file class `Photos.image` is the declaration; on an open file `photos.image` is a
typed view. A declaration says what an entry is and leaves how it lies in the file to
its storage kind.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic, Self, TypedDict, TypeVar, cast, overload

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from ..blocks import Block, Encoded, Maybe
from ..conditions import Check, Condition
from ..kinds import Kind, Place, Stored
from ..members import Members
from ..number_types import NumberType, number_type
from ..spans import Part, Reading, Rows
from ..where import Where

if TYPE_CHECKING:
    from ..file import Node
    from ..view import View
    from ..writer import Writer
    from ..writing.view_writer import ViewWriter

EntryT = TypeVar("EntryT")
BlockT = TypeVar("BlockT")
OtherEntryT = TypeVar("OtherEntryT")
OtherBlockT = TypeVar("OtherBlockT")


@dataclass(frozen=True)
class Options:
    """How the values of a feature are stored and what they keep; options never leak between features.

    Attributes:
        at: HDF5 path relative to the group; None: the feature's name. `@a` is an attribute.
        unit: Physical unit, kept as the attribute `unit` beside the data.
        codec: `none`, `default` (deflate with shuffle), `lzf`, `zstd`, `lz4` or `blosc2`.
        level: Of `default`, 0 to 9 (4), `zstd`, 1 to 22 (3), or `blosc2`, 0 to 9 (5); None: the one in brackets.
        chunk: Bytes of a chunk; None: about 1 MiB of whole entries.
        layout: `contiguous` (values in one piece), `chunked`, or `auto`: the writer chooses.
        check: What every value keeps.
        optional: Whether entries may be absent.
        fill: In a file of others, the value that means absent.
        axes: In a file of others, the axes of the dataset in the order of `dims`; None: they lie in this order.
        transposes: Address of the matrix of which it is the transpose, made when the file is completed; None: of none.
        plot: A kind of plot, or `module:function`, with which `view.plot()` draws; "": what suits the values.
        deprecated: What to use instead, or why it is not to be used any more; None: it may be used.
    """

    at: str | None = None
    unit: str = ""
    codec: str = "none"
    level: int | None = None
    chunk: int | None = None
    layout: str = "auto"
    check: Check | None = None
    optional: bool = False
    fill: bool | int | float | str | None = None
    axes: Sequence[int] | None = None
    transposes: str | None = None
    plot: str = ""
    deprecated: str | None = None


class Given(TypedDict, total=False):
    """The options that a declaration may be given; `Options` says what they mean."""

    at: str | None
    unit: str
    codec: str
    level: int | None
    chunk: int | None
    layout: str
    check: Check | None
    fill: bool | int | float | str | None
    axes: Sequence[int] | None
    transposes: str | None
    plot: str
    deprecated: str


class Feature(ABC, Generic[EntryT, BlockT]):
    """One named quantity: an entry of it is an `EntryT`, some entries are a `BlockT`."""

    __slots__ = ("_name", "dims", "dtype", "members", "options", "view_class")

    is_tree = False
    kind: Kind[BlockT]
    view_class: type[View[EntryT, BlockT]] | None

    def __init__(self, dtype: str, dims: str, options: Options, members: Members | None = None) -> None:
        self.dtype = dtype
        self.members = members
        self.dims = dims
        self.options = options
        self.view_class = None
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, node: None, owner: type) -> Self: ...
    @overload
    def __get__(self, node: Writer, owner: type) -> ViewWriter[EntryT, BlockT]: ...
    @overload
    def __get__(self, node: Node, owner: type) -> View[EntryT, BlockT]: ...
    def __get__(self, node: Node | None, owner: type) -> Self | ViewWriter[EntryT, BlockT] | View[EntryT, BlockT]:
        if node is None:
            return self
        if self.options.deprecated is not None:
            said = f": {self.options.deprecated}" if self.options.deprecated else ""
            message = f"{owner.__name__}.{self._name} is deprecated{said}"
            warnings.warn(message, DeprecationWarning, stacklevel=2)
        return cast("View[EntryT, BlockT]", node.bound.view(self._name))

    def __set__(self, node: Node, value: EntryT) -> None:
        node.bound.assign(self._name, value)

    def renewed(self, options: Options) -> Self:
        """The same declaration with other options."""
        twin = object.__new__(type(self))
        for cls in type(self).__mro__:
            for slot in getattr(cls, "__slots__", ()):
                if hasattr(self, slot):
                    setattr(twin, slot, getattr(self, slot))
        twin.options = options
        return twin

    def by_row(self) -> Self:
        """The same declaration, of which each entry is one value of HDF5, of any length: as others store texts."""
        return self

    # What a subclass says of its values.

    @property
    def store(self) -> str:
        """The storage kind as the layout's fingerprint names it; nothing: it follows from the dims."""
        return ""

    @property
    def file_dtype(self) -> np.dtype[np.generic]:
        """The dtype that h5py creates."""
        return self.number.file if self.members is None else self.members.file_dtype(self.dtype)

    @property
    def number(self) -> NumberType:
        """What its numbers are in the file and in memory."""
        return number_type(self.dtype)

    @property
    def attributes(self) -> Mapping[str, str]:
        """What its dataset says of itself, for other readers."""
        return {"unit": self.options.unit} if self.options.unit else {}

    def dictionary(self, place: Place) -> str | None:
        """Path of the words of a category; None: it is none."""
        return None

    def shares(self, place: Place) -> str | None:
        """Path of the group of which it shares coordinates with other features; None: it has its own."""
        return None

    def encoding(self, place: Place, count: int) -> Mapping[str, object]:
        """What the node at its path says of itself in a file with `count` entries, for readers of other formats."""
        return {}

    @property
    def dtype_record(self) -> object:
        """The dtype as the layout's fingerprint writes it."""
        return self.dtype if self.members is None else self.members.record(self.dtype)

    @abstractmethod
    def pack(self, entries: Sequence[object], place: Place, where: Where) -> BlockT:
        """Entries as a user gives them, made one block; refuses what would change."""

    @abstractmethod
    def accept(self, block: object, place: Place, where: Where) -> BlockT:
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

    def reading_part(self, place: Place, rows: Rows, part: Part) -> Reading[BlockT]:
        """Reads a part of each of the entries at `rows`; of a feature whose entries have a length of their own."""
        raise DataError(
            f"an entry of {self.dims} has no dim of its own length, of which a part could be read",
            where=place.path,
            do="read the whole entry",
        )

    @abstractmethod
    def whole(self, block: BlockT) -> tuple[NDArray[np.generic], np.dtype[np.generic]]:
        """The value of a feature without entries, and the dtype of its dataset or attribute."""

    # What holds for all.

    def innermost(self) -> Feature[Any, Any]:
        """The feature of what is in the lists, where an entry is a list."""
        return self

    @property
    def has_bytes(self) -> bool:
        """Whether each value has a number of bytes of its own; over ragged dims it lies in lists, not in arrays."""
        return False

    def fitted(self, value: object, where: str) -> NDArray[np.generic]:
        """A value as an array of the feature's dtype; of one that has an enum, members may be named."""
        if self.members is not None:
            value = self.members.in_numbers(value, where)
        return self.number.fit(value, where)

    def in_numbers(self, condition: Condition) -> Condition:
        """A condition that names members of an enum, in the numbers that are stored."""
        return condition if self.members is None else self.members.by_value(condition)

    def expect_members(self, values: NDArray[np.generic], where: str, rows: Rows | None = None) -> None:
        """Refuses values that are no members, of a feature that has an enum."""
        if self.members is not None:
            self.members.expect(values, where, rows)

    def of_source(self, entry: object, place: Place, where: str) -> object:
        """What an entry is given as of which the source is handed over as it is."""
        return entry

    def stored_whole(self, place: Place) -> Stored:
        """The dataset or attribute of a feature without entries."""
        return Stored(place.path, self.file_dtype, place.shape, per_entry=False)

    def nothing(self, place: Place) -> BlockT:
        """A block of one entry that is absent."""
        return self.pack([self.placeholder(place)], place, Where(""))

    def stored(self, place: Place) -> tuple[Stored, ...]:
        """The datasets it needs."""
        return self.kind.stored(place, self.file_dtype)

    def block_of(
        self, given: object, place: Place, count: int, where: Where
    ) -> tuple[BlockT, NDArray[np.bool_] | None]:
        """What a user gives for `count` entries: a block, or a list of entries in which None is absent."""
        present: NDArray[np.bool_] | None = None
        if isinstance(given, Maybe):
            some = cast("Maybe[object]", given)
            given, present = some.values, np.asarray(some.present)
            if present.dtype != np.bool_ or present.shape != (count,):
                raise DataError(
                    f"`present` is {present.dtype} {list(present.shape)}, not bool [{count}]",
                    where=str(where),
                    do="say of each entry whether it is there",
                )
        if isinstance(given, list | tuple):
            entries = list(cast("Sequence[object]", given))
            there = np.array([entry is not None for entry in entries], bool)
            present = there if present is None else present & there
            stand_in = None if there.all() else self.placeholder(place)
            block = self.pack([stand_in if entry is None else entry for entry in entries], place, where)
        else:
            block = self.accept(given, place, where)
        length = len(cast("Sequence[object]", block))
        if length != count:
            raise DataError(
                f"{length} entries are given, but the others have {count}", where=str(where), do="give as many"
            )
        if not place.optional:
            if present is not None and not present.all():
                raise DataError(
                    "the entry is None, but the feature is not optional",
                    where=where.entry(int(np.argmin(present))),
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

    def _keep_check(self, block: BlockT, present: NDArray[np.bool_] | None, where: Where) -> None:
        check = self.options.check
        if check is None:
            return
        numbers = self.numbers(block)
        good = check.holds(numbers)
        entry = owners(block) if isinstance(block, Block) else np.arange(len(good))
        if present is not None:
            good = good | ~present[entry].reshape(-1, *[1] * (good.ndim - 1))
        if not good.all():
            at = tuple(int(i) for i in np.argwhere(~good)[0])
            value = (
                cast("Encoded[object]", numbers)[at[0]]
                if isinstance(numbers, Encoded)
                else np.asarray(numbers)[at].item()
            )
            raise DataError(
                f"{value!r} breaks the check ({check})",
                where=where.entry(int(entry[at[0]])),
                do="mend the data, or the check in the schema",
            )


def owners(block: Block, entries: Rows | None = None) -> Rows:
    """Which entry each text, or else each row of values, of a block belongs to."""
    offsets = block.leaf_offsets if isinstance(block.leaf, Encoded) else block.row_offsets
    return np.repeat(np.arange(len(block)) if entries is None else entries, np.diff(offsets))


def optional(feature: Feature[OtherEntryT, OtherBlockT]) -> Feature[OtherEntryT | None, Maybe[OtherBlockT]]:
    """The same feature, but an entry may be absent: None, which is not empty, zero or NaN."""
    made = feature.renewed(replace(feature.options, optional=True))
    return cast("Feature[OtherEntryT | None, Maybe[OtherBlockT]]", made)
