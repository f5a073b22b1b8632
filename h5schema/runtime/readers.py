"""The reader of one file, or of several as one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, cast, get_args

from h5schema.errors import UsageError

from .arguments import one_of
from .reader import Reader
from .spans import Access

if TYPE_CHECKING:
    from .any_reader import AnyReader, Paths
    from .file import File


def reader_of(file: type[File], paths: Paths, *, access: Access = "map") -> AnyReader:
    """The reader of one file, or of several as one.

    Raises:
        UsageError: No file is named, one twice, or something that is no path.
    """
    one_of("access", access, get_args(Access), file.__name__)
    if isinstance(paths, str | os.PathLike):
        return reader_of_one(file, Path(paths), access)
    from .shards import Shards  # few need it

    several = _several(paths, file.__name__)
    return reader_of_one(file, several[0], access) if len(several) == 1 else Shards(file, several, access=access)


def reader_of_one(file: type[File], path: Path, access: Access = "map") -> Reader:
    """The reader of one file, ours or of others."""
    from .bound import BoundFile  # it derives from what this module makes readers for

    if not issubclass(file, BoundFile):
        return Reader(file, path, access=access)
    from .bound.reader import BoundReader  # few need it

    return BoundReader(file, path, access=access)


def _several(paths: object, where: str) -> tuple[Path, ...]:
    if isinstance(paths, bytes) or not isinstance(paths, Iterable):
        raise UsageError(f"{paths!r} is no path", where=where, do="give the path of a file, or a list of paths")
    found: dict[Path, None] = {}
    for one in cast("Iterable[object]", paths):
        if not isinstance(one, str | os.PathLike):
            raise UsageError(f"{one!r} is no path", where=where, do="give a list of paths")
        path = Path(cast("str | os.PathLike[str]", one))
        if path in found:
            raise UsageError("the file is named twice", where=str(path), do="name it once: entries would come twice")
        found[path] = None
    if not found:
        raise UsageError("no file is named", where=where, do="look at the folder, or at the pattern of the list")
    return tuple(found)
