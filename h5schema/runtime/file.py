"""Files and groups: the classes that generated readers derive from.

They have few names of their own, because a schema's names become attributes beside them;
`vocabulary.reserved` lists these, and the rest is in the reader behind them.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Never, Self, cast, overload

import h5py

from h5schema.errors import UsageError
from h5schema.vocabulary.suggest import closest

from .declared import Schema, Split
from .readers import reader_of
from .spans import Access, Rows
from .view import View

if TYPE_CHECKING:
    from .any_reader import AnyReader, Paths


class Binding(NamedTuple):
    """A node of an open file: its reader, and the address below which its names are.

    Attributes:
        reader: Of the file.
        address: Of the group; the root's is "".
    """

    reader: AnyReader
    address: str

    def inner(self, name: str) -> str:
        """The address of a name of this node."""
        return f"{self.address}/{name}" if self.address else name

    def view(self, name: str) -> View[object, object]:
        """The view of a feature of this node."""
        return self.reader.view(self.inner(name))

    def entries(self, name: str) -> object:
        """The entries of a dim of this node."""
        return self.reader.entries(self.inner(name))

    def assign(self, name: str, value: object) -> None:
        """Gives a feature of this node, which has no entries, its value."""
        self.reader.assign(self.inner(name), value)

    def unassignable(self, name: str, owner: str) -> UsageError:
        """A name of this node that is assigned, and is no feature of its class `owner`."""
        model, before = self.reader.model, self.inner("")
        names = [*model.features, *model.axes, *model.groups]
        known = [one.removeprefix(before) for one in names if one.startswith(before)]
        whole = [one for one in known if (place := model.places.get(before + one)) and place.lead is None]
        near = closest(name, filter(None, known)) or ""
        listed = ", ".join(whole) or "nothing here: its features have entries, which are appended"
        return UsageError(
            f"{name!r} is no feature of {owner}",
            where=f"{self.reader.name}: {self.address}" if self.address else self.reader.name,
            do=f"did you mean {near.replace('/', '.')!r}?" if near else f"what can be assigned: {listed}",
        )


_set = object.__setattr__


class Node:
    """The root of a file, or a group in it."""

    bound: Binding

    def __setattr__(self, name: str, value: Never) -> None:
        """Refuses a name that the class does not have: its value would be lost without a word.

        `Never` lets a type checker refuse it too. A name of a subclass of yours begins with `_`.
        """
        if name.startswith("_") or hasattr(getattr(type(self), name, None), "__set__"):
            super().__setattr__(name, value)
            return
        raise self.bound.unassignable(name, type(self).__name__)


class Group(Node):
    """A group of a file class: declared as `cells = CellsGroup("cells")`.

    Args:
        at: HDF5 path relative to the enclosing group.
        table: Whether it is a compound dataset, and its features are the members.
        mounted: Of the group of another schema: which of its dims are dims of the enclosing class, {theirs: ours}; its
            other names are seen from this group.
    """

    at: str
    _table: bool
    _mounted: Mapping[str, str] | None

    def __init__(self, at: str, *, table: bool = False, mounted: Mapping[str, str] | None = None) -> None:
        _set(self, "at", at)
        _set(self, "_table", table)
        _set(self, "_mounted", mounted)
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, node: None, owner: type) -> Self: ...
    @overload
    def __get__(self, node: Node, owner: type) -> Self: ...
    def __get__(self, node: Node | None, owner: type) -> Self:
        if node is None:
            return self
        inner = object.__new__(type(self))
        _set(inner, "at", self.at)
        _set(inner, "bound", Binding(node.bound.reader, node.bound.inner(self._name)))
        return inner

    def __set__(self, node: Node, value: Never) -> Never:
        raise UsageError(
            f"the group {self._name} is not assigned",
            where=type(node).__name__,
            do="assign its features one by one",
        )


def is_table(group: Group) -> bool:
    """Whether a group is a compound dataset; no attribute of it, which might be the name of a feature."""
    return bool(vars(group)["_table"])


def mounted_dims(group: Group) -> Mapping[str, str] | None:
    """Which dims of a mounted schema are dims of the enclosing class; None: no schema is mounted."""
    found: Mapping[str, str] | None = vars(group)["_mounted"]
    return found


class File(Node):
    """An HDF5 file of one schema, for reading; or several, whose entries follow each other.

    The file is opened when it is first needed, once in each process, so an instance may
    be pickled and may be used before and after a fork.

    Args:
        path: Of the file; or a list of paths, in the order of their entries.
        access: How the bytes come. `map`: the file is mapped into memory, which is fast and costs nothing.
            `read`: piece by piece, worth it where another program may cut the file short while it is read, which would
            end a process that has it mapped. `memory`: a feature is read whole, and decoded, when it is first used.

    Raises:
        FileError: When it is opened: it is missing, damaged, or of another schema.
    """

    schema: ClassVar[Schema]
    splits: ClassVar[Mapping[str, Split]] = {}

    def __init__(self, path: Paths, *, access: Access = "map") -> None:
        _set(self, "bound", Binding(self._reader(path, access), ""))

    def _reader(self, path: Paths, access: Access) -> AnyReader:
        return reader_of(type(self), path, access=access)

    @property
    def path(self) -> Path:
        """Of the file."""
        return self.bound.reader.only("a path").path

    def hdf5(self) -> h5py.File:
        """The open h5py file, for what this class does not offer; read-only."""
        return self.bound.reader.only("an h5py file").hdf5()

    def close(self) -> None:
        """Closes the file; the next use opens it again."""
        self.bound.reader.close()

    def __enter__(self) -> Self:
        self.bound.reader.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __getstate__(self) -> dict[str, object]:
        return {"reader": copy(self.bound.reader)}

    def __setstate__(self, state: dict[str, object]) -> None:
        _set(self, "bound", Binding(cast("AnyReader", state["reader"]), ""))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.bound.reader.name!r})"

    def split(self, part: str) -> Rows:
        """Rows of one part of a split, in the order of the entries: `file.split("random/train")`."""
        return self.bound.reader.split(part)

    @property
    def parameters(self) -> dict[str, object]:
        """How each feature was extracted, by address: its `call` and `params`; empty for a file written by hand."""
        return self.bound.reader.only("a record of parameters").parameters()

    def verify(self) -> None:
        """Reads everything once and compares it with its checksums.

        Raises:
            FileError: Something is missing, or not what was written; its dataset and rows are named.
        """
        self.bound.reader.verify()
