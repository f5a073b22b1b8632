"""The datasets of a file in the making: created, appended to, named by scales, summed up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.vocabulary import layout

from ..features import Options
from ..kinds import Place, Stored
from ..model import Model
from . import checksums
from .sink import Sink

_CHUNK_BYTES = 1 << 20
_SMALL_ROW = 64
_SMALL_CHUNK_BYTES = 64 << 10
"""Of rows so small that 1 MiB of them may never come."""
_WAITING_BYTES = 64 << 20
"""Of first rows that wait in memory, of all datasets together."""


@dataclass(slots=True)
class _Begun:
    """A dataset that is not made yet: its first rows wait in memory, and say how large a chunk is.

    Attributes:
        part: What is stored.
        options: Codec and chunk of the user's values.
        chunk: Rows of a chunk; so many are worth a dataset.
        first: Its first rows, in parts.
        count: How many they are.
        bytes: How large they are.
    """

    part: Stored
    options: Options
    chunk: int
    first: list[NDArray[np.generic]] = field(default_factory=list[NDArray[np.generic]])
    count: int = 0
    bytes: int = 0

    def add(self, rows: NDArray[np.generic]) -> None:
        """Takes rows; a copy, because they may be the user's own."""
        self.first.append(rows.copy())
        self.count += len(rows)
        self.bytes += rows.nbytes

    def values(self) -> NDArray[np.generic]:
        """The rows that wait."""
        return np.concatenate([np.empty((0, *self.part.shape), self.part.dtype), *self.first])


