"""The bytes of a file in the making, between HDF5 and the disk."""

from __future__ import annotations

import errno
import os
from pathlib import Path


class Sink:
    """A file that HDF5 writes through, and to which no write ever fails.

    HDF5 writes late: when a handle is closed, when Python collects it, at the end of the process.
    If the disk is full then, the error comes where nobody can catch it, and closing the file
    fails again and again. So the first error is kept here for the one who writes to find, and
    what follows it is dropped, as the file will be.

    Args:
        path: Of the file, for messages of h5py.
        handle: Descriptor of the file, open to read and write; it belongs to the sink.
    """

    def __init__(self, path: Path, handle: int) -> None:
        self.error: OSError | None = None
        self._path = path
        self._handle = handle
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
        """Up to so many bytes; h5py knows a file by this method, and reads with `readinto`."""
        found = os.pread(self._handle, size, self._at)
        self._at += len(found)
        return found

    def readinto(self, buffer: memoryview) -> int:
        """Fills a buffer; beyond the end of the file with nothing."""
        count = os.preadv(self._handle, [buffer], self._at)
        self._at += count
        return count

    def write(self, data: memoryview) -> int:
        """Takes all of the bytes; `error` says whether they were kept."""
        size = len(data)
        done = size if self.error is not None else 0
        try:
            while done < size:
                done += os.pwrite(self._handle, data[done:], self._at + done)
        except OSError as error:
            self.error = error
        finally:
            if done < size and self.error is None:  # Ctrl-C: Python may swallow it, if HDF5 was called to clean up
                self.error = OSError(errno.EINTR, "the write was interrupted")
        self._at += size
        self._end = max(self._end, self._at)
        return size

    def truncate(self, size: int) -> int:
        """Gives the file its length."""
        try:
            if self.error is None:
                os.ftruncate(self._handle, size)
        except OSError as error:
            self.error = error
        self._end = size
        return size

    def flush(self) -> None:
        """Nothing waits here."""

    def drop(self) -> None:
        """What is written from now on is not kept, because the file is not."""
        self.error = self.error or OSError(errno.ECANCELED, "the file is dropped")

    def close(self) -> None:
        """Closes the descriptor, and so lets the next writer in."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1

    def __repr__(self) -> str:
        return str(self._path)
