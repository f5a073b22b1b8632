"""Arrays that numpy saved: `.npy` and `.npz`. Nothing is unpickled."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from h5schema.errors import DataError

Arrays = NDArray[np.generic] | Mapping[str, NDArray[np.generic]]


def load(path: Path, *, item: str | None = None) -> Arrays:
    """Reads the array of a `.npy` file, or those of a `.npz` file.

    Args:
        path: Of the file.
        item: Which array of a `.npz` file, or which field of records; None: all, each for the feature of its name.

    Returns:
        The array; of several, or of records, a mapping of them by name.

    Raises:
        DataError: The file is none of numpy's, is damaged, lacks the item, or holds Python objects.
    """
    try:
        with path.open("rb") as file:  # np.load leaves a damaged archive open
            return _of_file(file, item, path)
    except OSError as error:
        raise DataError(
            f"the file cannot be read: {error.strerror or error}",
            where=str(path),
            do="look at the path and its permissions",
        ) from None
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        if str(error).startswith("Object arrays"):
            raise DataError(
                "the array holds Python objects, which could run code when they are loaded",
                where=str(path),
                do="save it with another dtype",
            ) from None
        raise DataError(
            "this is no file of numpy's, or it is damaged",
            where=str(path),
            do="look at the file, or leave it out of the pattern",
        ) from None


def _of_file(file: BinaryIO, item: str | None, path: Path) -> Arrays:
    loaded = np.load(file, allow_pickle=False)
    if not isinstance(loaded, NpzFile):
        return _of_records(loaded, item, path)
    with cast("NpzFile[np.generic]", loaded) as archive:
        if item is None:
            return {name: archive[name] for name in archive.files}
        _expect(item, archive.files, path)
        return archive[item]


def _of_records(array: NDArray[np.generic], item: str | None, path: Path) -> Arrays:
    """An array as it is; of records the fields."""
    names = array.dtype.names
    if names is None:
        _expect(item, (), path)
        return array
    records = cast("NDArray[np.void]", array)
    if item is None:
        return {name: records[name] for name in names}
    _expect(item, names, path)
    return records[item]


def _expect(item: str | None, names: tuple[str, ...] | list[str], path: Path) -> None:
    if item is not None and item not in names:
        raise DataError(
            f"there is no array {item!r} in the file",
            where=str(path),
            do=f"it holds {', '.join(names)}" if names else "it holds one array: leave out `item`",
        )
