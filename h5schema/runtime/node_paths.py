"""Paths into a file: of a dataset, or `node@name` of an attribute."""

from __future__ import annotations

from h5schema.vocabulary.patterns import Pattern

INSIDE = "/"
"""Between the parts of the id of an entry that is one of another's."""


def captures_of(pattern: Pattern, text: str) -> dict[str, str]:
    """What an id fills in: its parts, in the order of the braces; the last one may hold slashes."""
    names = list(pattern.captures)
    return dict(zip(names, text.split(INSIDE, len(names) - 1), strict=True))


class NodePath(str):
    """The path of a dataset that an id fills in: an `@` in it is part of a name, as HDF5 allows, and no mark."""

    __slots__ = ()


def split(path: str) -> tuple[str, str]:
    """A node, and the name of an attribute of it; "": it is the path of a node. Names of attributes have no `@`."""
    if isinstance(path, NodePath):
        return path, ""
    node, mark, name = path.rpartition("@")
    return (node, name) if mark else (path, "")


def is_attribute(path: str) -> bool:
    """Whether a path is that of an attribute."""
    return bool(split(path)[1])
