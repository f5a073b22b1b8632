"""Features whose entries are rows of which only some elements are stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import ClassVar, Protocol, TypeGuard, TypeVar, Unpack, cast, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from ..blocks import Maybe, SparseBlock, SparseRow
from ..kinds import Compressed, Coordinates, Kind, Place, raveled
from ..spans import Reading, Rows, offsets_of
from ..values import expect_shape
from ..where import Where
from .feature import Feature, Given, Options

ItemT = TypeVar("ItemT", bound=np.generic)


class _Csr(Protocol):
    """What SciPy's sparse arrays and matrices have in the form that we ask for."""

    data: NDArray[np.generic]
    indices: NDArray[np.generic]
    indptr: NDArray[np.generic]
    shape: tuple[int, ...]


@runtime_checkable
class _OfSciPy(Protocol):
    def tocsr(self) -> _Csr: ...


class Sparse(Feature[SparseRow[ItemT], SparseBlock[ItemT]]):
    """Entries are arrays of which only some elements are stored; the others read as 0.

    An entry is given as a `SparseRow`, as (indices, values), as an array of all elements, of which those that are
    not 0 are stored, or as a row of SciPy's. The indices of an array of several axes are [stored, axes].
    """

    __slots__ = ()

    widest: ClassVar[int] = 2**62

    def __init__(self, dtype: type[ItemT], dims: str, *, stored: str | None = None, **options: Unpack[Given]) -> None:
        super().__init__(stored or np.dtype(dtype).name, dims, Options(**options))

    def pack(self, entries: Sequence[object], place: Place, where: Where) -> SparseBlock[ItemT]:
        rows = [self._row(entry, place, where.entry(i)) for i, entry in enumerate(entries)]
        lengths = np.fromiter((len(indices) for indices, _ in rows), np.int64, len(rows))
        indices = np.concatenate([np.empty(0, np.int64), *(indices for indices, _ in rows)])
        values = np.concatenate([np.empty(0, self.number.memory), *(values for _, values in rows)])
        return self._checked(values, indices, offsets_of(lengths), place, where)

    def _row(self, entry: object, place: Place, where: str) -> tuple[Rows, NDArray[np.generic]]:
        """Where the elements of an entry stand, and the elements."""
        shape, width = place.shape, prod(place.shape)
        if isinstance(entry, SparseRow):
            row = cast("SparseRow[np.generic]", entry)
            _expect_row(row.shape or (row.size,), shape, where)
            return self._pair(row.indices, row.values, where)
        if _is_pair(entry):
            indices, values = entry
            return self._pair(indices if len(shape) == 1 else _raveled(indices, shape, where), values, where)
        if isinstance(entry, _OfSciPy):
            matrix = entry.tocsr()
            if matrix.shape not in ((width,), (1, width)):
                raise _not_a_row(matrix.shape, shape, where)
            return self._pair(matrix.indices, matrix.data, where)
        dense = self.number.fit(entry, where)
        expect_shape(dense, shape, where)
        indices = np.flatnonzero(_stored(dense))
        return indices, dense.reshape(-1)[indices]

    def _pair(self, indices: object, values: object, where: str) -> tuple[Rows, NDArray[np.generic]]:
        at, elements = _whole_numbers(indices, where), self.number.fit(values, where)
        if at.ndim != 1 or at.shape != elements.shape:
            raise DataError(
                f"there are indices {list(at.shape)} for values {list(elements.shape)}",
                where=where,
                do="give one index for each value, both [stored]",
            )
        return at, elements

    def accept(self, block: object, place: Place, where: Where) -> SparseBlock[ItemT]:
        shape, width = place.shape, prod(place.shape)
        if isinstance(block, SparseBlock):
            some = cast("SparseBlock[np.generic]", block)
            _expect_row(some.shape or (some.width,), shape, str(where))
            return self._checked(self.number.fit(some.values, str(where)), some.indices, some.offsets, place, where)
        if isinstance(block, _OfSciPy):
            matrix = block.tocsr()
            if len(matrix.shape) != 2 or matrix.shape[1] != width:
                raise _not_a_row(matrix.shape[-1:], shape, str(where))
            values, offsets = self.number.fit(matrix.data, str(where)), matrix.indptr.astype(np.int64)
            return self._checked(values, _whole_numbers(matrix.indices, str(where)), offsets, place, where)
        dense = self.number.fit(block, str(where))
        expect_shape(dense, (None, *shape), str(where))
        dense = dense.reshape(len(dense), width)
        stored = _stored(dense)
        return self._checked(
            dense[stored], np.nonzero(stored)[1], offsets_of(stored.sum(axis=1, dtype=np.int64)), place, where
        )

    def _checked(
        self, values: NDArray[np.generic], indices: Rows, offsets: Rows, place: Place, where: Where
    ) -> SparseBlock[ItemT]:
        """Elements in the order in which they stand; none outside of its row, and no two in one place."""
        width = prod(place.shape)
        if width >= self.widest:
            raise DataError(
                f"a sparse row has {width} elements", where=str(where), do=f"{self.widest - 1} are the most"
            )
        if len(offsets) < 1 or offsets[0] or offsets[-1] != len(values) or len(indices) != len(values):
            raise DataError(
                "offsets, indices and values do not belong together", where=str(where), do="see SparseBlock"
            )
        rows = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
        outside = (indices < 0) | (indices >= width)
        if outside.any():
            at = int(np.argmax(outside))
            raise DataError(
                f"an element stands at {indices[at]}, but a row has {width} elements",
                where=where.entry(int(rows[at])),
                do="indices count from 0",
            )
        places = rows * width + indices
        if (places[1:] <= places[:-1]).any():
            order = np.argsort(places, kind="stable")
            values, indices, places = values[order], indices[order], places[order]
        twice = np.flatnonzero(places[1:] == places[:-1])
        if len(twice):
            raise DataError(
                f"two elements stand at {indices[twice[0]]}",
                where=where.entry(int(rows[twice[0]])),
                do="add them up, or drop one: nobody said which is meant",
            )
        return self._block(values, indices.astype(np.int64, copy=False), offsets, place)

    def _block(self, values: NDArray[np.generic], indices: Rows, offsets: Rows, place: Place) -> SparseBlock[ItemT]:
        shape = place.shape if len(place.shape) > 1 else ()
        return SparseBlock(cast("NDArray[ItemT]", values), indices, offsets, prod(place.shape), shape)

    def placeholder(self, place: Place) -> object:
        return np.empty(0, np.int64), np.empty(0, self.number.memory)

    def whole(self, block: SparseBlock[ItemT]) -> tuple[NDArray[np.generic], np.dtype[np.generic]]:
        """See `Feature.whole`; a sparse feature always has entries, so nobody asks."""
        return self.number.to_file(block.values), self.file_dtype

    def numbers(self, block: SparseBlock[ItemT]) -> object:
        return block.values

    def write(
        self, place: Place, block: SparseBlock[ItemT], present: NDArray[np.bool_] | None, ends: Mapping[str, int]
    ) -> dict[str, NDArray[np.generic]]:
        values = cast("NDArray[ItemT]", self.number.to_file(block.values))
        return super().write(place, self._block(values, block.indices, block.offsets, place), present, ends)

    def reading(self, place: Place, rows: Rows) -> Reading[SparseBlock[ItemT]]:
        block, present = yield from self.kind.read(place, rows)
        values = cast("NDArray[ItemT]", self.number.from_file(block.values))
        understood = self._block(values, block.indices, block.offsets, place)
        return understood if present is None else cast("SparseBlock[ItemT]", Maybe(understood, present))

    def entry(self, block: SparseBlock[ItemT], index: int) -> SparseRow[ItemT]:
        return block[index]


