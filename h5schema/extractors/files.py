"""Files as they are."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError


def load(path: Path) -> NDArray[np.uint8]:
    """Reads the bytes of a file.

    Args:
        path: Of the file.

    Returns:
        uint8 [bytes].

    Raises:
        DataError: It cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            return np.frombuffer(_all(descriptor), np.uint8)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise DataError(
            f"the file cannot be read: {error.strerror}", where=str(path), do="look at the path and its permissions"
        ) from None


def _all(descriptor: int) -> bytes:
    """To the end, in one call for all but very large files."""
    size = os.fstat(descriptor).st_size
    data = os.read(descriptor, size)
    while len(data) < size and (more := os.read(descriptor, size - len(data))):  # one call ends before 2 GiB
        data += more
    return data
