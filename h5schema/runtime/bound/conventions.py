"""Conventions by which others keep values: which columns lie at a path."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import h5py

from h5schema.vocabulary.dtypes import date_unit

from ..features import Csr
from ..model import AnyFeature
from ..node_paths import is_attribute
from . import anndata, cf, matlab
from .columns import Column
from .dates import SAID, expect_ours
from .nodes import Nodes
from .sparse import DenseRows, matrix_at, plain_matrix
from .turned import Turned


def _plain(nodes: Nodes, path: str, feature: AnyFeature) -> Column | None:
    """Values as they lie there."""
    if isinstance(feature, Csr) and isinstance(group := nodes.file.get(path), h5py.Group):
        return DenseRows(matrix_at(nodes, path, group) or plain_matrix(nodes, path))
    column, axes = nodes.column(path), feature.options.axes
    if column is not None and date_unit(feature.dtype) is not None and not is_attribute(path):
        expect_ours(feature.dtype, nodes.attributes(path, SAID), f"{nodes.name}: {path}")
    if axes is None or column is None or len(column.shape or ()) != len(axes):
        return column
    dataset = nodes.dataset(path)
    return column if dataset is None else Turned(dataset, axes)


CONVENTIONS: Mapping[str, Callable[[Nodes, str, AnyFeature], Column | None]] = {
    "plain": _plain,
    "cf": cf.column_of,
    "anndata": anndata.column_of,
    "matlab": matlab.column_of,
}
"""By the word of `bind`."""
