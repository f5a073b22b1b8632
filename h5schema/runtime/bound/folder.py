"""Files of a folder as one: a file in which each of them is a group."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import h5py

from h5schema.errors import FileError
from h5schema.vocabulary.patterns import Pattern

from ..axes import IdAxis
from ..model import Model
from ..opening import open_hdf5
from ..temporary import scratch
from .spread import natural


def source_of(model: Model) -> tuple[str, str] | None:
    """The dim whose entries are files, and the pattern of these; None: there is none."""
    for dim, axle in model.axes.items():
        axis = axle.axis
        if isinstance(axis, IdAxis) and (source := cast("IdAxis[object]", axis).source) is not None:
            return dim, source
    return None


def files_of(folder: Path, source: str) -> list[str]:
    """Paths of the files of a folder that a pattern matches, relative to it, in natural order."""
    pattern = Pattern.parse(source)
    return sorted((path for path in _walk(folder) if pattern.match(path) is not None), key=natural)


def _walk(folder: Path) -> Iterator[str]:
    for inside, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            yield Path(inside, name).relative_to(folder).as_posix()


def joined(folder: Path, source: str) -> h5py.File:
    """A file that leads to the files of a folder, each at its relative path; its name is gone at once.

    HDF5 opens those files as it opened this one: to read, and not in memory.

    Raises:
        FileError: There is no such folder, or no file in it that the pattern matches.
    """
    if not folder.is_dir():
        raise FileError("there is no such folder", where=str(folder), do="name the folder in which the files are")
    names = files_of(folder, source)
    if not names:
        raise FileError(f"no file matches {source}", where=str(folder), do="look at the folder, or at the pattern")
    with scratch() as aside:
        path = aside / "joined.h5"
        with h5py.File(path, "w") as made:
            for name in names:
                made[name] = h5py.ExternalLink(str(folder / name), "/")
        return open_hdf5(path, "stdio")  # of which no descriptor is asked for: it is not the file that is read
