"""Codecs of the user's values: what HDF5 is told of them, and whole chunks encoded beside HDF5.

HDF5 holds one lock around everything it does, so workers encode here, and the bytes are written as they are.
The encoders are those of imagecodecs (BSD-3-Clause) and zlib, which drop the GIL; where there is none, HDF5
itself encodes, in a file in memory. A byte shuffle comes first wherever an item has more than one byte: every
codec makes less of measurements then (of uint16 with noise deflate 1.83 in place of 1.42, zstd 1.85 and 1.46),
and all but lzf take less time.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from threading import Lock
from types import ModuleType
from typing import NamedTuple, cast
from uuid import uuid4

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import MissingExtraError, UsageError
from h5schema.vocabulary.codecs import CODECS, EXTRA

Dtype = np.dtype[np.generic]
Rows = NDArray[np.generic]
Bytes = NDArray[np.uint8]


class _Way(NamedTuple):
    """How a codec is asked for, of HDF5 and beside it.

    Attributes:
        filter: h5py's word, or the class of hdf5plugin; "": none.
        encoder: Of imagecodecs; "": only HDF5 has it.
        settings: Of the class, besides a level.
        shuffled: Whether a byte shuffle comes first; blosc2 has its own.
        left_out: Whether HDF5 stores a chunk that would grow as it is.
    """

    filter: str
    encoder: str = ""
    settings: Mapping[str, object] = {}
    shuffled: bool = True
    left_out: bool = False

    def shuffles(self, dtype: Dtype) -> bool:
        """Whether the bytes of values are shuffled."""
        return self.shuffled and dtype.itemsize > 1


_WAYS: Mapping[str, _Way] = {
    "none": _Way("", shuffled=False),
    "default": _Way("gzip", "deflate"),
    "lzf": _Way("lzf", "lzf", left_out=True),
    "zstd": _Way("Zstd", "zstd"),
    "lz4": _Way("LZ4", "lz4h5"),
    # Of the codecs within blosc2 this one encodes and decodes fastest, and makes as little as its own.
    "blosc2": _Way("Blosc2", settings={"cname": "lz4"}, shuffled=False),
}


def creation(codec: str, level: int | None, dtype: Dtype) -> dict[str, object]:
    """What `create_dataset` of h5py is told of a codec.

    Args:
        codec: A word of the language.
        level: None: the codec's own.
        dtype: Of the dataset.

    Raises:
        MissingExtraError: HDF5 needs hdf5plugin for it, and that is not installed.
        UsageError: There is no such codec, or no such level.
    """
    level = _level(codec, level)
    way = _WAYS[codec]
    shuffle: dict[str, object] = {"shuffle": True} if way.shuffles(dtype) else {}
    if not way.filter:
        return {}
    if not CODECS[codec].plugin:
        return {"compression": way.filter, "compression_opts": level} | shuffle
    made = cast("Callable[..., Mapping[str, object]]", getattr(_plugin(codec), way.filter))
    return dict(made(**way.settings, **({} if level is None else {"clevel": level}))) | shuffle


def expect(codec: str) -> None:
    """Raises what `creation` raises, before anything is made."""
    creation(codec, None, np.dtype(np.uint8))


def _level(codec: str, level: int | None) -> int | None:
    known = CODECS.get(codec)
    if known is None:
        raise UsageError(f"there is no codec `{codec}`", do=f"codecs are {', '.join(CODECS)}")
    if level is None:
        return known.level
    if wrong := known.refuses(level):
        raise UsageError(
            f"the codec `{codec}` has {wrong}",
            do=f"its levels are {known.levels}" if known.most else "leave `level` out",
        )
    return level


def _plugin(codec: str) -> ModuleType:
    """hdf5plugin, whose import gives its filters to HDF5."""
    try:
        return import_module("hdf5plugin")
    except ImportError:
        raise MissingExtraError(
            f"the codec `{codec}` needs hdf5plugin",
            do=f"pip install '{EXTRA}'; or write `codec: default`, which every HDF5 tool reads",
        ) from None


class Encoder:
    """Makes the bytes of whole chunks, as the filters of a dataset would; any thread may use it.

    Args:
        codec: A word of the language.
        level: None: the codec's own.
        dtype: Of the dataset.
        chunk: Shape of a chunk.
    """

    def __init__(self, codec: str, level: int | None, dtype: Dtype, chunk: tuple[int, ...]) -> None:
        options = creation(codec, level, dtype)
        encode = _beside_hdf5(codec, _level(codec, level))
        made = _InMemory(options, dtype, chunk) if encode is None else _Beside(encode, _WAYS[codec])
        self._dtype, self._chunk, self._bytes = dtype, chunk, made.encode

    def encode(self, rows: Rows) -> tuple[int, bytes]:
        """The filter mask and the bytes of one chunk; what its rows do not fill is zero.

        Args:
            rows: As many as the chunk has, or fewer.
        """
        records = np.ascontiguousarray(rows).view(self._dtype) if rows.dtype.names else rows
        fitting = records.astype(self._dtype, casting="safe", copy=False)
        if rows.shape == self._chunk:
            return self._bytes(np.ascontiguousarray(fitting).view(self._dtype))  # without what h5py says of texts
        chunk = np.zeros(self._chunk, self._dtype)
        chunk[tuple(map(slice, rows.shape))] = fitting
        return self._bytes(chunk)


def _beside_hdf5(codec: str, level: int | None) -> Callable[[Bytes], bytes] | None:
    """An encoder that needs no HDF5, if there is one."""
    if codec == "none":
        return lambda data: data.tobytes()
    settings = {} if level is None else {"level": level}
    name = _WAYS[codec].encoder
    if name and find_spec("imagecodecs") is not None:
        encode = getattr(import_module("imagecodecs"), f"{name}_encode")
        return partial(cast("Callable[..., bytes]", encode), **settings)
    return partial(cast("Callable[..., bytes]", zlib.compress), **settings) if name == "deflate" else None


class _Beside(NamedTuple):
    """An encoder beside HDF5, and what HDF5 does around it."""

    codec: Callable[[Bytes], bytes]
    way: _Way

    def encode(self, chunk: Rows) -> tuple[int, bytes]:
        data = chunk.reshape(-1).view(np.uint8)
        shuffled = self.way.shuffles(chunk.dtype)
        if shuffled:
            data = np.ascontiguousarray(data.reshape(-1, chunk.itemsize).T).reshape(-1)
        encoded = self.codec(data)
        if self.way.left_out and len(encoded) >= len(data):
            return 1 << int(shuffled), data.tobytes()
        return 0, encoded


class _InMemory:
    """HDF5's own filters: a file in memory with one chunk, which each new one replaces.

    HDF5 uses the same room again and again, so the file does not grow.
    """

    def __init__(self, options: Mapping[str, object], dtype: Dtype, chunk: tuple[int, ...]) -> None:
        # Without a cache of chunks a chunk is encoded when it is written.
        self._file = h5py.File(uuid4().hex, "w", driver="core", backing_store=False, rdcc_nbytes=0)
        make = cast("Callable[..., h5py.Dataset]", self._file.create_dataset)
        self._dataset = make("chunk", chunk, dtype, chunks=chunk, **options)
        self._lock = Lock()

    def encode(self, chunk: Rows) -> tuple[int, bytes]:
        with self._lock:
            self._dataset[...] = chunk
            return self._dataset.id.read_direct_chunk((0,) * chunk.ndim)
