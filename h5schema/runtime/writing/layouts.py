"""How datasets are made, and made anew in another layout."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import cast

import h5py
import numpy as np

from .. import codecs
from ..bfloat16 import is_bits
from ..bfloat16_hdf5 import creatable, in_bits, type_of
from ..features import Options
from ..hdf5_filters import codec_of, expect_filters
from ..kinds import Stored
from . import intact, scales
from .begun import Begun
from .checksums import Checksum
from .chunking import chunk_rows, row_bytes
from .plans import Coding, Values, bytes_of
from .sink import Sink
from .storage import Chunked, Contiguous, Encoded, Storage

_MOVED_BYTES = 64 << 20
"""Of rows that may wait in memory because they move to where something was committed."""
_COPIED_BYTES = 16 << 20
"""Of rows that are copied at a time, from one dataset to another."""


@cache
def _without_cache() -> h5py.h5p.PropDAID:
    access = cast("h5py.h5p.PropDAID", h5py.h5p.create(h5py.h5p.DATASET_ACCESS))
    access.set_chunk_cache(1, 0, 0.0)
    return access


class Layouts:
    """Makes the datasets of a file, and gives them another layout.

    Args:
        file: That is written.
        sink: Takes its bytes.
    """

    def __init__(self, file: h5py.File, sink: Sink) -> None:
        self._file = file
        self._sink = sink

    def dataset(self, path: str) -> h5py.Dataset:
        """A dataset, opened without a cache of chunks: bytes are written past HDF5, and a cache would not know."""
        return in_bits(h5py.Dataset(h5py.h5d.open(self._file.id, path.encode(), _without_cache())))

    # New ones.

    def contiguous(self, begun: Begun, rows: int) -> Contiguous:
        """A new dataset in one piece."""
        self._create_contiguous(begun.part, rows)
        checksum = Checksum(begun.row_bytes)
        return Contiguous(self.dataset(begun.part.path), checksum, 0, self._sink, is_new=True)

    def chunked(self, begun: Begun, chunk: int) -> Storage:
        """A new dataset in chunks of so many rows."""
        part, options = begun.part, begun.options
        shape = (chunk, *(max(1, n) for n in part.shape))
        if begun.is_encoded:
            create = cast("Callable[..., h5py.Dataset]", self._file.create_dataset)
            filters = codecs.creation(options.codec, options.level, part.dtype)
            most = (None, *part.shape)
            create(part.path, (0, *part.shape), creatable(part.dtype), maxshape=most, chunks=shape, **filters)
        else:
            made = cast("h5py.h5p.PropDCID", h5py.h5p.create(h5py.h5p.DATASET_CREATE))
            made.set_chunk(shape)
            self._create(part, made, (0, *part.shape), (h5py.h5s.UNLIMITED, *part.shape))
        return self._in_chunks(begun, Checksum(begun.row_bytes), 0, ())

    def whole(self, path: str, data: Values, dtype: np.dtype[np.generic], options: Options) -> None:
        """A new dataset that is written at once."""
        create = cast("Callable[..., h5py.Dataset]", self._file.create_dataset)
        if is_bits(dtype):
            made = create(path, data.shape, creatable(dtype), **_chunks(path, data, dtype, options))
            made.id.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ascontiguousarray(data), type_of(dtype))
        else:
            create(path, data=data, dtype=dtype, **_chunks(path, data, dtype, options))

    def _in_chunks(self, begun: Begun, checksum: Checksum, count: int, chunks: Sequence[int] | None) -> Storage:
        path, options = begun.part.path, begun.options
        dataset = self.dataset(path)
        if not begun.is_encoded:
            return Chunked(dataset, checksum, count, self._sink)
        coding = Coding(options.codec, options.level, begun.part.dtype.str, dataset.chunks or ())
        return Encoded(dataset, checksum, count, self._sink, coding, lambda: self.dataset(path), chunks)

    def _create_contiguous(self, part: Stored, rows: int) -> None:
        """A dataset in one piece, whose room is there at once and is not filled."""
        made = cast("h5py.h5p.PropDCID", h5py.h5p.create(h5py.h5p.DATASET_CREATE))
        made.set_layout(h5py.h5d.CONTIGUOUS)
        self._create(part, made, (rows, *part.shape), None)

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
        h5py.h5d.create(self._file.id, part.path.encode(), type_of(part.dtype), space, made, links)

    # Those that are there.

    def go_on(self, begun: Begun, checksum: Checksum, count: int, chunks: Sequence[int] | None) -> Storage:
        """Goes on with a dataset of an earlier run.

        Args:
            begun: What it is to be.
            checksum: Of the rows that are there.
            count: How many they are.
            chunks: The checksum of each encoded chunk; None: the file is a finished one, and is not compared.
        """
        dataset = self.dataset(begun.part.path)
        if chunks is not None:
            pieces = intact.pieces_of(dataset, row_bytes(begun.part), checksum, chunks)
            intact.expect(self._sink.handle, pieces, f"{self._sink}: {begun.part.path}")
        if dataset.chunks is not None:
            expect_filters(dataset.id, f"{self._sink}: {begun.part.path}")
            codec = codec_of(dataset)
            if codec != begun.options.codec:  # the file was written anew with another
                begun.options = replace(begun.options, codec=codec, level=None)
            dataset.resize(count, axis=0)
            return self._in_chunks(begun, checksum, count, chunks)
        if begun.expected is not None and dataset.shape[0] < begun.expected:
            del dataset
            return self.lay_out(begun, checksum, count, begun.expected)
        return Contiguous(dataset, checksum, count, self._sink, is_new=False)

    def lay_out(self, begun: Begun, checksum: Checksum, count: int, rows: int) -> Contiguous:
        """Room for another number of rows in one piece, into which the first rows are copied."""
        path, aside = begun.part.path, f"{begun.part.path}.aside"  # no feature can have this name
        self._file.move(path, aside)
        self._create_contiguous(begun.part, rows)
        old, new = self.dataset(aside), int(self.dataset(path).id.get_offset() or 0)
        step = max(1, _COPIED_BYTES // begun.row_bytes)
        for first in range(0, count, step):
            self._sink.write_at(new + first * begun.row_bytes, bytes_of(old[first : min(count, first + step)]))
        del old, self._file[aside]
        return Contiguous(self.dataset(path), checksum, count, self._sink, is_new=True)

    def spread(self, begun: Begun, count: int) -> Storage:
        """Chunks in place of one piece, which cannot grow."""
        path, aside = begun.part.path, f"{begun.part.path}.aside"
        self._file.move(path, aside)
        old = self.dataset(aside)
        grown = self.chunked(begun, begun.chunk)
        scales.move(old, self.dataset(path))
        step = max(1, _COPIED_BYTES // begun.row_bytes)
        for first in range(0, count, step):
            rows = old[first : min(count, first + step)]
            grown.take(grown.plan(len(rows)).write(self._sink.handle, rows))
        del old, self._file[aside]
        return grown

    def fewer(self, begun: Begun, count: int) -> Storage:
        """One chunk that is no larger than the rows, in place of one that is."""
        path = begun.part.path
        dataset = self.dataset(path)
        rows = dataset[:count]
        del dataset, self._file[path]
        smaller = self.chunked(begun, count)
        smaller.take(smaller.plan(count).write(self._sink.handle, rows))
        smaller.settle()
        return smaller

    def shorter(self, begun: Begun, made: Contiguous) -> Contiguous:
        """Takes room without rows away: HDF5 gives the new dataset that of the old one, and then no byte moves."""
        path = begun.part.path
        before, count, room, checksum = made.offset, made.count, made.room, made.checksum
        made.let_go()  # HDF5 frees the room when nobody has the dataset open
        del self._file[path]
        self._create_contiguous(begun.part, count)
        size, first = count * begun.row_bytes, int(self.dataset(path).id.get_offset() or 0)
        if first != before and size > _MOVED_BYTES and not self._sink.is_free(first):
            self._make_behind(begun.part, count, room)
        shorter = Contiguous(self.dataset(path), checksum, count, self._sink, is_new=True)
        after = shorter.offset
        steps = list(range(0, size if after != before else 0, _COPIED_BYTES))
        for at in steps if after < before else reversed(steps):
            part = memoryview(bytearray(min(_COPIED_BYTES, size - at)))
            self._sink.seek(before + at)
            self._sink.readinto(part)
            self._sink.write_at(after + at, part)
        return shorter

    def _make_behind(self, part: Stored, rows: int, room: int) -> None:
        """Makes a dataset in one piece anew, behind everything: what it had before is taken meanwhile."""
        aside = f"{part.path}.aside"
        del self._file[part.path]
        self._create_contiguous(part._replace(path=aside), room)
        self._create_contiguous(part, rows)
        del self._file[aside]


def _chunks(path: str, data: Values, dtype: np.dtype[np.generic], options: Options) -> dict[str, object]:
    """How a dataset lies that is written whole: in one piece, unless its schema says otherwise."""
    if not data.nbytes or not data.ndim or (options.codec == "none" and options.layout != "chunked"):
        return {}
    rows = min(len(data), chunk_rows(Stored(path, dtype, data.shape[1:]), options, len(data)))
    return {"chunks": (rows, *data.shape[1:]), **codecs.creation(options.codec, options.level, dtype)}