class Datasets:
    """Every dataset of a new file, and the running checksum of each.

    Args:
        sink: Takes the bytes of the file.
    """

    def __init__(self, sink: Sink) -> None:
        self.file = h5py.File(sink, "w", alignment_threshold=1, alignment_interval=layout.ALIGNMENT)
        self._sums: dict[str, checksums.Checksum] = {}
        self._begun: dict[str, _Begun] = {}
        self._counts: dict[str, int] = {}
        self._waiting = 0

    def begin(self, part: Stored, options: Options, expected: int | None) -> None:
        """A dataset that grows by rows; it is made when its first chunk would be full, or by `make_all`.

        Args:
            part: What is stored.
            options: Codec and chunk of the user's values.
            expected: Number of rows, if it is known; a chunk need not be larger.
        """
        row_bytes = max(1, part.dtype.itemsize * int(np.prod(part.shape, dtype=np.int64)))
        wanted = options.chunk or (_CHUNK_BYTES if row_bytes >= _SMALL_ROW else _SMALL_CHUNK_BYTES)
        rows = max(1, wanted // row_bytes)
        if expected and not options.chunk:
            rows = min(rows, expected)
        self._begun[part.path] = _Begun(part, options, rows)
        self._counts[part.path] = 0
        self._sums[part.path] = checksums.Checksum(row_bytes)

    def make_all(self, *, last: bool) -> None:
        """Makes every dataset that was begun.

        Args:
            last: Whether no more rows will come, so that a chunk need not be larger than the dataset.
        """
        for begun in list(self._begun.values()):
            if last and begun.count and not begun.options.chunk:
                begun.chunk = min(begun.chunk, begun.count)
            self._make(begun)

    def _make(self, begun: _Begun) -> None:
        part = begun.part
        make = cast("Callable[..., h5py.Dataset]", self.file.create_dataset)
        make(
            part.path,
            (0, *part.shape),
            part.dtype,
            maxshape=(None, *part.shape),
            chunks=(begun.chunk, *(max(1, n) for n in part.shape)),
            **(_filters(begun.options) if part.data else {}),
        )
        del self._begun[part.path]
        self._waiting -= begun.bytes
        self._write(part.path, begun.values())

    def rows(self, path: str) -> int:
        """Rows of a dataset so far."""
        return self._counts[path]

    def values(self, path: str) -> NDArray[np.generic]:
        """All rows of a dataset so far."""
        begun = self._begun.get(path)
        return cast("h5py.Dataset", self.file[path])[:] if begun is None else begun.values()

    def append(self, path: str, rows: NDArray[np.generic]) -> None:
        """Adds rows at the end."""
        if not len(rows):
            return
        stored = np.ascontiguousarray(rows)
        self._sums[path].add(stored)
        self._counts[path] += len(stored)
        begun = self._begun.get(path)
        if begun is not None and begun.count + len(stored) < begun.chunk:
            begun.add(stored)
            self._waiting += stored.nbytes
            if self._waiting > _WAITING_BYTES:
                self.make_all(last=False)
            return
        if begun is not None:
            self._make(begun)
        self._write(path, stored)

    def _write(self, path: str, stored: NDArray[np.generic]) -> None:
        dataset = cast("h5py.Dataset", self.file[path])
        end = dataset.shape[0]
        dataset.resize(end + len(stored), axis=0)
        dataset[end:] = stored

    def keep(self, path: str, rows: NDArray[np.generic], dtype: np.dtype[np.generic]) -> None:
        """A dataset that is written once and whole."""
        self.file.create_dataset(path, data=rows.astype(dtype), dtype=dtype)
        self.note(path)

    def replace(self, path: str, data: NDArray[np.generic], dtype: np.dtype[np.generic]) -> None:
        """A dataset that is written whole, in place of an earlier one."""
        if path in self.file:
            del self.file[path]
        self.file.create_dataset(path, data=data, dtype=dtype)
        self.note(path)

    def has(self, node: str) -> bool:
        """Whether a dataset or group is there by now."""
        return node in self.file

    def set_attribute(self, node: str, name: str, data: NDArray[np.generic], dtype: np.dtype[np.generic]) -> None:
        """An attribute of a dataset or group."""
        self.file[node].attrs.create(name, data, dtype=dtype)

    def note(self, path: str) -> None:
        """Sums up a dataset, or an attribute, that was written whole by other means."""
        rows = checksums.rows_of(self.file, path)
        self._sums[path] = checksums.Checksum(rows.itemsize * int(np.prod(rows.shape[1:], dtype=np.int64)))
        self._sums[path].add(rows)

    def drop(self, path: str) -> None:
        """Takes away a dataset, or a group of them."""
        if path in self.file:
            del self.file[path]
        for known in [one for one in self._sums if one == path or one.startswith(f"{path}/")]:
            del self._sums[known]
            self._counts.pop(known, None)
            if (begun := self._begun.pop(known, None)) is not None:
                self._waiting -= begun.bytes

    def write_checksums(self) -> None:
        """Stores the checksums of every dataset that grew."""
        for path, checksum in sorted(self._sums.items()):
            checksums.write(self.file, path, checksum)

    # What a dataset is.

    def describe(self, model: Model, address: str) -> None:
        """Unit and dimension scales of a feature's dataset."""
        feature, place = model.features[address], model.places[address]
        if feature.options.unit:
            self.file[place.path].attrs["unit"] = feature.options.unit
        self.name_axes(place.path, _scales_of(model, place, end_to_end=model.is_end_to_end(address)))

    def scale(self, path: str, size: int, *, grows: bool = False) -> None:
        """A dimension without values, as netCDF-4 writes it: big-endian float32, nothing allocated.

        See "NetCDF-4 Format", the appendix on file formats of the netCDF user guide.
        """
        if grows:
            made = self.file.create_dataset(path, (size,), ">f4", maxshape=(None,), chunks=(1024,))
        else:
            made = self.file.create_dataset(path, (size,), ">f4")
        made.make_scale(f"This is a netCDF dimension but not a netCDF variable.{size:10d}")

    def fit_scale(self, path: str, size: int) -> None:
        """Gives a scale that grows its new size."""
        self.file[path].resize(size, axis=0)

    def name_axes(self, path: str, scales: Sequence[str | int]) -> None:
        """Attaches a scale to every axis; xarray wants all of them named, or none.

        Args:
            path: Of the dataset.
            scales: For each axis the path of its scale, or its size: then a scale is made
                beside the dataset, with a name that no feature can have.
        """
        dataset = cast("h5py.Dataset", self.file[path])
        for axis, known in enumerate(scales):
            scale = f"{path}.{axis}" if isinstance(known, int) else known
            if scale not in self.file:
                self.scale(scale, known if isinstance(known, int) else 0, grows=not isinstance(known, int))
            dataset.dims[axis].attach_scale(self.file[scale])


def _scales_of(model: Model, place: Place, *, end_to_end: bool) -> list[str | int]:
    """The scale of each axis of a feature's dataset.

    Values that lie end to end have an axis of their own: how many there are depends on
    the feature, because an entry may be absent in one and not in the other.
    """
    named = [dim if isinstance(dim, int) else model.axes[dim].path for dim in place.dims]
    if not end_to_end:
        return named
    return [values_scale(place), *named[1 if place.ragged is None else 2 :]]


def values_scale(place: Place) -> str:
    """Path of the scale of values that lie end to end."""
    return f"{place.path}.values"


def _filters(options: Options) -> dict[str, object]:
    match options.codec:
        case "none":
            return {}
        case "default":
            return {
                "compression": "gzip",
                "compression_opts": 4 if options.level is None else options.level,
                "shuffle": True,
            }
        case codec:
            return {"compression": codec}
