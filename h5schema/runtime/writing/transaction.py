"""The one mechanism that writes: begin, put whole blocks, commit, publish.

Everything happens in `NAME.partial` beside the target. The final name appears only when
the file is complete and on the disk, in one step; whatever goes wrong before leaves the
target as it was.

Who has entries in another process plans them here, carries the plans out there, and hands
back what came of it: `plan` and `take` are the two halves of `put`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Sized
from typing import NamedTuple, cast

from h5schema.errors import DataError

from .. import system
from ..blocks import SparseBlock
from ..ids import expect_list
from ..spans import Rows
from ..where import Where
from .across import Across
from .in_making import stats_of
from .plans import Plan, Written
from .taken import Checked, Given, checked, rows_of


class Planned(NamedTuple):
    """Where some entries go.

    Attributes:
        ends: Rows that each dataset has before them.
        plans: For each dataset.
        words: Of categories, by address: the code of each word.
    """

    ends: Mapping[str, int]
    plans: Mapping[str, Plan]
    words: Mapping[str, Mapping[str, int]] = {}


class Transaction(Across):
    """A file into which entries are put, or planned and taken; what was committed is there whatever comes after."""

    def put(
        self, dim: str, given: Mapping[str, object], ids: Sequence[str] | None = None, *, count: int | None = None
    ) -> None:
        """Appends entries of one dim: a block of every feature that the dim leads.

        Everything is checked before anything is written, so a block is there or it is not.

        Args:
            dim: Address of the dim.
            given: By address: an array [n, ...], a list of n values, or a block. Left out: absent.
            ids: Of the entries, if the dim has ids.
            count: How many entries, where nothing that is given tells.

        Raises:
            DataError: A value, shape, length or id does not fit.
            FileError: The disk is full.
        """
        self._expect_untorn()
        count = self._count_of(dim, given, ids) or (count or 0)
        if count:
            self._shapes.expect_room(dim, self._counts[dim] + count)
            self._settle(dim, given)
            self.flush(dim)
            self._append(dim, self._accepted(dim, given, count, None if ids is None else list(ids)))

    def put_one(self, dim: str, given: Mapping[str, object], key: str | None = None) -> None:
        """Appends one entry; it is checked and copied now, and written together with the next ones.

        Args:
            dim: Address of the dim.
            given: By address: a value; None or left out: absent.
            key: Its id, if the dim has ids.

        Raises:
            DataError: A value, shape or the id does not fit; the entries before it stay.
            FileError: The disk is full.
        """
        self._expect_untorn()
        ids = None if key is None else [key]
        self._count_of(dim, {}, ids)
        self._shapes.expect_room(dim, self._counts[dim] + 1)
        self._settle(dim, given)
        waiting = self._waiting[dim]
        if waiting.add(self._accepted(dim, {address: [value] for address, value in given.items()}, 1, ids)):
            self.flush(dim)

    def put_plain(self, dim: str, entry: object, key: str | None) -> bool:
        """Appends one entry as a user gives it, if its values plainly fit; False: it is to be put with `put_one`."""
        if self._torn or (key is None) == self.model.has_ids(dim):
            return False
        waiting = self._waiting[dim]
        size = waiting.put(entry)
        if size < 0:
            return False
        row = self._counts[dim]
        self._shapes.expect_room(dim, row + 1)
        if key is not None:
            self._ids[dim].take_one(key, row)
        self._counts[dim] = row + 1
        if waiting.keep(key, size):
            self.flush(dim)
        return True

    def flush(self, dim: str) -> None:
        """Writes the entries of a dim that were put one by one."""
        waiting = self._waiting[dim].taken()
        if waiting is not None:
            self._append(dim, waiting)

    def plan(
        self, dim: str, rows: Mapping[str, int], count: int, words: Mapping[str, Sequence[str]] | None = None
    ) -> Planned:
        """Where the next entries go, which were checked elsewhere; whoever did knows that their ids are new.

        Args:
            dim: Address of the dim.
            rows: How many rows they have in each dataset.
            count: How many entries they are.
            words: Of categories, in the order in which they come first, by address.
        """
        self._expect_untorn()
        self._counts[dim] += count
        ends = {path: self._datasets.rows(path) for path in rows}
        with self._kept():
            plans = {path: self._datasets.plan(path, size) for path, size in rows.items() if size}
            return Planned(ends, plans, self._dictionaries.plan(words or {}))

    def take(self, dim: str, written: Mapping[str, Written], stats: Rows, ids: Sequence[str] | None = None) -> None:
        """Takes the next entries that were planned, in the order of the plans.

        Args:
            dim: Address of the dim.
            written: What came of each plan.
            stats: int64 [n, 2], size and time of the source of each entry.
            ids: Of the entries, if the dim has ids.
        """
        self._torn = True
        with self._kept():
            for path, one in written.items():
                self._datasets.take(path, one)
            if ids:
                self._ids[dim].append(ids)
                self._datasets.lay(self.model.nodes(dim), ids)
            self._datasets.append(stats_of(dim).path, stats)
        self._dictionaries.take()
        self._taken[dim] += len(stats)
        self._torn = False

    def new_of(self, entries: Checked, where: Where) -> None:
        """Notes the values that no two entries may share.

        Raises:
            TwiceError: One is there already.
        """
        self._unique.take(self.model, entries.blocks, where)

    def commit(self, run: Mapping[str, object] | None = None) -> None:
        """Makes durable what was put and taken.

        Args:
            run: What the one who writes wants to know again if this run is stopped.
        """
        self._expect_untorn()
        for dim in list(self._waiting):
            self.flush(dim)
        with self._kept():
            self._datasets.make_all()
            self.file.flush()
            self.claim.sink.commit(int(self.file.id.get_filesize()), self._state(run or {}, complete=False))

    def publish(self, run: Mapping[str, object] | None = None) -> None:
        """Completes the file and gives it its final name.

        Args:
            run: As `commit` has it.

        Raises:
            DataError: A feature that has no entries was not written.
            TargetExistsError: Meanwhile another program made the target.
        """
        self._expect_untorn()
        self._wholes.expect_all()
        for dim in list(self._waiting):
            self.flush(dim)
        self._shapes.expect_full(self._counts)
        self._complete_all()
        with self._kept():
            self._finish()
            self.file.flush()
            self.file.close()
        with self._kept():
            sink = self.claim.sink
            sink.commit(sink.seek(0, 2), self._state(run or {}, complete=True))
            sink.settle()
        with system.uninterrupted():
            self.claim.appear()
            self.is_published = True

    # Inside.

    def _accepted(self, dim: str, given: Mapping[str, object], count: int, ids: list[str] | None) -> Checked:
        """Entries as a user gives them, made blocks that fit and belong to the next rows; not written yet."""
        first = self._counts[dim]
        hashes = self._ids[dim].expect_new(ids) if ids is not None else []
        entries = checked(self.model, dim, Given(given, count, first, ids), str(self.target))
        self.new_of(entries, Where(f"{self.target}: {dim}", first, ids))
        if ids is not None:
            self._datasets.expect_nodes(self.model.nodes(dim), ids)
            self._ids[dim].take(hashes, first)
        self._counts[dim] += count
        return entries

    def _append(self, dim: str, entries: Checked) -> None:
        ends = {part.path: self._datasets.rows(part.path) for part in self.model.grown(dim)}
        rows = rows_of(self.model, dim, entries, ends)
        count = self._counts[dim] - self._taken[dim]
        self._torn = True
        with self._kept():
            for path, values in rows.items():
                self._datasets.append(path, values)
            if entries.ids:
                self._ids[dim].append(entries.ids)
                self._datasets.lay(self.model.nodes(dim), entries.ids)
        self._taken[dim] += count
        self._torn = False

    def _count_of(self, dim: str, given: Mapping[str, object], ids: Sequence[str] | None) -> int:
        known = self.declared.led_by(dim)
        for address in given:
            if address not in known:
                raise DataError(
                    f"{address} is no feature that {dim} leads",
                    where=str(self.target),
                    do=f"it leads {', '.join(known)}",
                )
        if not self.model.has_ids(dim):
            sizes = [size for one in given.values() if (size := _size_of(one)) is not None]
            return max(sizes, default=1 if given else 0)
        if ids is None:
            raise DataError("the entries need ids", where=f"{self.target}: {dim}", do="give one id for each entry")
        expect_list(ids, f"{self.target}: {dim}")
        return len(ids)


def _size_of(given: object) -> int | None:
    """How many entries are given; None: it is no block."""
    whole = given
    shape: object = None if isinstance(given, SparseBlock) else getattr(given, "shape", None)
    if isinstance(shape, tuple):
        return cast("tuple[int, ...]", shape)[0] if shape else None  # SciPy's matrices have no length
    return len(whole) if isinstance(whole, Sized) else None
