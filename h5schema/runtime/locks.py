"""Locks: who writes a file, and who reads it; some file systems have none."""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from h5schema.errors import FileError

SWITCH = "HDF5_USE_FILE_LOCKING"
"""HDF5's own environment variable: FALSE switches locks off."""
_OFF = ("FALSE", "0")
UNSUPPORTED = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, 524)
"""What the system says where a file system has no locks; 524 is ENOTSUPP, which the Linux kernel lets through."""

_WRITE_ALL = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
"""A lock of the whole file, as `fcntl(2)` takes it."""
_READ_ALL = struct.pack("hhqqi", fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0)
_NONE = struct.pack("hhqqi", fcntl.F_UNLCK, os.SEEK_SET, 0, 0, 0)


class NoLocksError(FileError):
    """Whether another one writes a file, nobody can tell."""


def claim(path: Path) -> int:
    """Makes sure that nobody else writes a file, which is made if it is not there.

    Returns:
        A descriptor that holds the claim until it is closed.
    """
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            _expect(_flock(handle, fcntl.LOCK_EX), path, "writing")
            if _is_at(handle, path):
                return handle
        except BaseException as error:
            if isinstance(error, NoLocksError) and not os.fstat(handle).st_size:
                path.unlink(missing_ok=True)  # it was made here
            os.close(handle)
            raise
        os.close(handle)


def claim_standing(path: Path) -> int:
    """Makes sure that nobody else changes a file that stands; others may read it.

    There are two locks, because those of `fcntl(2)` (F_OFD_SETLK) and `flock(2)` do not meet: the first keeps out who
    claims it as this does, the second, which readers share, keeps out HDF5 where it would write.

    Returns:
        A descriptor that holds the claim until it is closed.
    """
    handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        _expect(_locked(partial(fcntl.fcntl, handle, fcntl.F_OFD_SETLK, _WRITE_ALL)), path, "changing")
        _expect(_flock(handle, fcntl.LOCK_SH), path, "changing")
    except BaseException:
        os.close(handle)
        raise
    return handle


def expect_unwritten(path: Path) -> None:
    """Refuses to replace a file that somebody writes: he would go on, and what he wrote would be gone.

    Where there are no locks, nobody can tell.
    """
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        for had in (_locked(partial(fcntl.fcntl, handle, fcntl.F_OFD_SETLK, _READ_ALL)), _flock(handle, fcntl.LOCK_SH)):
            if had is False:
                raise _held(path, "writing")
    finally:
        os.close(handle)


def release(handle: int) -> None:
    """Closes a descriptor that holds a claim; a child that was forked meanwhile does not keep it."""
    for unlock in (partial(fcntl.flock, handle, fcntl.LOCK_UN), partial(fcntl.fcntl, handle, fcntl.F_OFD_SETLK, _NONE)):
        with suppress(OSError):  # there are no locks
            unlock()
    os.close(handle)


def share(handle: int) -> bool:
    """Keeps whoever would change a file for himself away from it; False: somebody has it for himself."""
    return _flock(handle, fcntl.LOCK_SH) is not False


@contextmanager
def alone(handle: int) -> Generator[bool]:
    """Whether nobody else reads a file that was claimed as it stands, as long as this lasts.

    Where locks are switched off, it is believed.
    """
    is_alone = _flock(handle, fcntl.LOCK_EX) is not False
    try:
        yield is_alone
    finally:
        _flock(handle, fcntl.LOCK_SH)  # a lock that could not be made larger is lost, too


def holder(path: Path) -> str:
    """Who has a file locked, as far as the system tells."""
    try:
        status = path.stat()
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return NOBODY
    name = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    for line in lines:
        fields = line.split()
        if "WRITE" in fields and name in fields:
            number = fields[fields.index("WRITE") + 1]
            return _OWN if number == str(os.getpid()) or _is_held_here(name) else _process(number)
    return NOBODY


def _is_held_here(name: str) -> bool:
    """Whether a descriptor of this process has the lock: of those of F_OFD_SETLK the system does not tell whose."""
    for told in Path("/proc/self/fdinfo").glob("*"):
        with suppress(OSError):  # it was closed meanwhile
            if any("WRITE" in line and name in line for line in told.read_text().splitlines()):
                return True
    return False


def _process(number: str) -> str:
    try:
        words = Path(f"/proc/{int(number)}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except (OSError, ValueError):
        return NOBODY
    command = " ".join(" ".join(words).split())
    return f"process {number} ({command[:_COMMAND]}{'…' * (len(command) > _COMMAND)})"


_OWN = "this process"
NOBODY = "another process"
"""The holder, if the system does not tell."""
_COMMAND = 60
"""Characters of a command that are shown."""


def _flock(handle: int, kind: int) -> bool | None:
    return _locked(partial(fcntl.flock, handle, kind | fcntl.LOCK_NB))


def _locked(lock: Callable[[], object]) -> bool | None:
    """Whether a lock was had; None: there are none."""
    if os.environ.get(SWITCH) in _OFF:
        return None
    try:
        lock()
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        if error.errno not in UNSUPPORTED:
            raise
        return None
    return True


def _expect(had: bool | None, path: Path, doing: str) -> None:
    """Refuses a file that another one has, or of which nobody can tell."""
    if had is False:
        raise _held(path, doing)
    if had is None and os.environ.get(SWITCH) not in _OFF:
        raise NoLocksError(
            "the file system has no locks, so nothing keeps another process from writing this file too",
            where=str(path),
            do=f"see to it that nobody does, and set {SWITCH}=FALSE in the environment; or write it on another disk",
        )


def _held(path: Path, doing: str) -> FileError:
    who = holder(path)
    if who == _OWN:
        return FileError(
            f"this very process is {doing} this file",
            where=str(path),
            do="close what has it open, or end its `with`, first",
        )
    return FileError(
        f"another process is {doing} this file", where=str(path), do=f"wait until {who} is finished, or stop it"
    )


def _is_at(handle: int, path: Path) -> bool:
    """Whether an open file still has this name: the one who had the claim before may have published it."""
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False
