"""The datasets of a file that is written: created, appended to, written over, named by scales, summed up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import NotRequired, TypedDict, cast

import h5py
import numpy as np

from h5schema.vocabulary import layout

from ..bfloat16_hdf5 import set_attribute
from ..features import Options
from ..kinds import Stored
from ..model import Model
from ..spans import Rows
from . import checksums, scales
from .begun import Begun
from .chunking import fitting
from .layouts import Layouts
from .nodes import Nodes
from .plans import Aside, Plan, Values, Written
from .sink import Sink
from .storage import Contiguous, Storage

_WAITING_BYTES = 64 << 20
"""Of first rows that wait in memory, of all datasets together."""
_BRIDGED_BYTES = 4096
"""Between rows that are written over with what lies between them, because that is faster."""


class Kept(TypedDict):
    """What is kept of a dataset from one run to the next; of a finished file no `chunks`, which `Storage` explains."""

    rows: int
    sums: tuple[list[int], int, int]
    chunks: NotRequired[list[int]]


class Datasets:
    """Every dataset of a file that is written, and the running checksum of each.

    Args:
        sink: Takes the bytes of the file.
        kept: What an earlier run left, by path; None: the file is new.
        standing: Whether that is a finished file, with its checksums.
    """

    def __init__(self, sink: Sink, kept: Mapping[str, Kept] | None = None, *, standing: bool = False) -> None:
        self._sink = sink
        self.file = h5py.File(
            sink, "w" if kept is None else "r+", alignment_threshold=1, alignment_interval=layout.ALIGNMENT
        )
        self._layouts = Layouts(self.file, sink)
        self._kept = kept or {}
        self._standing = standing
        self._begun: dict[str, Begun] = {}
        self._made: dict[str, Storage] = {}
        self._nodes: dict[str, Nodes] = {}
        self._waiting_bytes = 0
        self._sums: dict[str, checksums.Checksum] = {}
        self._summed = {path: one["rows"] for path, one in self._kept.items()} if standing else {}

    def begin(self, part: Stored, options: Options, expected: int | None) -> None:
        """A dataset that grows by rows; it is made when its first chunk would be full, or by `make_all`.

        Args:
            part: What is stored.
            options: Of the user's values.
            expected: Number of rows that there will be at most, if it is known.
        """
        if part.path in self._begun:  # features may share coordinates
            return
        begun = self._begun[part.path] = Begun(part, options, expected)
        kept = self._kept.get(part.path)
        if kept is not None and part.path in self.file:
            checksum = checksums.Checksum(begun.row_bytes, *kept["sums"])
            self._made[part.path] = self._layouts.go_on(begun, checksum, kept["rows"], kept.get("chunks"))

    def begin_nodes(self, part: Stored, options: Options, taken: Collection[str]) -> None:
        """Records that become nodes; `taken` are paths where something else lies."""
        self._nodes[part.path] = Nodes(self.file, part, options, taken)

    # Rows at the end.

    def plan(self, path: str, rows: int) -> Plan:
        """Where the next rows of a dataset go; what came of it is taken in the order of the plans."""
        if path in self._nodes:
            return Aside()
        begun, made = self._begun[path], self._made.get(path)
        if isinstance(made, Contiguous) and made.planned + rows > made.room:
            made = self._spread(begun, made)
        if made is None and not begun.planned and begun.count + rows >= begun.chunk:
            made = self._make(begun)
        return begun.plan(rows) if made is None else made.plan(rows)

    def take(self, path: str, written: Written) -> None:
        """Takes what came of a plan."""
        if path in self._nodes:
            self._nodes[path].take(written.left)
            return
        begun = self._begun[path]
        if (made := self._made.get(path)) is not None:
            made.take(written)
            self._sink.write_back.wrote(written.rows * begun.row_bytes)
            return
        begun.take(written)
        self._waiting_bytes += written.rows * begun.row_bytes
        if self._waiting_bytes > _WAITING_BYTES:
            self.make_all()

    def append(self, path: str, rows: Values) -> None:
        """Adds rows at the end."""
        if path in self._nodes:
            self._nodes[path].take((rows,))
        elif len(rows):
            plan = self.plan(path, len(rows))
            self.take(path, plan.write(self._sink.handle, fitting(rows, self._begun[path].part)))

    def rows(self, path: str) -> int:
        """Rows of a dataset so far, with those that are planned; of nodes there are none."""
        if path in self._nodes:
            return 0
        made = self._made.get(path)
        begun = self._begun[path]
        return begun.count + sum(begun.planned) if made is None else made.planned

    def values(self, path: str) -> Values:
        """All rows of a dataset so far."""
        made = self._made.get(path)
        if made is None:
            return self._begun[path].values()
        return made.read(0, made.count)

    def expect_nodes(self, paths: Sequence[str], ids: Sequence[str]) -> None:
        """Refuses ids of the entries that come next, where no node can be."""
        for path in paths:
            others = [one for other, one in self._nodes.items() if other != path]
            self._nodes[path].expect(ids, others)

    def expect_paths(self, paths: Sequence[str], ids: Sequence[str]) -> None:
        """Refuses ids that are the path of no node, whatever entries are in the file."""
        for path in paths:
            others = [one for other, one in self._nodes.items() if other != path]
            for text in ids:
                self._nodes[path].expect_apart(text, others)

    def lay(self, paths: Sequence[str], ids: Sequence[str]) -> None:
        """Makes nodes of the records that were taken, for the entries with these ids."""
        for path in paths:
            self._nodes[path].lay(ids)

    def lay_anew(self, paths: Sequence[str], ids: Sequence[str]) -> None:
        """As `lay`, of entries that are there."""
        for path in paths:
            for text in ids:
                self._nodes[path].drop(text)
            self._nodes[path].lay(ids)

    def move_node(self, paths: Sequence[str], old: str, new: str) -> None:
        """Gives an entry another id."""
        for path in paths:
            self._nodes[path].move(old, new)

    def drop_node(self, paths: Sequence[str], text: str) -> None:
        """Takes the nodes of an entry away."""
        for path in paths:
            self._nodes[path].drop(text)

    # Rows that are there.

    def grows(self, path: str) -> bool:
        """Whether a dataset is one that grows by rows."""
        return path in self._begun

    def read(self, path: str, first: int, last: int) -> Values:
        """Some rows that follow each other."""
        return self._storage(path).read(first, last)

    def put(self, path: str, first: int, rows: Values) -> None:
        """Writes over rows that follow each other."""
        if len(rows):
            self._storage(path).put(first, fitting(rows, self._begun[path].part))

    def read_at(self, path: str, at: Rows) -> Values:
        """Rows anywhere; `at` rises."""
        begun, storage = self._begun[path], self._storage(path)
        found = [storage.read(low, high)[at[a:b] - low] for a, b, low, high in _runs(at, begun.row_bytes)]
        return np.concatenate(found) if found else storage.read(0, 0)

    def put_at(self, path: str, at: Rows, rows: Values) -> None:
        """Writes over rows anywhere; `at` rises."""
        begun, storage = self._begun[path], self._storage(path)
        fit = fitting(rows, begun.part)
        for a, b, low, high in _runs(at, begun.row_bytes):
            part = fit[a:b]
            if high - low > b - a:
                part = storage.read(low, high)
                part[at[a:b] - low] = fit[a:b]
            storage.put(low, part)

    def shrink(self, path: str, count: int) -> None:
        """Drops all rows but the first ones."""
        storage = self._storage(path)
        if isinstance(storage, Contiguous) and self._standing:
            storage = self._spread(self._begun[path], storage)
        storage.shrink(count)

    def fixed_bytes(self, path: str) -> int:
        """Bytes of a dataset of a finished file that lies in one piece, and so keeps its size; 0: it may change."""
        made = self._made.get(path)
        return made.count * self._begun[path].row_bytes if isinstance(made, Contiguous) and self._standing else 0

    # When they are made, and what is kept of them.

    def make_all(self) -> None:
        """Makes every dataset that has rows; all that was taken is then in the file."""
        for begun in list(self._waiting()):
            if begun.count:
                self._make(begun)
        for made in self._made.values():
            made.settle()

    def show_all(self) -> None:
        """Makes every dataset, because somebody wants to look."""
        for begun in list(self._waiting()):
            self._make(begun)
        self.make_all()

    def kept(self) -> dict[str, Kept]:
        """What the next run is to know of every dataset that is there."""
        return {
            path: {"rows": made.count, "sums": made.checksum.state(), "chunks": list(made.chunks or ())}
            for path, made in self._made.items()
        }

    def finish(self) -> None:
        """Gives every dataset the form in which it stays: no larger than its rows, and in one piece if it may."""
        pieces = {path: made for path, made in self._made.items() if isinstance(made, Contiguous)}
        for path, piece in sorted(pieces.items(), key=lambda one: -one[1].offset):  # so no row moves but to free room
            if piece.count != piece.room:
                self._made[path] = self._layouts.shorter(self._begun[path], piece)
        for path, begun in self._begun.items():
            made = self._made.get(path)
            if made is None:
                self._finish_waiting(begun)
            elif path not in pieces:
                self._refit(begun, made)

    def _waiting(self) -> list[Begun]:
        return [begun for path, begun in self._begun.items() if path not in self._made]

    def _storage(self, path: str) -> Storage:
        made = self._made.get(path)
        return self._make(self._begun[path]) if made is None else made

    def _make(self, begun: Begun) -> Storage:
        """Makes a dataset, and writes the rows that wait for it."""
        if begun.is_plain and begun.expected is not None and begun.expected >= begun.count + sum(begun.planned):
            made: Storage = self._layouts.contiguous(begun, begun.expected)
        else:
            made = self._layouts.chunked(begun, begun.chunk)
        self._made[begun.part.path] = made
        for rows in begun.rows:
            made.take(made.plan(len(rows)).write(self._sink.handle, rows))
        for rows_planned in begun.planned:  # they are under way
            made.plan(rows_planned)
        self._waiting_bytes -= begun.count * begun.row_bytes
        begun.rows.clear()
        begun.planned.clear()
        return made

    def _spread(self, begun: Begun, made: Contiguous) -> Storage:
        grown = self._made[begun.part.path] = self._layouts.spread(begun, made.count)
        return grown

    def _finish_waiting(self, begun: Begun) -> None:
        """All rows are known: they lie in one piece, or in a chunk that is no larger."""
        if begun.is_whole(begun.count) or (begun.is_plain and begun.expected is not None):
            begun.expected = begun.count
        elif begun.count and not begun.options.chunk:
            begun.chunk = min(begun.chunk, begun.count)
        self._make(begun).settle()

    def _refit(self, begun: Begun, made: Storage) -> None:
        """Makes a dataset anew that was made before its number of rows was known."""
        made.settle()
        path, count = begun.part.path, made.count
        chunk = int((self._layouts.dataset(path).chunks or (1,))[0])
        if begun.is_plain and (count <= chunk or begun.options.layout == "contiguous"):
            self._made[path] = self._layouts.lay_out(begun, made.checksum, count, count)
        elif 0 < count < chunk and not begun.options.chunk:
            self._made[path] = self._layouts.fewer(begun, count)

    # Datasets and attributes that are written whole.

    def keep(self, path: str, rows: Values, dtype: np.dtype[np.generic]) -> None:
        """A dataset that is written once and whole."""
        self.file.create_dataset(path, data=rows.astype(dtype), dtype=dtype)
        self.note(path)

    def replace(self, path: str, data: Values, dtype: np.dtype[np.generic], options: Options) -> None:
        """A dataset that is written whole, in place of an earlier one."""
        if path in self.file:
            del self.file[path]
        self._layouts.whole(path, data, dtype, options)
        self.note(path)

    def is_dataset(self, path: str) -> bool:
        """Whether a dataset is there, and no group and not nothing."""
        return self.file.get(path, getclass=True) is h5py.Dataset

    def length(self, path: str) -> int:
        """Rows of a dataset that does not grow."""
        return self._layouts.dataset(path).shape[0]

    def fixed_texts(self, path: str) -> list[bytes]:
        """Texts of a fixed length that a finished file has."""
        return cast("list[bytes]", self._layouts.dataset(path)[()].tolist())

    def has(self, node: str) -> bool:
        """Whether a dataset or group is there by now."""
        return node in self.file

    def set_attribute(self, node: str, name: str, data: Values, dtype: np.dtype[np.generic]) -> None:
        """An attribute of a dataset or group."""
        set_attribute(self.file[node].attrs, name, data, dtype)

    def drop(self, path: str) -> None:
        """Takes away a dataset that grew, or a group of them."""
        for one in (path, checksums.path_of(path)):
            if one in self.file:
                del self.file[one]
        for known in [one for one in self._begun if one == path or one.startswith(f"{path}/")]:
            del self._begun[known]
            self._made.pop(known, None)
            self._summed.pop(known, None)

    # Scales and checksums.

    def describe(self, model: Model, counts: Mapping[str, int]) -> None:
        """Units, and a dimension scale for every axis of everything."""
        scales.describe(self.file, model, counts)

    def note(self, path: str) -> None:
        """Sums up a dataset, or an attribute, that was written whole by other means."""
        rows = checksums.rows_of(self.file, path)
        self._sums[path] = checksums.Checksum(rows.itemsize * int(np.prod(rows.shape[1:], dtype=np.int64)))
        self._sums[path].add(rows)

    def write_checksums(self) -> None:
        """Stores the checksums of everything."""
        changed = {path: one.checksum for path, one in self._made.items() if one.checksum.is_altered}
        for path, checksum in changed.items():
            checksum.renew(self._made[path].read)
        sums = self._sums | {path: made.checksum for path, made in self._made.items()}
        for path, checksum in sorted(sums.items()):
            if checksum.rows != self._summed.get(path) or path in changed or path in self._sums:
                checksums.write(self.file, path, checksum)
                self._summed[path] = checksum.rows
        self._sums.clear()


def _runs(at: Rows, row_bytes: int) -> list[tuple[int, int, int, int]]:
    """Rows that are near each other: from which to which item of `at`, and from which to which row."""
    cuts = np.flatnonzero(np.diff(at) > 1 + _BRIDGED_BYTES // row_bytes) + 1
    ends = [0, *cuts.tolist(), len(at)] if len(at) else []
    return [(a, b, int(at[a]), int(at[b - 1]) + 1) for a, b in pairwise(ends)]
