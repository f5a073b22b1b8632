"""Paths into a file of others: through groups, into the members of records, to attributes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import FileError
from h5schema.vocabulary.suggest import closest

from ..bfloat16_hdf5 import attribute_of, form_of_attribute
from ..node_paths import NodePath, is_attribute, split
from ..opening import open_to_read
from .columns import Column, InMemory, Member, Stored, member
from .records import KnownMembers, expect_type, has_unknown_members

if TYPE_CHECKING:
    from ..spans import Carrier

_SHOWN = 8
"""Names that are listed where one is missing."""


class Nodes:
    """The nodes of an open file.

    Args:
        file: The open file.
        carrier: Brings the rows of its datasets.
        name: Of the file, for errors.
    """

    def __init__(self, file: h5py.File, carrier: Carrier, name: str) -> None:
        self.file = file
        self.name = name
        self._carrier = carrier

    def column(self, path: str) -> Column | None:
        """What lies at a path, as a column; None: nothing does.

        Args:
            path: Of a dataset, of a member of records (`table/field`), or `node@name` of an attribute.

        Raises:
            FileError: A group lies there; or a file in which it would be is there, and cannot be read.
        """
        node, name = split(path)
        found = self._attribute(node or "/", name) if name else self._dataset(path)
        if found is None:
            self._expect_files(node)
        return found

    def _expect_files(self, path: str) -> None:
        """Refuses to call absent what is in a damaged file."""
        outer: object = self.file
        for part in path.strip("/").split("/"):
            link: object = outer.get(part, getlink=True) if isinstance(outer, h5py.Group) else None
            if isinstance(link, h5py.ExternalLink) and os.path.isabs(link.filename) and os.path.exists(link.filename):
                open_to_read(Path(link.filename)).close()
            outer = outer.get(part) if isinstance(outer, h5py.Group) and link is not None else None

    def stored(self, path: str) -> Column:
        """The dataset at a path.

        Raises:
            FileError: It is missing.
        """
        found = self.column(path)
        if found is None:
            raise self.missing(path)
        return found

    def dataset(self, path: str) -> h5py.Dataset | None:
        """The dataset at a path, which is there, as h5py has it; None: it is a member of records, or an attribute."""
        found = None if is_attribute(path) else self.file.get(path)
        return found if isinstance(found, h5py.Dataset) else None

    def attributes(self, path: str, names: Iterable[str]) -> dict[str, object]:
        """Those of some attributes that a node has."""
        node = self.file.get(path)
        return {} if node is None else {name: node.attrs[name] for name in names if name in node.attrs}

    def _attribute(self, path: str, name: str) -> Column | None:
        node = self.file.get(path)
        if node is not None and name == "*":
            return InMemory(_as_value({key: _plain(node.attrs, key) for key in node.attrs}), self.name, f"{path}@*")
        if node is None or name not in node.attrs:
            return None
        dtype, shape = form_of_attribute(node.attrs, name)
        if shape is None:
            return InMemory(np.zeros(0, dtype), self.name, f"{path}@{name}", empty=True)
        return InMemory(attribute_of(node.attrs, name), self.name, f"{path}@{name}")

    def _dataset(self, path: str) -> Column | None:
        parts = path.strip("/").split("/")
        node: object = self.file
        for depth, part in enumerate(parts):
            if isinstance(node, h5py.Dataset):
                return self._member(node, "/" + "/".join(parts[:depth]), parts[depth:])
            node = node.get(part) if isinstance(node, h5py.Group) else None
        if isinstance(node, h5py.Group):
            raise FileError(
                "this is a group, not a dataset",
                where=f"{self.name}: {path}",
                do=f"name a dataset in it with `at`: {_listed(list(node)) or 'it is empty'}",
            )
        if not isinstance(node, h5py.Dataset):
            return None
        expect_type(node, f"{self.name}: {path}")
        return Stored(self._carrier, path)

    def _member(self, dataset: h5py.Dataset, path: str, names: list[str]) -> Column | None:
        records = self._records(dataset, path, names[0])
        dtype = records.dtype
        for name in names:
            if dtype.names is None or name not in dtype.names:
                return None
            dtype = member(dtype, name).base
        return Member(records, names)

    def _records(self, dataset: h5py.Dataset, path: str, name: str) -> Column:
        """The records that have a member of this name."""
        if not has_unknown_members(dataset):
            return Stored(self._carrier, NodePath(path))
        known = KnownMembers(dataset, f"{self.name}: {path}")
        known.expect_known(name)
        return known

    def missing(self, path: str) -> FileError:
        """Nothing lies at a path; says what lies beside it."""
        node, attribute = split(path)
        if attribute and (found := self.file.get(node or "/")) is not None:
            return self._missing("attribute", attribute, list(found.attrs), path)
        parts = node.strip("/").split("/")
        outer: object = self.file
        for depth, part in enumerate(parts):
            names = _names_in(outer)
            if part not in names:
                return self._missing(*self._noun(outer, parts[depth:], attribute), names, path, "/".join(parts[:depth]))
            link, outer = outer, _inside(outer, part)
            if outer is None:
                return self._leads_nowhere(cast("h5py.Group", link), part, path)
        return self._missing("dataset", parts[-1], [], path)

    def group(self, path: str) -> h5py.Group:
        """The group at a path in which entries are.

        Raises:
            FileError: There is none.
        """
        node, outer = self.file.get(path or "/"), self.file["/"]
        if isinstance(node, h5py.Group):
            return node
        for part in path.strip("/").split("/"):
            inner = outer.get(part) if isinstance(outer, h5py.Group) else None
            if inner is None and isinstance(outer, h5py.Group) and part in outer:
                raise self._leads_nowhere(outer, part, path)
            outer = inner
        raise FileError(
            "there is no group of this name, in which the entries are",
            where=f"{self.name}: {path}",
            do="change the path before the braces in the schema",
        )

    def _leads_nowhere(self, group: h5py.Group, name: str, path: str) -> FileError:
        link: object = group.get(name, getlink=True)
        if isinstance(link, h5py.ExternalLink) and os.path.isabs(link.filename):
            try:
                open_to_read(Path(link.filename)).close()
            except FileError as error:
                return error
        to = f"to {link.path}" if isinstance(link, h5py.SoftLink | h5py.ExternalLink) else "to a node"
        of = f" of the file {link.filename}" if isinstance(link, h5py.ExternalLink) else ""
        return FileError(
            f"the link {name} leads {to}{of}, where nothing can be read",
            where=f"{self.name}: {path}",
            do="put there what it leads to, change `at` in the schema, or write `optional: true`",
        )

    def _noun(self, outer: object, parts: list[str], attribute: str) -> tuple[str, str]:
        if not isinstance(outer, h5py.Group):
            return "member", parts[0]
        return "group" if len(parts) > 1 or attribute else "dataset", parts[0]

    def _missing(self, noun: str, name: str, names: list[str], path: str, inside: str = "") -> FileError:
        near = closest(name, names)
        beside = f"in {'/' + inside} there is {_listed(names)}" if names else "there is nothing beside it"
        return FileError(
            f"the {noun} {name} is missing",
            where=f"{self.name}: {path}",
            do=f"did you mean {near!r}? " * (near is not None)
            + f"{beside}; change `at` in the schema, or write `optional: true`",
        )


def _as_value(mapping: dict[str, object]) -> NDArray[np.generic]:
    """An array without axes that holds a mapping."""
    found = np.empty((), object)
    found[()] = mapping
    return found


def _plain(attributes: h5py.AttributeManager, name: str) -> object:
    """An attribute as Python has it: a text, a number, an array; None, if it has no value."""
    value: object = attributes[name]
    if isinstance(value, h5py.Empty):
        return None
    if isinstance(value, np.ndarray):
        array = cast("NDArray[np.generic]", value)
        array.flags.writeable = False
        return array
    if isinstance(value, np.generic) and not isinstance(value, np.void):
        return cast("object", value.item())
    return value


def _inside(node: object, name: str) -> object:
    """What has a name in a group, or among the members of records; None: a link that leads nowhere."""
    if isinstance(node, h5py.Group):
        return cast("object", node.get(name))
    dtype = _dtype(node) if isinstance(node, h5py.Dataset) else cast("np.dtype[np.generic]", node)
    return member(dtype.base, name)


def _names_in(node: object) -> list[str]:
    if isinstance(node, h5py.Group):
        return [str(name) for name in node]
    dtype = _dtype(node) if isinstance(node, h5py.Dataset) else cast("np.dtype[np.generic]", node)
    return list(dtype.base.names or ())


def _dtype(dataset: h5py.Dataset) -> np.dtype[np.generic]:
    return KnownMembers(dataset, "").dtype if has_unknown_members(dataset) else dataset.dtype


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
