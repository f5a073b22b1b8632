"""The datasets of a file in the making: created, appended to, named by scales, summed up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TypedDict, cast

import h5py
import numpy as np

from h5schema.vocabulary import layout

from .. import codecs
from ..bfloat16 import is_bits
from ..bfloat16_hdf5 import creatable, in_bits, set_attribute, type_of
from ..features import Options
from ..kinds import Stored
from ..model import Model
from . import checksums, scales
from .sink import Sink
from .storage import Aside, Chunked, Coding, Contiguous, Encoded, Plan, Storage, Values, Written, bytes_of

_CHUNK_BYTES = 1 << 20
_SMALL_ROW = 64
_SMALL_CHUNK_BYTES = 64 << 10
"""Of rows so small that 1 MiB of them may never come."""
_WAITING_BYTES = 64 << 20
"""Of first rows that wait in memory, of all datasets together."""
_MOVED_BYTES = 64 << 20
"""Of rows that may wait in memory because they move to where something was committed."""
_COPIED_BYTES = 16 << 20
"""Of rows that are copied at a time, from one dataset to another."""


@cache
def _without_cache() -> h5py.h5p.PropDAID:
    access = cast("h5py.h5p.PropDAID", h5py.h5p.create(h5py.h5p.DATASET_ACCESS))
    access.set_chunk_cache(1, 0, 0.0)
    return access


class Kept(TypedDict):
    """What is kept of a dataset from one run to the next."""

    rows: int
    sums: tuple[list[int], int, int]


class _Waiting:
    """A dataset that is not made yet: its first rows wait in memory.

    Args:
        part: What is stored.
        options: Of the user's values.
        expected: Rows that there will be at most; None: nobody knows.
    """

    def __init__(self, part: Stored, options: Options, expected: int | None) -> None:
        self.part = part
        self.options = options
        self.expected = expected
        self.row_bytes = max(1, row_bytes(part))
        self.chunk = chunk_rows(part, options, expected)
        self.rows: list[Values] = []
        self.count = 0
        self.planned: list[int] = []

    def plan(self, rows: int) -> Plan:
        """The rows come here."""
        self.planned.append(rows)
        return Aside()

    def take(self, written: Written) -> None:
        """Takes a copy, because they may be the user's own."""
        self.planned.pop(0)
        self.rows += [rows.copy() for rows in written.left]
        self.count += written.rows

    def values(self) -> Values:
        """The rows that wait."""
        return np.concatenate([np.empty((0, *self.part.shape), self.part.dtype), *self.rows])

    @property
    def is_plain(self) -> bool:
        """Whether it may lie in one piece."""
        return is_plain(self.options)

    def is_whole(self, rows: int) -> bool:
        """Whether it is to lie in one piece if it has so many rows at the end, and nobody knew."""
        return self.is_plain and (rows <= self.chunk or self.options.layout == "contiguous")


