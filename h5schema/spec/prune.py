"""What is wrong is taken out, as little as can be, so that the rest can be read."""

from __future__ import annotations

from collections.abc import Sequence as Steps
from typing import TypeAlias

from .base import Step

Path: TypeAlias = tuple[Step, ...]
Plain: TypeAlias = "bool | int | float | str | tuple[Plain, ...] | dict[str, Plain] | None"

_SECTIONS = ("dims", "features", "groups", "splits", "loaders")
_ASIDE = {
    "features": ("unit", "check", "methods", "fill", "refers", "renamed_from", "deprecated", "doc"),
    "loaders": ("split", "where", "targets", "transform", "batch", "doc"),
    "splits": ("seed",),
    "dims": ("doc",),
    "groups": ("doc",),
}
"""Keys without which an element still means what it did: where one is wrong, only that key is taken out."""
PLACEHOLDERS: dict[str, Plain] = {"h5schema": 1, "name": "unnamed", "version": "0.0.0"}
"""What stands for a wrong value without which there is no schema."""
_DTYPE = "uint8"
"""What stands for a wrong dtype, so that the rest of the feature is read; the passes know that it is in doubt."""


def prune(data: dict[str, Plain], path: Path, key_only: bool, poisoned: set[Path]) -> bool:
    """Takes out what is wrong: a key that can be spared, else the nearest thing that has a name. Whether it could."""
    element = element_of(path)
    if not element and not key_only:
        return _prune_root(data, path, poisoned)
    key = path[: len(element) + 1]
    stands_in = not key_only and key == (*element, "dtype") and element[-2] == "features"
    gone = path if key_only else key if stands_in or is_aside(key) else element
    if not key_only:
        poisoned.add(gone)
    inner: Plain = data
    for depth, step in enumerate(gone[:-1]):
        if depth < len(element) and (not isinstance(inner, dict) or step not in inner):
            return False  # the element was taken out already
        inner = _step(inner, step)
    if not isinstance(inner, dict):
        return False
    if stands_in:
        known, inner["dtype"] = inner.get("dtype"), _DTYPE
        return known != _DTYPE
    return inner.pop(str(gone[-1]), poisoned) is not poisoned


def _prune_root(data: dict[str, Plain], path: Path, poisoned: set[Path]) -> bool:
    key = str(path[0]) if path else ""
    if key in PLACEHOLDERS:
        data[key] = PLACEHOLDERS[key]
        return True
    poisoned.add((key,))
    return data.pop(key, poisoned) is not poisoned


def _step(data: Plain, step: Step) -> Plain:
    if isinstance(data, dict) and step in data:
        return data[str(step)]
    if isinstance(data, tuple) and isinstance(step, int) and step < len(data):
        return data[step]
    return data  # a shorthand: the models spell out what is one value here


def is_aside(key: Path) -> bool:
    """Whether an element means what it does without this key of it."""
    element = element_of(key)
    return len(element) > 1 and len(key) > len(element) and key[len(element)] in _ASIDE[str(element[-2])]


def element_of(path: Steps[Step]) -> Path:
    """The longest beginning of a path that names a dim, feature, group, split or loader; () if there is none."""
    found: Path = ()
    at = 0
    while at + 1 < len(path) and path[at] in _SECTIONS:
        found = tuple(path[: at + 2])
        if path[at] != "groups":
            break
        at += 2
    return found
