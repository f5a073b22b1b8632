"""Opening a file to read, with words for everything that is not a readable HDF5 file."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import NamedTuple

import h5py

from h5schema.errors import FileError
from h5schema.vocabulary.suggest import closest

from . import locks
from .carrier.state import State, state_of
from .damage import READ_ERRORS
from .system import JOURNAL, PARTIAL, partial_of

_ATTEMPTS = 3
_OTHERS = (
    (b"version https://git-lfs", "a git-LFS pointer", "fetch the real file with `git lfs pull`"),
    (b"CDF\x01", "a netCDF classic file", "convert it with `nccopy -k nc4`"),
    (b"CDF\x02", "a netCDF classic file", "convert it with `nccopy -k nc4`"),
    (b"PK\x03\x04", "a zip archive", "unpack it first"),
    (b"\x1f\x8b", "a gzip file", "unpack it first"),
    (b"<!DOCTYPE", "an HTML page", "the download went wrong; fetch the file again"),
    (b"<html", "an HTML page", "the download went wrong; fetch the file again"),
)


class Opened(NamedTuple):
    """A file that is open.

    Attributes:
        file: That h5py reads.
        state: Of the file; None: it is made of others.
        journal: Bytes of its journal that count; 0: it has none.
    """

    file: h5py.File
    state: State | None
    journal: int


def open_to_read(path: Path) -> h5py.File:
    """The file at `path`, open for reading; never creates or changes it.

    Raises:
        FileError: It is missing, no HDF5 file, cut short or unreadable.
    """
    return opened(path).file


def opened(path: Path, journal: int | None = None) -> Opened:
    """The file at `path`, as `open_to_read` opens it.

    Args:
        path: Of the file.
        journal: Bytes of its journal that count, if they are known; None: all.

    Raises:
        FileError: It is missing, no HDF5 file, cut short or unreadable.
    """
    where = str(path)
    try:
        found = _open(path, journal)
    except READ_ERRORS as error:
        what, do = _what_it_is(path, error)
        raise FileError(what, where=where, do=do) from None
    if path.suffix == PARTIAL:
        found.file.close()
        what, do = _unfinished(path)
        raise FileError(what, where=where, do=do)
    return found


def _open(path: Path, journal: int | None) -> Opened:
    """The file, with the commits of a writer that goes on."""
    for _ in range(_ATTEMPTS):
        try:
            return _snapshot(path, journal) or _plain(path)
        except BlockingIOError:  # a writer may bring its journal into the file, and began after this looked for one
            time.sleep(0.01)
    return _snapshot(path, journal) or _plain(path)


def _plain(path: Path) -> Opened:
    file = open_hdf5(path)
    return Opened(file, state_of(os.fstat(file.id.get_vfd_handle())), 0)


def open_hdf5(path: Path, driver: str | None = None) -> h5py.File:
    """An HDF5 file as it stands, open for reading; no lock need be granted."""
    try:
        return h5py.File(str(path), "r", driver=driver, locking="best-effort")
    except OSError as error:
        if error.errno not in locks.UNSUPPORTED:  # HDF5 itself goes on after ENOSYS only
            raise
    return h5py.File(str(path), "r", driver=driver, locking=False)


def _snapshot(path: Path, journal: int | None) -> Opened | None:
    """The file as a writer that goes on has committed it; None: nobody does, or did as far as this is to know."""
    if journal == 0 or path.suffix == PARTIAL or not path.with_name(path.name + JOURNAL).exists():
        return None
    from .writing.snapshot import open_snapshot  # rarely

    return open_snapshot(path, journal)


def _unfinished(path: Path) -> tuple[str, str]:
    what = "this is the unfinished file of a run that was killed"
    return what, f"run it again, which replaces this file and makes {path.stem}; or delete it"


def _where_it_may_be(path: Path) -> str:
    if (partial := partial_of(path)).exists():
        if (who := locks.holder(partial)) != locks.NOBODY:
            return f"wait until {who} is finished, which writes it as {partial.name}"
        return f"{partial.name} beside it is unfinished: its run goes on, or was killed and is to be run again"
    siblings = [other.name for other in path.parent.glob("*.h5")] if path.parent.is_dir() else []
    near = closest(path.name, siblings)
    return f"did you mean {near}?" if near else "look at the path"


def _what_it_is(path: Path, error: Exception) -> tuple[str, str]:
    if path.is_dir():
        return "this is a folder, not an HDF5 file", "name the file in it"
    if not path.exists():
        return "there is no such file", _where_it_may_be(path)
    if isinstance(error, PermissionError):
        return "it may not be read", "look at its permissions"
    if isinstance(error, BlockingIOError):
        name = f": it will be {path.stem}" if path.suffix == PARTIAL else ""
        return f"{locks.holder(path)} is writing it", f"wait until it is finished{name}"
    if "unable to lock file" in str(error):
        return "the file system has no locks", f"the environment asks for them: set {locks.SWITCH}=FALSE in it"
    if "already open for write" in str(error):
        what = "another program is writing it in HDF5's SWMR mode, or was killed while it did"
        return what, f"wait until it has closed it; or, if it was killed, run `h5clear -s {path.name}`"
    if path.suffix == PARTIAL:
        return _unfinished(path)
    with path.open("rb") as file:
        head = file.read(64)
    if not head:
        return "the file is empty", "the program that made it did not finish; make it again"
    for magic, what, do in _OTHERS:
        if head.startswith(magic):
            return f"this is {what}, not an HDF5 file", do
    if not h5py.is_hdf5(str(path)):
        return "this is not an HDF5 file", "look at the path; files of h5schema begin with \\x89HDF"
    return f"HDF5 cannot open it: {error}", "it is damaged or cut short; copy or make it again"
