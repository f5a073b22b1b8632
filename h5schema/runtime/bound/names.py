"""The ids of dims whose entries are nodes of their own, or files, and the nodes of features over them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..axes import IdAxis, NamedAxis
from ..kinds import Place
from ..model import Model
from ..node_paths import INSIDE, NodePath
from .folder import files_of, source_of
from .nodes import Nodes
from .spread import Paths, names_below, names_of


class Names:
    """The ids that paths say.

    Args:
        model: What the class declares.
        nodes: Of the file.
    """

    def __init__(self, model: Model, nodes: Nodes) -> None:
        self._model = model
        self._nodes = nodes
        self._names: dict[str, list[str]] = {}

    def spread(self, dim: str) -> str | None:
        """The path with braces of a dim that is laid out as paths, or the pattern of its files; None: it is neither."""
        axis = self._model.axes[dim].axis
        source = axis.source if isinstance(axis, IdAxis) else None
        return axis.spread or source if isinstance(axis, NamedAxis) else None

    def is_spread(self, place: Place) -> bool:
        """Whether each entry of a feature is a node of its own."""
        return place.lead is not None and ("{" in place.path or self._in_files(place.lead))

    def names(self, dim: str) -> list[str]:
        """The ids of a dim that is laid out as paths."""
        if dim not in self._names:
            found, outer = source_of(self._model), self._model.outer(dim)
            if found is not None and found[0] == dim:
                self._names[dim] = files_of(Path(self._nodes.name), found[1])
            else:
                self._names[dim] = self._within(dim, outer[-1]) if outer else self._in_group(dim, "")
        return self._names[dim]

    def _within(self, dim: str, outer: str) -> list[str]:
        """The ids of a dim whose entries lie in nodes, or files, of those of another."""
        groups = Paths((self.spread(dim) or "").rpartition("/")[0], in_files=self._in_files(dim))
        return [f"{one}{INSIDE}{name}" for one in self.names(outer) for name in self._in_group(dim, groups.of(one))]

    def _in_group(self, dim: str, group: str) -> list[str]:
        spread = self.spread(dim) or ""
        if ":path}" in spread:
            return names_below(self._nodes, spread, dim.rpartition("/")[2])
        above, _, last = spread.rpartition("/")
        return names_of(self._nodes, group or above, last, dim.rpartition("/")[2])

    def _in_files(self, dim: str) -> bool:
        """Whether entries of a dim are files, or lie in files that are entries of another."""
        found = source_of(self._model)
        return found is not None and found[0] in self._model.ids_of(dim)

    def paths(self, place: Place) -> Sequence[str]:
        """The node of each entry of a feature, if entries are nodes or files."""
        assert place.lead is not None
        paths = Paths(place.path, in_files=self._in_files(place.lead))
        return [paths.of(name) for name in self.names(place.lead)]

    def path(self, place: Place) -> str:
        """Where a feature lies whose entries are no nodes: of files, in the first."""
        found = source_of(self._model)
        return place.path if found is None else _in_file(self.names(found[0])[0], place.path)


def _in_file(name: str, path: str) -> str:
    """A path in one of many files; their names may have an `@`."""
    whole = f"/{name}{path}"
    return whole if "@" in path else NodePath(whole)
