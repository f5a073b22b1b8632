"""Files below one root."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from ..pieces import pieces
from .roots import Folder, Root


class Listing(NamedTuple):
    """Files below one root: relative paths with slashes, some at a time.

    Attributes:
        distinct: Whether no path is there twice for sure.
    """

    root: Root
    names: Iterable[Sequence[str]]
    distinct: bool = False


def split(path: str, depth: int | None) -> tuple[Folder, str]:
    """A file as if the folder so many parts above it had been given; None: the highest."""
    text = Path(path).as_posix()
    if depth == 1 and "/" not in text:
        return Folder("."), text
    if depth is None or text.count("/") < depth:
        text = Path(os.path.abspath(text)).as_posix()
    above, *parts = text.rsplit("/", -1 if depth is None else depth)
    return Folder(above or "/"), "/".join(parts)


def in_runs(places: Iterable[tuple[Root, str]]) -> Iterator[Listing]:
    """Files in their order: those that follow each other below one root together."""
    for root, run in groupby(places, key=itemgetter(0)):
        yield Listing(root, pieces(name for _, name in run))
