"""A journal beside a file in the making: what the file was at its last commit can always be had again.

HDF5 writes over its own metadata, so a process that is killed leaves a file that nobody can read. Here, what a
commit has seen is not written over: new bytes go behind the end of the file as it was then, or into room that
nothing committed uses; and what changes inside is kept in memory and written to the journal by the next commit.
The way is that of SQLite's write-ahead log (https://www.sqlite.org/wal.html).

What its records are stands in `records`.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from h5schema.errors import FileError

from ..system import JOURNAL
from ..system import SIGNATURE as _SIGNATURE
from ..system import sync as sync_names
from .records import BASE, DONE, HEAD, MAGIC, PAGE, VOID, record, records_of, write_at

_BASE_BYTES = 96
"""Of a superblock of version 0, the longest."""
_END_AT = {0: 40, 1: 44, 2: 28, 3: 28}
"""Where each version of the superblock has the end of the file, in 8 bytes."""


class Commit(NamedTuple):
    """What the last commit left.

    Attributes:
        size: Of the file, in bytes.
        state: What the writer wanted to know again.
    """

    size: int
    state: bytes


class Found(NamedTuple):
    """What a journal has.

    Attributes:
        pages: (offset, bytes) of all commits, in order.
        commit: The last one.
        end: Bytes of the journal that count.
        base: How the file began when it was begun to be changed.
        void: (inode, mark) of files that it does not belong to.
    """

    pages: list[tuple[int, bytes]]
    commit: Commit
    end: int
    base: bytes
    void: list[tuple[int, bytes]]


def path_of(file: Path) -> Path:
    """The journal of a file."""
    return file.with_name(file.name + JOURNAL)


class Journal:
    """The journal of one file, open to write.

    Args:
        file: Path of the file that it belongs to.
        sync: Whether a commit is forced to the disk; without it a killed process loses nothing, but a power cut may.
    """

    def __init__(self, file: Path, *, sync: bool) -> None:
        self._file = file
        self._path = path_of(file)
        self._sync = sync
        self._handle = -1
        self._end = 0
        self._base = b""
        self._committed = False

    @property
    def size(self) -> int:
        """Bytes of the journal."""
        return self._end

    @property
    def has_commit(self) -> bool:
        """Whether somebody could go on with the file."""
        return self._committed

    def begin(self, base: bytes = b"") -> None:
        """An empty journal, in place of any other: nothing is committed.

        Args:
            base: How the file begins, if it is a finished one.
        """
        self._base = base
        self._replace(b"")

    def commit(self, pages: Iterable[tuple[int, bytes]], done: Commit) -> None:
        """Adds the pages of a commit, and that it is done.

        Raises:
            OSError: The disk is full; what was committed before still counts.
        """
        at = self._end
        for offset, data in pages:
            at += write_at(self._handle, at, record(PAGE, offset, data))
        at += write_at(self._handle, at, record(DONE, done.size, done.state))
        self.force(self._handle)
        self._end = at
        self._committed = True

    def restart(self, done: Commit, base: bytes = b"") -> None:
        """A new journal, because the file itself has all that was committed; `base` as `begin` has it."""
        self._base = base
        self._committed = True
        self._replace(record(DONE, done.size, done.state))

    def shorten(self, pages: Iterable[tuple[int, bytes]], done: Commit) -> None:
        """Gives the journal the pages of all its commits anew, each byte once."""
        records = [record(PAGE, offset, data) for offset, data in pages]
        self._replace(b"".join([*records, record(DONE, done.size, done.state)]))

    def recover(self, file: int) -> Commit | None:
        """Brings a file to its last commit, and goes on after it; None: there was no commit.

        Args:
            file: Descriptor of the file.
        """
        found = found_in(self._path)
        if found is None or os.fstat(file).st_size < found.commit.size:
            return None  # the journal of an earlier file of this name, which is complete
        pages, commit = found.pages, found.commit
        for offset, data in pages:
            write_at(file, offset, data)
        os.ftruncate(file, commit.size)
        self.force(file)
        self.restart(commit)
        return commit

    def resume(self, file: int) -> Found | None:
        """Goes on with the journal of an earlier writer, which stays as it is; None: it has no commit of this file.

        Args:
            file: Descriptor of a finished file.
        """
        found = found_of(self._path, file)
        if found is not None:
            self._handle = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
            self._end, self._base, self._committed = found.end, found.base, True
        return found

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
        drop(self._file, sync=False)

    def _replace(self, records: bytes) -> None:
        """Gives the journal new contents, in one step."""
        new = _new_of(self._path)
        handle = os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
        try:
            base = record(BASE, 0, self._base) if self._base else b""
            end = write_at(handle, 0, MAGIC + base + records)
            self.force(handle)
            new.replace(self._path)
            if self._sync:
                sync_names(self._path.parent)
        except BaseException:
            os.close(handle)
            new.unlink(missing_ok=True)
            raise
        self.close()
        self._handle, self._end = handle, end


def is_needed(file: Path, handle: int) -> bool:
    """Whether a file has a journal and a commit in it, so that a later run can go on."""
    found = found_in(path_of(file))
    return found is not None and os.fstat(handle).st_size >= found.commit.size


def drop(file: Path, *, sync: bool) -> None:
    """Takes away the journal of a file, if there is one; with `sync` no power cut brings it back."""
    path = path_of(file)
    _new_of(path).unlink(missing_ok=True)
    if path.exists():
        path.unlink()
        if sync:
            sync_names(path.parent)


def disown(file: Path, new: Path, *, sync: bool) -> None:
    """Says in the journal of a file that it is none of another one, which is about to replace the file.

    Whoever is killed between that and taking the journal away leaves no journal that seems to be of the new file.

    Args:
        file: That has the journal, if there is one.
        new: The file that replaces it.
        sync: Whether it is forced to the disk.
    """
    path = path_of(file)
    found = found_in(path)
    if found is None:
        drop(file, sync=False)
        return
    handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        with new.open("rb") as other:
            inode, mark = _mark_of(other.fileno())
        os.ftruncate(handle, found.end + write_at(handle, found.end, record(VOID, inode, mark)))
        if sync:
            os.fsync(handle)
    finally:
        os.close(handle)


def _mark_of(file: int) -> tuple[int, bytes]:
    """What tells a file from another one of the same name: its inode; its size and how it begins."""
    status = os.fstat(file)
    return status.st_ino, struct.pack("<Q", status.st_size) + base_of(file)


def _new_of(journal: Path) -> Path:
    """Where the new contents of a journal are made."""
    return journal.with_name(journal.name + ".new")


def found_in(path: Path, size: int | None = None) -> Found | None:
    """What a journal has, or its first bytes; None: no commit."""
    pages: list[tuple[int, bytes]] = []
    waiting: list[tuple[int, bytes]] = []
    void: list[tuple[int, bytes]] = []
    commit, end, at, base = None, 0, len(MAGIC), b""
    for kind, place, data in records_of(path):
        at += HEAD.size + len(data)
        if kind == VOID:
            void.append((place, data))
        elif size is not None and at > size:
            continue
        elif kind == BASE:
            base = data
        elif kind == PAGE:
            waiting.append((place, data))
        else:
            pages += waiting
            waiting = []
            commit, end = Commit(place, data), at
    return None if commit is None else Found(pages, commit, end, base, void)


def base_of(file: int) -> bytes:
    """How a file begins: its superblock, which says where everything is and how long the file is."""
    return os.pread(file, _BASE_BYTES, 0)


def end_of(file: int) -> int:
    """Bytes of a finished file by its superblock; what follows was left by a writer that was stopped."""
    base, size = base_of(file), os.fstat(file).st_size
    at = _END_AT.get(base[8]) if base.startswith(_SIGNATURE) else None
    return size if at is None else min(size, int.from_bytes(base[at : at + 8], "little"))


def found_of(path: Path, file: int, size: int | None = None) -> Found | None:
    """What a journal, or its first bytes, have of a finished file; None: no commit.

    The file begins as it did before it was changed, or, if the journal was being brought into it, as it will.

    Raises:
        FileError: The file is another one: a program that knows no journal changed or replaced it.
    """
    found = found_in(path, size)
    if found is None or _mark_of(file) in found.void:
        return None
    after = bytearray(found.base)
    for offset, data in found.pages:
        if offset < len(after):
            part = data[: len(after) - offset]
            after[offset : offset + len(part)] = part
    if os.fstat(file).st_size < found.commit.size or base_of(file) not in (found.base, bytes(after)):
        raise FileError(
            f"what was added to it stands in {path.name}, and another program has changed or replaced the file since",
            where=str(path.with_name(path.name.removesuffix(JOURNAL))),
            do=f"bring the file back as it was; or, if it is right as it is, remove {path.name}",
        )
    return found
