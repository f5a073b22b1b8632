"""Bytes that stand in front of a file: what is written here is read here, and the file stays as it is."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

_PIECE_BYTES = 64 << 10
"""No piece crosses a multiple of this, so a small write never copies a large piece, nor makes it fresh."""


class Overlay:
    """Pieces of bytes by their place in a file; no two of them overlap."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._pieces: dict[int, bytearray] = {}
        self._fresh: set[int] = set()

    def __bool__(self) -> bool:
        return bool(self._starts)

    @property
    def size(self) -> int:
        """Bytes of all pieces."""
        return sum(map(len, self._pieces.values()))

    def write(self, offset: int, data: memoryview) -> None:
        """Lays bytes at a place, in front of what was there."""
        while len(data):
            size = min(len(data), _PIECE_BYTES - offset % _PIECE_BYTES)
            self._fresh.add(self._lay(offset, data[:size]))
            offset += size
            data = data[size:]

    def _lay(self, offset: int, data: memoryview) -> int:
        """Lays bytes into a piece; returns where that begins."""
        first, last = self._touched(offset, offset + len(data))
        start = self._starts[first] if last - first == 1 else -1
        if start < 0 or not start <= offset <= offset + len(data) <= start + len(self._pieces[start]):
            return self._merge(offset, data)
        self._pieces[start][offset - start : offset - start + len(data)] = data
        return start

    def _merge(self, offset: int, data: memoryview) -> int:
        """Makes one piece of new bytes and of all that they overlap; returns where it begins."""
        end = offset + len(data)
        first, last = self._touched(offset, end)
        old = self._starts[first:last]
        low = min([offset, *old[:1]])
        high = max([end, *(start + len(self._pieces[start]) for start in old[-1:])])
        union = bytearray(high - low)
        for start in old:
            piece = self._pieces.pop(start)
            union[start - low : start - low + len(piece)] = piece
            self._fresh.discard(start)
        union[offset - low : end - low] = data
        self._starts[first:last] = [low]
        self._pieces[low] = union
        return low

    def patch(self, offset: int, buffer: memoryview) -> None:
        """Corrects bytes that were read from the file at a place."""
        end = offset + len(buffer)
        first, last = self._touched(offset, end)
        for start in self._starts[first:last]:
            piece = memoryview(self._pieces[start])
            low, high = max(start, offset), min(start + len(piece), end)
            buffer[low - offset : high - offset] = piece[low - start : high - start]

    def fresh(self) -> Iterator[tuple[int, bytes]]:
        """(offset, bytes) of the pieces that were written since this was asked last, in order."""
        for start in sorted(self._fresh):
            yield start, bytes(self._pieces[start])
        self._fresh.clear()

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        return ((start, bytes(self._pieces[start])) for start in self._starts)

    def has(self, offset: int, end: int) -> bool:
        """Whether a piece lies in a range, in part perhaps."""
        first, last = self._touched(offset, end)
        return first < last

    def clear(self) -> None:
        """Forgets everything."""
        self._starts.clear()
        self._pieces.clear()
        self._fresh.clear()

    def _touched(self, offset: int, end: int) -> tuple[int, int]:
        """The pieces that overlap a range: those from one number to another."""
        first = bisect_right(self._starts, offset) - 1
        if first < 0 or self._starts[first] + len(self._pieces[self._starts[first]]) <= offset:
            first += 1
        return first, bisect_left(self._starts, end, first)
