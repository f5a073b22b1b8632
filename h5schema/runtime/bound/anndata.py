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
from ..spans import Rows, offsets_of, positions
from .columns import Column, Converted, InMemory, Values
from .indices import Numbers, runs_of
from .masked import Masked
from .nodes import Nodes

_BOOL = np.dtype(np.bool_)
_PARTS = ("data", "indices", "indptr")
"""Of a sparse matrix."""


def column_of(nodes: Nodes, path: str, feature: AnyFeature) -> Column | None:
    """What lies at a path, decoded by what the node says of its encoding."""
    node = None if is_attribute(path) else nodes.file.get(path)
    if isinstance(node, h5py.Dataset) and isinstance(node.attrs.get("categories"), h5py.Reference):
        words = cast("h5py.Dataset", nodes.file[node.attrs["categories"]])  # before AnnData 0.8
        return _categorical(nodes, path, nodes.stored(str(words.name)))
    if not isinstance(node, h5py.Group):
        return nodes.column(path)
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


def _csr(nodes: Nodes, path: str) -> Column:
    shape = _shape(nodes, path)
    data, indices, ends = (nodes.stored(f"{path}/{name}") for name in _PARTS)
    return DenseRows(data, indices, ends, shape, f"{nodes.name}: {path}")


def _csc(nodes: Nodes, path: str) -> Column:
    """Columns one after the other: all of it is read, and turned, once."""
    shape = _shape(nodes, path)
    parts = [nodes.stored(f"{path}/{name}") for name in _PARTS]
    data, rows, stops = (part.read(np.zeros(1, np.int64), part.shape[0] if part.shape else 0) for part in parts)
    where, ends = f"{nodes.name}: {path}", stops.astype(np.int64)
    _expect_offsets(ends, shape[1], len(data), where)
    numbers = rows.astype(np.int64)
    if ((numbers < 0) | (numbers >= shape[0])).any():
        raise DataError(f"an index outside the {shape[0]} rows", where=f"{where}/indices", do="the file is damaged")
    order = np.argsort(numbers, kind="stable")
    columns = np.repeat(np.arange(shape[1]), np.diff(ends))[order]
    counts = np.bincount(numbers, minlength=shape[0])
    turned = (InMemory(one, nodes.name, path) for one in (data[order], columns, offsets_of(counts)))
    values, indices, offsets = turned
    return DenseRows(values, indices, offsets, shape, where)


def _shape(nodes: Nodes, path: str) -> tuple[int, int]:
    rows, columns = (int(size) for size in nodes.file[path].attrs["shape"])
    return rows, columns


def _expect_offsets(ends: Rows, entries: int, values: int, where: str) -> None:
    if len(ends) != entries + 1 or ends[0] != 0 or ends[-1] != values or (np.diff(ends) < 0).any():
        raise FileError(
            f"`indptr` does not run from 0 to the {values} elements in {entries + 1} steps",
            where=f"{where}/indptr",
            do="the file is damaged; copy or make it again",
        )


class DenseRows:
    """Rows of a matrix of which only some elements are stored, with the zeros between them.

    Args:
        data: The elements.
        indices: Where each stands in its row.
        indptr: A 0, and the end of each row.
        shape: Of the matrix.
        where: File and path, for errors.
    """

    def __init__(self, data: Column, indices: Column, indptr: Column, shape: tuple[int, int], where: str) -> None:
        self._data = data
        self._indices = indices
        self._where = where
        self.dtype, self.shape = data.dtype, shape
        self._runs = runs_of({"offsets": Numbers(indptr, f"{where}/indptr")})
        elements = data.shape[0] if data.shape else 0
        if self._runs.entries != shape[0] or self._runs.end != elements:
            raise FileError(
                f"`indptr` of {self._runs.entries} rows ends at {self._runs.end}, "
                f"but there are {shape[0]} rows and {elements} elements",
                where=f"{where}/indptr",
                do="the file is damaged; copy or make it again",
            )

    def read(self, starts: Rows, lengths: Rows | int) -> Values:
        rows = positions(starts, np.full(len(starts), lengths, np.int64) if isinstance(lengths, int) else lengths)
        begins, counts = self._runs.starts(rows), self._runs.lengths(rows)
        columns = self._indices.read(begins, counts).astype(np.int64)
        width = self.shape[1]
        if ((columns < 0) | (columns >= width)).any():
            wrong = int(columns[(columns < 0) | (columns >= width)][0])
            raise DataError(
                f"an element stands at {wrong} of a row of {width}",
                where=f"{self._where}/indices",
                do="the file is damaged; copy or make it again",
            )
        found = np.zeros((len(rows), width), self.dtype)
        np.add.at(found, (np.repeat(np.arange(len(rows)), counts), columns), self._data.read(begins, counts))
        return found


_ENCODINGS: Mapping[str, Callable[[Nodes, str], Column]] = {
    "categorical": _words_in_group,
    "csr_matrix": _csr,
    "csc_matrix": _csc,
    "nullable-integer": _nullable,
    "nullable-boolean": _nullable,
    "nullable-string-array": _nullable,
}
