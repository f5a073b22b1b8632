"""Names and paths as a class says them: from the root of the file, or of the schema that is mounted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from h5schema.resolve.ir import DimIR, FeatureIR, GroupIR


class Scope(NamedTuple):
    """The root of the names in some groups.

    Attributes:
        home: Address of the group that is the root.
        path: Of that group.
        names: What dims of ours are called in a mounted schema, by address.
    """

    home: str = ""
    path: str = "/"
    names: Mapping[str, str] = {}

    def name(self, address: str) -> str:
        """The name of a dim or feature."""
        return self.names.get(address) or (address[len(self.home) + 1 :] if self.home else address)

    def located(self, path: str) -> str:
        """An HDF5 path from the root."""
        return path if self.path == "/" else path.removeprefix(self.path) or "/"

    def dim(self, dim: DimIR) -> DimIR:
        """A dim as its class declares it."""
        per, under, like, ids, source = dim.per, dim.under, dim.like, dim.id_feature, dim.source
        return dim._replace(
            per=None if per is None else self.name(per),
            under=None if under is None else self.name(under),
            like=None if like is None else self.name(like),
            id_feature=None if ids is None else self.name(ids),
            source=source.removeprefix(f"{self.home}/") if source is not None and self.home else source,
            spread=None if dim.spread is None else self.located(dim.spread),
        )

    def feature(self, feature: FeatureIR) -> FeatureIR:
        """A feature as its class declares it."""
        dims = tuple(self.name(dim) if isinstance(dim, str) else dim for dim in feature.dims)
        matrix = None if feature.transposes is None else self.name(feature.transposes)
        return feature._replace(dims=dims, path=self.located(feature.path), transposes=matrix)


def scopes_of(root: GroupIR) -> dict[str, Scope]:
    """The root of the names in each group, by address."""
    return dict(_scopes(root, Scope()))


def _scopes(group: GroupIR, outer: Scope) -> Iterator[tuple[str, Scope]]:
    scope = outer
    if group.mounted is not None:
        scope = Scope(group.address, group.path, {ours: theirs for theirs, ours in group.mounted.dims.items()})
    yield group.address, scope
    for inner in group.groups:
        yield from _scopes(inner, scope)
