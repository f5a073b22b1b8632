"""Conventions by which others keep values: which columns lie at a path."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ..model import AnyFeature
from . import anndata, cf, matlab
from .columns import Column
from .nodes import Nodes


def _plain(nodes: Nodes, path: str, feature: AnyFeature) -> Column | None:
    """Values as they lie there."""
    return nodes.column(path)


CONVENTIONS: Mapping[str, Callable[[Nodes, str, AnyFeature], Column | None]] = {
    "plain": _plain,
    "cf": cf.column_of,
    "anndata": anndata.column_of,
    "matlab": matlab.column_of,
}
"""By the word of `bind`."""
