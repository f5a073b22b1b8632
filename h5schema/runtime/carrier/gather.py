"""Bytes that lie anywhere in a buffer, gathered by one numpy call."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..spans import Rows, positions

Buffer = NDArray[np.uint8]

_LONG = 64
"""Runs of so many bytes on average are copied one by one; shorter ones value by value."""


_LARGE = 4096
"""Bytes from which on numpy copies the bytes of an item as fast as the item, and lets other threads work meanwhile."""


def items_of(buffer: Buffer, size: int) -> NDArray[np.generic]:
    """The item of `size` bytes that begins at each byte of a buffer, as one strided array.

    One fancy index copies such items from any addresses. `np.take` would copy the whole buffer first,
    because it wants aligned items.
    """
    count = max(0, len(buffer) - size + 1)
    if size < _LARGE:
        return np.ndarray((count,), np.dtype((np.void, size)), buffer, strides=(1,))
    return np.ndarray((count, size), np.uint8, buffer, strides=(1, 1))


def rows_of(buffer: Buffer, size: int) -> NDArray[np.generic]:
    """Bytes as items of `size` that lie end to end, over the same memory; see `items_of`."""
    return buffer.view(np.dtype((np.void, size))) if size < _LARGE else buffer.reshape(-1, size)


def pieces(buffer: Buffer, addresses: Rows, size: int) -> Buffer:
    """`size` bytes from each address, end to end: uint8 [n * size]."""
    return items_of(buffer, size)[addresses].reshape(-1).view(np.uint8)


def runs(buffer: Buffer, addresses: Rows, sizes: Rows, unit: int) -> Buffer:
    """`sizes[i]` bytes from `addresses[i]`, end to end; every size is a multiple of `unit`."""
    total = int(sizes.sum())
    if not total:
        return np.empty(0, np.uint8)
    if total < _LONG * len(sizes):
        return pieces(buffer, positions_of(addresses, sizes // unit, unit), unit)
    # Joining views of memory takes half of the time that numpy takes to concatenate arrays.
    memory, bounds = buffer.data, zip(addresses.tolist(), (addresses + sizes).tolist(), strict=True)
    return np.frombuffer(bytearray().join([memory[begin:end] for begin, end in bounds]), np.uint8)


def positions_of(addresses: Rows, counts: Rows, unit: int) -> Rows:
    """The address of every unit of every run, end to end."""
    first = np.repeat(addresses, counts)
    return first + positions(np.zeros(len(counts), np.int64), counts) * unit
