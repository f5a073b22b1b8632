"""What an extraction did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Failure:
    """A source that was skipped.

    Attributes:
        source: Its id.
        path: Of its file.
        message: What went wrong.
        frames: The traceback of the user's own function, or "".
    """

    source: str
    path: Path
    message: str
    frames: str = ""

    def __str__(self) -> str:
        known = self.path.as_posix().endswith(self.source)
        return f"{self.source}: {self.message}" if known else f"{self.source} ({self.path}): {self.message}"


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
        made = ", ".join(
            f"{count} {'entry' if count == 1 else 'entries'} of {dim}" for dim, count in self.entries.items()
        )
        lines = [f"{made}; {self.bytes / 2**20:.1f} MiB in {self.seconds:.1f} s"]
        if self.failures:
            count = len(self.failures)
            lines.append(f"skipped {count} {'source' if count == 1 else 'sources'} that failed:")
            for failure in self.failures[:10]:
                lines.append(f"  {failure}")
                lines += [f"    {line}" for line in failure.frames.splitlines()]
            if len(self.failures) > 10:
                lines.append(f"  and {len(self.failures) - 10} more")
        if self.unmatched:
            shown = ", ".join(self.unmatched[:3]) + (", …" if len(self.unmatched) > 3 else "")
            said = "1 file matches" if len(self.unmatched) == 1 else f"{len(self.unmatched)} files match"
            lines.append(f"{said} no pattern: {shown}")
        return "\n".join(lines)
