"""What the paths of sources are relative to: a folder of this machine, or the beginning of a URL."""

from __future__ import annotations

import os
import stat
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import NamedTuple, Protocol

_NO_FILES = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


class Root(Protocol):
    """Where files lie; it pickles as text."""

    def path(self, relative: str) -> Path:
        """Of a file; of one elsewhere it is only a name to show."""
        ...

    def local(self, relative: str) -> AbstractContextManager[Path]:
        """The file as one of this machine, as long as the context lasts.

        Raises:
            DataError: It is elsewhere, and cannot be fetched.
        """
        ...

    def exists(self, relative: str) -> bool:
        """Whether there is such a file."""
        ...

    def kind(self, relative: str) -> str:
        """What stands there that is no file to read, such as "a pipe"; "" for a file, a folder or nothing."""
        ...

    def stat(self, relative: str) -> tuple[int, int]:
        """Its bytes, and a number that changes when it does; -1 where nobody knows."""
        ...


class Folder(NamedTuple):
    """A folder of this machine."""

    folder: str

    def path(self, relative: str) -> Path:
        """Of a file in it, or of one that is given by an absolute path."""
        return Path(self.folder, relative)

    def local(self, relative: str) -> AbstractContextManager[Path]:
        """The path of the file itself."""
        return nullcontext(self.path(relative))

    def kind(self, relative: str) -> str:
        """What stands there that is no file to read, such as "a pipe"; "" for a file, a folder or nothing."""
        return unreadable(os.path.join(self.folder, relative))

    def exists(self, relative: str) -> bool:
        """Whether the file is there.

        Raises:
            OSError: Nobody may look.
        """
        return self.path(relative).exists()

    def stat(self, relative: str) -> tuple[int, int]:
        """Its bytes, and when it was changed, in nanoseconds."""
        try:
            status = os.stat(os.path.join(self.folder, relative))
        except OSError:  # whoever reads it will say
            return -1, -1
        return status.st_size, status.st_mtime_ns


def unreadable(path: str | Path) -> str:
    """What stands there that is no file to read, such as "a pipe"; "" for a file, a folder or nothing."""
    try:
        return _NO_FILES.get(stat.S_IFMT(os.stat(path).st_mode), "")
    except OSError as error:  # not there, or nobody may look: whoever opens it will say
        return "a link to nothing" if os.path.islink(path) and not isinstance(error, PermissionError) else ""
