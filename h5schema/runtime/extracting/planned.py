"""What an extraction would make, for people and for programs."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from h5schema.errors import visible
from h5schema.vocabulary.codecs import EXTRA

from ..amounts import clock, counted, duration, short, size_of
from ..codec_figures import Measured
from ..table import table
from .failures import Failures
from .summary import failed

_WORTH = 0.05
"""Share of the room that a codec has to save."""
NODES = "nodes"
_NEAR = 0.97
"""Of the best ratio: among the codecs that reach it, the one that decodes fastest is named."""


@dataclass(frozen=True, slots=True)
class FeaturePlan:
    """How one feature would lie in the file.

    Attributes:
        address: Of the feature.
        entry: Shape of an entry, as found in the samples: `[32, 32, 3]`, `[412 to 893]`.
        dtype: In which it is stored.
        rows: What a row of its dataset is: `entries`, `values` of a ragged feature, `bytes` of texts; `nodes` if each
            entry is a dataset.
        chunk: Rows of a chunk; None: all in one piece.
        chunk_bytes: Decoded bytes of a chunk.
        codec: Word of the schema.
        entry_bytes: Of an entry, decoded, on average.
        decoded: Bytes of all values.
        stored: Bytes that they take in the file.
        sampled: Bytes of values on which codecs were measured; 0: they were not.
        codecs: What each codec makes of them.
        lacking: Codecs that are not installed.
    """

    address: str
    entry: str
    dtype: str
    rows: str
    chunk: int | None
    chunk_bytes: int
    codec: str
    entry_bytes: float
    decoded: int
    stored: int
    sampled: int = 0
    codecs: tuple[Measured, ...] = ()
    lacking: tuple[str, ...] = ()

    def record(self) -> dict[str, object]:
        """Plain data, for `--format json`."""
        return {**asdict(self), "codecs": [one._asdict() for one in self.codecs], "advice": self.advice}

    @property
    def layout(self) -> str:
        """For people."""
        if self.rows == NODES:
            return "a dataset each"
        if self.chunk is None:
            return "in one piece"
        return f"chunks of {self.chunk:,} x {size_of(self.chunk_bytes // self.chunk)}"

    @property
    def advice(self) -> str:
        """Which codec, and why; "" if none was measured."""
        if not self.codecs:
            return ""
        most = max(one.ratio for one in self.codecs)
        best = max((one for one in self.codecs if one.ratio >= _NEAR * most), key=lambda one: one.decode)
        saved = 1 - 1 / best.ratio
        if best.codec == "none" or saved < _WORTH:
            return f"`none`: no codec saves more than {max(0.0, 1 - 1 / most):.0%} of the room"
        saves = f"{min(saved, 0.99):.0%} of the room"
        disk = f"a disk of less than {short(best.decode * saved)} MB/s"
        if self.chunk_bytes < 2 * self.entry_bytes:
            return f"`{best.codec}` saves {saves}, and of the time where it is read from {disk}"
        cost = duration(self.chunk_bytes / best.decode / 1e6)
        return (
            f"`none` to read at random, because an entry of `{best.codec}` costs {cost} "
            f"(its chunk is decoded); `{best.codec}` to save {saves}, or to read in order from {disk}"
        )


@dataclass(frozen=True, slots=True)
class Plan:
    """What an extraction would make, estimated from some of its sources.

    Attributes:
        sources: How many each dim has.
        loaded: How many of them were loaded.
        failures: Those of them that failed.
        features: How each would lie in the file.
        ours: Bytes of ids, indices and checksums.
        left: Bytes that nothing uses: what is to lie in one piece moves at the end if nobody knew how long it would be.
        bytes: Of the whole file.
        seconds_each: Seconds that a source of each dim takes one worker, without the writing.
        workers: How many would work.
        seconds: Of the run, if so many workers are so many times as fast as one; without the writing.
        output: Name of the file, if it is known.
        free: Bytes that are free there.
    """

    sources: Mapping[str, int]
    loaded: Mapping[str, int]
    failures: Failures
    features: tuple[FeaturePlan, ...]
    ours: int
    left: int
    bytes: int
    seconds_each: Mapping[str, float]
    workers: int
    seconds: float
    output: Path | None = None
    free: int | None = None

    @property
    def has_room(self) -> bool:
        """Whether the file fits where it is to be made, as far as that is known."""
        return self.free is None or self.bytes <= self.free

    def record(self) -> dict[str, object]:
        """Plain data, for `--format json`."""
        return {
            "sources": dict(self.sources),
            "loaded": dict(self.loaded),
            "failures": [one.record() for one in self.failures],
            "features": [one.record() for one in self.features],
            "ours": self.ours,
            "left": self.left,
            "bytes": self.bytes,
            "seconds_each": dict(self.seconds_each),
            "workers": self.workers,
            "seconds": self.seconds,
            "output": None if self.output is None else str(self.output),
            "free": self.free,
            "has_room": self.has_room,
        }

    @property
    def failed(self) -> str:
        """Which samples failed and why; "" if there is none."""
        return failed(self.failures.groups(), "{} of those that were loaded failed, and would be skipped:")

    def __str__(self) -> str:
        return self.text(shutil.get_terminal_size().columns)

    def text(self, width: int) -> str:
        """All of it, in lines of this width."""
        parts = [
            *self._head(width),
            "",
            *self._sizes(width),
            *self._room(width),
            *(line for one in self.features if one.codecs for line in ("", *_codecs(one, width))),
        ]
        return "\n".join(map(visible, parts))

    def _head(self, width: int) -> Iterator[str]:
        for dim, count in self.sources.items():
            took = duration(self.seconds_each[dim])
            text = f"{counted(count, 'source', 'sources')} of {dim}; {self.loaded[dim]} loaded, {took} each"
            yield from textwrap.wrap(text, width)
        who = counted(self.workers, "worker", "workers")
        time = f"about {clock(self.seconds)}" if self.seconds >= 1 else "less than a second"
        yield from textwrap.wrap(f"{time} with {who}, and what the disk takes", width)

    def _sizes(self, width: int) -> list[str]:
        rows = [
            (
                one.address,
                one.entry,
                one.dtype,
                one.layout,
                one.codec,
                size_of(round(one.entry_bytes)),
                size_of(one.stored),
            )
            for one in self.features
        ]
        if self.left:
            rows.append(("", "", "", "room left by moving", "", "", size_of(self.left)))
        rows += [
            ("", "", "", "ids, index, checksums", "", "", size_of(self.ours)),
            ("", "", "", "the file", "", "", size_of(self.bytes)),
        ]
        return table(("feature", "an entry", "dtype", "stored", "codec", "each", "all"), rows, width)

    def _room(self, width: int) -> list[str]:
        if self.free is None:
            return []
        text = f"{size_of(self.free)} are free where {self.output} is to be"
        if not self.has_room:
            text += ", so it does not fit: make room, or name another place"
        return ["", *textwrap.wrap(text, width)]


def _codecs(one: FeaturePlan, width: int) -> Iterator[str]:
    head = f"{one.address}: codecs on {size_of(one.sampled)} of your values, one thread, decoded by h5py"
    yield from textwrap.wrap(head, width)
    figures = _right(
        [
            ("codec", "ratio", "encode MB/s", "decode MB/s"),
            *((of.codec, f"{of.ratio:.2f}", short(of.encode), short(of.decode)) for of in one.codecs),
        ]
    )
    yield from table(figures[0], figures[1:], width)
    if one.lacking:
        yield from textwrap.wrap(f"not installed: {', '.join(one.lacking)} (pip install '{EXTRA}')", width)
    yield from textwrap.wrap(one.advice, width, initial_indent="  ", subsequent_indent="  ")


def _right(rows: Sequence[Sequence[str]]) -> list[tuple[str, ...]]:
    """Rows of which all columns but the first end below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [(row[0], *(f"{text:>{width}}" for text, width in zip(row[1:], widths[1:], strict=True))) for row in rows]
