"""Axes: declarations of dims. On an open file an axis is the collection of its entries."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Generic, Never, Self, TypeVar, cast, overload

from h5schema.errors import UsageError

if TYPE_CHECKING:
    from .bound.declared import IndexAt
    from .entries import Entries, IdEntries
    from .file import Node
    from .keyed import KeyedEntries
    from .writer import Writer
    from .writing.axis_writers import AxisWriter, IdAxisWriter, RaggedAxisWriter
    from .writing.keyed import KeyedAxisWriter

EntryT = TypeVar("EntryT")


class AnyAxis(ABC):
    """What all axes have: a name, and how the layout's fingerprint writes them."""

    __slots__ = ("_name",)

    def __init__(self) -> None:
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __set__(self, node: Node, value: Never) -> Never:
        raise UsageError(
            f"the dim {self._name} is not assigned",
            where=type(node).__name__,
            do="give its entries one by one, or extend it",
        )

    @property
    @abstractmethod
    def record(self) -> dict[str, object]:
        """The dim as the layout's fingerprint writes it."""


class OpenAxis(AnyAxis, Generic[EntryT]):
    """A dim to which entries are appended.

    Args:
        entry: The TypedDict of one entry: a value of every feature that this dim leads.
    """

    __slots__ = ("entry",)
    has_ids = False

    def __init__(self, entry: type[EntryT]) -> None:
        super().__init__()
        self.entry = entry

    @property
    def record(self) -> dict[str, object]:
        return {"size": "open", "ids": self.has_ids}


class Axis(OpenAxis[EntryT]):
    """An open dim whose entries have positions only; on a file a `Sequence` of entries.

    Args:
        entry: See `OpenAxis`.
        like: In a file of others, address of the dim whose entries these are a second time.
    """

    __slots__ = ("like",)

    def __init__(self, entry: type[EntryT], *, like: str | None = None) -> None:
        super().__init__(entry)
        self.like = like

    @overload
    def __get__(self, node: None, owner: type) -> Self: ...
    @overload
    def __get__(self, node: Writer, owner: type) -> AxisWriter[EntryT]: ...
    @overload
    def __get__(self, node: Node, owner: type) -> Entries[EntryT]: ...
    def __get__(self, node: Node | None, owner: type) -> Self | AxisWriter[EntryT] | Entries[EntryT]:
        return self if node is None else cast("Entries[EntryT]", node.bound.entries(self._name))


class NamedAxis(OpenAxis[EntryT]):
    """A dim whose entries have ids.

    Args:
        entry: See `OpenAxis`.
        spread: Path with braces, of a node for each entry: `/data/{demo:demo_*}`.
    """

    __slots__ = ("spread",)
    has_ids = True

    def __init__(self, entry: type[EntryT], *, spread: str | None = None) -> None:
        super().__init__(entry)
        self.spread = spread


class IdAxis(NamedAxis[EntryT]):
    """An open dim whose entries have ids; on a file a `Mapping` from id to entry, in the order of the file.

    Args:
        entry: See `OpenAxis`.
        ids: In a file of others, address of the feature that holds them.
        spread: See `NamedAxis`.
        source: In files of others, pattern of the files of a folder, one for each entry.
    """

    __slots__ = ("ids", "source")

    def __init__(
        self, entry: type[EntryT], *, ids: str | None = None, spread: str | None = None, source: str | None = None
    ) -> None:
        super().__init__(entry, spread=spread)
        self.ids = ids
        self.source = source

    @overload
    def __get__(self, node: None, owner: type) -> Self: ...
    @overload
    def __get__(self, node: Writer, owner: type) -> IdAxisWriter[EntryT]: ...
    @overload
    def __get__(self, node: Node, owner: type) -> IdEntries[EntryT]: ...
    def __get__(self, node: Node | None, owner: type) -> Self | IdAxisWriter[EntryT] | IdEntries[EntryT]:
        return self if node is None else cast("IdEntries[EntryT]", node.bound.entries(self._name))


class KeyedAxis(NamedAxis[EntryT]):
    """A ragged dim whose entries have ids; on a file a `Mapping` from tuples, the ids of the outer dims first.

    Args:
        entry: See `OpenAxis`.
        per: Address of the dim within whose entries these lie.
        spread: See `NamedAxis`.
    """

    __slots__ = ("per",)

    def __init__(self, entry: type[EntryT], *, per: str, spread: str | None = None) -> None:
        super().__init__(entry, spread=spread)
        self.per = per

    @overload
    def __get__(self, node: None, owner: type) -> Self: ...
    @overload
    def __get__(self, node: Writer, owner: type) -> KeyedAxisWriter[EntryT]: ...
    @overload
    def __get__(self, node: Node, owner: type) -> KeyedEntries[EntryT]: ...
    def __get__(self, node: Node | None, owner: type) -> Self | KeyedAxisWriter[EntryT] | KeyedEntries[EntryT]:
        return self if node is None else cast("KeyedEntries[EntryT]", node.bound.entries(self._name))

    @property
    def record(self) -> dict[str, object]:
        return {"per": self.per, "ids": True}


class FixedAxis(AnyAxis):
    """A dim of a fixed size."""

    __slots__ = ("size",)

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    @property
    def record(self) -> dict[str, object]:
        return {"size": self.size}


class RaggedAxis(AnyAxis):
    """A dim with a length of its own for each entry of another; it owns these lengths.

    On a writer values are added to all features over it at once: `w.step.append("run 1", {"loss": 0.5, "lr": 0.1})`.

    Args:
        per: Address of the other dim.
        index: In a file of others, where the values of its entries lie.
    """

    __slots__ = ("index", "per")

    def __init__(self, *, per: str, index: IndexAt | None = None) -> None:
        super().__init__()
        self.per = per
        self.index = index

    @overload
    def __get__(self, node: None, owner: type) -> Self: ...
    @overload
    def __get__(self, node: Writer, owner: type) -> RaggedAxisWriter: ...
    @overload
    def __get__(self, node: Node, owner: type) -> Self: ...
    def __get__(self, node: Node | None, owner: type) -> Self | RaggedAxisWriter:
        return self if node is None else cast("Self", node.bound.entries(self._name))

    @property
    def record(self) -> dict[str, object]:
        return {"per": self.per}
