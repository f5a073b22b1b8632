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
        made = ", ".join(f"{count} entries of {dim}" for dim, count in self.entries.items())
        lines = [f"{made}; {self.bytes / 2**20:.1f} MiB in {self.seconds:.1f} s"]
        if self.failures:
            lines.append(f"skipped {len(self.failures)} sources that failed:")
            for failure in self.failures[:10]:
                lines.append(f"  {failure.source}: {failure.message}")
                lines += [f"    {line}" for line in failure.frames.splitlines()]
            if len(self.failures) > 10:
                lines.append(f"  and {len(self.failures) - 10} more")
        if self.unmatched:
            shown = ", ".join(self.unmatched[:3]) + (", …" if len(self.unmatched) > 3 else "")
            lines.append(f"{len(self.unmatched)} files match no pattern: {shown}")
        return "\n".join(lines)
