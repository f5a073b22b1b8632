"""The bytes of a file in the making, between HDF5 and the disk."""

from __future__ import annotations

import atexit
import errno
import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from pathlib import Path

import h5py

from .. import locks
from .journal import Commit, Journal, base_of
from .overlay import Overlay
from .write_back import WriteBack

_JOURNAL_BYTES = 64 << 20
"""A longer journal is brought into the file."""
_READ_BYTES = 1 << 20
_TIMES = 4
"""A journal of a finished file, all of which is read by whoever opens it, is made shorter if it has more than so many
times the bytes that it needs."""


def _always() -> AbstractContextManager[bool]:
    return nullcontext(True)


class Overlaid:
    """A file as h5py reads one: the bytes on the disk, and in front of them those of an overlay.

    Args:
        path: Of the file, for messages of h5py.
        handle: Descriptor of the file; it belongs to this.
        overlay: What stands in front.
    """

    def __init__(self, path: Path, handle: int, overlay: Overlay) -> None:
        self.handle = handle
        self._path = path
        self._overlay = overlay
        self._at = 0
        self._end = os.fstat(handle).st_size

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Moves to a place, as `io.RawIOBase.seek`."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._end}[whence]
        self._at = base + offset
        return self._at

    def tell(self) -> int:
        """The place at which the next read or write begins."""
        return self._at

    def read(self, size: int) -> bytes:
        """Some bytes; h5py knows a file by this method, and reads with `readinto`."""
        found = bytearray(size)
        self.readinto(memoryview(found))
        return bytes(found)

    def readinto(self, buffer: memoryview) -> int:
        """Fills a buffer; with zeros where HDF5 has room and nothing was written yet."""
        there = os.preadv(self.handle, [buffer], self._at)
        if there < len(buffer):
            buffer[there:] = bytes(len(buffer) - there)
        if self._overlay:
            self._overlay.patch(self._at, buffer)
        self._at += len(buffer)
        return len(buffer)

    def flush(self) -> None:
        """Nothing waits here."""

    def __repr__(self) -> str:
        return str(self._path)


