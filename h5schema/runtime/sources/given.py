"""What was given to extract from: folders, single files, globs, lists and URLs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from h5schema.errors import UsageError
from h5schema.vocabulary.suggest import closest

from . import remote
from .globs import WILD, Glob
from .listing import Listing, in_runs, split
from .lists import listed
from .roots import Folder, unreadable
from .walk import walk


def listings(given: Sequence[str | Path], depth: int | None) -> Iterator[Listing]:
    """What was given, in the order in which it was.

    Args:
        given: Folders, single files, globs, lists (`@list.txt`) or URLs. What is there under its own name is
            that, whatever its name looks like.
        depth: Parts that a path of the pattern has; None: any number.

    Raises:
        UsageError: Something of it is not there.
        MissingExtraError: A URL needs a library that is not installed.
    """
    for one in given:
        yield from _listings(str(one), depth)


def _listings(given: str, depth: int | None) -> Iterable[Listing]:
    if os.path.isfile(given):
        root, name = split(given, 1 if depth is None else depth)
        return [Listing(root, [[name]])]
    if os.path.isdir(given):
        return [Listing(Folder(given), walk(given), distinct=True)]
    if remote.is_url(given):
        return [remote.listing(given, depth)]
    if kind := unreadable(Path(given)):
        raise UsageError(f"it is {kind}, neither a folder nor a regular file", where=given, do="give one of these")
    if given.startswith("@"):
        return listed(given[1:], depth)
    if WILD.search(given):
        return _taken(Glob.parse(given), depth)
    raise not_there(Path(given))


def _taken(glob: Glob, depth: int | None) -> Iterable[Listing]:
    """What a glob takes; a file that lies less deep than the pattern asks has more folders, as a single file has."""
    folder = Folder(glob.folder)
    if depth is None or depth <= glob.depth:
        return [Listing(folder, glob.files(), distinct=True)]
    names = (name for some in glob.files() for name in some)
    return in_runs(
        split(os.path.join(glob.folder, name), depth) if name.count("/") < depth - 1 else (folder, name)
        for name in names
    )


def not_there(folder: Path) -> UsageError:
    """That a folder is not there, and which one may be meant."""
    siblings = [one.name for one in folder.parent.iterdir()] if folder.parent.is_dir() else []
    near = closest(folder.name, siblings)
    return UsageError(
        "there is no such folder", where=str(folder), do=f"did you mean {near}?" if near else "look at the path"
    )
