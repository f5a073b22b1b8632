"""Batches that are under way: given out, made, planned, written, and ready to be taken into the file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ..spans import Rows
from ..writing.transaction import Planned
from .failures import Failure
from .orders import Batch, Report, Wrote

_SECONDS = 0.1
"""What a batch should take."""
_MOST = 4096
"""Sources of a batch."""


class Taken(NamedTuple):
    """A batch that is in the file.

    Attributes:
        done: Sources that are done, from the first on.
        entries: New entries.
        stats: Of their sources, int64 [entries, 2].
        failures: New ones, by the number of the source; of changed sources, too, whose entries stay as they were.
        bytes: Of their rows, decoded.
        seconds: Where the time went.
    """

    done: int
    entries: int
    stats: Rows
    failures: Mapping[int, Failure]
    bytes: int
    seconds: Mapping[str, float]


class Ready(NamedTuple):
    """A batch that can be taken into the file.

    Attributes:
        failures: Sources that are no entries, by number.
        stale: Changed sources that fail, by number; their entries stay as they were.
        take: Takes it. A signal in the middle would leave half of it.
    """

    failures: Mapping[int, Failure]
    stale: Mapping[int, Failure]
    take: Callable[[], Taken]


@dataclass(slots=True)
class Going:
    """A batch that is not in the file yet.

    Attributes:
        batch: Its sources.
        worker: Who has it.
        report: What it has become.
        planned: Where its entries go.
        is_told: Whether the worker has been told that.
        wrote: What came of that.
        tries: Workers that died with it.
    """

    batch: Batch
    worker: int
    report: Report | None = None
    planned: Planned | None = None
    is_told: bool = False
    wrote: Wrote | None = None
    tries: int = 0

    def has(self, source: int) -> bool:
        """Whether a source is one of the batch, by its number."""
        return 0 <= source - self.batch.first < len(self.batch.sources)


@dataclass(slots=True)
class Pace:
    """How many sources a batch has, so that it takes about a tenth of a second and is not too large."""

    most_bytes: int
    sources: int = 8

    def learn(self, report: Report, sources: int) -> None:
        """Looks at what came of a batch."""
        seconds = sum(report.seconds.values()) / max(1, sources)
        size = report.bytes / max(1, sources)
        fitting = min(_SECONDS / max(seconds, 1e-7), self.most_bytes / max(size, 1.0), 2.0 * self.sources, _MOST)
        self.sources = max(1, int(fitting))
