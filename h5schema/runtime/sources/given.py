"""What was given to extract from: folders and single files, each listed relative to its root."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from h5schema.errors import UsageError
from h5schema.vocabulary.suggest import closest

from .roots import Folder, Root, unreadable
from .walk import walk


class Listing(NamedTuple):
    """Files below one root: relative paths with slashes, some at a time."""

    root: Root
    names: Iterable[Sequence[str]]


def listings(given: Sequence[str | Path], depth: int | None) -> Iterator[Listing]:
    """What was given, in the order in which it was.

    Args:
        given: Folders, or single files.
        depth: Parts that a path of the pattern has; None: any number.

    Raises:
        UsageError: Something of it is not there.
    """
    for one in given:
        yield _listing(str(one), depth)


def _listing(given: str, depth: int | None) -> Listing:
    if os.path.isfile(given):
        return single(given, 1 if depth is None else depth)
    if kind := unreadable(Path(given)):
        raise UsageError(f"it is {kind}, neither a folder nor a regular file", where=given, do="give one of these")
    if not os.path.isdir(given):
        raise no_folder(Path(given))
    return Listing(Folder(given), walk(given))


def single(path: str, depth: int) -> Listing:
    """One file, as if the folder so many parts above it had been given."""
    parts = Path(path).parts
    if len(parts) < depth:
        parts = Path(os.path.abspath(path)).parts
    depth = min(depth, len(parts) - 1) or 1
    return Listing(Folder(str(Path(*parts[:-depth]))), [["/".join(parts[-depth:])]])


def no_folder(folder: Path) -> UsageError:
    """That a folder is not there, and which one may be meant."""
    siblings = [one.name for one in folder.parent.iterdir()] if folder.parent.is_dir() else []
    near = closest(folder.name, siblings)
    return UsageError(
        "there is no such folder", where=str(folder), do=f"did you mean {near}?" if near else "look at the path"
    )
