"""The files of a folder, in the order of their relative paths."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Callable, Generator, Iterator

from h5schema.errors import UsageError


def walk(folder: str, enters: Callable[[str], bool] = lambda inner: True) -> Iterator[list[str]]:
    """Relative paths with slashes, sorted, some at a time; what is hidden is left out.

    A link to a folder is followed, but not into a folder that it lies in.

    Args:
        folder: Where to begin.
        enters: Whether a folder below is looked into.

    Raises:
        UsageError: A folder cannot be listed.
    """
    waiting = [(os.path.realpath(folder), _listed(folder, ""))]
    while waiting:
        above, runs = waiting[-1]
        for run in runs:
            if isinstance(run, list):
                yield run
                continue
            if not enters(run[:-1]):
                continue
            inner = os.path.join(folder, run[:-1])
            real = os.path.realpath(inner) if os.path.islink(inner) else os.path.join(above, os.path.basename(inner))
            if not any(_holds(real, other) for other, _ in waiting):
                waiting.append((real, _listed(inner, run)))
                break
        else:
            waiting.pop()


def _holds(folder: str, other: str) -> bool:
    return other == folder or other.startswith(folder.rstrip("/") + "/")


def names_in(folder: str) -> list[str]:
    """What lies in a folder and is not hidden, sorted; a folder ends in `/`, so that paths sort as their parts do."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name + "/" if entry.is_dir() else entry.name for entry in entries]
    except OSError as error:
        raise UsageError(
            f"the folder cannot be listed: {error.strerror}", where=folder, do="look at its permissions"
        ) from None
    names.sort()
    del names[bisect_left(names, ".") : bisect_left(names, "/")]  # `/` comes after `.`
    return names


def _listed(folder: str, base: str) -> Generator[list[str] | str]:
    """The files of one folder in runs, and between them its folders."""
    names = names_in(folder)
    if "/" not in "".join(names):  # files alone, as in most folders
        yield [base + name for name in names]
        return
    run: list[str] = []
    for name in names:
        if name[-1] != "/":
            run.append(base + name)
            continue
        if run:
            yield run
            run = []
        yield base + name
    if run:
        yield run
