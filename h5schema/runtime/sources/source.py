"""One source, and many of them in little memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple, Protocol, TypeAlias

from h5schema.vocabulary.patterns import Pattern
from h5schema.vocabulary.sources import CapturedKind

from ..pieces import PIECE, Pieces
from .bases import Bases
from .roots import Root
from .texts import Texts

Captured: TypeAlias = str | int | float | bool | None
"""One capture: a text or a number of a path, or what a table says; None: nothing."""


class Captures(Protocol):
    """What is known of a source besides its file."""

    def match(self, path: str, /) -> Mapping[str, Captured]:
        """The captures of a source whose relative path this is."""
        ...

    def texts(self, path: str, /) -> Mapping[str, str]:
        """The same as they are written: `{n:int}` captures 7 from `007`."""
        ...

    def value(self, path: str, name: str, kind: CapturedKind, /) -> Captured:
        """One capture, as a feature wants it."""
        ...

    def shown(self, path: Path, /) -> str:
        """Where the source is named whose file this is."""
        ...

    @property
    def mark(self) -> int:
        """Another number for other captures, if it is not the path that tells them."""
        ...


class Source(NamedTuple):
    """One thing to extract from. Captures are cut from the path when they are asked for.

    Attributes:
        id: Of the entry it becomes.
        relative: Of its file, from where it was given.
        base: Where that is.
        told: What its captures are.
    """

    id: str
    relative: str
    base: Root
    told: Captures

    @property
    def path(self) -> Path:
        """Of its file; of a file elsewhere only a name to show."""
        return self.base.path(self.relative)

    @property
    def shown(self) -> str:
        """Where it is named: its path, or the row of a table."""
        return self.told.shown(self.path)

    @property
    def root(self) -> Path:
        """What patterns of further files are relative to."""
        return self.base.path("")

    @property
    def captures(self) -> Mapping[str, Captured]:
        """What the pattern captured from the path, or what the table says."""
        return self.told.match(self.relative)

    @property
    def texts(self) -> Mapping[str, str]:
        """The same as it is written: `{n:int}` captures 7 from `007`."""
        return self.told.texts(self.relative)

    def capture(self, name: str, kind: CapturedKind = "") -> Captured:
        """One of them, as a feature wants it; None if there is nothing in it.

        Raises:
            DataError: What a table says is not of that kind.
        """
        return self.told.value(self.relative, name, kind)

    def local(self) -> AbstractContextManager[Path]:
        """Its file as one of this machine: itself, or a copy that is removed afterwards.

        Raises:
            DataError: The file is elsewhere, and cannot be fetched.
        """
        return self.base.local(self.relative)

    def stat(self) -> tuple[int, int]:
        """Bytes of its file, and a number that changes when the source does; -1 where nobody knows."""
        size, changed = self.base.stat(self.relative)
        return size, changed ^ self.told.mark

    def beside(self, relative: str) -> Source:
        """Another file of the same entry."""
        return self._replace(relative=relative)

    @property
    def kind(self) -> str:
        """What stands there that is no file to read, such as "a pipe"; "" for a file, a folder or nothing."""
        return self.base.kind(self.relative)

    def exists(self) -> bool:
        """Whether its file is there."""
        return self.base.exists(self.relative)


class Told(Protocol):
    """The captures of many sources, in their order."""

    def part(self, first: int, last: int) -> Sequence[Captures]:
        """Those of the sources from `first` to before `last`."""
        ...


class OfPattern(NamedTuple):
    """The captures of sources that one pattern matches: cut from the path."""

    pattern: Pattern
    mark: int = 0

    def match(self, path: str, /) -> Mapping[str, Captured]:
        """What the pattern captures."""
        return self.pattern.match(path) or {}

    def texts(self, path: str, /) -> Mapping[str, str]:
        """The same as it is written."""
        return self.pattern.texts(path) or {}

    def value(self, path: str, name: str, kind: CapturedKind, /) -> Captured:
        """What one brace captures: a text, or a number if the pattern says so."""
        return self.match(path)[name]

    def shown(self, path: Path, /) -> str:
        """The path itself."""
        return str(path)

    def part(self, first: int, last: int) -> Sequence[Captures]:
        """The pattern, for each."""
        return [self] * (last - first)


class Sources(Pieces[Source]):
    """The sources of a dim, in order; each is made when it is asked for.

    Args:
        relative: Path of each, from where it was given.
        bases: Where that is.
        told: What their captures are.
        ids: Id of each, or a template of captures; None: the relative path.
    """

    def __init__(self, relative: Texts, bases: Bases, told: Told, ids: Texts | Pattern | None) -> None:
        self._relative = relative
        self._bases = bases
        self._told = told
        self._ids = relative if ids is None else ids

    def __len__(self) -> int:
        return len(self._relative)

    def part(self, first: int, last: int) -> list[Source]:
        """Those from `first` to before `last`; what they share is pickled once."""
        last = min(last, len(self))
        names, told = self._relative.part(first, last), self._told.part(first, last)
        ids = self._ids_of(first, last, names, told)
        return list(map(Source, ids, names, self._bases.part(first, last), told))

    def ids(self) -> Iterator[str]:
        """The id of each."""
        for first in range(0, len(self), PIECE):
            last = min(first + PIECE, len(self))
            yield from self._ids_of(first, last, self._relative.part(first, last), self._told.part(first, last))

    def _ids_of(self, first: int, last: int, names: Sequence[str], told: Sequence[Captures]) -> Sequence[str]:
        if self._ids is self._relative:
            return names
        if isinstance(self._ids, Texts):
            return self._ids.part(first, last)
        return [self._ids.fill(one.texts(name)) for name, one in zip(names, told, strict=True)]
