"""Files below one root."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

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
    parts = Path(path).parts
    if depth is None or len(parts) < depth:
        parts = Path(os.path.abspath(path)).parts
    depth = min(depth or len(parts), len(parts) - 1) or 1
    return Folder(str(Path(*parts[:-depth]))), "/".join(parts[-depth:])
