"""What an update takes over from the file as it was: rows that stay, read where they are written again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.vocabulary import layout

from ..blocks import taken
from ..evolution import model_in
from ..file import File
from ..model import model_of
from ..reader import Reader
from ..sources import Source
from ..spans import Rows, Spans
from ..writing.taken import Checked
from .calls import Calls
from .gone import Gone


class Old(NamedTuple):
    """The file that an update brings up to date.

    Attributes:
        path: Of the file.
        kept: Addresses of the features whose values stay.
    """

    path: Path
    kept: frozenset[str]


class OldReader(Reader):
    """Reads a file that may lack what its class has."""

    def expect(self, file: h5py.File) -> None:
        self.model = model_in(file, self.file.schema, model_of(self.file), "update")

    def stats(self, dim: str) -> Rows:
        """What was known of the source of each entry: int64 [n, 2]; -1 where nobody knows."""
        path, size = layout.of_dim(dim, "sources"), self.length(dim)
        found = np.full((size, 2), -1, np.int64)
        if self.carrier().has(path):
            rows = min(size, self.carrier().length(path))
            (stored,) = self.carrier().fetch((Spans(path, np.arange(rows), inside=True),))
            found[:rows] = stored
        return found

    def rows_of(self, dim: str, hashes: NDArray[np.uint64]) -> Rows:
        """The row of the entry whose id has each hash: int64 [n]; -1: there is none."""
        path = layout.of_dim(dim, "index")
        (index,) = self.carrier().fetch((Spans(path, np.zeros(1, np.int64), self.length(dim)),))
        at = np.searchsorted(index[:, 0], hashes)
        at[at == len(index)] = 0
        there = index[at, 0] == hashes if len(index) else np.zeros(len(hashes), bool)
        rows = np.full(len(hashes), -1, np.int64)
        rows[there] = index[at[there], 1]
        return rows


class Asking(NamedTuple):
    """What is made of an entry that stays.

    Attributes:
        missing: Features that are made, each after what it is made from.
        captures: Features that stay and that these are made from: those that are captures of the source.
        stored: All others of them.
    """

    missing: tuple[str, ...]
    captures: tuple[str, ...]
    stored: tuple[str, ...]


class OldEntries:
    """Some entries that stay.

    Args:
        asking: What is to be made of each.
        numbers: Of their sources.
        blocks: By address: the values of those features that stay.
        stats: int64 [n, 2], what was known of their sources.
        reader: Of the file that has them.
    """

    def __init__(
        self, asking: Asking, numbers: Sequence[int], blocks: Mapping[str, object], stats: Rows, reader: Reader
    ) -> None:
        self.asking = asking
        self._reader = reader
        self._blocks = blocks
        self._at = {number: at for at, number in enumerate(numbers)}
        self._stats = stats

    @property
    def numbers(self) -> Iterable[int]:
        """Of their sources."""
        return self._at.keys()

    def __contains__(self, number: int) -> bool:
        return number in self._at

    def values(self, numbers: Sequence[int]) -> dict[str, object]:
        """A block of each feature that stays."""
        if len(numbers) == len(self._at):
            return dict(self._blocks)
        rows = np.array([self._at[number] for number in numbers], np.int64)
        return {address: taken(block, rows) for address, block in self._blocks.items()}

    def asked(self, number: int, source: Source) -> tuple[Sequence[str], dict[str, object]]:
        """What is made of the source of an entry, and what is known: captures are cut anew if there is a source."""
        missing, captures, stored = self.asking
        if isinstance(source.base, Gone):
            return missing, self._entry(number, (*captures, *stored))
        return (*captures, *missing), self._entry(number, stored)

    def _entry(self, number: int, addresses: Sequence[str]) -> dict[str, object]:
        """Values of one entry, as a file gives them."""
        at = self._at[number]
        return {address: self._reader.view(address).entry(self._blocks[address], at) for address in addresses}

    def stat(self, number: int) -> tuple[int, int]:
        """What was known of the source of an entry."""
        size, changed = self._stats[self._at[number]].tolist()
        return size, changed


class OldFile:
    """Reads what stays.

    Args:
        writer: The generated writer.
        old: The file that has it.
        calls: What makes features.
    """

    def __init__(self, writer: type[File], old: Old, calls: Calls) -> None:
        self._reader = OldReader(writer, old.path)
        self._kept = old.kept
        self._calls = calls
        self._stats: dict[str, Rows] = {}

    def of(self, dim: str, numbers: Sequence[int], rows: Sequence[int]) -> OldEntries:
        """The entries of these sources, which stand in these rows."""
        asked = np.array(rows, np.int64)
        led = self._reader.model.led_by(dim)
        blocks = {address: self._reader.view(address).read(asked) for address in led if address in self._kept}
        return OldEntries(self._asking(led), numbers, blocks, self._stats_of(dim)[asked], self._reader)

    def _asking(self, led: Sequence[str]) -> Asking:
        missing = tuple(address for address in self._calls.of_dim(led) if address not in self._kept)
        inputs = self._calls.inputs_of(missing)
        captures = tuple(address for address in inputs if self._calls.is_capture(address))
        return Asking(missing, captures, tuple(address for address in inputs if address not in captures))

    def _stats_of(self, dim: str) -> Rows:
        if dim not in self._stats:
            self._stats[dim] = self._reader.stats(dim)
        return self._stats[dim]


def in_order(entries: Checked, numbers: Sequence[int]) -> tuple[Checked, list[int]]:
    """Entries in the order of the numbers of their sources."""
    rows = np.argsort(np.array(numbers, np.int64), kind="stable")
    if (rows[1:] > rows[:-1]).all():
        return entries, list(numbers)
    blocks = {
        address: (taken(block, rows), None if present is None else present[rows])
        for address, (block, present) in entries.blocks.items()
    }
    lengths = {ragged: cast("Rows", taken(one, rows)) for ragged, one in entries.lengths.items()}
    at: list[int] = rows.tolist()
    ids = [entries.ids[row] for row in at] if entries.ids else []
    return Checked(blocks, lengths, ids), [numbers[row] for row in at]
