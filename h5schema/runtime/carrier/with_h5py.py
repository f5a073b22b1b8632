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

from ..bfloat16_hdf5 import attribute_of, form_of_attribute, in_bits
from ..damage import READ_ERRORS
from ..node_paths import is_attribute, split
from ..spans import Fetched, Spans, expect_inside
from .calls import gathered

_MOST = 512
"""Handles of datasets that are kept."""


@cache
def _without_cache() -> h5py.h5p.PropDAID:
    access = cast("h5py.h5p.PropDAID", h5py.h5p.create(h5py.h5p.DATASET_ACCESS))
    access.set_chunk_cache(1, 0, 0.0)
    return access


class H5pyCarrier:
    """Reads an open h5py file. Handles of datasets are kept; the file belongs to the caller."""

    def __init__(self, file: h5py.File) -> None:
        self._file = file
        self.name = file.filename
        self._datasets: dict[str, h5py.Dataset] = {}
        self._lock = threading.Lock()

    def fetch(self, spans: Sequence[Spans]) -> Fetched:
        return tuple(self._rows(asked) for asked in spans)

    def length(self, path: str) -> int:
        return self.dataset(path).shape[0]

    def has(self, path: str) -> bool:
        """Whether there is a dataset, or an attribute `node@name`, at a path."""
        node, name = split(path)
        if not name:
            return node in self._file
        return (node or "/") in self._file and name in self._file[node or "/"].attrs

    def form(self, path: str) -> tuple[np.dtype[np.generic], tuple[int, ...] | None]:
        """Dtype and shape of a dataset, or of an attribute `node@name`; without values its shape is None."""
        node, name = split(path)
        if not name:
            dataset = self.dataset(path)
            return dataset.dtype, dataset.shape
        if not self.has(path):
            raise self._missing("attribute", path)
        return form_of_attribute(self._file[node or "/"].attrs, name)

    def close(self) -> None:
        """Drops the handles: those of datasets in other files, to which links lead, keep these open."""
        with self._lock:
            self._datasets.clear()

    def dataset(self, path: str) -> h5py.Dataset:
        """The dataset at `path`, opened once."""
        with self._lock:
            found = self._datasets.get(path)
            if found is None:
                if len(self._datasets) >= _MOST:  # those of other files keep these open
                    del self._datasets[next(iter(self._datasets))]
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

            expect_elsewhere(h5py.Dataset(opened), path, Path(self.name))
        if plist.get_nfilters():
            from ..hdf5_filters import expect_filters  # where nothing is encoded, it is not needed

            expect_filters(opened, f"{self.name}: {path}")
            del opened
            return in_bits(cast("h5py.Dataset", self._file[path]))
        # Of a read-only dataset h5py keeps its reader from call to call.
        return in_bits(h5py.Dataset(opened, readonly=self._file.mode == "r"))

    def _missing(self, noun: str, path: str) -> FileError:
        return FileError(
            f"the {noun} is missing",
            where=f"{self.name}: {path}",
            do="the file is damaged or was changed by another program; extract or copy it again",
        )

    def _whole(self, path: str) -> NDArray[np.generic]:
        """An attribute, or a dataset without axes, as rows."""
        node, name = split(path)
        if name and not self.has(path):
            raise self._missing("attribute", path)
        # of a dataset by `...`: by `()` every byte of a bool but 0 becomes 1
        value = attribute_of(self._file[node or "/"].attrs, name) if name else np.asarray(self.dataset(path)[...])
        return value if value.ndim else value[None]

    def _rows(self, spans: Spans) -> NDArray[np.generic]:
        dataset = None if is_attribute(spans.path) else self.dataset(spans.path)
        if dataset is None or not dataset.shape:
            return self._whole(spans.path)
        expect_inside(spans, dataset.shape[0], self.name)
        starts, lengths = spans.starts, spans.lengths
        if not (len(starts) and lengths if isinstance(lengths, int) else lengths.any()):
            return np.empty((0, *dataset.shape[1:]), dataset.dtype)
        try:
            return gathered(dataset, starts, lengths)
        except OSError as error:
            raise FileError(
                f"HDF5 cannot read rows {int(starts.min())} to {int((starts + lengths).max()) - 1}: {error}",
                where=f"{self.name}: {spans.path}",
                do="the file is damaged or cut short; copy it again from its origin",
            ) from None
