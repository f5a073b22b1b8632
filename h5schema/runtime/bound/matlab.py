"""The convention of MATLAB's files (version 7.3): axes in the other order, two at least, texts as arrays of uint16."""

from __future__ import annotations

from typing import cast

import h5py
import numpy as np

from ..features import EncodedFeature
from ..model import AnyFeature
from ..node_paths import is_attribute
from .columns import Column, InMemory, Values
from .nodes import Nodes
from .sparse import DenseRows, matlab_matrix
from .turned import Turned


def column_of(nodes: Nodes, path: str, feature: AnyFeature) -> Column | None:
    """What lies at a path, its axes as MATLAB shows them, without those of size 1 that the schema does not name."""
    sparse = nodes.attributes(path, ("MATLAB_sparse",)).get("MATLAB_sparse")
    if sparse is not None and not is_attribute(path):
        return DenseRows(matlab_matrix(nodes, path, int(cast("int", sparse))))
    column, dataset = nodes.column(path), nodes.dataset(path)
    if column is None or column.shape is None or dataset is None:
        return column
    said = nodes.attributes(path, ("MATLAB_class", "MATLAB_empty"))
    if said.get("MATLAB_empty"):
        return InMemory(np.zeros(0, column.dtype), nodes.name, path, empty=True)
    is_char = isinstance(feature, EncodedFeature) and column.dtype.kind in "iu"
    kept = _kept(column.shape, len(feature.dims.split()), keeps_rows=is_char)
    turned = Turned(dataset, kept) if kept else InMemory(_one(column), nodes.name, path)
    return _texts(turned, nodes, path) if is_char else turned


def _kept(shape: tuple[int, ...], wanted: int, *, keeps_rows: bool) -> tuple[int, ...]:
    """The stored axes in MATLAB's order, without those of size 1 that are too many; a text has one more axis."""
    wanted += keeps_rows
    axes = [*range(len(shape))][::-1]
    for axis in list(axes):
        if len(axes) > wanted and shape[axis] == 1:
            axes.remove(axis)
    return tuple(axes)


def _one(column: Column) -> Values:
    return column.read(np.zeros(1, np.int64), 1).reshape(-1)[0, ...]


def _texts(column: Column, nodes: Nodes, path: str) -> Column:
    """Rows of UTF-16 code units as texts."""
    shape = column.shape or ()
    values = column.read(np.zeros(1, np.int64), shape[0] if shape else 1)
    rows = values.reshape(-1, shape[-1]) if len(shape) > 1 else values.reshape(1, -1)
    texts = np.empty(len(rows), h5py.string_dtype())
    texts[:] = [row.astype("<u2").tobytes().decode("utf-16-le", "surrogatepass").encode() for row in rows]
    return InMemory(texts if len(shape) > 1 else texts[0:1].reshape(()), nodes.name, path)
