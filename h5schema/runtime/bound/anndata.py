"""The convention of AnnData: matrices, categories and columns with gaps, each a group that says what it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import h5py
import numpy as np

from h5schema.errors import DataError, FileError

from ..blocks import Texts
from ..model import AnyFeature
from ..node_paths import is_attribute
from .columns import Column, Converted, Values
from .masked import Masked
from .nodes import Nodes
from .sparse import DenseRows, matrix_at

_BOOL = np.dtype(np.bool_)


def column_of(nodes: Nodes, path: str, feature: AnyFeature) -> Column | None:
    """What lies at a path, decoded by what the node says of its encoding."""
    node = None if is_attribute(path) else nodes.file.get(path)
    if isinstance(node, h5py.Dataset) and isinstance(node.attrs.get("categories"), h5py.Reference):
        words = cast("h5py.Dataset", nodes.file[node.attrs["categories"]])  # before AnnData 0.8
        return _categorical(nodes, path, nodes.stored(str(words.name)))
    if not isinstance(node, h5py.Group):
        return nodes.column(path)
    matrix = matrix_at(nodes, path, node)
    if matrix is not None:
        return DenseRows(matrix)
    encoding = str(node.attrs.get("encoding-type", ""))
    if encoding not in _ENCODINGS:
        raise FileError(
            f"a group of the encoding {encoding or 'of none'}, which is no feature",
            where=f"{nodes.name}: {path}",
            do=f"name a node in it with `at`: {', '.join(list(node)[:8])}",
        )
    return _ENCODINGS[encoding](nodes, path)


def _words_in_group(nodes: Nodes, path: str) -> Column:
    return _categorical(nodes, f"{path}/codes", nodes.stored(f"{path}/categories"))


def _categorical(nodes: Nodes, codes_at: str, words: Column) -> Column:
    """Texts (or numbers) by their codes; -1 is an entry without one."""
    codes, where = nodes.stored(codes_at), f"{nodes.name}: {codes_at}"
    count = words.shape[0] if words.shape else 0
    known = words.read(np.zeros(1, np.int64), count)

    def decoded(values: Values) -> Values:
        numbers = values.astype(np.int64)
        if ((numbers < -1) | (numbers >= count)).any():
            wrong = int(numbers[(numbers < -1) | (numbers >= count)][0])
            raise DataError(f"the code is {wrong}, but there are {count} categories", where=where, do="it is damaged")
        if not count:
            return np.zeros(len(numbers), words.dtype)
        return known[np.maximum(numbers, 0)]

    there = Converted(codes, _BOOL, lambda values: np.greater_equal(values.astype(np.int64), 0))
    return Categorical(Converted(codes, words.dtype, decoded), there, codes, known)


class Categorical(Masked):
    """Texts by codes.

    Args:
        column: The texts.
        there: Which entries have one.
        codes: As they lie there; -1 is an entry without one.
        words: By code.
    """

    def __init__(self, column: Column, there: Column, codes: Column, words: Values) -> None:
        super().__init__(column, there)
        self.codes = codes
        self.words = Texts.of([one if isinstance(one, bytes) else str(one).encode() for one in words.tolist()])


def _nullable(nodes: Nodes, path: str) -> Column:
    there = Converted(nodes.stored(f"{path}/mask"), _BOOL, np.logical_not)
    return Masked(nodes.stored(f"{path}/values"), there)


_ENCODINGS: Mapping[str, Callable[[Nodes, str], Column]] = {
    "categorical": _words_in_group,
    "nullable-integer": _nullable,
    "nullable-boolean": _nullable,
    "nullable-string-array": _nullable,
}
