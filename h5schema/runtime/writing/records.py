"""The records of a journal.

The journal is a file of records, each with a CRC-32 over its own head and bytes:

    "base" 0 size crc, bytes           how the file begins that was changed (of a finished file)
    "page" offset size crc, bytes      bytes that belong at an offset of the file
    "done" size size crc, state        a commit: the file has at least `size` bytes, and all pages before are valid
    "void" inode size crc, mark        none of it belongs to the file of this inode and mark, which replaces its own

What follows the last valid "done" does not count, but for "void".
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

MAGIC = b"h5schema journal 1\n"
HEAD = struct.Struct("<4sQQI")
BASE = b"base"
PAGE = b"page"
DONE = b"done"
VOID = b"void"
KINDS = (BASE, PAGE, DONE, VOID)


def record(kind: bytes, place: int, data: bytes) -> bytes:
    """The bytes of one."""
    return HEAD.pack(kind, place, len(data), crc_of(kind, place, data)) + data


def crc_of(kind: bytes, place: int, data: bytes | memoryview) -> int:
    """CRC-32 of the head of a record, without the checksum, and of its bytes."""
    return zlib.crc32(data, zlib.crc32(HEAD.pack(kind, place, len(data), 0)))


def records_of(path: Path) -> Iterator[tuple[bytes, int, bytes]]:
    """The valid records, up to the first that is not."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        left = os.fstat(file.fileno()).st_size - len(MAGIC)
        if file.read(len(MAGIC)) != MAGIC:
            return
        while left >= HEAD.size:
            head = file.read(HEAD.size)
            if len(head) < HEAD.size:  # a writer has begun it anew
                return
            kind, place, size, crc = HEAD.unpack(head)
            left -= HEAD.size
            if kind not in KINDS or size > left:
                return
            data = file.read(size)
            left -= size
            if crc != crc_of(kind, place, data):
                return
            yield kind, place, data


def write_at(handle: int, offset: int, data: bytes) -> int:
    """Writes all of the bytes at a place; returns how many."""
    view = memoryview(data)
    done = 0
    while done < len(view):
        done += os.pwrite(handle, view[done:], offset + done)
    return done