class Sink(Overlaid):
    """A file that HDF5 writes through, and to which no write ever fails.

    HDF5 writes late: when a handle is closed, when Python collects it, at the end of the process.
    If the disk is full then, the error comes where nobody can catch it, and closing the file
    fails again and again. So the first error is kept here for the one who writes to find, and
    what follows it is dropped, as the file will be.

    With a journal, no byte that was committed is written over before the next commit. Nor is one that an earlier commit
    had, if the file has become shorter since: the journal may have it too, in front of the file, and readers may.

    Args:
        path: Of the file, for messages of h5py.
        handle: Descriptor of the file, open to read and write; it belongs to the sink.
        journal: Keeps what was committed; None: nobody will go on with this file.
        committed: Bytes of the file that belong to its last commit.
        sync: Whether commits are forced to the disk.
        overlay: What was committed and is in the journal only.
        alone: Whether nobody reads the file, as long as the context lasts.
        standing: Whether it is a finished file.

    Attributes:
        error: The first write that failed.
        committed: Bytes of the file that belong to its last commit, if there is a journal.
        write_back: Is told what was written, by whomever.
    """

    def __init__(
        self,
        path: Path,
        handle: int,
        journal: Journal | None,
        committed: int = 0,
        *,
        sync: bool = True,
        overlay: Overlay | None = None,
        alone: Callable[[], AbstractContextManager[bool]] = _always,
        standing: bool = False,
    ) -> None:
        super().__init__(path, handle, overlay or Overlay())
        self.error: OSError | None = None
        self.committed = committed
        self._floor = max(committed, os.fstat(handle).st_size) if standing else committed
        self._journal = journal
        self._sync = sync
        self.write_back = WriteBack(handle, wanted=sync)
        self._alone = alone
        self._standing = standing
        if standing:
            self._end = committed  # what follows was left by another writer

    def write(self, data: memoryview) -> int:
        """Takes all of the bytes; `error` says whether they were kept."""
        size = len(data)
        try:
            if self.error is None:
                self.write_at(self._at, data)
        except OSError as error:
            self.error = error
        except BaseException:  # Ctrl-C: Python may swallow it, if HDF5 was called to clean up
            self.error = self.error or OSError(errno.EINTR, "the write was interrupted")
            raise
        self._at += size
        return size

    def truncate(self, size: int) -> int:
        """Gives the file its length; what was committed stays in it until the next commit."""
        try:
            if self.error is None:
                os.ftruncate(self.handle, max(size, self._floor))
        except OSError as error:
            self.error = error
        self._end = size
        return size

    # What the transaction asks.

    def write_at(self, offset: int, data: memoryview) -> None:
        """Writes all of the bytes at a place.

        Raises:
            OSError: They cannot be kept.
        """
        inside = min(len(data), max(0, self._floor - offset)) if self._journal is not None else 0
        if inside:
            self._overlay.write(offset, data[:inside])
        done = inside
        while done < len(data):
            done += os.pwrite(self.handle, data[done:], offset + done)
        self._end = max(self._end, offset + len(data))

    def is_free(self, offset: int) -> bool:
        """Whether room that HDF5 has just given from here on is used by nothing committed."""
        return offset >= self._floor or self._journal is None

    def is_bare(self, offset: int, size: int) -> bool:
        """Whether nothing stands in front of some bytes of the file."""
        return not self._overlay.has(offset, offset + size)

    def commit(self, size: int, state: bytes) -> None:
        """Makes what was written what a later run finds; HDF5 has flushed before.

        Args:
            size: Of the file, as HDF5 says it.
            state: What the later run wants to know.

        Raises:
            OSError: It cannot be kept; the last commit still counts.
        """
        if os.fstat(self.handle).st_size < size:  # room at the end, into which nothing was written yet
            os.ftruncate(self.handle, size)
        self._end = max(self._end, size)
        if self._journal is None:
            if self._sync:
                os.fsync(self.handle)
            return
        done = Commit(size, state)
        self._journal.force(self.handle)
        self._journal.commit(self._overlay.fresh(), done)
        self.committed = size
        self._floor = max(self._floor, size)
        if self._standing and self._journal.size > max(_READ_BYTES, _TIMES * self._overlay.size):
            with suppress(OSError):  # the longer one is as good
                self._journal.shorten(self._overlay, done)
        if self._journal.size > _JOURNAL_BYTES:
            with self._alone() as alone:
                if alone:
                    self._apply(self._journal, done)

    def settle(self) -> bool:
        """Brings all that was committed into the file itself, which has no more to come; False: somebody reads it."""
        with self._alone() as alone:
            if alone and self._journal is not None:
                self._apply(self._journal)
            return alone

    def reading(self) -> Overlaid:
        """The file as it is now, to be read by itself."""
        return Overlaid(self._path, self.handle, self._overlay)

    def _apply(self, journal: Journal, done: Commit | None = None) -> None:
        for offset, data in self._overlay:
            view, written = memoryview(data), 0
            while written < len(view):
                written += os.pwrite(self.handle, view[written:], offset + written)
        os.ftruncate(self.handle, self.committed)
        self._floor = self.committed
        journal.force(self.handle)
        self._overlay.clear()
        if done is not None:
            journal.restart(done, base_of(self.handle) if self._standing else b"")

    def __del__(self) -> None:
        """A writer that is forgotten keeps nobody else from writing."""
        if self.handle >= 0:
            os.close(self.handle)

    def drop(self) -> None:
        """What is written from now on is not kept, because the file is not."""
        self.error = self.error or OSError(errno.ECANCELED, "the file is dropped")

    def close(self, *, keep: bool) -> None:
        """Closes the descriptor, and so lets the next writer in.

        Args:
            keep: Whether the journal stays, because the next writer is to go on.
        """
        if self._journal is not None:
            if keep and self._journal.has_commit:
                self._journal.close()
            else:
                self._journal.remove()
        if self.handle >= 0:
            locks.release(self.handle)
            self.handle = -1


@atexit.register
def _close_all() -> None:
    """Closes what HDF5 reads and writes through Python; it would do so itself when there is no Python any more."""
    for opened in h5py.h5f.get_obj_ids(h5py.h5f.OBJ_ALL, h5py.h5f.OBJ_FILE):
        file = h5py.File(opened)
        if file.driver == "fileobj":
            file.close()
