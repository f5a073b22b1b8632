"""Chunks of HDF5's filter blosc2: frames of C-Blosc2, of one blosc2 chunk each, whose values may lie in blocks.

The layout of a frame: C-Blosc2's README_CFRAME_FORMAT and README_B2ND_METALAYER. What is anything else is HDF5's.
"""

from __future__ import annotations

import struct
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .decode_error import DecodeError

Bytes = NDArray[np.uint8]

_FIXED = struct.Struct(">2x8s x i x Q 5x x q x q x i x i x i")
"""Magic; bytes of the header, the frame, the values, the chunk; of one value, of a block, of all values of a chunk."""
_SHAPES = b"\xa4b2nd\xd2"
"""How the entry of the shapes begins in the header; the place of its content follows."""
_ZEROS = bytes(7) + b"\x81"
"""The place of a chunk of zeros, which has none."""


class Frame(NamedTuple):
    """A frame of one chunk.

    Attributes:
        chunk: The blosc2 chunk; None: all values are zero.
        width: Bytes of a value.
        shape: Of the values; () if they lie one after the other.
        block: Shape of a block of them; the last ones are filled up.
    """

    chunk: Bytes | None
    width: int
    shape: tuple[int, ...]
    block: tuple[int, ...]

    @property
    def grid(self) -> list[int]:
        """How many blocks there are along each axis."""
        return [-(-n // b) for n, b in zip(self.shape, self.block, strict=True)]

    @property
    def size(self) -> int:
        """Bytes of all blocks."""
        return prod(self.grid) * prod(self.block) * self.width

    def laid_out(self, blocks: Bytes) -> Bytes:
        """The values of the decoded chunk in C order."""
        grid, block, ndim = self.grid, self.block, len(self.shape)
        in_order = [axis for i in range(ndim) for axis in (i, ndim + i)]
        turned = blocks.reshape(*grid, *block, self.width).transpose(*in_order, 2 * ndim)
        padded = turned.reshape(*[n * b for n, b in zip(grid, block, strict=True)], self.width)
        return np.ascontiguousarray(padded[tuple(slice(n) for n in self.shape)]).reshape(-1)


def frame_of(data: Bytes, size: int) -> Frame:
    """What a frame says of itself.

    Args:
        data: The frame.
        size: Bytes of its values.

    Raises:
        DecodeError: It is no frame of one chunk of so many bytes.
    """
    try:
        magic, header, length, _values, stored, width, _block, most = _FIXED.unpack(data[: _FIXED.size].tobytes())
        shape, block = _shapes_in(data[: max(0, header)].tobytes())
        chunk = _chunk(data[header:], stored)
    except (struct.error, IndexError) as error:
        raise _no_frame(error) from None
    if magic != b"b2frame\0" or length != len(data) or not 0 < header <= length - stored or not size <= most:
        raise _no_frame("its sizes do not fit")
    if shape and (prod(shape) * width != size or any(not 0 < b <= n for n, b in zip(shape, block, strict=True))):
        raise _no_frame("its shapes do not fit")
    return Frame(chunk, width, shape, block)


def _no_frame(why: object) -> DecodeError:
    return DecodeError(f"no frame of one chunk of blosc2: {why}")


def _chunk(data: Bytes, stored: int) -> Bytes | None:
    """The first chunk after a header. One of zeros is not stored: the list of places that follows says what it is."""
    if stored > 0:
        return data[:stored]
    if data[32:40].tobytes() != _ZEROS:
        raise _no_frame("a chunk that is not stored, and not of zeros")
    return None


def _shapes_in(head: bytes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Shapes of the values and of a block, if the header tells them: b2nd's version, ndim, shape, chunks, blocks."""
    entry = head.find(_SHAPES)
    if entry < 0:
        return (), ()
    (at,) = struct.unpack_from(">i", head, entry + len(_SHAPES))
    ndim = head[at + 7]
    sizes = struct.Struct(f">x{'xq' * ndim}x{'xi' * ndim}x{'xi' * ndim}").unpack_from(head, at + 8)
    return sizes[ndim : 2 * ndim], sizes[2 * ndim :]