class Csr(Sparse[ItemT]):
    """Entries are rows of a matrix, in AnnData's encoding: float32 [cell, gene].

    Args:
        dtype: numpy's scalar type of the elements.
        dims: The open dim of the entries, and the dim that they run along.
        stored: The dtype as the language writes it, where numpy's type does not say it: `bfloat16`.
    """

    __slots__ = ()

    kind = cast("Kind[SparseBlock[ItemT]]", Compressed())
    widest = 2**31
    """Where an element stands is stored in 32 bits, as SciPy does for matrices of this width."""

    @property
    def store(self) -> str:
        return "csr"

    def encoding(self, place: Place, count: int) -> Mapping[str, object]:
        shape = np.array([count, place.shape[0]], np.int64)
        return {"encoding-type": "csr_matrix", "encoding-version": "0.1.0", "shape": shape}


class Csc(Csr[ItemT]):
    """Entries are columns of a matrix, in AnnData's encoding of matrices by columns: float32 [gene, cell].

    Its arguments are those of `Csr`: first the open dim of the entries, which is the second one of the matrix.
    """

    __slots__ = ()

    @property
    def store(self) -> str:
        return "csc"

    def encoding(self, place: Place, count: int) -> Mapping[str, object]:
        shape = np.array([place.shape[0], count], np.int64)
        return {"encoding-type": "csc_matrix", "encoding-version": "0.1.0", "shape": shape}


