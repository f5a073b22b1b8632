"""A journal beside a file in the making: what the file was at its last commit can always be had again.

HDF5 writes over its own metadata, so a process that is killed leaves a file that nobody can read. Here, what a
commit has seen is not written over: new bytes go behind the end of the file as it was then, or into room that
nothing committed uses; and what changes inside is kept in memory and written to the journal by the next commit.
The way is that of SQLite's write-ahead log (https://www.sqlite.org/wal.html).

The journal is a file of records, each with a CRC-32 over its own head and bytes:

    "page" offset size crc, bytes      bytes that belong at an offset of the file
    "done" size size crc, state        a commit: the file has at least `size` bytes, and all pages before are valid

What follows the last valid "done" does not count.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

SUFFIX = ".journal"
"""How the name of a journal ends, after that of the file."""

_MAGIC = b"h5schema journal 1\n"
_HEAD = struct.Struct("<4sQQI")
_PAGE = b"page"
_DONE = b"done"


class Commit(NamedTuple):
    """What the last commit left.

    Attributes:
        size: Of the file, in bytes.
        state: What the writer wanted to know again.
    """

    size: int
    state: bytes


def path_of(file: Path) -> Path:
    """The journal of a file."""
    return file.with_name(file.name + SUFFIX)


class Journal:
    """The journal of one file, open to write.

    Args:
        file: Path of the file that it belongs to.
        sync: Whether a commit is forced to the disk; without it a killed process loses nothing, but a power cut may.
    """

    def __init__(self, file: Path, *, sync: bool) -> None:
        self._path = path_of(file)
        self._sync = sync
        self._handle = -1
        self._end = 0

    @property
    def size(self) -> int:
        """Bytes of the journal."""
        return self._end

    def begin(self) -> None:
        """An empty journal, in place of any other: nothing is committed."""
        self._replace(b"")

    def commit(self, pages: Iterable[tuple[int, bytes]], done: Commit) -> None:
        """Adds the pages of a commit, and that it is done.

        Raises:
            OSError: The disk is full; what was committed before still counts.
        """
        at = self._end
        for offset, data in pages:
            at += _write(self._handle, at, _record(_PAGE, offset, data))
        at += _write(self._handle, at, _record(_DONE, done.size, done.state))
        self.force(self._handle)
        self._end = at

    def restart(self, done: Commit) -> None:
        """A new journal, because the file itself has all that was committed."""
        self._replace(_record(_DONE, done.size, done.state))

    def recover(self, file: int) -> Commit | None:
        """Brings a file to its last commit, and goes on after it; None: there was no commit.

        Args:
            file: Descriptor of the file.
        """
        found = _read(self._path)
        if found is None or os.fstat(file).st_size < found[1].size:
            return None  # the journal of an earlier file of this name, which is complete
        pages, commit = found
        for offset, data in pages:
            _write(file, offset, data)
        self.force(file)
        self.restart(commit)
        return commit

    def force(self, handle: int) -> None:
        """Waits until a file is on the disk, if this journal does."""
        if self._sync:
            os.fsync(handle)

    def close(self) -> None:
        """Closes the journal and leaves it where it is."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def remove(self) -> None:
        """Takes the journal away."""
        self.close()
        self._path.unlink(missing_ok=True)

    def _replace(self, records: bytes) -> None:
        """Gives the journal new contents, in one step."""
        new = self._path.with_name(self._path.name + ".new")
        handle = os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
        try:
            end = _write(handle, 0, _MAGIC + records)
            self.force(handle)
            new.replace(self._path)
            if self._sync:
                folder = os.open(self._path.parent, os.O_RDONLY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)
        except BaseException:
            os.close(handle)
            new.unlink(missing_ok=True)
            raise
        self.close()
        self._handle, self._end = handle, end


def is_needed(file: Path, handle: int) -> bool:
    """Whether a file has a journal and a commit in it, so that a later run can go on."""
    found = _read(path_of(file))
    return found is not None and os.fstat(handle).st_size >= found[1].size


def _record(kind: bytes, place: int, data: bytes) -> bytes:
    return _HEAD.pack(kind, place, len(data), _crc(kind, place, data)) + data


def _crc(kind: bytes, place: int, data: bytes) -> int:
    return zlib.crc32(data, zlib.crc32(_HEAD.pack(kind, place, len(data), 0)))


def _read(path: Path) -> tuple[list[tuple[int, bytes]], Commit] | None:
    """The pages of all commits, in order, and the last of the commits."""
    pages: list[tuple[int, bytes]] = []
    waiting: list[tuple[int, bytes]] = []
    commit: Commit | None = None
    for kind, place, data in _records(path):
        if kind == _PAGE:
            waiting.append((place, data))
        else:
            pages += waiting
            waiting = []
            commit = Commit(place, data)
    return None if commit is None else (pages, commit)


def _records(path: Path) -> Iterator[tuple[bytes, int, bytes]]:
    """The valid records, up to the first that is not."""
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return
    with file:
        left = os.fstat(file.fileno()).st_size - len(_MAGIC)
        if file.read(len(_MAGIC)) != _MAGIC:
            return
        while left >= _HEAD.size:
            kind, place, size, crc = _HEAD.unpack(file.read(_HEAD.size))
            left -= _HEAD.size
            if kind not in (_PAGE, _DONE) or size > left:
                return
            data = file.read(size)
            left -= size
            if crc != _crc(kind, place, data):
                return
            yield kind, place, data


def _write(handle: int, offset: int, data: bytes) -> int:
    """Writes all of the bytes at a place; returns how many."""
    view = memoryview(data)
    done = 0
    while done < len(view):
        done += os.pwrite(handle, view[done:], offset + done)
    return done
