"""Groups of other schemas: what the names in their classes mean in a file."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from copy import copy
from dataclasses import replace
from typing import NamedTuple, TypeVar

from .axes import AnyAxis, KeyedAxis, NamedAxis, RaggedAxis
from .features import Feature

FeatureT = TypeVar("FeatureT", bound="Feature[object, object]")


class Root(NamedTuple):
    """The group from which names and paths are seen: that of the file, or one in which another schema is mounted.

    Attributes:
        address: Of the group.
        path: Of the group.
        dims: Addresses of the dims that stand in place of some of the other schema, by their names in it.
    """

    address: str = ""
    path: str = "/"
    dims: Mapping[str, str] = {}

    def inner(self, address: str, path: str, dims: Mapping[str, str]) -> Root:
        """That of a schema that is mounted in a group of this one."""
        return Root(address, path, {theirs: self.dim(ours) for theirs, ours in dims.items()})

    def dim(self, name: str) -> str:
        """The address of a dim."""
        return self.dims.get(name) or (f"{self.address}/{name}" if self.address else name)

    def axis(self, axis: AnyAxis) -> AnyAxis:
        """An axis that names others by their addresses, and its nodes by their paths."""
        if not self.address:
            return axis
        made = copy(axis)
        _rename(self, made)
        return made

    def feature(self, feature: FeatureT) -> FeatureT:
        """A feature that names its dims by their addresses."""
        if not self.address:
            return feature
        dims = (part if part.isdigit() or part == "_" else self.dim(part) for part in feature.dims.split())
        matrix = feature.options.transposes
        of = None if matrix is None else f"{self.address}/{matrix}"
        made = feature.renewed(replace(feature.options, transposes=of))
        made.dims = " ".join(dims)
        return made

    def join(self, group: str, at: str) -> str:
        """The path of what lies at `at` in a group: from this root, if it begins with `/`."""
        return posixpath.join(self.path, at.lstrip("/")) if at.startswith("/") else posixpath.join(group, at)


def _rename(root: Root, axis: AnyAxis) -> None:
    if isinstance(axis, RaggedAxis | KeyedAxis):
        axis.per = root.dim(axis.per)
    if isinstance(axis, NamedAxis) and axis.spread is not None:
        axis.spread = root.join(root.path, axis.spread)
