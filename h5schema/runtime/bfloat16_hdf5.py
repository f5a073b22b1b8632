"""bfloat16 in a file: HDF5's own float of two bytes, which h5py reads as float32, and we bit by bit.

HDF5 would make every NaN the same when it converts, so its conversion is not used.
"""

from __future__ import annotations

from functools import cache
from typing import Any, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from .bfloat16 import BITS, is_bits

_FIELDS = (15, 7, 8, 0, 7)
"""Where the sign is, the exponent and its bits, the significand and its bits."""
_BIAS = 127


@cache
def hdf5_type() -> h5py.h5t.TypeFloatID:
    """HDF5's type: little-endian, 2 bytes."""
    made = cast("h5py.h5t.TypeFloatID", h5py.h5t.IEEE_F32LE.copy())
    made.set_fields(*_FIELDS)
    made.set_size(2)
    made.set_ebias(_BIAS)
    return made


def is_bfloat16(stored: h5py.h5t.TypeID) -> bool:
    """Whether values of a type in a file are bfloat16."""
    return isinstance(stored, h5py.h5t.TypeFloatID) and stored.get_size() == 2 and bool(stored.equal(hdf5_type()))


def type_of(dtype: np.dtype[Any]) -> h5py.h5t.TypeID:
    """HDF5's type of a dtype."""
    return hdf5_type() if is_bits(dtype) else h5py.h5t.py_create(dtype, logical=True)


def creatable(dtype: np.dtype[Any]) -> Any:
    """What h5py creates a dataset or an attribute of."""
    return h5py.Datatype(hdf5_type()) if is_bits(dtype) else dtype


def in_bits(dataset: h5py.Dataset) -> h5py.Dataset:
    """The same dataset; one of bfloat16 gives its bits."""
    return BitsDataset(dataset.id) if is_bfloat16(dataset.id.get_type()) else dataset


class BitsDataset(h5py.Dataset):
    """A dataset of bfloat16, of which rows are read as they lie in the file."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """See `BITS`."""
        return BITS

    def __getitem__(self, args: Any, new_dtype: object = None) -> Any:
        """One row, rows from a first to a last, rows of an index, or all of it by `()` or `...`."""
        if isinstance(args, tuple) or args is ...:
            whole = np.empty(self.shape, BITS)
            self.id.read(h5py.h5s.ALL, h5py.h5s.ALL, whole, hdf5_type())
            return whole
        if isinstance(args, slice):
            first, last, _ = args.indices(self.shape[0])
            return self._rows(first, max(first, last))
        if isinstance(args, np.ndarray):
            rows = [self._rows(row, row + 1) for row in cast("NDArray[np.int64]", args).tolist()]
            return np.concatenate(rows, dtype=BITS) if rows else np.empty((0, *self.shape[1:]), BITS)
        return self._rows(int(args), int(args) + 1)[0]

    def _rows(self, first: int, last: int) -> NDArray[np.uint16]:
        shape = (last - first, *self.shape[1:])
        rows = np.empty(shape, BITS)
        if rows.size:
            space = self.id.get_space()
            space.select_hyperslab((first, *(0 for _ in shape[1:])), shape)
            self.id.read(h5py.h5s.create_simple(shape), space, rows, hdf5_type())
        return rows


def attribute_of(attributes: h5py.AttributeManager, name: str) -> NDArray[np.generic]:
    """The value of an attribute; of bfloat16 its bits."""
    found = attributes.get_id(name)
    if not is_bfloat16(found.get_type()):
        return np.asarray(attributes[name], found.dtype)
    bits = np.empty(found.shape, BITS)
    found.read(bits, hdf5_type())
    return bits


def form_of_attribute(attributes: h5py.AttributeManager, name: str) -> tuple[np.dtype[Any], tuple[int, ...] | None]:
    """Dtype and shape of an attribute; without a value its shape is None."""
    found = attributes.get_id(name)
    return BITS if is_bfloat16(found.get_type()) else found.dtype, found.shape


def set_attribute(
    attributes: h5py.AttributeManager, name: str, data: NDArray[np.generic], dtype: np.dtype[Any]
) -> None:
    """Writes an attribute, in place of an earlier one; of bfloat16 its bits."""
    if not is_bits(dtype):
        attributes.create(name, data, dtype=dtype)
        return
    attributes.create(name, np.zeros(data.shape, np.float32), dtype=creatable(dtype))
    attributes.get_id(name).write(np.ascontiguousarray(data), hdf5_type())
