"""Lists of sources: `@list.txt`, one path or URL a line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from h5schema.errors import UsageError

from .listing import Listing, in_runs, split
from .remote import is_url, remote
from .roots import Folder, Root


def listed(path: str, depth: int | None) -> Iterator[Listing]:
    """What a list names, in its order.

    A path is relative to the folder of the list. Of an absolute one, and of a URL, as many parts at its end
    count as the pattern has; all of them if it may have any number.

    Raises:
        UsageError: The list cannot be read, or names what is no file.
    """
    return in_runs(_places(path, depth))


def _places(path: str, depth: int | None) -> Iterator[tuple[Root, str]]:
    folder = os.path.dirname(path)
    count = 0
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as lines:
            for number, line in enumerate(lines, 1):
                if text := line.rstrip("\r\n"):
                    count += 1
                    yield _place(text, folder, depth, f"{path}, line {number}")
    except OSError as error:
        raise UsageError(f"the list cannot be read: {error.strerror}", where=path, do="look at its path") from None
    if not count:
        raise UsageError("the list is empty", where=path, do="write one path a line")


def _place(text: str, folder: str, depth: int | None, where: str) -> tuple[Root, str]:
    if is_url(text):
        return remote(text, depth)
    if not os.path.isfile(full := os.path.join(folder, text)):
        known = "it is a folder; a list names files" if os.path.isdir(full) else f"there is no file {text}"
        do = "name the files in it, or give the folder itself" if os.path.isdir(full) else _lies_in(text, folder)
        raise UsageError(known, where=where, do=do)
    if os.path.isabs(text):
        return split(text, depth)
    return Folder(folder or "."), Path(text).as_posix()


def _lies_in(text: str, folder: str) -> str:
    if os.path.isabs(text):
        return "mend the line, or take it out"
    return f"a path is relative to the folder of the list, {os.path.abspath(folder)}; mend the line, or take it out"
