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

from h5schema.errors import FileError
from h5schema.vocabulary import layout

FOLDER = f"/{layout.RESERVED}/checksums"


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
            self._running = zlib.crc32(np.ascontiguousarray(part).data.cast("B") if part.size else b"", self._running)
            self._rows += len(part)
            start += len(part)
            if self._rows == self.rows_per_block:
                self._done.append(self._running)
                self._rows = self._running = 0

    def blocks(self) -> NDArray[np.uint32]:
        """uint32 [blocks], the last one of a block that may not be full."""
        return np.array([*self._done, self._running] if self._rows else self._done, np.uint32)


_AGAIN = "the file was changed by another program; copy or extract it again"


def rows_of(dataset: h5py.Dataset, first: int = 0, last: int | None = None) -> NDArray[np.generic]:
    """Rows of a dataset; one value without axes is one row."""
    if not dataset.shape:
        return np.asarray(dataset[()], dataset.dtype).reshape(1)
    return np.ascontiguousarray(dataset[first:last])


def write(file: h5py.File, path: str, checksum: Checksum) -> None:
    """Stores the checksums of the dataset at `path`, in place of earlier ones."""
    where = FOLDER + path
    if where in file:
        del file[where]
    made = file.create_dataset(where, data=checksum.blocks())
    made.attrs["rows_per_block"] = np.int64(checksum.rows_per_block)


def verify(file: h5py.File) -> None:
    """Compares every dataset with its checksums.

    Raises:
        FileError: A block differs, or cannot be read.
    """
    if FOLDER not in file:
        return
    stored: list[tuple[str, h5py.Dataset]] = []

    def note(name: str, found: object) -> None:
        if isinstance(found, h5py.Dataset):
            stored.append((f"/{name}", found))

    file[FOLDER].visititems(note)
    for path, sums in stored:
        _verify_one(file, path, sums)


def _verify_one(file: h5py.File, path: str, sums: h5py.Dataset) -> None:
    data = file.get(path)
    if not isinstance(data, h5py.Dataset):
        raise FileError("the dataset is missing", where=f"{file.filename}: {path}", do=_AGAIN)
    count = data.shape[0] if data.shape else 1
    step = int(sums.attrs["rows_per_block"])
    expected = cast("NDArray[np.uint32]", sums[:])
    where = f"{file.filename}: {path}"
    if len(expected) != -(-count // step):
        raise FileError(
            f"there are {count} rows, but checksums for {len(expected)} blocks of {step}", where=where, do=_AGAIN
        )
    for number, wanted in enumerate(expected.tolist()):
        first, last = number * step, min(count, (number + 1) * step)
        try:
            rows = rows_of(data, first, last)
            good = zlib.crc32(rows.data.cast("B") if rows.size else b"") == wanted
        except OSError:
            good = False
        if not good:
            raise FileError(
                f"rows {first} to {last - 1} are not what was written",
                where=where,
                do="the file is damaged; copy it again from its origin, or extract it again",
            )
