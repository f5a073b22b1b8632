"""Finding the sources of a dim."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from h5schema.errors import DataError, UsageError
from h5schema.vocabulary.patterns import Pattern

from .bases import Bases
from .given import listings
from .listing import Listing
from .source import OfPattern, Sources
from .texts import TextsMade


class Found(NamedTuple):
    """The sources of one dim.

    Attributes:
        sources: In order of their paths.
        unmatched: Files that the pattern does not match, relative to their folder.
    """

    sources: Sources
    unmatched: Sequence[str]


def find(folders: Sequence[str | Path], dim: str, pattern: str, template: str | None) -> Found:
    """Lists what is extracted; hidden files and folders are left out.

    Args:
        folders: Folders to walk, single files, globs, lists or URLs.
        dim: Address of the dim, for errors.
        pattern: Of the sources, relative to each folder.
        template: Of the ids; None: the relative path.

    Raises:
        UsageError: A folder is not there, or nothing matches.
        DataError: Two sources have one id.
    """
    parsed = Pattern.parse(pattern)
    named = None if template is None else Pattern.parse(template)
    found, distinct = _matched(listings(folders, parsed.depth), parsed, named)
    if not found.sources:
        raise UsageError(
            _nothing(found.unmatched, pattern),
            where=", ".join(map(str, folders)),
            do=_hint(found.unmatched, pattern) or f"look at the folder, or change the `source` of {dim} in the schema",
        )
    if not distinct:
        expect_unique(found.sources, dim)
    return found


def _matched(listed: Iterable[Listing], pattern: Pattern, template: Pattern | None) -> tuple[Found, bool]:
    """What the pattern matches, and whether its ids are distinct for sure."""
    taken, left, bases = TextsMade(), TextsMade(), Bases()
    whole = pattern.regex.fullmatch
    count, distinct = 0, template is None
    for one in listed:
        count, distinct = count + 1, distinct and one.distinct
        bases.add(len(taken), one.root)
        for some in one.names:
            if all(map(whole, some)):
                taken.add(some)
                continue
            left.add([name for name in some if not whole(name)])
            taken.add(list(filter(whole, some)))
    found = Found(Sources(taken.done(), bases, OfPattern(pattern), template), left.done())
    return found, distinct and count == 1


def _nothing(unmatched: Sequence[str], pattern: str) -> str:
    if not unmatched:
        return "there are no files in it"
    return f"none of the {len(unmatched)} files match {pattern!r}; the first is {unmatched[0]!r}"


def _hint(unmatched: Sequence[str], pattern: str) -> str:
    wanted = Path(pattern).suffix
    endings = Counter(os.path.splitext(name)[1] for name in unmatched)
    common = endings.most_common(1)
    if common and wanted and "{" not in wanted and common[0][0] != wanted:
        return f"{common[0][1]} files end in {common[0][0]!r}; the pattern asks for {wanted!r}"
    depths = Counter(name.count("/") for name in unmatched)
    if depths and (depth := depths.most_common(1)[0][0]) != pattern.count("/"):
        return f"the files lie {depth} folders deep; the pattern asks for {pattern.count('/')}"
    return ""


def expect_unique(sources: Sources, dim: str) -> None:
    """Refuses two sources of one id.

    Raises:
        DataError: There are two.
    """
    hashes = np.fromiter(map(hash, sources.ids()), np.int64, len(sources))
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    again = np.flatnonzero(ordered[1:] == ordered[:-1])
    first: dict[str, Path] = {}
    for at in np.unique(np.concatenate([order[again], order[again + 1]])).tolist():
        source = sources[at]
        if source.id in first:
            raise DataError(
                f"the id {source.id!r} is made by two sources: {first[source.id]} and {source.path}",
                where=dim,
                do="give folders that do not overlap, or use more captures in `ids`",
            )
        first[source.id] = source.path
