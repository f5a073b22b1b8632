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

from .given import Listing, listings
from .roots import Root
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
        folders: Folders to walk, or single files.
        dim: Address of the dim, for errors.
        pattern: Of the sources, relative to each folder.
        template: Of the ids; None: the relative path.

    Raises:
        UsageError: A folder is not there, or nothing matches.
        DataError: Two sources have one id.
    """
    parsed = Pattern.parse(pattern)
    named = None if template is None else Pattern.parse(template)
    found = _matched(listings(folders, parsed.depth), parsed, named)
    if not found.sources:
        raise UsageError(
            _nothing(found.unmatched, pattern),
            where=", ".join(map(str, folders)),
            do=_hint(found.unmatched, pattern) or f"look at the folder, or change the `source` of {dim} in the schema",
        )
    if named is not None or len(folders) > 1:  # one walk meets no path twice
        expect_unique(found.sources, dim)
    return found


def _matched(listed: Iterable[Listing], pattern: Pattern, template: Pattern | None) -> Found:
    taken, left = TextsMade(), TextsMade()
    bases: list[tuple[int, Root]] = []
    whole = pattern.regex.fullmatch
    for root, names in listed:
        if not bases or bases[-1][1] != root:
            bases.append((len(taken), root))
        for some in names:
            matched = list(map(whole, some))
            if None not in matched:
                taken.add(some)
                continue
            left.add([name for name, match in zip(some, matched, strict=True) if match is None])
            taken.add([name for name, match in zip(some, matched, strict=True) if match is not None])
    return Found(Sources(taken.done(), bases, OfPattern(pattern), template), left.done())


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
