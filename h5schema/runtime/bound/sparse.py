"""Matrices of others of which only some elements are stored, by rows or by columns: as dense rows, or as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import h5py
import numpy as np

from h5schema.errors import DataError, FileError

from ..spans import Rows, offsets_of, positions
from .columns import Blank, Column, InMemory, Values
from .indices import Numbers, Runs, runs_of
from .nodes import Nodes

_INT64 = np.dtype(np.int64)
_PARTS = ("data", "indices", "indptr")
_DAMAGED = "the file is damaged; copy or make it again"


class Matrix(NamedTuple):
    """A matrix by rows.

    Attributes:
        data: The elements.
        indices: Where each stands in its row.
        runs: Which of them each row has.
        shape: Of the matrix.
        where: File and path, for errors.
    """

    data: Column
    indices: Column
    runs: Runs
    shape: tuple[int, int]
    where: str


def matrix_at(nodes: Nodes, path: str, group: h5py.Group) -> Matrix | None:
    """The matrix that a group says that it is, in AnnData's words; None: it says nothing of the kind."""
    said = nodes.attributes(path, ("encoding-type", "h5sparse_format", "shape", "h5sparse_shape"))
    form = str(said.get("encoding-type", said.get("h5sparse_format", ""))).removesuffix("_matrix")
    if form not in _FORMS:
        return None
    shape = _shape(said.get("shape", said.get("h5sparse_shape")), f"{nodes.name}: {path}")
    return _FORMS[form](_stored(nodes, path, _PARTS), shape, f"{nodes.name}: {path}")


def plain_matrix(nodes: Nodes, path: str) -> Matrix:
    """The matrix that a group is whose rows are compressed, with `shape` in either order, as 10x writes it."""
    where = f"{nodes.name}: {path}"
    parts = _stored(nodes, path, _PARTS)
    sizes = nodes.column(f"{path}/shape") or nodes.column(f"{path}@shape")
    rows = (parts[2].shape or (1,))[0] - 1
    shape = _shape(
        None if sizes is None or not sizes.shape else sizes.read(np.zeros(1, np.int64), sizes.shape[0]), where
    )
    return _by_rows(parts, shape if shape[0] == rows else (shape[1], shape[0]), where)


def matlab_matrix(nodes: Nodes, path: str, rows: int) -> Matrix:
    """The matrix that MATLAB keeps by columns."""
    parts = _stored(nodes, path, ("data", "ir", "jc"))
    return _by_columns(parts, (rows, (parts[2].shape or (1,))[0] - 1), f"{nodes.name}: {path}")


def _stored(nodes: Nodes, path: str, names: tuple[str, str, str]) -> tuple[Column, Column, Column]:
    data, indices, ends = (nodes.stored(f"{path}/{name}") for name in names)
    return data, indices, ends


def _shape(said: object, where: str) -> tuple[int, int]:
    shape = np.asarray(said).reshape(-1)
    if shape.dtype.kind not in "iu" or len(shape) != 2:
        raise FileError("nothing says the shape of the matrix: `shape` has two sizes", where=where, do=_DAMAGED)
    return int(shape[0]), int(shape[1])


def _by_rows(parts: tuple[Column, Column, Column], shape: tuple[int, int], where: str) -> Matrix:
    data, indices, ends = parts
    runs = runs_of({"offsets": Numbers(ends, f"{where}/indptr")})
    elements = data.shape[0] if data.shape else 0
    if runs.entries != shape[0] or runs.end != elements:
        raise FileError(
            f"`indptr` of {runs.entries} rows ends at {runs.end}, "
            f"but there are {shape[0]} rows and {elements} elements",
            where=f"{where}/indptr",
            do=_DAMAGED,
        )
    return Matrix(data, indices, runs, shape, where)


def _by_columns(parts: tuple[Column, Column, Column], shape: tuple[int, int], where: str) -> Matrix:
    """Columns one after the other: all of it is read, and turned, once."""
    data, rows, stops = (part.read(np.zeros(1, np.int64), part.shape[0] if part.shape else 0) for part in parts)
    ends = stops.astype(np.int64)
    if len(ends) != shape[1] + 1 or ends[0] != 0 or ends[-1] != len(data) or (np.diff(ends) < 0).any():
        raise FileError(
            f"`indptr` does not run from 0 to the {len(data)} elements in {shape[1] + 1} steps",
            where=f"{where}/indptr",
            do=_DAMAGED,
        )
    numbers = rows.astype(np.int64)
    if len(numbers) != len(data) or ((numbers < 0) | (numbers >= shape[0])).any():
        raise DataError(f"an index outside the {shape[0]} rows", where=f"{where}/indices", do=_DAMAGED)
    order = np.argsort(numbers, kind="stable")
    columns = np.repeat(np.arange(shape[1]), np.diff(ends))[order]
    counts = offsets_of(np.bincount(numbers, minlength=shape[0]))
    turned = (InMemory(one, where, where) for one in (data[order], columns, counts))
    values, indices, offsets = turned
    return _by_rows((values, indices, offsets), shape, where)


