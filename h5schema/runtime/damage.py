"""What h5py raises where a file is damaged, in our words."""

from __future__ import annotations

import errno
from collections.abc import Generator
from contextlib import contextmanager

from h5schema.errors import FileError, H5SchemaError

READ_ERRORS = (IndexError, KeyError, OSError, RuntimeError, TypeError, ValueError)
"""What h5py raises when HDF5 cannot make sense of a file; `UnicodeDecodeError` is a `ValueError`."""

DO = "the file is damaged, or was changed by another program; copy it again from its origin, or extract it again"

_TOO_MANY = (errno.EMFILE, errno.ENFILE)


def damaged(where: str, error: Exception) -> FileError:
    """What was found at `where` cannot be understood; or the process has no descriptor left to look at it."""
    if isinstance(error, OSError) and error.errno in _TOO_MANY:
        do = "raise the limit (`ulimit -n`), or give fewer files at a time; the file itself is not at fault"
        return FileError("too many files are open", where=where, do=do)
    return FileError(f"HDF5 cannot read it ({type(error).__name__}: {error})", where=where, do=DO)


@contextmanager
def readable(where: str) -> Generator[None]:
    """What is read in here can be read, or this raises a `FileError`.

    Args:
        where: File and HDF5 path.
    """
    try:
        yield
    except H5SchemaError:
        raise
    except READ_ERRORS as error:
        raise damaged(where, error) from error
