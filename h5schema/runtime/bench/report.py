"""Figures of loaders, for people and for programs."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from h5schema.errors import visible

from ..amounts import short, size_of
from ..table import table
from .storage import Storage

_MOST = 12
"""Features of a loader that are shown to people: those that take longest."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast one way of reading is.

    Attributes:
        name: Of the way.
        samples_per_second: The median of all rounds.
        of_limit: Its ratio to the limit, the median of all rounds.
    """

    name: str
    samples_per_second: float
    of_limit: float


@dataclass(frozen=True, slots=True)
class FeatureFigures:
    """One feature that a loader takes.

    Attributes:
        address: Of the feature.
        microseconds: Of reading it alone, for one sample, in the dtype in which it is fed.
        dtype: In which it is fed, if that is wider than what is stored.
        converting: Microseconds of these that this costs.
        storage: How it lies in the file.
    """

    address: str
    microseconds: float
    dtype: str | None
    converting: float
    storage: Storage


@dataclass(frozen=True, slots=True)
class Advice:
    """What would make a loader faster.

    Attributes:
        feature: Address of the feature.
        reason: Why, with figures.
        write: Lines, each of which helps: for the feature in the schema, or a command.
    """

    feature: str
    reason: str
    write: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LoaderFigures:
    """What was measured of one loader.

    Attributes:
        name: Of the loader.
        over: Address of its dim.
        samples: How many it has.
        batch: Samples of a batch.
        shuffle: Whether each pass has an order of its own.
        sample_bytes: Stored bytes of a sample, on average.
        rates: Of the loader, of h5py, and of the limit, which is last.
        features: What it takes.
        advice: What would make it faster.
        notes: What to know of the figures.
    """

    name: str
    over: str
    samples: int
    batch: int
    shuffle: bool
    sample_bytes: int
    rates: tuple[Rate, ...]
    features: tuple[FeatureFigures, ...]
    advice: tuple[Advice, ...]
    notes: tuple[str, ...]

    def record(self) -> dict[str, object]:
        """Plain data, for `--format json`."""
        return asdict(self)

    def text(self, width: int = 80) -> str:
        """The figures in lines of this width."""
        order = "shuffled" if self.shuffle else "in order"
        head = f"{self.name}: {self.samples:,} samples of {self.over}, {size_of(self.sample_bytes)} each, {order}"
        parts = (_filled(f"{head}, batches of {self.batch}", width, ""), self._rates(width), self._features(width))
        told = [line for note in self.notes for line in _filled(note, width, "  ")]
        return "\n".join(map(visible, [*parts[0], "", *parts[1], "", *parts[2], *told, "", *self._advice(width)]))

    def _rates(self, width: int) -> list[str]:
        mebi = self.sample_bytes / (1 << 20)
        figures = [
            ("samples/s", "MiB/s", "of the limit"),
            *(
                (short(one.samples_per_second), short(one.samples_per_second * mebi), f"{one.of_limit:.3f}")
                for one in self.rates
            ),
        ]
        head, *rows = zip(
            ["", *(one.name for one in self.rates)], *map(_right, zip(*figures, strict=True)), strict=True
        )
        return table(head, rows, width)

    def _features(self, width: int) -> list[str]:
        slowest = sorted(self.features, key=lambda one: one.microseconds, reverse=True)
        shown = slowest[:_MOST]
        times = _right(["µs a sample", *(f"{one.microseconds:.2f}" for one in shown)])
        rows = [
            (one.address, one.storage.said, one.storage.read_by, time)
            for one, time in zip(shown, times[1:], strict=True)
        ]
        lines = table(("feature", "stored in", "read", times[0]), rows, width)
        if rest := slowest[_MOST:]:
            together = sum(one.microseconds for one in rest)
            lines.append(f"  and {len(rest)} more, {together:.2f} µs a sample together")
        return lines

    def _advice(self, width: int) -> list[str]:
        if not self.advice:
            return ["  nothing to change"]
        lines = ["  to go faster, write in the schema (storage changes with the next extraction):"]
        for one in self.advice:
            lines += _filled(f"{one.feature}: {one.reason}", width, "    ")
            lines += [f"      {'or ' if number else '   '} {line}" for number, line in enumerate(one.write)]
        return lines


def _right(column: Sequence[str]) -> list[str]:
    """A column of figures, which end below each other."""
    width = max(map(len, column))
    return [f"{text:>{width}}" for text in column]


def _filled(text: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent + "  ")
