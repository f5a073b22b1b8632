"""What an extraction did."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from h5schema.errors import visible

from ..amounts import counted, size_of
from .failures import Failure, Failures, Group

_GROUPS = 10
"""Kinds of failure that are told."""
_NAMED = 20
"""Sources of a kind that are all named; of more, and of files that match nothing, the first three are."""
_TOLD_SECONDS = 5.0
"""Of a shorter run nobody wants to know where the time went."""
_TOLD_SHARE = 0.005


class Coded(NamedTuple):
    """The values that a codec was used on.

    Attributes:
        decoded: Bytes of the values.
        stored: Bytes that they take in the file.
    """

    decoded: int
    stored: int

    @property
    def ratio(self) -> float:
        """How much smaller they are."""
        return self.decoded / max(1, self.stored)


class Spent(NamedTuple):
    """Where the time of a run went.

    Attributes:
        workers: How many worked; 0: nobody but the caller.
        available: Seconds that all workers together had.
        by_workers: Seconds of them, by what was done: load, derive, check, compress, write.
        by_caller: Seconds of the one who has the file: find (list the sources), place (what workers made), commit
            (make it durable), finish (complete the file).
    """

    workers: int
    available: float
    by_workers: Mapping[str, float]
    by_caller: Mapping[str, float]

    def __str__(self) -> str:
        shares = {word: seconds / max(self.available, 1e-9) for word, seconds in self.by_workers.items()}
        shares["waiting"] = 1.0 - sum(shares.values())
        said = ", ".join(f"{word} {share:.0%}" for word, share in shares.items() if share >= _TOLD_SHARE)
        who = counted(self.workers, "worker", "workers") if self.workers else "the functions"
        own = ", ".join(f"{word} {seconds:.1f} s" for word, seconds in self.by_caller.items() if seconds >= 0.05)
        return f"{who}: {said}" + (f"; the coordinator: {own}" if own else "")


class Changes(NamedTuple):
    """What an update did with the entries of a file.

    Attributes:
        kept: Those whose sources are the same, were not given, or were changed and fail.
        changed: Those whose sources were changed.
        new: Those that were added.
        gone: Those of the kept whose sources were not given.
    """

    kept: int
    changed: int
    new: int
    gone: int

    def __str__(self) -> str:
        said = f"{self.kept} kept, {self.changed} changed, {self.new} new"
        return f"{said}; {counted(self.gone, 'entry', 'entries')} kept whose sources are gone" if self.gone else said


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
        coded: Those of them that a codec was used on; None: it was used on none.
        spent: Where the time went.
        sources: How many there are.
        earlier: How many of them an earlier run, which was stopped, had done.
        changes: What an update did; None: it was none.
    """

    entries: Mapping[str, int]
    failures: Failures
    unmatched: tuple[str, ...]
    seconds: float
    bytes: int
    decoded: int
    coded: Coded | None
    spent: Spent
    sources: int
    earlier: int
    changes: Changes | None = None

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        made = [counted(count, "entry", "entries") + f" of {dim}" for dim, count in self.entries.items()]
        skipped = [f"{counted(len(self.failures), 'source', 'sources')} skipped"] if self.failures else []
        after = f", after {self.earlier} of {self.sources} sources were done before" if self.earlier else ""
        yield f"{', '.join(made + skipped)}; {size_of(self.bytes)} in {self.seconds:.1f} s{after}"
        if self.changes is not None:
            yield f"of the entries {self.changes}"
        if self.coded is not None:
            sizes = f"{size_of(self.coded.decoded)} of values take {size_of(self.coded.stored)}"
            yield f"compressed {self.coded.ratio:.2f} to 1: {sizes}"
        if self.seconds >= _TOLD_SECONDS:
            yield str(self.spent)
        if self.unmatched:
            said = "1 file matches" if len(self.unmatched) == 1 else f"{len(self.unmatched)} files match"
            yield f"{said} no pattern: {_first(self.unmatched)}"

    @property
    def failed(self) -> str:
        """Which sources were skipped and why, those that failed alike together; "" if there is none."""
        return failed(self.failures.groups())

    def tell(self, listed: Path | None = None, *, quiet: bool = False) -> int:
        """Prints what was made, and on standard error what failed; returns the exit code: 1 if something did.

        Args:
            listed: The file that lists all failures; None: there is none.
            quiet: Only what failed.
        """
        if not quiet:
            print(self, flush=True)
        groups = self.failures.groups()
        if groups:
            print(failed(groups), file=sys.stderr)
            print(_where_all(groups, listed), end="", file=sys.stderr)
        return 1 if groups else 0

    def print_json(self, path: Path) -> int:
        """Prints everything for programs; returns the exit code, as `tell` does. Failures are printed one by one."""
        coded = None if self.coded is None else {**self.coded._asdict(), "ratio": self.coded.ratio}
        record = {
            "path": str(path),
            "entries": dict(self.entries),
            "skipped": len(self.failures),
            "sources": self.sources,
            "earlier": self.earlier,
            "changes": None if self.changes is None else self.changes._asdict(),
            "seconds": self.seconds,
            "bytes": self.bytes,
            "decoded": self.decoded,
            "compressed": coded,
            "spent": self.spent._asdict(),
            "unmatched": self.unmatched,
        }
        print(json.dumps(record, indent=2).removesuffix("\n}") + ',\n  "failures": [', end="")
        for number, failure in enumerate(self.failures):
            print(("," if number else "") + "\n    " + json.dumps(failure.record()), end="")
        print("\n  ]\n}" if self.failures else "]\n}", flush=True)
        return 1 if self.failures else 0


def failed(groups: Sequence[Group], head: str = "skipped {} that failed:") -> str:
    """Which sources failed and why, after a line that says how many; "" if there is none."""
    total = sum(group.size for group in groups)
    lines = [head.format(counted(total, "source", "sources"))] if groups else []
    for group in groups[:_GROUPS]:
        lines += _told(group)
    if left := groups[_GROUPS:]:
        others = Group(sum(group.size for group in left), [failure for group in left for failure in group.first])
        lines.append(f"  and {counted(others.size, 'other', 'others')}: {_named(others)}")
    return "\n".join(lines)


def _where_all(groups: Sequence[Group], listed: Path | None) -> str:
    if listed is not None:
        return f"  all of them, in full: {visible(str(listed))}\n"
    if len(groups) > _GROUPS or any(group.size > _NAMED for group in groups):
        return "  not all are told here; `--failures LIST` writes them all to a file\n"
    return ""


def _told(group: Group) -> list[str]:
    first: Failure = group.first[0]
    who = first.name if group.size == 1 else f"{group.size} sources ({_named(group)})"
    text = f"{who}: {first.message}\n" + "".join(f"  {line}\n" for line in first.frames.splitlines())
    text += f"  help: {first.help}\n" if first.help else ""
    return [f"  {visible(line)}" for line in text.splitlines()]


def _named(group: Group) -> str:
    names = [failure.source for failure in group.first]
    return ", ".join(map(visible, names)) if group.size <= _NAMED else _first(names)


def _first(names: Sequence[str]) -> str:
    return ", ".join(map(visible, names[:3])) + (", …" if len(names) > 3 else "")
