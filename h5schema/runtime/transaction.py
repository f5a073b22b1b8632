"""The one mechanism that writes: begin, put whole blocks, commit, publish.

Everything happens in `NAME.partial` beside the target. The final name appears only when
the file is complete and on the disk, by one rename; whatever goes wrong before leaves
the target as it was.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError, FileError, TargetExistsError, UsageError
from h5schema.vocabulary import layout

from . import checksums, stamp
from .axes import FixedAxis
from .blocks import RaggedBlock
from .carrier import H5pyCarrier
from .ids import FIXED_BYTES, hash_of, index_of
from .kinds import Place, Stored
from .model import Model
from .stamp import Schema

CHUNK_BYTES = 1 << 20
"""Of a chunk of whole rows, where the schema does not say."""

_SMALL_CHUNK = 64 << 10
"""Of a chunk of a dataset whose rows are so small that 1 MiB of them may never come."""

_UTF8 = np.dtype(np.uint8)
_INT64 = np.dtype(np.int64)


class Transaction:
    """A file in the making.

    Args:
        target: Final name of the file.
        model: What the file class declares.
        schema: Which schema that is.
        text: The schema's YAML text, stored in the file.
        overwrite: Whether a file at the final name is replaced (when this one is complete).
        parameters: How the features are extracted, stored in the file.
        expected: Number of entries of a dim, where it is known; chunks need not be larger.

    Raises:
        TargetExistsError: The target exists, and `overwrite` is not set.
        FileError: The folder cannot be written, or another process is writing this target.
    """

    def __init__(
        self,
        target: Path,
        model: Model,
        schema: Schema,
        text: str,
        *,
        overwrite: bool = False,
        parameters: object = None,
        expected: Mapping[str, int] | None = None,
    ) -> None:
        self.target = target
        self.model = model
        self._overwrite = overwrite
        self._expected = dict(expected or {})
        self._partial = target.with_name(target.name + ".partial")
        self._expect_target()
        self._counts = dict.fromkeys(model.open_dims(), 0)
        self._committed: dict[str, list[int]] = {dim: [] for dim in model.open_dims()}
        self._sums: dict[str, checksums.Checksum] = {}
        self._seen: dict[str, set[int]] = {dim: set() for dim in model.open_dims() if model.has_ids(dim)}
        self._unique: dict[str, set[object]] = {}
        self._whole: set[str] = set()
        with self._explained():
            self._file = _create(self._partial)
        with self._discarding():
            stamp.write(self._file, schema, text, model.layout(), parameters or {})
            self._begin()
        self.carrier = H5pyCarrier(self._file)

    @property
    def file(self) -> h5py.File:
        """The file in the making."""
        return self._file

    def count(self, dim: str) -> int:
        """Entries of a dim that were put so far."""
        return self._counts[dim]

    def put(self, dim: str, blocks: Mapping[str, object], ids: Sequence[str] | None = None) -> None:
        """Appends entries of one dim: a block of every feature that the dim leads.

        Everything is checked before anything is written, so a block is there or it is not.

        Args:
            dim: Address of the dim.
            blocks: By address; a feature that is left out or None is absent.
            ids: Of the entries, if the dim has ids.

        Raises:
            DataError: A value, shape, length or id does not fit.
        """
        count = self._count_of(dim, blocks, ids)
        if not count:
            return
        hashes = self._new_ids(dim, ids)
        rows: dict[str, NDArray[np.generic]] = {}
        lengths: dict[str, list[tuple[str, NDArray[np.int64], NDArray[np.bool_] | None]]] = {}
        unique: dict[str, set[object]] = {}
        for address in self.model.led_by(dim):
            place, feature = self.model.places[address], self.model.features[address]
            where = f"{self.target}: {place.path}, row {self._counts[dim]}"
            given = blocks.get(address)
            block, present = feature.block_of([None] * count if given is None else given, place, count, where)
            if place.ragged is not None:
                ragged = cast("RaggedBlock[np.generic]", block)
                lengths.setdefault(place.ragged, []).append((address, ragged.lengths, present))
            ends = {part.path: self._rows(part.path) for part in feature.stored(place)}
            rows |= feature.write(place, block, present, ends)
            if feature.options.check is not None and feature.options.check.unique:
                unique[address] = self._new_unique(address, feature.numbers(block), where)
        for ragged_dim in self.model.ragged_below(dim):
            rows[layout.of_dim(ragged_dim, "lengths")] = self._agreed(
                dim, ragged_dim, lengths.get(ragged_dim, []), count, ids
            )
        with self._explained():
            for path, values in rows.items():
                self._append(path, values)
            if ids is not None:
                self._append_ids(dim, ids)
        self._counts[dim] += count
        self._seen.get(dim, set()).update(hashes)
        for address, values in unique.items():
            self._unique.setdefault(address, set()).update(values)

    def put_whole(self, address: str, value: object) -> None:
        """Writes a feature that has no entries: one value for the whole file."""
        place, feature = self.model.places[address], self.model.features[address]
        where = f"{self.target}: {place.path}"
        block, _ = feature.block_of([value], place, 1, where)
        whole = feature.whole(block)
        dtype = whole.dtype if feature.dtype.startswith("str") else feature.file_dtype
        with self._explained():
            if place.is_attribute:
                node, _, name = place.path.partition("@")
                owner = self._file[node or "/"]
                owner.attrs.create(
                    name,
                    whole if whole.dtype.kind != "S" else whole.tobytes().decode(),
                    dtype=None if whole.dtype.kind == "S" else dtype,
                )
            else:
                if place.path in self._file:
                    del self._file[place.path]
                made = self._file.create_dataset(
                    place.path, data=whole.astype(dtype) if whole.dtype.kind != "S" else whole, dtype=dtype
                )
                self._describe(made, address)
                self._attach(made, address, place.dims)
        self._whole.add(address)

    def commit(self) -> None:
        """Makes durable what was put: a commit record, then everything to the disk."""
        with self._explained():
            for dim, count in self._counts.items():
                self._committed[dim].append(count)
                record = self._file[layout.of_dim(dim, "commits")]
                record.resize(len(self._committed[dim]), axis=0)
                record[-1] = count
                self._file[self.model.axes[dim].path].resize(count, axis=0)
            self._file.flush()
            _sync(self._partial)

    def publish(self, *, sync: bool = True) -> None:
        """Completes the file and gives it its final name.

        Raises:
            DataError: A feature that has no entries was not written.
            TargetExistsError: Meanwhile another program made the target.
        """
        missing = [
            address
            for address, place in self.model.places.items()
            if place.lead is None and address not in self._whole and not place.optional
        ]
        if missing:
            raise DataError(
                f"{', '.join(missing)} was never written",
                where=str(self.target),
                do="give it a value before the file is closed, or write `optional: true` in the schema",
            )
        self.commit()
        with self._explained():
            for dim in self._seen:
                self._finish_ids(dim)
            for path, checksum in sorted(self._sums.items()):
                checksums.write(self._file, path, checksum)
            for address in self.model.axes:
                self._fit_scales(address)
            self._fit_value_scales()
            self._file[layout.RESERVED].attrs["complete"] = np.int64(1)
            self._file.flush()
            self._file.close()
            if sync:
                _sync(self._partial)
            self._rename()

    def discard(self) -> None:
        """Drops what was put; the target stays as it was."""
        try:
            self._file.close()
        except (OSError, RuntimeError):
            pass  # a full disk: HDF5 cannot flush what is dropped anyway
        self._partial.unlink(missing_ok=True)

    # Beginning.

    def _expect_target(self) -> None:
        where = str(self.target)
        if not self.target.parent.is_dir():
            raise FileError("the folder is not there", where=str(self.target.parent), do="make it first")
        if self.target.is_dir():
            raise UsageError("the target is a folder", where=where, do="name a file in it")
        if self.target.exists() and not self._overwrite:
            raise TargetExistsError(
                "the file exists already", where=where, do="say --overwrite (overwrite=True), or choose another name"
            )

    def _begin(self) -> None:
        for path in self.model.groups.values():
            self._file.require_group(path)
        for dim in self.model.open_dims():
            self._file.create_dataset(layout.of_dim(dim, "commits"), (0,), np.int64, maxshape=(None,), chunks=(1024,))
            _scale(self._file, self.model.axes[dim].path, 0, open_end=True)
            if self.model.has_ids(dim):
                folder = layout.of_dim(dim, "ids")
                for name, dtype in (("values", _UTF8), ("offsets", _INT64)):
                    self._dataset(Stored(f"{folder}/{name}", dtype, data=False), dim, {})
                self._append(f"{folder}/offsets", np.zeros(1, np.int64))
            for ragged in self.model.ragged_below(dim):
                self._dataset(Stored(layout.of_dim(ragged, "lengths"), _INT64, data=False), dim, {})
        for address, axle in self.model.axes.items():
            if isinstance(axle.axis, FixedAxis):
                _scale(self._file, self.model.axes[address].path, axle.axis.size)
        for address, place in self.model.places.items():
            if place.lead is not None:
                self._create_feature(address, place, place.lead)

    def _create_feature(self, address: str, place: Place, lead: str) -> None:
        feature = self.model.features[address]
        options = feature.options
        for part in feature.stored(place):
            pipeline: dict[str, object] = {}
            if part.data and options.codec == "default":
                pipeline = {
                    "compression": "gzip",
                    "compression_opts": 4 if options.level is None else options.level,
                    "shuffle": True,
                }
            elif part.data and options.codec != "none":
                pipeline = {"compression": options.codec}
            made = self._dataset(part, lead, pipeline, options.chunk)
            if not part.data:
                continue
            self._describe(made, address)
            axes = (
                place.dims
                if made.shape[1:] == place.shape and place.ragged is None and len(place.dims) == len(made.shape)
                else (f"{made.name}.values", *place.dims[2:])
            )
            self._attach(made, address, axes)

    def _dataset(
        self, part: Stored, dim: str, pipeline: Mapping[str, object], chunk: int | None = None
    ) -> h5py.Dataset:
        row_bytes = max(1, part.dtype.itemsize * int(np.prod(part.shape, dtype=np.int64)))
        wanted = chunk or (CHUNK_BYTES if row_bytes >= 64 else _SMALL_CHUNK)
        rows = max(1, wanted // row_bytes)
        ends = part.path.endswith(("/values", "/offsets"))
        if chunk is None and not ends and self._expected.get(dim):
            rows = min(rows, self._expected[dim])
        make = cast("Callable[..., h5py.Dataset]", self._file.create_dataset)
        made = make(
            part.path,
            (0, *part.shape),
            part.dtype,
            maxshape=(None, *part.shape),
            chunks=(rows, *(n or 1 for n in part.shape)),
            **pipeline,
        )
        self._sums[part.path] = checksums.Checksum(row_bytes)
        return made

    def _describe(self, made: h5py.Dataset, address: str) -> None:
        options = self.model.features[address].options
        if options.unit:
            made.attrs["unit"] = options.unit

    def _attach(self, made: h5py.Dataset, address: str, dims: Sequence[str | int]) -> None:
        """Names every axis by a dimension scale; xarray wants all of them named, or none."""
        for axis, dim in enumerate(dims):
            if isinstance(dim, int):
                path, size = f"{made.name}.{axis}", dim
            elif dim in self.model.axes:
                path, size = self.model.axes[dim].path, 0
            else:
                path, size = dim, 0
            if path not in self._file:
                _scale(self._file, path, size, open_end=isinstance(dim, str))
            made.dims[axis].attach_scale(self._file[path])

    # Putting.

    def _count_of(self, dim: str, blocks: Mapping[str, object], ids: Sequence[str] | None) -> int:
        known = self.model.led_by(dim)
        for address in blocks:
            if address not in known:
                raise DataError(
                    f"{address} is no feature that {dim} leads",
                    where=str(self.target),
                    do=f"it leads {', '.join(known)}",
                )
        if self.model.has_ids(dim):
            if ids is None:
                raise DataError("the entries need ids", where=f"{self.target}: {dim}", do="give one id for each entry")
            return len(ids)
        counts = [len(cast("Sequence[object]", given)) for given in blocks.values() if given is not None]
        return max(counts, default=0)

    def _new_ids(self, dim: str, ids: Sequence[str] | None) -> list[int]:
        if ids is None:
            return []
        hashes: list[int] = []
        fresh: set[int] = set()
        for row, text in enumerate(ids):
            where = f"{self.target}: {dim}, row {self._counts[dim] + row}"
            if not text or not isinstance(text, str):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise DataError(f"{text!r} is no id", where=where, do="an id is a text that is not empty")
            try:
                value = hash_of(text)
            except UnicodeEncodeError:
                raise DataError(
                    f"the id {text!r} cannot be written as utf-8", where=where, do="rename the source"
                ) from None
            if value in fresh or value in self._seen[dim]:
                raise DataError(
                    f"the id {text!r} is there already", where=where, do="ids are unique; an entry is not replaced"
                )
            fresh.add(value)
            hashes.append(value)
        return hashes

    def _new_unique(self, address: str, numbers: object, where: str) -> set[object]:
        flat = (
            list(cast("Sequence[object]", numbers)) if not isinstance(numbers, np.ndarray) else numbers.ravel().tolist()
        )
        fresh = set(flat)
        again = fresh & self._unique.get(address, set())
        if len(fresh) != len(flat) or again:
            value = next(iter(again), None) or next(v for v in flat if flat.count(v) > 1)
            raise DataError(
                f"{value!r} stands twice, but the schema says `unique`", where=where, do="mend the data or the check"
            )
        return fresh

    def _agreed(
        self,
        dim: str,
        ragged: str,
        given: Sequence[tuple[str, NDArray[np.int64], NDArray[np.bool_] | None]],
        count: int,
        ids: Sequence[str] | None,
    ) -> NDArray[np.int64]:
        """The lengths of a ragged dim: every feature that has the entry has the same."""
        agreed = np.full(count, -1, np.int64)
        for address, lengths, present in given:
            there = np.ones(count, bool) if present is None else present
            clash = there & (agreed >= 0) & (agreed != lengths)
            if clash.any():
                row = int(np.argmax(clash))
                first = next(a for a, other, p in given if (p is None or p[row]) and other[row] == agreed[row])
                name = f" ({ids[row]!r})" if ids else ""
                raise DataError(
                    f"{first} has length {agreed[row]} and {address} has {lengths[row]}, but both run over {ragged}",
                    where=f"{self.target}: {dim}, row {self._counts[dim] + row}{name}",
                    do="features over one ragged dim have one length in each entry; give them dims of their own",
                )
            agreed = np.where(there & (agreed < 0), lengths, agreed)
        return np.maximum(agreed, 0)

    def _rows(self, path: str) -> int:
        return cast("h5py.Dataset", self._file[path]).shape[0]

    def _append(self, path: str, values: NDArray[np.generic]) -> None:
        if not len(values):
            return
        dataset = cast("h5py.Dataset", self._file[path])
        stored = np.ascontiguousarray(values)
        end = dataset.shape[0]
        dataset.resize(end + len(stored), axis=0)
        dataset[end:] = stored
        self._sums[path].add(stored)

    def _append_ids(self, dim: str, ids: Sequence[str]) -> None:
        encoded = [text.encode() for text in ids]
        folder = layout.of_dim(dim, "ids")
        start = self._rows(f"{folder}/values")
        self._append(f"{folder}/values", np.frombuffer(b"".join(encoded), np.uint8))
        self._append(f"{folder}/offsets", start + np.cumsum([len(text) for text in encoded], dtype=np.int64))

    # Publishing.

    def _finish_ids(self, dim: str) -> None:
        """Short ids get a fixed length, which any tool reads; and the index is written."""
        folder = layout.of_dim(dim, "ids")
        offsets = cast("NDArray[np.int64]", self._file[f"{folder}/offsets"][:])
        whole = cast("NDArray[np.uint8]", self._file[f"{folder}/values"][:]).tobytes()
        encoded = [whole[a:b] for a, b in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True)]
        longest = max(map(len, encoded), default=1)
        # HDF5 pads with NUL and drops it again, so an id that ends with one keeps its offsets.
        if longest <= FIXED_BYTES and not any(text.endswith(b"\0") for text in encoded):
            del self._file[folder]
            for name in ("values", "offsets"):
                del self._sums[f"{folder}/{name}"]
            self._keep(folder, np.array(encoded, f"S{longest}"), h5py.string_dtype("utf-8", longest))
        self._keep(layout.of_dim(dim, "index"), index_of([text.decode() for text in encoded]), np.dtype(np.uint64))

    def _keep(self, path: str, rows: NDArray[np.generic], dtype: np.dtype[np.generic]) -> None:
        self._file.create_dataset(path, data=rows.astype(dtype), dtype=dtype)
        self._sums[path] = checksums.Checksum(rows.dtype.itemsize * int(np.prod(rows.shape[1:], dtype=np.int64)))
        self._sums[path].add(np.ascontiguousarray(rows))

    def _fit_scales(self, address: str) -> None:
        if address in self._counts:
            self._file[self.model.axes[address].path].resize(self._counts[address], axis=0)

    def _fit_value_scales(self) -> None:
        for address, place in self.model.places.items():
            scale = f"{place.path}.values"
            if place.lead is not None and scale in self._file:
                self._file[scale].resize(self._rows(place.path), axis=0)

    def _rename(self) -> None:
        """One rename makes the file appear; without `overwrite` it never replaces one that came meanwhile."""
        if self._overwrite:
            self._partial.replace(self.target)
        else:
            try:
                os.link(self._partial, self.target)
            except FileExistsError:
                raise TargetExistsError(
                    "another program made the file meanwhile",
                    where=str(self.target),
                    do=f"look at it; this one is {self._partial}",
                ) from None
            except OSError:  # a file system without hard links
                self._expect_target()
                self._partial.rename(self.target)
            self._partial.unlink(missing_ok=True)
        _sync(self.target.parent)

    # Failing.

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """An error of the system or of HDF5, in our words."""
        try:
            yield
        except OSError as error:
            full = error.errno in (28, 122) or "No space left" in str(error) or "Disk quota" in str(error)
            large = error.errno == 27 or "File too large" in str(error)
            what = (
                "the disk is full"
                if full
                else "the file would be larger than this system allows"
                if large
                else f"it cannot be written: {error.strerror or error}"
            )
            do = (
                "make room and run it again; nothing was left at the final name"
                if full
                else "look at the folder and its permissions"
            )
            raise FileError(what, where=str(self.target), do=do) from None

    @contextmanager
    def _discarding(self) -> Iterator[None]:
        try:
            with self._explained():
                yield
        except BaseException:
            self.discard()
            raise


def _create(partial: Path) -> h5py.File:
    """A new file that nobody else is writing; a leftover of a killed run is replaced."""
    handle = os.open(partial, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise FileError(
            "another process is writing this file", where=str(partial), do="wait until it is finished, or stop it"
        ) from None
    finally:
        os.close(handle)
    return h5py.File(str(partial), "w", locking=True, alignment_threshold=1, alignment_interval=layout.ALIGNMENT)


def _scale(file: h5py.File, path: str, size: int, *, open_end: bool = False) -> None:
    """A dimension without values, as netCDF-4 writes it: big-endian float32, nothing allocated.

    See "NetCDF-4 File Format Specification", appendix C.2 of the netCDF user guide.
    """
    if open_end:
        made = file.create_dataset(path, (size,), ">f4", maxshape=(None,), chunks=(1024,))
    else:
        made = file.create_dataset(path, (size,), ">f4")
    made.make_scale(f"This is a netCDF dimension but not a netCDF variable.{size:10d}")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
