"""What a YAML text is made of: scalars, mappings, sequences, each with its place.

An alias is the node it stands for, so a node's place is always where it was written.
"""

from __future__ import annotations

from collections.abc import Sequence as Steps
from typing import NamedTuple, TypeAlias

from h5schema.errors import Location

Atom: TypeAlias = "str | int | float | bool | None"


class Scalar(NamedTuple):
    """A text, number, truth value or null.

    Attributes:
        value: What it means (YAML 1.2 core).
        text: Its characters, without quotes: `1.10` stays `1.10`.
        location: The token, quotes included.
        plain: Whether it stands without quotes.
    """

    value: Atom
    text: str
    location: Location
    plain: bool = True


class Mapping(NamedTuple):
    """Keys and their nodes, in the order of the file; keys are texts, each of them once.

    `flow` is true for `{a: b}`; the location of the other form is its first key.
    """

    entries: tuple[tuple[Scalar, Node], ...]
    location: Location
    flow: bool = False


class Sequence(NamedTuple):
    """A list; `flow` is true for `[a, b]`."""

    items: tuple[Node, ...]
    location: Location
    flow: bool = False


Node: TypeAlias = "Scalar | Mapping | Sequence"
Step: TypeAlias = "str | int"


def entry(node: Node, key: str) -> tuple[Scalar, Node] | None:
    """The key's token and the value of one key of a mapping; None if it has no such key."""
    if isinstance(node, Mapping):
        for token, value in node.entries:
            if token.value == key:
                return token, value
    return None


def child(node: Node, step: Step) -> Node | None:
    """One step down; None if there is nothing."""
    if isinstance(step, str):
        found = entry(node, step)
        return found[1] if found else None
    if isinstance(node, Sequence) and 0 <= step < len(node.items):
        return node.items[step]
    return None


def find(root: Node, path: Steps[Step]) -> Node:
    """The node at a path of keys and indices. A step that the tree lacks is skipped: a shorthand is one node for
    what the models spell out, and a missing key has none.
    """
    node = root
    for step in path:
        node = child(node, step) or node
    return node


def find_key(root: Node, path: Steps[Step]) -> Node:
    """The token of the last key on a path, or the item that the path ends in; the root if there is neither."""
    node = token = root
    for step in path:
        if (found := child(node, step)) is None:
            continue
        key = entry(node, step) if isinstance(step, str) else None
        node, token = found, key[0] if key else found
    return token
