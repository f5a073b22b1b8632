"""Rows through h5py: plan which runs to read, read each once, gather in the asked order."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import cast

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import FileError

from ..damage import READ_ERRORS
from ..spans import Fetched, Rows, Spans, expect_inside, positions

_BRIDGE_BYTES = 64 << 10
"""A gap of up to so many bytes is read along: one call costs what they cost.

h5py's fancy selections are not used: they took 200 µs a row of uint8[32, 32, 3] where a slice takes 20.
"""


@cache
def _without_cache() -> h5py.h5p.PropDAID:
    access = cast("h5py.h5p.PropDAID", h5py.h5p.create(h5py.h5p.DATASET_ACCESS))
    access.set_chunk_cache(1, 0, 0.0)
    return access


class H5pyCarrier:
    """Reads an open h5py file. Handles of datasets are kept; the file belongs to the caller."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file
        self._datasets: dict[str, h5py.Dataset] = {}
        self._lock = threading.Lock()

    def fetch(self, spans: Sequence[Spans]) -> Fetched:
        return tuple(self._rows(asked) for asked in spans)

    def length(self, path: str) -> int:
        return self.dataset(path).shape[0]

    def has(self, path: str) -> bool:
        """Whether there is a dataset, or an attribute `node@name`, at a path."""
        node, mark, name = path.partition("@")
        if not mark:
            return node in self._file
        return (node or "/") in self._file and name in self._file[node or "/"].attrs

    def form(self, path: str) -> tuple[np.dtype[np.generic], tuple[int, ...] | None]:
        """Dtype and shape of a dataset, or of an attribute `node@name`; without values its shape is None."""
        node, mark, name = path.partition("@")
        if not mark:
            dataset = self.dataset(path)
            return dataset.dtype, dataset.shape
        if not self.has(path):
            raise self._missing("attribute", path)
        attribute = self._file[node or "/"].attrs.get_id(name)
        return attribute.dtype, attribute.shape

    def dataset(self, path: str) -> h5py.Dataset:
        """The dataset at `path`, opened once."""
        with self._lock:
            found = self._datasets.get(path)
            if found is None:
                found = self._datasets[path] = self._open(path)
            return found

    def _open(self, path: str) -> h5py.Dataset:
        # HDF5 reads a whole chunk for one row if the chunk fits its cache; without a cache it reads the row (6 µs in
        # place of 110, at 341 rows a chunk). Handles of a dataset share the cache of the first, so this is the first.
        try:
            opened = h5py.h5d.open(self._file.id, path.encode(), _without_cache())
        except READ_ERRORS:
            if self._file.get(path, getclass=True) is h5py.Dataset:
                raise
            raise self._missing("dataset", path) from None
        plist = opened.get_create_plist()
        if plist.get_layout() == h5py.h5d.VIRTUAL or plist.get_external_count():
            from .elsewhere import expect_elsewhere  # rarely

            expect_elsewhere(h5py.Dataset(opened), path, Path(self._file.filename))
        if plist.get_nfilters():
            from ..hdf5_filters import expect_filters  # where nothing is encoded, it is not needed

            expect_filters(opened, f"{self._file.filename}: {path}")
            del opened
            return cast("h5py.Dataset", self._file[path])
        # Of a read-only dataset h5py keeps its reader from call to call.
        return h5py.Dataset(opened, readonly=self._file.mode == "r")

    def _missing(self, noun: str, path: str) -> FileError:
        return FileError(
            f"the {noun} is missing",
            where=f"{self._file.filename}: {path}",
            do="the file is damaged or was changed by another program; extract or copy it again",
        )

    def _whole(self, path: str) -> NDArray[np.generic]:
        """An attribute, or a dataset without axes, as rows."""
        node, mark, name = path.partition("@")
        if mark and not self.has(path):
            raise self._missing("attribute", path)
        value = np.asarray(self._file[node or "/"].attrs[name] if mark else self.dataset(path)[()])
        return value if value.ndim else value[None]

    def _rows(self, spans: Spans) -> NDArray[np.generic]:
        dataset = None if "@" in spans.path else self.dataset(spans.path)
        if dataset is None or not dataset.shape:
            return self._whole(spans.path)
        expect_inside(spans, dataset.shape[0], self._file.filename)
        starts, lengths = spans.starts, spans.lengths
        if not (len(starts) and lengths if isinstance(lengths, int) else lengths.any()):
            return np.empty((0, *dataset.shape[1:]), dataset.dtype)
        try:
            return _gather(dataset, starts, lengths)
        except OSError as error:
            raise FileError(
                f"HDF5 cannot read rows {int(starts.min())} to {int((starts + lengths).max()) - 1}: {error}",
                where=f"{self._file.filename}: {spans.path}",
                do="the file is damaged or cut short; copy it again from its origin",
            ) from None


def _gather(dataset: h5py.Dataset, starts: Rows, lengths: Rows | int) -> NDArray[np.generic]:
    """Reads each wanted row once, in file order, and lays the rows out as they were asked for."""
    if isinstance(lengths, int):
        lengths = np.full(len(starts), lengths, np.int64)
    if len(starts) == 1:
        first = int(starts[0])
        return cast("NDArray[np.generic]", dataset[first : first + int(lengths[0])])
    row_bytes = max(1, dataset.dtype.itemsize * int(np.prod(dataset.shape[1:], dtype=np.int64)))
    run_starts, run_stops = _runs(starts, lengths, bridge=_BRIDGE_BYTES // row_bytes)
    block = _end_to_end([dataset[a:b] for a, b in zip(run_starts.tolist(), run_stops.tolist(), strict=True)])
    if len(run_starts) == 1 and np.array_equal(starts[1:], (starts + lengths)[:-1]):
        return block
    run = np.searchsorted(run_starts, starts, side="right") - 1
    before = np.cumsum(run_stops - run_starts) - (run_stops - run_starts)
    return np.take(block, positions(starts - run_starts[run] + before[run], lengths), axis=0)


def _runs(starts: Rows, lengths: Rows, bridge: int) -> tuple[Rows, Rows]:
    """The spans in file order, with overlapping and nearly touching ones made one."""
    filled = lengths > 0
    order = np.argsort(starts[filled], kind="stable")
    first, stop = starts[filled][order], (starts + lengths)[filled][order]
    reach = np.maximum.accumulate(stop)
    new = np.ones(len(first), bool)
    new[1:] = first[1:] > reach[:-1] + bridge
    begin = np.flatnonzero(new)
    return first[begin], np.maximum.reduceat(stop, begin)


def _end_to_end(parts: Sequence[NDArray[np.generic]]) -> NDArray[np.generic]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
