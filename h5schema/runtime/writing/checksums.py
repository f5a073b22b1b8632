"""Checksums beside the data: a CRC-32 (zlib's, IEEE 802.3) for each block of about 1 MiB.

They lie in datasets of their own, never in a filter, so any HDF5 tool reads the data and
a memory map may be made of it.
"""

from __future__ import annotations

import zlib
from typing import cast

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.vocabulary import layout

FOLDER = f"/{layout.RESERVED}/checksums"
ROWS_PER_BLOCK = "rows_per_block"


class Checksum:
    """The running checksums of one dataset to which rows are appended.

    Args:
        row_bytes: Bytes of one row.
    """

    def __init__(self, row_bytes: int) -> None:
        self.rows_per_block = max(1, layout.BLOCK_BYTES // max(1, row_bytes))
        self._done: list[int] = []
        self._rows = 0
        self._running = 0

    def add(self, rows: NDArray[np.generic]) -> None:
        """Takes the rows that were appended, as they lie in memory: C order, little-endian."""
        start = 0
        while start < len(rows):
            part = rows[start : start + self.rows_per_block - self._rows]
            self._running = crc(part, self._running)
            self._rows += len(part)
            start += len(part)
            if self._rows == self.rows_per_block:
                self._done.append(self._running)
                self._rows = self._running = 0

    def blocks(self) -> NDArray[np.uint32]:
        """uint32 [blocks], the last one of a block that may not be full."""
        return np.array([*self._done, self._running] if self._rows else self._done, np.uint32)


def crc(rows: NDArray[np.generic], before: int = 0) -> int:
    """The CRC-32 of rows that follow others."""
    return zlib.crc32(np.ascontiguousarray(rows).data.cast("B") if rows.size else b"", before)


def count_of(file: h5py.File, path: str) -> int:
    """Rows of a dataset; what has no axes, and an attribute, is one row."""
    shape = () if "@" in path else cast("h5py.Dataset", file[path]).shape
    return shape[0] if shape else 1


def rows_of(file: h5py.File, path: str, first: int = 0, last: int | None = None) -> NDArray[np.generic]:
    """Rows of the dataset, or of the attribute `node@name`, at a path."""
    node, mark, name = path.partition("@")
    if mark:
        attributes = file[node or "/"].attrs
        return np.asarray(attributes[name], attributes.get_id(name).dtype)[None]
    dataset = cast("h5py.Dataset", file[path])
    return dataset[first:last] if dataset.shape else np.asarray(dataset[()], dataset.dtype)[None]


def path_of(path: str) -> str:
    """Where the checksums of a dataset, or of an attribute `node@name`, lie."""
    return f"{FOLDER}/{path.removeprefix('/')}"


def write(file: h5py.File, path: str, checksum: Checksum) -> None:
    """Stores the checksums of what is at `path`, in place of earlier ones."""
    where = path_of(path)
    if where in file:
        del file[where]
    made = file.create_dataset(where, data=checksum.blocks())
    made.attrs[ROWS_PER_BLOCK] = np.int64(checksum.rows_per_block)
