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
from h5schema.vocabulary.sources import source_kind

from ..amounts import counted
from .bases import Bases
from .gathered import Need, gathered
from .given import listings
from .listing import Listing
from .source import OfPattern, Source, Sources
from .tables import tables
from .texts import TextsMade
from .yielded import yielded


class Found(NamedTuple):
    """The sources of one dim.

    Attributes:
        sources: In order of their paths.
        unmatched: Files that the pattern does not match, relative to their folder.
    """

    sources: Sources
    unmatched: Sequence[str]


def find(
    folders: Sequence[str | Path],
    dim: str,
    source: str,
    template: str | None,
    *,
    needs: Sequence[Need] = (),
    functions: Path | None = None,
) -> Found:
    """Lists what is extracted; hidden files and folders are left out.

    Args:
        folders: Folders to walk, single files, globs, lists or URLs.
        dim: Address of the dim, for errors.
        source: Pattern of the sources, relative to each folder; or a table in it; or a function.
        template: Of the ids; None: the relative path.
        needs: What is made of them: a table, or a function, is asked whether it has that.
        functions: Folder in which the module of a function is looked for first.

    Raises:
        UsageError: A folder is not there, or nothing matches.
        DataError: Two sources have one id.
        UserCodeError: The function fails.
        MissingExtraError: A URL or a table needs a library that is not installed.
    """
    named = None if template is None else Pattern.parse(template)
    if source_kind(source) == "pattern":
        found, distinct = _matched(listings(folders, Pattern.parse(source).depth), Pattern.parse(source), named)
    else:
        blocks = tables(folders, source) if source_kind(source) == "table" else yielded(folders, source, functions)
        own = () if named is None else (Need(f"the id of {dim}", tuple(named.captures)),)
        found, distinct = Found(gathered(blocks, named, (*own, *needs)), ()), False
    if not found.sources:
        raise _nothing(found.unmatched, folders, dim, source)
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


def _nothing(unmatched: Sequence[str], folders: Sequence[str | Path], dim: str, source: str) -> UsageError:
    where = ", ".join(map(str, folders))
    if source_kind(source) != "pattern":
        return UsageError(f"{source} names no sources", where=where, do="look at it; it names one for each entry")
    what = "there are no files in it"
    if unmatched:
        what = f"none of the {len(unmatched)} files match {source!r}; the first is {unmatched[0]!r}"
        if len(unmatched) == 1:
            what = f"its one file, {unmatched[0]!r}, does not match {source!r}"
    do = _hint(unmatched, source) or f"look at the folder, or change the `source` of {dim} in the schema"
    return UsageError(what, where=where, do=do)


def _hint(unmatched: Sequence[str], pattern: str) -> str:
    wanted = Path(pattern).suffix
    endings = Counter(os.path.splitext(name)[1] for name in unmatched)
    common = endings.most_common(1)
    if common and wanted and "{" not in wanted and common[0][0] != wanted:
        return f"{counted(common[0][1], 'file ends', 'files end')} in {common[0][0]!r}; the pattern asks for {wanted!r}"
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
    suspects: list[int] = np.unique(np.concatenate([order[again], order[again + 1]])).tolist()
    first: dict[str, Source] = {}
    for at in suspects:
        source = sources[at]
        if source.id in first:
            raise _twice(source, first[source.id], dim)
        first[source.id] = source


def _twice(source: Source, other: Source, dim: str) -> DataError:
    if source == other:
        return DataError(
            f"{source.shown} is given twice, and so is its id {source.id!r}",
            where=dim,
            do="name it once; give folders that do not overlap",
        )
    return DataError(
        f"the id {source.id!r} is made by two sources: {other.shown} and {source.shown}",
        where=dim,
        do="give folders that do not overlap, or use more captures in `ids`",
    )
