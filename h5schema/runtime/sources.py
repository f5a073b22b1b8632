"""Sources: the files of a folder that match a pattern, in an order that never changes."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from h5schema.errors import DataError, UsageError
from h5schema.vocabulary.patterns import Pattern
from h5schema.vocabulary.suggest import closest

_NO_FILES = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}


@dataclass(frozen=True, slots=True)
class Source:
    """One thing to extract from.

    Attributes:
        id: Of the entry it becomes.
        path: Of the file.
        root: The folder that was given; patterns are relative to it.
        captures: What the pattern captured from the path.
        texts: The same as it stands in the path: `{n:int}` captures 7 from `007`.
    """

    id: str
    path: Path
    root: Path
    captures: Mapping[str, str | int]
    texts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Found:
    """The sources of one dim.

    Attributes:
        sources: In order of their paths.
        unmatched: Files that the pattern does not match, relative to their folder.
    """

    sources: tuple[Source, ...]
    unmatched: tuple[str, ...]


def find(folders: Sequence[Path], dim: str, pattern: str, template: str | None) -> Found:
    """Walks folders; hidden files and folders are left out.

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
    sources: list[Source] = []
    unmatched: list[str] = []
    for folder in folders:
        for root, relative in _walk(folder):
            captures, texts = parsed.match(relative), parsed.texts(relative)
            if captures is None or texts is None:
                unmatched.append(relative)
                continue
            text = relative if named is None else named.fill(texts)
            sources.append(Source(text, root / relative, root, captures, texts))
    if not sources:
        raise UsageError(
            _nothing(unmatched, pattern),
            where=", ".join(map(str, folders)),
            do=_hint(unmatched, pattern) or f"look at the folder, or change the `source` of {dim} in the schema",
        )
    _expect_unique(sources, dim)
    return Found(tuple(sources), tuple(unmatched))


def unreadable(path: Path) -> str:
    """What stands there that is no file to read, such as "a pipe"; "" for a file, a folder or nothing."""
    try:
        return _NO_FILES.get(stat.S_IFMT(path.stat().st_mode), "")
    except OSError as error:  # not there, or nobody may look: whoever opens it will say
        return "a link to nothing" if os.path.islink(path) and not isinstance(error, PermissionError) else ""


def _walk(folder: Path) -> Iterator[tuple[Path, str]]:
    """(root, path relative to it with slashes), sorted by path."""
    if folder.is_file():
        yield folder.parent, folder.name
        return
    if kind := unreadable(folder):
        raise UsageError(
            f"it is {kind}, neither a folder nor a regular file", where=str(folder), do="give one of these"
        )
    if not folder.is_dir():
        siblings = [one.name for one in folder.parent.iterdir()] if folder.parent.is_dir() else []
        near = closest(folder.name, siblings)
        raise UsageError(
            "there is no such folder", where=str(folder), do=f"did you mean {near}?" if near else "look at the path"
        )
    found: list[str] = []
    for where, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        base = Path(where).relative_to(folder)
        found += [(base / name).as_posix() for name in files if not name.startswith(".")]
    for relative in sorted(found):
        yield folder, relative


def _nothing(unmatched: Sequence[str], pattern: str) -> str:
    if not unmatched:
        return "there are no files in it"
    return f"none of the {len(unmatched)} files match {pattern!r}; the first is {unmatched[0]!r}"


def _hint(unmatched: Sequence[str], pattern: str) -> str:
    wanted = Path(pattern).suffix
    endings = Counter(Path(name).suffix for name in unmatched)
    common = endings.most_common(1)
    if common and wanted and "{" not in wanted and common[0][0] != wanted:
        return f"{common[0][1]} files end in {common[0][0]!r}; the pattern asks for {wanted!r}"
    depths = Counter(name.count("/") for name in unmatched)
    if depths and (depth := depths.most_common(1)[0][0]) != pattern.count("/"):
        return f"the files lie {depth} folders deep; the pattern asks for {pattern.count('/')}"
    return ""


def _expect_unique(sources: Sequence[Source], dim: str) -> None:
    first: dict[str, Path] = {}
    for source in sources:
        if source.id in first:
            raise DataError(
                f"the id {source.id!r} is made by two sources: {first[source.id]} and {source.path}",
                where=dim,
                do="give folders that do not overlap, or use more captures in `ids`",
            )
        first[source.id] = source.path
