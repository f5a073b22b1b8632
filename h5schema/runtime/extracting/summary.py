"""What an extraction did."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from h5schema.errors import visible

_GROUPS = 10
"""Kinds of failure that are told."""
_NAMED = 20
"""Sources of a kind that are all named; of more, and of files that match nothing, the first three are."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A source that was skipped.

    Attributes:
        source: Its id.
        path: Of its file.
        message: What went wrong.
        frames: The traceback of the user's own function, or "".
        help: What to do about it, or "".
    """

    source: str
    path: Path
    message: str
    frames: str = ""
    help: str = ""

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"

    @property
    def name(self) -> str:
        """The id, and the path if the id does not say it."""
        return self.source if self.path.as_posix().endswith(self.source) else f"{self.source} ({self.path})"

    @property
    def alike(self) -> str:
        """The same text for sources that failed in the same way: all but their own paths."""
        text = f"{self.message}\n{self.frames}\n{self.help}"
        return text.replace(str(self.path), "…").replace(self.path.name, "…")


@dataclass(frozen=True, slots=True)
class Summary:
    """What an extraction did.

    Attributes:
        entries: Number of entries of each dim.
        failures: The sources that were skipped.
        unmatched: Files that no pattern matches.
        seconds: How long it took.
        bytes: Size of the file.
        decoded: Bytes of all values.
        spent: Seconds of all workers together, by what they were spent on.
    """

    entries: Mapping[str, int]
    failures: tuple[Failure, ...]
    unmatched: tuple[str, ...]
    seconds: float
    bytes: int
    decoded: int = 0
    spent: Mapping[str, float] = field(default_factory=dict[str, float])

    def __str__(self) -> str:
        made = [_count(count, "entry", "entries") + f" of {dim}" for dim, count in self.entries.items()]
        skipped = [f"{_count(len(self.failures), 'source', 'sources')} skipped"] if self.failures else []
        lines = [f"{', '.join(made + skipped)}; {self.bytes / 2**20:.1f} MiB in {self.seconds:.1f} s"]
        if self.unmatched:
            said = "1 file matches" if len(self.unmatched) == 1 else f"{len(self.unmatched)} files match"
            lines.append(f"{said} no pattern: {_first(self.unmatched)}")
        return "\n".join(lines)

    @property
    def failed(self) -> str:
        """Which sources were skipped and why, those that failed alike together; "" if there is none."""
        groups, left = self._groups
        lines = [f"skipped {_count(len(self.failures), 'source', 'sources')} that failed:"] if groups else []
        for group in groups:
            lines += _told(group)
        if left:
            lines.append(f"  and {_count(len(left), 'other', 'others')}: {_named(left)}")
        return "\n".join(lines)

    @property
    def _groups(self) -> tuple[list[list[Failure]], list[Failure]]:
        """The failures that are told, those that failed alike together; and all others."""
        groups: dict[str, list[Failure]] = {}
        for failure in self.failures:
            groups.setdefault(failure.alike, []).append(failure)
        kinds = list(groups.values())
        return kinds[:_GROUPS], [failure for group in kinds[_GROUPS:] for failure in group]

    def tell(self, listed: Path | None = None) -> int:
        """Prints what was made, and on standard error what failed; returns the exit code: 1 if something did.

        Args:
            listed: The file that lists all failures; None: there is none.
        """
        print(self, flush=True)
        if self.failures:
            print(self.failed, file=sys.stderr)
            print(self._where_all(listed), end="", file=sys.stderr)
        return 1 if self.failures else 0

    def _where_all(self, listed: Path | None) -> str:
        groups, left = self._groups
        if listed is not None:
            return f"  all of them, in full: {visible(str(listed))}\n"
        if left or any(len(group) > _NAMED for group in groups):
            return "  not all are told here; `--failures LIST` writes them all to a file\n"
        return ""


def _told(group: Sequence[Failure]) -> list[str]:
    first = group[0]
    who = first.name if len(group) == 1 else f"{len(group)} sources ({_named(group)})"
    text = f"{who}: {first.message}\n" + "".join(f"  {line}\n" for line in first.frames.splitlines())
    text += f"  help: {first.help}\n" if first.help else ""
    return [f"  {visible(line)}" for line in text.splitlines()]


def _named(failures: Sequence[Failure]) -> str:
    names = [failure.source for failure in failures]
    return ", ".join(map(visible, names)) if len(names) <= _NAMED else _first(names)


def _first(names: Sequence[str]) -> str:
    return ", ".join(map(visible, names[:3])) + (", …" if len(names) > 3 else "")


def _count(count: int, one: str, more: str) -> str:
    return f"1 {one}" if count == 1 else f"{count} {more}"
