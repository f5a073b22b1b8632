"""Files as the operating system sees them: when one is on the disk, when it appears."""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from h5schema.errors import FileError, TargetExistsError, UsageError

PARTIAL = ".partial"
"""How the name of a file that is not complete ends."""
JOURNAL = ".journal"
"""How the name of a journal ends, after that of the file."""


def expect_target(target: Path, *, overwrite: bool) -> None:
    """Refuses a target that cannot be made, or that exists and may not be replaced."""
    with explained(target):
        exists = target.exists()
    if not target.parent.is_dir():
        raise FileError("the folder is not there", where=str(target.parent), do="make it first")
    if target.is_dir():
        raise UsageError("the target is a folder", where=str(target), do="name a file in it")
    if target.exists() and not target.is_file():
        raise UsageError("the target is no file, but a device or a pipe", where=str(target), do="name a file")
    if exists and not overwrite:
        raise TargetExistsError(
            "the file exists already",
            where=str(target),
            do="say overwrite=True to replace it, or choose another name",
        )
    if target.exists() and target.stat().st_size and _head(target) != SIGNATURE:
        raise UsageError(
            "the target exists and is no HDF5 file, so it is not replaced", where=str(target), do="choose another name"
        )
    partial = partial_of(target)
    if partial.exists() and _head(partial).strip(b"\0") not in (b"", SIGNATURE):
        raise UsageError(
            "this is no HDF5 file, so it is not replaced; the target is written under this name until it is complete",
            where=str(partial),
            do="rename it, or choose another name for the target",
        )


SIGNATURE = b"\x89HDF\r\n\x1a\n"


def _head(path: Path) -> bytes:
    with explained(path), path.open("rb") as file:
        return file.read(len(SIGNATURE))


def partial_of(target: Path) -> Path:
    """The name under which a file is written until it is complete."""
    return target.with_name(target.name + PARTIAL)


def expect_not_read(target: Path, sources: Iterable[Path]) -> None:
    """Refuses to replace a file that is read, under whatever name: a link is the same file."""
    written = {_identity(path): path for path in (partial_of(target), target) if path.exists()}
    if not written:
        return
    for source in sources:
        try:
            own = written.get(_identity(source))
        except OSError:  # whoever reads it will say
            continue
        if own is not None:
            same = "" if own == source else f" (the same file as {own})"
            raise UsageError(
                f"the target would replace the source {source}{same}",
                where=str(target),
                do="choose another name for the target, best in another folder",
            )


def _identity(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_dev, status.st_ino


def has_two_names(partial: Path, target: Path) -> bool:
    """Whether a complete file has its final name and still its first one."""
    try:
        return os.path.samestat(partial.lstat(), target.lstat())
    except (FileNotFoundError, NotADirectoryError):
        return False


def appear(partial: Path, target: Path, *, overwrite: bool) -> None:
    """Gives a complete file its final name, in one step; it may then have both names.

    Without `overwrite` a hard link is made, because it fails where a rename would
    replace a file that came meanwhile.
    """
    if overwrite:
        partial.replace(target)
    else:
        try:
            target.hardlink_to(partial)
        except FileExistsError:
            raise TargetExistsError(
                "another program made the file meanwhile",
                where=str(target),
                do="look at it, and say --overwrite if yours is the one to keep",
            ) from None
        except OSError:  # a file system without hard links
            expect_target(target, overwrite=False)
            partial.rename(target)
    target.with_name(target.name + JOURNAL).unlink(missing_ok=True)  # of the file that was replaced


def sync(path: Path) -> None:
    """Forces a file, or the names in a folder, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


_SIGNALS = frozenset(signal.valid_signals())


@contextmanager
def uninterrupted() -> Generator[None]:
    """Python's signal handlers wait until the end: HDF5 does not survive an exception in the middle of a write."""
    if threading.current_thread() is not threading.main_thread():  # handlers run in the main thread only
        yield
        return
    known = ((number, signal.getsignal(number)) for number in _SIGNALS)
    handlers = {number: handler for number, handler in known if callable(handler)}
    came: list[tuple[int, FrameType | None]] = []

    def wait(number: int, frame: FrameType | None) -> None:
        came.append((number, frame))

    for number in handlers:
        signal.signal(number, wait)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for late, frame in came:
            handlers[signal.Signals(late)](late, frame)


_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def explained(target: Path) -> Generator[None]:
    """What the system or HDF5 says of a write that failed, in our words.

    Raises:
        FileError: In place of an `OSError`.
    """
    try:
        yield
    except OSError as error:
        raise explanation(error, target) from None


def explanation(error: OSError, target: Path) -> FileError:
    """What the system says of a write that failed, in our words."""
    said = str(error)
    if error.errno in _FULL or "No space left" in said or "Disk quota" in said:
        what, do = "the disk is full", "make room and run it again"
    elif error.errno == errno.EFBIG or "File too large" in said:
        what, do = "the file would be larger than is allowed", "raise the limit (ulimit -f) and run it again"
    elif error.errno is None and "read data" in said:  # HDF5 undoes filters, or finds a chunk that is none
        what, do = f"HDF5 cannot read what is there: {said}", "the file is damaged; copy it again from its origin"
    else:
        what, do = f"it cannot be written: {error.strerror or said}", "look at the folder and its permissions"
    return FileError(what, where=str(target), do=do)
