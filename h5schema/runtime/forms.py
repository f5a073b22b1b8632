"""What is stored against its declaration, by our own table: HDF5 would convert without a word."""

from __future__ import annotations

import h5py
import numpy as np

from h5schema.errors import FileError
from h5schema.vocabulary.dtypes import NUMBERS, keeps_values

from .bfloat16 import is_bits
from .kinds import Stored
from .spans import Carrier

_CHANGED = "the file was changed by another program; extract or copy it again"


def expect_whole(carrier: Carrier, part: Stored, file: str) -> None:
    """Compares a dataset or attribute that is one value with what is to be stored there.

    Raises:
        FileError: It is missing, or of another dtype or shape.
    """
    _expect(part, *carrier.form(part.path), f"{file}: {part.path}")


def expect_rows(carrier: Carrier, part: Stored, file: str, rows: int | None) -> None:
    """Compares a dataset of rows with what is to be stored there.

    Args:
        carrier: Of the file.
        part: What is to be stored.
        file: Name of the file, for errors.
        rows: How many there are to be; None: any number.

    Raises:
        FileError: It is missing, of another dtype or shape, or has another number of rows.
    """
    dtype, shape = carrier.form(part.path)
    where = f"{file}: {part.path}"
    _expect(part, dtype, shape[1:] if shape else None, where)
    if rows is not None and shape and shape[0] != rows:
        raise FileError(f"{shape[0]} rows, but there are {rows} entries", where=where, do=_CHANGED)


def _expect(part: Stored, stored: np.dtype[np.generic], shape: tuple[int, ...] | None, where: str) -> None:
    wanted = part.dtype
    if shape != part.shape:
        said = "no values" if shape is None else f"values of shape {list(shape)}"
        raise FileError(f"{said}, not {list(part.shape)}", where=where, do=_CHANGED)
    if h5py.check_enum_dtype(stored) != h5py.check_enum_dtype(wanted):
        raise FileError("the enum's names or values are not those of the schema", where=where, do=_CHANGED)
    if is_bits(stored) != is_bits(wanted):
        kinds = ("bfloat16" if is_bits(one) else str(one) for one in (stored, wanted))
        raise FileError("stored as {}, not as {}".format(*kinds), where=where, do=_CHANGED)
    if wanted.kind == "S":
        if not part.per_entry and h5py.check_string_dtype(stored) is not None:
            return
        if stored.kind != "S" or stored.itemsize > wanted.itemsize:
            raise FileError(f"stored as {stored}, not as texts of {wanted.itemsize} bytes", where=where, do=_CHANGED)
        return
    names = np.dtype(stored.str).newbyteorder("=").name, np.dtype(wanted.str).name
    if names[0] not in NUMBERS or not keeps_values(*names):
        raise FileError(f"stored as {stored}, which {wanted} does not hold", where=where, do=_CHANGED)
