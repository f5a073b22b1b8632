"""A source that is not given any more, though its entry is in the file that is updated."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from h5schema.errors import DataError
from h5schema.vocabulary.sources import CapturedKind

from ..sources.source import Captured


class Gone(NamedTuple):
    """In place of the folder, and of the captures, of a source that was not given.

    Attributes:
        size: What was known of it.
        changed: The same.
    """

    size: int
    changed: int

    def path(self, relative: str) -> Path:
        """Of its file, as far as it is known."""
        return Path(relative)

    @contextmanager
    def local(self, relative: str) -> Generator[Path]:
        """Nothing is there to read."""
        raise self._gone(relative)
        yield

    def kind(self, relative: str) -> str:
        """Nothing stands there."""
        return ""

    def exists(self, relative: str) -> bool:
        """It is not there."""
        return False

    def stat(self, relative: str) -> tuple[int, int]:
        """What was known of it."""
        return self.size, self.changed

    def match(self, path: str, /) -> Mapping[str, Captured]:
        """Nothing."""
        return {}

    def texts(self, path: str, /) -> Mapping[str, str]:
        """Nothing."""
        return {}

    def value(self, path: str, name: str, kind: CapturedKind, /) -> Captured:
        """Nobody knows."""
        raise self._gone(path)

    def shown(self, path: Path, /) -> str:
        """What is known of where it was."""
        return str(path)

    @property
    def mark(self) -> int:
        """Nothing besides `changed`."""
        return 0

    def _gone(self, relative: str) -> DataError:
        return DataError("the source is not among those that are given", where=relative, do="give it too")