class Coo(Sparse[ItemT]):
    """Entries are arrays of any number of axes, stored with the coordinates of each element: float32 [user, item].

    Args:
        dtype: numpy's scalar type of the elements.
        dims: The open dim of the entries, and those that they run along.
        shared: Whether all such features of the group have the same coordinates, which are stored once.
        stored: The dtype as the language writes it, where numpy's type does not say it: `bfloat16`.
    """

    __slots__ = ("kind",)

    @property
    def store(self) -> str:
        return "coo shared" if cast("Coordinates", self.kind).shared else "coo"

    def __init__(
        self,
        dtype: type[ItemT],
        dims: str,
        *,
        shared: bool = False,
        stored: str | None = None,
        **options: Unpack[Given],
    ) -> None:
        super().__init__(dtype, dims, stored=stored, **options)
        self.kind = cast("Kind[SparseBlock[ItemT]]", Coordinates(shared=shared))

    def shares(self, place: Place) -> str | None:
        """Path of the group whose coordinates it shares with other features; None: they are its own."""
        kind = cast("Coordinates", self.kind)
        return kind.base(place) if kind.shared else None


def as_sparse(block: SparseBlock[ItemT] | NDArray[ItemT]) -> SparseBlock[ItemT]:
    """Rows of a matrix, of which the elements are taken that a sparse feature would store."""
    if isinstance(block, SparseBlock):
        return block
    stored = _stored(block)
    offsets = offsets_of(stored.sum(axis=1, dtype=np.int64))
    return SparseBlock(block[stored], np.nonzero(stored)[1], offsets, block.shape[1])


def _stored(dense: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Which elements are stored: those of which a byte is not 0, so that -0.0 stays what it is."""
    raw = np.ascontiguousarray(dense).view(np.uint8).reshape(*dense.shape, dense.dtype.itemsize)
    return cast("NDArray[np.bool_]", raw.any(axis=-1))


def _whole_numbers(indices: object, where: str) -> Rows:
    at = np.asarray(indices)
    if at.dtype.kind not in "iu" and at.size:
        raise DataError(f"the indices are {at.dtype}", where=where, do="give whole numbers, such as int64")
    return at.astype(np.int64)


def _is_pair(entry: object) -> TypeGuard[tuple[object, object]]:
    return isinstance(entry, tuple) and len(cast("tuple[object, ...]", entry)) == 2


def _raveled(indices: object, shape: tuple[int, ...], where: str) -> Rows:
    """Coordinates [stored, axes] as places among all elements."""
    at = _whole_numbers(indices, where)
    if not at.size:
        return np.empty(0, np.int64)
    if at.ndim != 2 or at.shape[1] != len(shape):
        raise DataError(
            f"the indices are {list(at.shape)}, not [stored, {len(shape)}]",
            where=where,
            do=f"give {len(shape)} coordinates for each value",
        )
    outside = ((at < 0) | (at >= np.array(shape))).any(axis=1)
    if outside.any():
        raise DataError(
            f"an element stands at {at[outside][0].tolist()}, but the shape is {list(shape)}",
            where=where,
            do="indices count from 0",
        )
    return raveled(tuple(at.T), shape)


def _expect_row(given: tuple[int, ...], shape: tuple[int, ...], where: str) -> None:
    if given != shape:
        raise _not_a_row(given, shape, where)


def _not_a_row(given: tuple[int, ...], shape: tuple[int, ...], where: str) -> DataError:
    return DataError(
        f"the shape is {list(given)}, not {list(shape)}",
        where=where,
        do="give exactly this shape: nothing is cut or padded",
    )