_FORMS = {"csr": _by_rows, "csc": _by_columns}


class DenseRows:
    """Rows of a matrix, with the zeros between the elements; elements in one place are added up, as SciPy does."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix
        self.dtype, self.shape = matrix.data.dtype, matrix.shape

    def read(self, starts: Rows, lengths: Rows | int) -> Values:
        rows = positions(starts, np.full(len(starts), lengths, np.int64) if isinstance(lengths, int) else lengths)
        runs, width = self.matrix.runs, self.shape[1]
        begins, counts = runs.starts(rows), runs.lengths(rows)
        columns = self.matrix.indices.read(begins, counts).astype(np.int64)
        if ((columns < 0) | (columns >= width)).any():
            wrong = int(columns[(columns < 0) | (columns >= width)][0])
            raise DataError(
                f"an element stands at {wrong} of a row of {width}", where=f"{self.matrix.where}/indices", do=_DAMAGED
            )
        found = np.zeros((len(rows), width), self.dtype)
        np.add.at(found, (np.repeat(np.arange(len(rows)), counts), columns), self.matrix.data.read(begins, counts))
        return found


class Elements:
    """The elements of rows, in the order in which they stand there.

    Args:
        matrix: Whose elements may stand in any order.
        data: Its elements, as the feature reads them.
    """

    def __init__(self, matrix: Matrix, data: Column) -> None:
        self._matrix = matrix
        self._data = data
        self._last: tuple[Rows, Rows | int, Values, Values] | None = None

    def parts(self) -> dict[str, Column]:
        """What files of ours have of such a matrix, by name."""
        data, indices = _Part(self, 0, self._data), _Part(self, 1, self._matrix.indices)
        return {"data": data, "indices": indices, "indptr": _Ends(self._matrix.runs)}

    def read(self, starts: Rows, lengths: Rows | int) -> tuple[Values, Values]:
        """Elements, and where they stand; who asks for one of them asks for the other with the same spans."""
        last = self._last
        if last is not None and last[0] is starts and last[1] is lengths:
            self._last = None
            return last[2:]
        found = self._sorted(starts, lengths)
        self._last = (starts, lengths, *found)
        return found

    def _sorted(self, starts: Rows, lengths: Rows | int) -> tuple[Values, Values]:
        data, indices = self._data.read(starts, lengths), self._matrix.indices.read(starts, lengths)
        counts = np.full(len(starts), lengths, np.int64) if isinstance(lengths, int) else lengths
        places = indices.astype(np.int64) + np.repeat(np.arange(len(starts)) * self._matrix.shape[1], counts)
        if (np.diff(places) > 0).all():
            return data, indices
        order = np.argsort(places, kind="stable")
        twice = np.diff(places[order]) == 0
        if twice.any():
            raise DataError(
                f"two elements stand at {indices[order][int(np.argmax(twice))]} of a row",
                where=f"{self._matrix.where}/indices",
                do="leave out `store: csr`: in dense rows they are added up, as SciPy does",
            )
        return data[order], indices[order]


class _Part:
    """Elements, or where they stand."""

    def __init__(self, elements: Elements, number: int, column: Column) -> None:
        self._elements = elements
        self._number = number
        self.dtype, self.shape = column.dtype, column.shape

    def read(self, starts: Rows, lengths: Rows | int) -> Values:
        return self._elements.read(starts, lengths)[self._number]


class _Ends:
    """A 0, and the end of each row; what is read are pairs of begin and end."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self.dtype: np.dtype[np.generic] = _INT64
        self.shape = (runs.entries + 1,)

    def read(self, starts: Rows, lengths: Rows | int) -> Values:
        begins = self._runs.starts(starts)
        return np.stack([begins, begins + self._runs.lengths(starts)], axis=1).reshape(-1)


def no_elements(dtype: np.dtype[np.generic], rows: int) -> Mapping[str, Column]:
    """The parts of a matrix that is missing."""
    nothing = np.zeros(rows + 1, np.int64)
    return {"data": Blank(dtype, (0,)), "indices": Blank(_INT64, (0,)), "indptr": InMemory(nothing, "", "")}
