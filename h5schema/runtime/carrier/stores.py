"""Bytes of a file, brought where numpy can gather them."""

from __future__ import annotations

import mmap
import os
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import FileError

from ..spans import Rows
from .gather import Buffer, items_of, pieces

_BRIDGE_BYTES = 64 << 10
"""A gap of up to so many bytes is read along: one call costs what they cost."""


class Store(Protocol):
    """Brings bytes of a file."""

    def bring(self, addresses: Rows, sizes: Rows | int) -> tuple[Buffer, Rows]:
        """A buffer that holds `sizes` bytes from each of `addresses`, and where in it they begin."""
        ...

    def pieces(self, addresses: Rows, size: int) -> Buffer:
        """`size` bytes from each address, end to end: uint8 [n * size], a copy."""
        ...

    def table(self, begin: int, size: int) -> Buffer | None:
        """All bytes from one on as rows of `size`, [n, size], without a copy; None: they are no memory."""
        ...


class Memory:
    """Bytes that are in memory, or seem to be.

    Args:
        buffer: All of them.
    """

    def __init__(self, buffer: Buffer) -> None:
        self._bytes = buffer
        self._items: dict[int, NDArray[np.generic]] = {}

    def bring(self, addresses: Rows, sizes: Rows | int) -> tuple[Buffer, Rows]:
        return self._bytes, addresses

    def pieces(self, addresses: Rows, size: int) -> Buffer:
        items = self._items.get(size)
        if items is None:
            items = self._items[size] = items_of(self._bytes, size)
        return items[addresses].reshape(-1).view(np.uint8)

    def table(self, begin: int, size: int) -> Buffer | None:
        count = (len(self._bytes) - begin) // size
        return self._bytes[begin : begin + count * size].reshape(count, size)


def mapped(handle: int, size: int) -> Memory:
    """A whole file as memory. One that is cut short while it is read ends the process (SIGBUS): see `Preads`.

    Args:
        handle: Descriptor of the file.
        size: Of the file.
    """
    return Memory(np.frombuffer(mmap.mmap(handle, size, access=mmap.ACCESS_READ), np.uint8))


class Preads:
    """Reads what is asked for, each stretch of the file once and in its order; nothing of the file is memory.

    Args:
        handle: Descriptor of the file, which stays open.
        where: Name of the file, for errors.
    """

    def __init__(self, handle: int, where: str) -> None:
        self._handle = handle
        self._where = where

    def bring(self, addresses: Rows, sizes: Rows | int) -> tuple[Buffer, Rows]:
        order = np.argsort(addresses, kind="stable")
        first = addresses[order]
        reach = np.maximum.accumulate(first + (sizes if isinstance(sizes, int) else sizes[order]))
        new = np.ones(len(first), bool)
        new[1:] = first[1:] > reach[:-1] + _BRIDGE_BYTES
        begin = np.flatnonzero(new)
        starts = first[begin]
        counts = np.maximum.reduceat(reach, begin) - starts
        ends = np.cumsum(counts)
        buffer = np.empty(int(ends[-1]), np.uint8)
        for at, stop, count in zip(starts.tolist(), ends.tolist(), counts.tolist(), strict=True):
            self._read(buffer[stop - count : stop], at)
        stretch = np.searchsorted(starts, addresses, side="right") - 1
        return buffer, addresses - starts[stretch] + (ends - counts)[stretch]

    def pieces(self, addresses: Rows, size: int) -> Buffer:
        buffer, at = self.bring(addresses, size)
        return pieces(buffer, at, size)

    def table(self, begin: int, size: int) -> Buffer | None:
        return None

    def _read(self, target: Buffer, at: int) -> None:
        done = 0
        while done < len(target):
            count = os.preadv(self._handle, [target[done:].data], at + done)
            if not count:
                raise FileError(
                    f"the file ends at byte {at + done}, before its data do",
                    where=self._where,
                    do="it was cut short while it was read; copy it again from its origin",
                )
            done += count