class Datasets:
    """Every dataset of a file in the making, and the running checksum of each.

    Args:
        sink: Takes the bytes of the file.
        kept: What an earlier run left, by path; None: the file is new.
        standing: Whether that is a finished file, with its checksums.
    """

    def __init__(self, sink: Sink, kept: Mapping[str, Kept] | None = None, *, standing: bool = False) -> None:
        self._sink = sink
        self.file = h5py.File(
            sink, "w" if kept is None else "r+", alignment_threshold=1, alignment_interval=layout.ALIGNMENT
        )
        self._kept = kept or {}
        self._begun: dict[str, _Waiting] = {}
        self._made: dict[str, Storage] = {}
        self._waiting_bytes = 0
        self._sums: dict[str, checksums.Checksum] = {}
        self._summed = {path: one["rows"] for path, one in self._kept.items()} if standing else {}

    def begin(self, part: Stored, options: Options, expected: int | None) -> None:
        """A dataset that grows by rows; it is made when its first chunk would be full, or by `make_all`.

        Args:
            part: What is stored.
            options: Of the user's values.
            expected: Number of rows that there will be at most, if it is known.
        """
        self._begun[part.path] = _Waiting(part, options, expected)
        kept = self._kept.get(part.path)
        if kept is not None and part.path in self.file:
            self._go_on(self._begun[part.path], kept)

    def plan(self, path: str, rows: int) -> Plan:
        """Where the next rows of a dataset go; what came of it is taken in the order of the plans."""
        begun, made = self._begun[path], self._made.get(path)
        if isinstance(made, Contiguous) and made.planned + rows > made.room:
            made = self._spread(begun, made)
        if made is None and not begun.planned and begun.count + rows >= begun.chunk:
            made = self._make(begun)
        return begun.plan(rows) if made is None else made.plan(rows)

    def take(self, path: str, written: Written) -> None:
        """Takes what came of a plan."""
        if (made := self._made.get(path)) is not None:
            made.take(written)
            return
        begun = self._begun[path]
        begun.take(written)
        self._waiting_bytes += written.rows * begun.row_bytes
        if self._waiting_bytes > _WAITING_BYTES:
            self.make_all()

    def append(self, path: str, rows: Values) -> None:
        """Adds rows at the end."""
        if len(rows):
            plan = self.plan(path, len(rows))
            self.take(path, plan.write(self._sink.handle, fitting(rows, self._begun[path].part)))

    def rows(self, path: str) -> int:
        """Rows of a dataset so far, with those that are planned."""
        made = self._made.get(path)
        begun = self._begun[path]
        return begun.count + sum(begun.planned) if made is None else made.planned

    def values(self, path: str) -> Values:
        """All rows of a dataset so far."""
        made = self._made.get(path)
        if made is None:
            return self._begun[path].values()
        made.settle()
        rows: Values = self._dataset(path)[: made.count]
        return rows

    def make_all(self) -> None:
        """Makes every dataset that has rows; all that was taken is then in the file."""
        for begun in list(self._waiting()):
            if begun.count:
                self._make(begun)
        for made in self._made.values():
            made.settle()

    def show_all(self) -> None:
        """Makes every dataset, because somebody wants to look."""
        for begun in list(self._waiting()):
            self._make(begun)
        self.make_all()

    def kept(self) -> dict[str, Kept]:
        """What the next run is to know of every dataset that is there."""
        return {path: {"rows": made.count, "sums": made.checksum.state()} for path, made in self._made.items()}

    def finish(self) -> None:
        """Gives every dataset the form in which it stays: no larger than its rows, and in one piece if it may."""
        pieces = {path: made.offset for path, made in self._made.items() if isinstance(made, Contiguous)}
        for path in sorted(pieces, key=lambda path: -pieces[path]):  # no row moves if nothing before it is free
            self._shorten(self._begun[path])
        for path, begun in self._begun.items():
            made = self._made.get(path)
            if made is None:
                self._finish_waiting(begun)
            elif path not in pieces:
                self._refit(begun, made)

    def _waiting(self) -> list[_Waiting]:
        return [begun for path, begun in self._begun.items() if path not in self._made]

    def _dataset(self, path: str) -> h5py.Dataset:
        """A dataset, opened without a cache of chunks: bytes are written past HDF5, and a cache would not know."""
        return in_bits(h5py.Dataset(h5py.h5d.open(self.file.id, path.encode(), _without_cache())))

    def _make(self, begun: _Waiting) -> Storage:
        """Makes a dataset, and writes the rows that wait for it."""
        part = begun.part
        if begun.is_plain and begun.expected is not None and begun.expected >= begun.count + sum(begun.planned):
            made: Storage = self._contiguous(begun, begun.expected)
        else:
            self._create_chunked(begun, begun.chunk)
            made = self._storage(begun, checksums.Checksum(begun.row_bytes), 0)
        self._made[part.path] = made
        for rows in begun.rows:
            made.take(made.plan(len(rows)).write(self._sink.handle, rows))
        for rows_planned in begun.planned:  # they are under way
            made.plan(rows_planned)
        self._waiting_bytes -= begun.count * begun.row_bytes
        begun.rows.clear()
        begun.planned.clear()
        return made

    def _storage(self, begun: _Waiting, checksum: checksums.Checksum, count: int) -> Storage:
        """The storage of a chunked dataset."""
        dataset, options = self._dataset(begun.part.path), begun.options
        if not begun.part.data or options.codec == "none":
            return Chunked(dataset, checksum, count, self._sink)
        coding = Coding(options.codec, options.level, begun.part.dtype.str, dataset.chunks or ())
        path = begun.part.path
        return Encoded(dataset, checksum, count, self._sink, coding, lambda: self._dataset(path).id)

    def _contiguous(self, begun: _Waiting, rows: int) -> Contiguous:
        self._create_contiguous(begun.part, rows)
        checksum = checksums.Checksum(begun.row_bytes)
        return Contiguous(self._dataset(begun.part.path), checksum, 0, self._sink, is_new=True)

    def _go_on(self, begun: _Waiting, kept: Kept) -> None:
        """Goes on with a dataset of an earlier run."""
        dataset, (done, rows, running) = self._dataset(begun.part.path), kept["sums"]
        checksum = checksums.Checksum(begun.row_bytes, done, rows, running)
        count = kept["rows"]
        if dataset.chunks is not None:
            dataset.resize(count, axis=0)
            self._made[begun.part.path] = self._storage(begun, checksum, count)
            return
        if begun.expected is not None and dataset.shape[0] < begun.expected:
            del dataset
            self._lay_out(begun, count, begun.expected)
            new = self._dataset(begun.part.path)
            self._made[begun.part.path] = Contiguous(new, checksum, count, self._sink, is_new=True)
            return
        self._made[begun.part.path] = Contiguous(dataset, checksum, count, self._sink, is_new=False)

    # Datasets and attributes that are written whole.

    def keep(self, path: str, rows: Values, dtype: np.dtype[np.generic]) -> None:
        """A dataset that is written once and whole."""
        self.file.create_dataset(path, data=rows.astype(dtype), dtype=dtype)
        self.note(path)

    def replace(self, path: str, data: Values, dtype: np.dtype[np.generic], options: Options) -> None:
        """A dataset that is written whole, in place of an earlier one."""
        if path in self.file:
            del self.file[path]
        create = cast("Callable[..., h5py.Dataset]", self.file.create_dataset)
        if is_bits(dtype):
            made = create(path, data.shape, creatable(dtype), **_whole(data, dtype, options))
            made.id.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ascontiguousarray(data), type_of(dtype))
        else:
            create(path, data=data, dtype=dtype, **_whole(data, dtype, options))
        self.note(path)

    def is_dataset(self, path: str) -> bool:
        """Whether a dataset is there, and no group and not nothing."""
        return self.file.get(path, getclass=True) is h5py.Dataset

    def length(self, path: str) -> int:
        """Rows of a dataset that does not grow."""
        return self._dataset(path).shape[0]

    def fixed_texts(self, path: str) -> list[bytes]:
        """Texts of a fixed length that a finished file has."""
        return cast("list[bytes]", self._dataset(path)[()].tolist())

    def has(self, node: str) -> bool:
        """Whether a dataset or group is there by now."""
        return node in self.file

    def set_attribute(self, node: str, name: str, data: Values, dtype: np.dtype[np.generic]) -> None:
        """An attribute of a dataset or group."""
        set_attribute(self.file[node].attrs, name, data, dtype)

    def note(self, path: str) -> None:
        """Sums up a dataset, or an attribute, that was written whole by other means."""
        rows = checksums.rows_of(self.file, path)
        self._sums[path] = checksums.Checksum(rows.itemsize * int(np.prod(rows.shape[1:], dtype=np.int64)))
        self._sums[path].add(rows)

    def drop(self, path: str) -> None:
        """Takes away a dataset that grew, or a group of them."""
        for one in (path, checksums.path_of(path)):
            if one in self.file:
                del self.file[one]
        for known in [one for one in self._begun if one == path or one.startswith(f"{path}/")]:
            del self._begun[known]
            self._made.pop(known, None)

    def describe(self, model: Model, counts: Mapping[str, int]) -> None:
        """Units, and a dimension scale for every axis of everything."""
        scales.describe(self.file, model, counts)

    def write_checksums(self) -> None:
        """Stores the checksums of everything."""
        sums = self._sums | {path: made.checksum for path, made in self._made.items()}
        for path, checksum in sorted(sums.items()):
            if checksum.rows != self._summed.get(path):
                checksums.write(self.file, path, checksum)
                self._summed[path] = checksum.rows
        self._sums.clear()

    # How datasets are made.

    def _create_contiguous(self, part: Stored, rows: int) -> None:
        """A dataset in one piece, whose room is there at once and is not filled."""
        made = cast("h5py.h5p.PropDCID", h5py.h5p.create(h5py.h5p.DATASET_CREATE))
        made.set_layout(h5py.h5d.CONTIGUOUS)
        self._create(part, made, (rows, *part.shape), None)

    def _create_chunked(self, begun: _Waiting, chunk: int) -> None:
        part, options = begun.part, begun.options
        shape = (chunk, *(max(1, n) for n in part.shape))
        if not part.data or options.codec == "none":
            made = cast("h5py.h5p.PropDCID", h5py.h5p.create(h5py.h5p.DATASET_CREATE))
            made.set_chunk(shape)
            self._create(part, made, (0, *part.shape), (h5py.h5s.UNLIMITED, *part.shape))
            return
        create = cast("Callable[..., h5py.Dataset]", self.file.create_dataset)
        filters = codecs.creation(options.codec, options.level, part.dtype)
        create(
            part.path, (0, *part.shape), creatable(part.dtype), maxshape=(None, *part.shape), chunks=shape, **filters
        )

    def _create(
        self, part: Stored, made: h5py.h5p.PropDCID, shape: tuple[int, ...], most: tuple[int, ...] | None
    ) -> None:
        """Room in the file is given when a dataset grows, and left as it is: all of it is written before it is read."""
        made.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        made.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        made.set_obj_track_times(False)
        links = cast("h5py.h5p.PropLCID", h5py.h5p.create(h5py.h5p.LINK_CREATE))
        links.set_create_intermediate_group(True)
        space = h5py.h5s.create_simple(shape, most)
        h5py.h5d.create(self.file.id, part.path.encode(), type_of(part.dtype), space, made, links)

    # How they end.

    def _finish_waiting(self, begun: _Waiting) -> None:
        """All rows are known: they lie in one piece, or in a chunk that is no larger."""
        if begun.is_whole(begun.count) or (begun.is_plain and begun.expected is not None):
            begun.expected = begun.count
        elif begun.count and not begun.options.chunk:
            begun.chunk = min(begun.chunk, begun.count)
        self._make(begun).settle()

    def _refit(self, begun: _Waiting, made: Storage) -> None:
        """Makes a dataset anew that was made before its number of rows was known."""
        made.settle()
        path, count = begun.part.path, made.count
        dataset = self._dataset(path)
        chunk = int((dataset.chunks or (1,))[0])
        if begun.is_plain and (count <= chunk or begun.options.layout == "contiguous"):
            self._lay_out(begun, count, count)
        elif 0 < count < chunk and not begun.options.chunk:
            rows = dataset[:count]
            del dataset, self.file[path]
            self._create_chunked(begun, count)
            smaller = self._storage(begun, checksums.Checksum(begun.row_bytes), 0)
            smaller.take(smaller.plan(count).write(self._sink.handle, rows))
            smaller.settle()
            self._made[path] = smaller

    def _shorten(self, begun: _Waiting) -> None:
        """Takes room without rows away: HDF5 gives the new dataset that of the old one, and then no byte moves."""
        path = begun.part.path
        made = cast("Contiguous", self._made[path])
        if made.count == made.room:
            return
        before, count, room, checksum = made.offset, made.count, made.room, made.checksum
        del made, self._made[path]  # HDF5 frees the room when nobody has the dataset open
        del self.file[path]
        self._create_contiguous(begun.part, count)
        size, first = count * begun.row_bytes, int(self._dataset(path).id.get_offset() or 0)
        if first != before and size > _MOVED_BYTES and not self._sink.is_free(first):
            self._make_behind(begun.part, count, room)
        shorter = Contiguous(self._dataset(path), checksum, count, self._sink, is_new=True)
        self._made[path] = shorter
        after = shorter.offset
        steps = list(range(0, size if after != before else 0, _COPIED_BYTES))
        for at in steps if after < before else reversed(steps):
            part = memoryview(bytearray(min(_COPIED_BYTES, size - at)))
            self._sink.seek(before + at)
            self._sink.readinto(part)
            self._sink.write_at(after + at, part)

    def _make_behind(self, part: Stored, rows: int, room: int) -> None:
        """Makes a dataset in one piece anew, behind everything: what it had before is taken meanwhile."""
        aside = f"{part.path}.aside"
        del self.file[part.path]
        self._create_contiguous(part._replace(path=aside), room)
        self._create_contiguous(part, rows)
        del self.file[aside]

    def _spread(self, begun: _Waiting, made: Contiguous) -> Storage:
        """Chunks in place of one piece, which cannot grow."""
        path, count = begun.part.path, made.count
        aside = f"{path}.aside"
        self.file.move(path, aside)
        old = self._dataset(aside)
        self._create_chunked(begun, begun.chunk)
        scales.move(old, self._dataset(path))
        grown = self._storage(begun, checksums.Checksum(begun.row_bytes), 0)
        step = max(1, _COPIED_BYTES // begun.row_bytes)
        for first in range(0, count, step):
            rows = old[first : min(count, first + step)]
            grown.take(grown.plan(len(rows)).write(self._sink.handle, rows))
        del old, self.file[aside]
        self._made[path] = grown
        return grown

    def _lay_out(self, begun: _Waiting, count: int, rows: int) -> None:
        """Room for another number of rows in one piece, into which the first rows are copied."""
        path, aside = begun.part.path, f"{begun.part.path}.aside"  # no feature can have this name
        self.file.move(path, aside)
        self._create_contiguous(begun.part, rows)
        old, new = self._dataset(aside), int(self._dataset(path).id.get_offset() or 0)
        step = max(1, _COPIED_BYTES // begun.row_bytes)
        for first in range(0, count, step):
            self._sink.write_at(new + first * begun.row_bytes, bytes_of(old[first : min(count, first + step)]))
        del old, self.file[aside]


def _whole(data: Values, dtype: np.dtype[np.generic], options: Options) -> dict[str, object]:
    """How a dataset lies that is written whole: in one piece, unless its schema says otherwise."""
    if not data.nbytes or not data.ndim or (options.codec == "none" and options.layout != "chunked"):
        return {}
    rows = min(len(data), max(1, (options.chunk or _CHUNK_BYTES) // (data.nbytes // len(data))))
    return {"chunks": (rows, *data.shape[1:]), **codecs.creation(options.codec, options.level, dtype)}


def is_plain(options: Options) -> bool:
    """Whether values may lie in one piece."""
    return options.codec == "none" and options.layout != "chunked" and not options.chunk


def row_bytes(part: Stored) -> int:
    """Bytes of a row."""
    return part.dtype.itemsize * int(np.prod(part.shape, dtype=np.int64))


def chunk_rows(part: Stored, options: Options, expected: int | None) -> int:
    """Rows of a chunk.

    Args:
        part: What is stored.
        options: Of the user's values.
        expected: Rows that there will be at most; None: nobody knows.
    """
    size = max(1, row_bytes(part))
    wanted = options.chunk or (_CHUNK_BYTES if size >= _SMALL_ROW else _SMALL_CHUNK_BYTES)
    rows = max(1, wanted // size)
    return min(rows, expected) if expected and not options.chunk else rows


def fitting(rows: Values, part: Stored) -> Values:
    """Rows as they lie in the file, byte by byte."""
    return rows.astype(np.dtype(part.dtype.str), casting="equiv", copy=False)
