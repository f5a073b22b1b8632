"""Where the bytes of a dataset lie: asked of HDF5 once, never believed from the file."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from ..bfloat16_hdf5 import type_of
from ..spans import Rows

MISSING = -1
"""Address of a chunk that was never written: its values are the fill value."""


_FAR = np.uint64(1 << 62)
"""No file is so long, and no chunk."""


class Filter(NamedTuple):
    """One step of the pipeline of a dataset.

    Attributes:
        code: HDF5's registered number of the filter.
        values: Its parameters.
    """

    code: int
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Located:
    """The chunks of a dataset in its file; a contiguous dataset is one chunk.

    Attributes:
        path: HDF5 path.
        dtype: As h5py reads it; the bytes of a value are the same in the file.
        shape: Of the dataset.
        chunk: Shape of one chunk.
        addresses: int64 [columns, chunks along axis 0], the first byte of each chunk in the file, or `MISSING`.
            A column is a place in the grid of the other axes, in C order; chunks of whole rows have one column.
        sizes: int64, of the same shape: bytes of each chunk in the file.
        masks: int64, of the same shape: bit i is set where filter i was left out.
        filters: The pipeline, in the order of writing.
        fill: Bytes of the value that stands in chunks that were never written; None: there are none.
    """

    path: str
    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]
    chunk: tuple[int, ...]
    addresses: Rows
    sizes: Rows
    masks: Rows
    filters: tuple[Filter, ...]
    fill: bytes | None

    @property
    def row_bytes(self) -> int:
        """Bytes of one row of a chunk."""
        return self.dtype.itemsize * int(np.prod(self.chunk[1:], dtype=np.int64))

    @property
    def chunk_bytes(self) -> int:
        """Bytes of one chunk, decoded."""
        return self.chunk[0] * self.row_bytes

    @property
    def end(self) -> int:
        """The byte after the last one that lies in the file."""
        there = self.addresses != MISSING
        return int((self.addresses + self.sizes)[there].max()) if there.any() else 0


def one_chunk(path: str, values: NDArray[np.generic]) -> Located:
    """An array in memory, as a dataset at the start of a file."""
    one = np.ones((1, 1), np.int64)
    return Located(path, values.dtype, values.shape, values.shape, one * 0, one * values.nbytes, one * 0, (), None)


def locate(dataset: h5py.Dataset, path: str) -> Located | None:
    """Where a dataset lies; None: not plainly in this file, so HDF5 has to read it.

    Virtual, external and compact data, types that HDF5 converts while it reads, and values
    of variable length are HDF5's.
    """
    plist = dataset.id.get_create_plist()
    kind = plist.get_layout()
    if kind not in (h5py.h5d.CONTIGUOUS, h5py.h5d.CHUNKED) or plist.get_external_count():
        return None
    if not dataset.shape or not all(dataset.shape) or not _is_as_in_memory(dataset):
        return None
    fill = _fill(plist, dataset.dtype)
    found = (
        _contiguous(dataset, path, fill)
        if kind == h5py.h5d.CONTIGUOUS
        else _chunked(dataset, path, fill, tuple(_filter(plist, i) for i in range(plist.get_nfilters())))
    )
    if found is None:
        return None
    if not (found.addresses == MISSING).any():
        return _as_one_chunk(replace(found, fill=None))
    return None if fill is None else found


def _contiguous(dataset: h5py.Dataset, path: str, fill: bytes | None) -> Located:
    size = dataset.dtype.itemsize * int(np.prod(dataset.shape, dtype=np.int64))
    offset = dataset.id.get_offset() if dataset.id.get_storage_size() else None
    one = np.ones((1, 1), np.int64)
    address = one * (MISSING if offset is None else offset)
    return Located(path, dataset.dtype, dataset.shape, dataset.shape, address, one * size, one * 0, (), fill)


def _chunked(dataset: h5py.Dataset, path: str, fill: bytes | None, filters: tuple[Filter, ...]) -> Located | None:
    """The chunk table; None: it makes no sense, and HDF5 has the last word on a damaged file."""
    chunk = cast("tuple[int, ...]", dataset.chunks)
    grid = [-(-n // c) for n, c in zip(dataset.shape, chunk, strict=True)]
    firsts: list[tuple[int, ...]] = []
    stored: list[tuple[int, int, int]] = []

    def note(info: h5py.h5d.StoreInfo) -> None:
        firsts.append(info.chunk_offset)
        stored.append((info.byte_offset, info.size, info.filter_mask))

    dataset.id.chunk_iter(note)
    table = np.zeros((3, *grid), np.int64)
    table[0] = MISSING
    if stored:
        places, told = np.array(firsts, np.uint64) // np.array(chunk, np.uint64), np.array(stored, np.uint64)
        if np.greater_equal(places, np.array(grid, np.uint64)).any() or np.greater(told, _FAR).any():
            return None
        table[:, *places.T.astype(np.int64)] = told.T.astype(np.int64)
    # Axis 0 runs fastest in a column, so that the rows of a dataset follow each other in the table.
    addresses, sizes, masks = np.ascontiguousarray(table.reshape(3, grid[0], -1).transpose(0, 2, 1))
    return Located(path, dataset.dtype, dataset.shape, chunk, addresses, sizes, masks, filters, fill)


def _as_one_chunk(found: Located) -> Located:
    """Chunks that lie one after the other without a gap are one: what a sequential writer leaves."""
    columns, chunks = found.addresses.shape
    if found.filters or columns > 1 or (np.diff(found.addresses[0]) != found.chunk_bytes).any():
        return found
    return replace(
        found,
        chunk=(chunks * found.chunk[0], *found.chunk[1:]),
        addresses=found.addresses[:, :1],
        sizes=found.sizes.sum(axis=1, keepdims=True),
        masks=found.masks[:, :1],
    )


def _filter(plist: h5py.h5p.PropDCID, index: int) -> Filter:
    code, _flags, values, _name = plist.get_filter(index)
    return Filter(code, tuple(values))


def _fill(plist: h5py.h5p.PropDCID, dtype: np.dtype[np.generic]) -> bytes | None:
    """The bytes of the fill value; None: it is undefined."""
    if plist.fill_value_defined() == h5py.h5d.FILL_VALUE_UNDEFINED:
        return None
    value = np.zeros((), dtype)
    plist.get_fill_value(value)
    return value.tobytes()


def _is_as_in_memory(dataset: h5py.Dataset) -> bool:
    """Whether the bytes of a value in the file are those of h5py's dtype, so that nothing is converted."""
    dtype = dataset.dtype
    if dtype.hasobject or dtype.subdtype or not dtype.itemsize:
        return False
    stored = dataset.id.get_type()
    if isinstance(stored, h5py.h5t.TypeEnumID):
        stored = stored.get_super()
        dtype = stored.dtype
    return bool(stored.equal(type_of(dtype)))
