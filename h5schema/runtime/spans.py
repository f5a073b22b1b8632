"""What a storage kind asks of a carrier: runs of rows of datasets.

This is the seam between *what* is read and *how*. A kind is a generator of requests:
it yields the spans it needs next and is sent the rows that were fetched, until it
returns the block. A carrier knows nothing of kinds, and a kind nothing of files.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Literal, NamedTuple, Protocol, TypeAlias, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

BlockT = TypeVar("BlockT")

Rows: TypeAlias = NDArray[np.int64]


class Spans(NamedTuple):
    """Runs of rows of one dataset; fetched, they lie end to end in this order.

    Attributes:
        path: HDF5 path of the dataset.
        starts: int64 [n], the first row of each run. Any order, repeats allowed.
        lengths: int64 [n], rows of each run; or one number that holds for all.
        inside: Whether they are known to lie inside the dataset: rows of entries are, rows that a file names are not.
    """

    path: str
    starts: Rows
    lengths: Rows | int = 1
    inside: bool = False


Access: TypeAlias = Literal["map", "read", "memory"]
"""How the bytes of a file come: see `File`."""

Fetched: TypeAlias = tuple[NDArray[np.generic], ...]
Reading: TypeAlias = Generator[tuple[Spans, ...], Fetched, BlockT]
"""A read in progress: yields what it needs next, is sent it, returns a block."""


class Part(NamedTuple):
    """Of some entries, a piece of each along its first ragged dim: as much of it as the entry has.

    Attributes:
        first: int64 [n], the first position of each; it may lie before the entry.
        size: int64 [n], how many positions; or one number that holds for all.
    """

    first: Rows
    size: Rows | int


class Asked(NamedTuple):
    """What is read of one feature.

    Attributes:
        address: Of the feature.
        rows: int64 [n], of the entries; a feature without entries has row 0.
        part: Of each entry; None: the whole.
        run: Entries that are read from each row on, one after the other.
    """

    address: str
    rows: Rows
    part: Part | None = None
    run: int = 1

    def row_by_row(self) -> Asked:
        """The same, each row of every run named."""
        if self.run == 1:
            return self
        return Asked(self.address, (self.rows[:, None] + np.arange(self.run)).reshape(-1), self.part)


class Carrier(Protocol):
    """Brings the rows of spans, each dataset's in its own array [rows, ...].

    Safe to call from several threads. Every carrier gives the same rows; h5py's is
    the one that is right for every file.
    """

    def fetch(self, spans: Sequence[Spans]) -> Fetched:
        """The rows of each `Spans`, in order; a copy, never a view of the file."""
        ...

    def length(self, path: str) -> int:
        """Rows of the dataset at `path`."""
        ...

    def has(self, path: str) -> bool:
        """Whether there is a dataset, or an attribute `node@name`, at a path."""
        ...

    def form(self, path: str) -> tuple[np.dtype[np.generic], tuple[int, ...] | None]:
        """Dtype and shape of a dataset, or of an attribute `node@name`; without values its shape is None."""
        ...


def expect_inside(spans: Spans, rows: int, file: str) -> None:
    """Refuses spans that reach outside a dataset of so many rows.

    Raises:
        DataError: One does.
    """
    starts, lengths = spans.starts, spans.lengths
    if spans.inside or not len(starts):
        return
    if isinstance(lengths, int) and lengths == 1 and not any_outside(starts, rows):
        return
    outside = (starts < 0) | np.less(lengths, 0) | (lengths > rows - starts)
    if outside.any():
        raise DataError(
            f"row {int(starts[outside][0])} is asked for, but the dataset has {rows} rows",
            where=f"{file}: {spans.path}",
            do="the file is damaged: its index points outside its data; extract or copy it again",
        )


def any_outside(rows: Rows, size: int) -> bool:
    """Whether a row is not one of `size`."""
    if len(rows) == 1:  # numpy's first maximum costs a new process 0.1 ms
        return not 0 <= int(rows[0]) < size
    return bool(len(rows)) and int(rows.view(np.uint64).max()) >= size  # a negative row would be large


def carry_out(reading: Reading[BlockT], carrier: Carrier) -> BlockT:
    """Runs a reading to its end with one carrier."""
    return carry_out_together((reading,), carrier)[0]


def carry_out_together(readings: Sequence[Reading[BlockT]], carrier: Carrier) -> list[BlockT]:
    """Runs readings to their ends; what several of them need next is one fetch."""
    blocks: dict[int, BlockT] = {}
    fetched: Fetched | None = None
    going = [(number, reading, 0, 0) for number, reading in enumerate(readings)]
    while going:
        asked: list[Spans] = []
        waiting: list[tuple[int, Reading[BlockT], int, int]] = []
        for number, reading, begin, end in going:
            try:
                spans = next(reading) if fetched is None else reading.send(fetched[begin:end])
            except StopIteration as done:
                blocks[number] = done.value
                continue
            waiting.append((number, reading, len(asked), len(asked) + len(spans)))
            asked.extend(spans)
        if asked:
            fetched = carrier.fetch(asked)
        going = waiting
    return [blocks[number] for number in range(len(readings))]


def in_runs(reading: Reading[BlockT], rows: Rows, run: int) -> Reading[BlockT]:
    """A reading of entries with a row each, of which it is to have `run` from each of these rows on."""
    fetched: Fetched | None = None
    while True:
        try:
            spans = next(reading) if fetched is None else reading.send(fetched)
        except StopIteration as done:
            return cast("BlockT", done.value)
        fetched = yield tuple(one._replace(lengths=run) if one.starts is rows else one for one in spans)


def positions(starts: Rows, lengths: Rows) -> Rows:
    """Every row of every run, end to end: int64 [sum of lengths]."""
    total = int(lengths.sum())
    ends = np.cumsum(lengths)
    return np.repeat(starts - (ends - lengths), lengths) + np.arange(total, dtype=np.int64)


def offsets_of(lengths: Rows) -> Rows:
    """N lengths become N+1 offsets into the concatenation."""
    offsets = np.zeros(len(lengths) + 1, np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets
