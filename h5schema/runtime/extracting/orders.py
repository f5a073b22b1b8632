"""What a worker is told, and what it answers; all of it is pickled."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from ..sources import Source
from ..spans import Rows
from ..writer import Writer
from ..writing.plans import Written
from ..writing.taken import Checked
from ..writing.transaction import Planned
from .failures import Failure
from .old import Old
from .origins import Origin
from .tasks import Worker


class Job(NamedTuple):
    """What every worker does; it pickles as names, and so is the same in a spawned process.

    Attributes:
        writer: The generated writer.
        features: How each feature is made.
        functions: Folder in which the user's modules are looked for first.
        target: Name of the file, for errors.
        retries: Seconds before a source that failed is tried again, each time.
        old: The file that is updated, if there is one.
        lengths: Entries of the dims that features run across which the sources make.
    """

    writer: type[Writer]
    features: Mapping[str, Origin]
    functions: Path
    target: str
    retries: Sequence[float] = ()
    old: Old | None = None
    lengths: Mapping[str, int] = {}

    @property
    def missed(self) -> str:
        """The writer, if another process does not find it by its name; "": it does."""
        module = sys.modules.get(self.writer.__module__)
        is_found = getattr(module, self.writer.__qualname__, None) is self.writer
        return "" if is_found else f"{self.writer.__module__}.{self.writer.__qualname__}"

    def begin(self, handle: int, begins: Callable[[int], None], /) -> Worker[Order, Report | Wrote]:
        """One more worker."""
        from .maker import Maker  # which knows what it is told

        return Maker(self, handle, begins)


class Batch(NamedTuple):
    """Sources that follow each other.

    Attributes:
        number: Of the batch, in the order of the sources.
        dim: Address of their dim.
        first: Number of the first source.
        sources: The sources.
        dropped: Numbers of those that are left out, and why.
        rows: The row that each has in the file that is updated, -1 if it has none; nothing: there is no such file.
        changed: Numbers of those that have a row and are made anew, because their sources are other ones now.
    """

    number: int
    dim: str
    first: int
    sources: Sequence[Source]
    dropped: Mapping[int, Failure] = {}
    rows: Sequence[int] = ()
    changed: frozenset[int] = frozenset()


class Report(NamedTuple):
    """What a batch has become; its entries wait at the worker until they are planned.

    Attributes:
        number: Of the batch.
        entries: How many they are.
        ids: Theirs; None: the dim has none.
        rows: Rows that they have in each dataset.
        stats: int64 [entries, 2], what `Source.stat` says of each.
        failures: Sources that are no entries, by number.
        stale: Changed sources that fail, by number; their entries stay as they were.
        unique: The blocks whose values no two entries may share.
        bytes: Of all rows.
        words: Of categories, in the order in which they come first, by address.
        seconds: Where the time went, by what was done.
    """

    number: int
    entries: int
    ids: Sequence[str] | None
    rows: Mapping[str, int]
    stats: Rows
    failures: Mapping[int, Failure]
    stale: Mapping[int, Failure]
    unique: Checked | None
    bytes: int
    words: Mapping[str, list[str]]
    seconds: Mapping[str, float]


class Wrote(NamedTuple):
    """What came of the plans of a batch.

    Attributes:
        number: Of the batch.
        written: By path.
        seconds: Where the time went, by what was done.
    """

    number: int
    written: Mapping[str, Written]
    seconds: Mapping[str, float]


Order: TypeAlias = Batch | tuple[int, Planned]
"""Make a batch; or write one whose plan this is."""
