"""What an extraction did."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from h5schema.errors import visible

_GROUPS = 10
"""Kinds of failure that are told; of each, and of files that match nothing, the first three are named."""


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
    """

    entries: Mapping[str, int]
    failures: tuple[Failure, ...]
    unmatched: tuple[str, ...]
    seconds: float
    bytes: int

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
        groups: dict[str, list[Failure]] = {}
        for failure in self.failures:
            groups.setdefault(failure.alike, []).append(failure)
        if not groups:
            return ""
        lines = [f"skipped {_count(len(self.failures), 'source', 'sources')} that failed:"]
        for group in list(groups.values())[:_GROUPS]:
            lines += _told(group)
        left = [failure for group in list(groups.values())[_GROUPS:] for failure in group]
        if left:
            lines.append(f"  and {_count(len(left), 'other', 'others')}: {_first([one.source for one in left])}")
        return "\n".join(lines)

    def tell(self) -> int:
        """Prints what was made, and on standard error what failed; returns the exit code: 1 if something did."""
        print(self, flush=True)
        if self.failures:
            print(self.failed, file=sys.stderr)
        return 1 if self.failures else 0


def _told(group: Sequence[Failure]) -> list[str]:
    first = group[0]
    who = first.name if len(group) == 1 else f"{len(group)} sources ({_first([one.source for one in group])})"
    text = f"{who}: {first.message}\n" + "".join(f"  {line}\n" for line in first.frames.splitlines())
    text += f"  help: {first.help}\n" if first.help else ""
    return [f"  {visible(line)}" for line in text.splitlines()]


def _first(names: Sequence[str]) -> str:
    return ", ".join(map(visible, names[:3])) + (", …" if len(names) > 3 else "")


def _count(count: int, one: str, more: str) -> str:
    return f"1 {one}" if count == 1 else f"{count} {more}"
