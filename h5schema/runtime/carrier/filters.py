"""The filters of a chunk, undone without HDF5: it holds one lock around everything, these drop the GIL.

Decoders are imagecodecs' (BSD-3-Clause), the extra `h5schema[codecs]`; without it, and for a filter that
is not listed here, HDF5 reads. Numbers of filters: the HDF Group's "Registered Filter Plugins".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Protocol, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from .blosc2 import frame_of
from .decode_error import DecodeError
from .located import Filter

Bytes: TypeAlias = NDArray[np.uint8]


class Undo(Protocol):
    """Undoes one filter.

    Args:
        data: What the filter made.
        values: Parameters of the filter.
        out: Where the bytes that went into it are put, if their number is known.
    """

    def __call__(self, data: Bytes, values: tuple[int, ...], out: Bytes | None, /) -> Bytes: ...


def undoes(filters: Sequence[Filter]) -> bool:
    """Whether every filter of a pipeline can be undone here."""
    codes = [one.code for one in filters]
    return all(map(knows, codes)) and has_decoders(codes)


def knows(code: int) -> bool:
    """Whether a filter can be undone here if the extra is installed."""
    return code in _UNDO


def has_decoders(codes: Iterable[int]) -> bool:
    """Whether what these filters need is installed."""
    return set(codes) <= _OURS or find_spec("imagecodecs") is not None


Decode: TypeAlias = Callable[[Bytes, Bytes], None]
"""Undoes the pipeline of one chunk: from the bytes in the file, into all bytes of the chunk."""


def decoder(filters: Sequence[Filter], mask: int, size: int) -> Decode:
    """What decodes the chunks of a dataset; it raises `DecodeError` if they are not what the filters make of them.

    Args:
        filters: The pipeline, in the order of writing.
        mask: Bit i is set where filter i was left out.
        size: Bytes of a chunk.
    """
    used = [one for i, one in enumerate(filters) if not mask >> i & 1]
    steps = [
        (_UNDO[one.code], one.values, _size_before(used[:left], size)) for left, one in reversed(list(enumerate(used)))
    ]

    def decode(data: Bytes, out: Bytes) -> None:
        try:
            for undo, values, before in steps[:-1]:
                data = undo(data, values, None if before is None else np.empty(before, np.uint8))
            for undo, values, _ in steps[-1:]:
                data = undo(data, values, out)
        except (RuntimeError, ValueError) as error:  # what imagecodecs and numpy raise of data that do not fit
            raise DecodeError(str(error)) from None
        if len(data) != size:
            message = f"{len(data)} bytes, not {size}"
            raise DecodeError(message)
        if data is not out:
            out[:] = data

    return decode


def _size_before(earlier: Sequence[Filter], size: int) -> int | None:
    """Bytes that earlier filters make of a chunk; None: only they know."""
    for one in earlier:
        if one.code not in _ADDS:
            return None
        size += _ADDS[one.code]
    return size


@cache
def _named(name: str) -> Callable[..., Any]:
    """A decoder of imagecodecs, imported when it is first used; it leaves untyped what it returns."""
    return cast("Callable[..., Any]", getattr(import_module("imagecodecs"), f"{name}_decode"))


def _codec(name: str, *, unsized: str | None = None) -> Undo:
    """Undoes what a codec did.

    Args:
        name: Of the codec.
        unsized: Another that takes its place where the size of the result is not known.
    """

    def undo(data: Bytes, values: tuple[int, ...], out: Bytes | None, /) -> Bytes:
        if out is None:
            return np.frombuffer(cast("bytes", _named(unsized or name)(data)), np.uint8)
        decoded: Bytes = _named(name)(data, out=out)
        return decoded

    return undo


def _unshuffle(data: Bytes, values: tuple[int, ...], out: Bytes | None, /) -> Bytes:
    """Byte k of every value lies in the k-th part; bytes that fill no value come last, as they are."""
    width = values[0] if values else 1
    if not width:
        message = "values of no bytes were shuffled"
        raise DecodeError(message)
    whole = len(data) // width * width
    turned = np.empty(len(data), np.uint8) if out is None else out
    by_value, by_byte = turned[:whole].reshape(-1, width), data[:whole].reshape(width, -1)
    for k in range(width if whole else 0):  # several times as fast as one transposed copy
        by_value[:, k] = by_byte[k]
    turned[whole:] = data[whole:]
    return turned


def _checked(data: Bytes, values: tuple[int, ...], out: Bytes | None, /) -> Bytes:
    """Fletcher-32 of the data stands in the last four bytes."""
    body, stored = data[:-4], int.from_bytes(data[-4:].tobytes(), "little")
    checksum = cast("Callable[[Bytes], int]", import_module("imagecodecs").h5checksum_fletcher32)
    if checksum(body) != stored:
        message = "the Fletcher-32 checksum differs"
        raise DecodeError(message)
    return body


def _unframed(data: Bytes, values: tuple[int, ...], out: Bytes | None, /) -> Bytes:
    """The values of a frame of blosc2."""
    if out is None:
        message = "a frame of blosc2, of how many bytes nobody knows"
        raise DecodeError(message)
    frame, decode = frame_of(data, len(out)), _named("blosc2")
    if frame.chunk is None:
        out[:] = 0
        return out
    if frame.shape == frame.block:
        return cast("Bytes", decode(frame.chunk, out=out))
    return frame.laid_out(cast("Bytes", decode(frame.chunk, out=np.empty(frame.size, np.uint8))))


_DEFLATE, _SHUFFLE, _FLETCHER32, _LZF, _BLOSC, _LZ4, _ZSTD, _BLOSC2 = 1, 2, 3, 32000, 32001, 32004, 32015, 32026

_UNDO: Mapping[int, Undo] = {
    _DEFLATE: _codec("deflate", unsized="zlib"),
    _SHUFFLE: _unshuffle,
    _FLETCHER32: _checked,
    _LZF: _codec("lzf"),
    _BLOSC: _codec("blosc"),
    _LZ4: _codec("lz4h5"),
    _ZSTD: _codec("zstd"),
    _BLOSC2: _unframed,
}
_OURS = {_SHUFFLE}
_ADDS: Mapping[int, int] = {_SHUFFLE: 0, _FLETCHER32: 4}
"""Bytes that a filter adds, of those whose result has a known size."""
