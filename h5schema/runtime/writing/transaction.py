"""The one mechanism that writes: begin, put whole blocks, commit, publish.

Everything happens in `NAME.partial` beside the target. The final name appears only when
the file is complete and on the disk, in one step; whatever goes wrong before leaves the
target as it was.

Who has entries in another process plans them here, carries the plans out there, and hands
back what came of it: `plan` and `take` are the two halves of `put`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from typing import NamedTuple, TypedDict, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError, FileError
from h5schema.vocabulary import layout

from .. import stamp, system
from ..blocks import Maybe, SparseBlock
from ..carrier import H5pyCarrier
from ..declared import Schema
from ..features import Options
from ..ids import expect_list
from ..kinds import Stored
from ..model import Model
from ..spans import Fetched, Rows, Spans, carry_out
from ..tables import TableCarrier
from ..where import Where
from . import agreed
from .claim import Claim, Standing
from .datasets import Datasets, Kept
from .dictionaries import Dictionaries
from .new_ids import NewIds
from .plans import Plan, Written
from .shapes import Shapes
from .taken import Checked, Given, Unique, checked, rows_of
from .waiting import Waiting
from .wholes import Wholes


def _size_of(given: object) -> int | None:
    """How many entries are given; None: it is no block."""
    whole = given
    shape: object = None if isinstance(given, SparseBlock) else getattr(given, "shape", None)
    if isinstance(shape, tuple):
        return cast("tuple[int, ...]", shape)[0] if shape else None  # SciPy's matrices have no length
    return len(whole) if isinstance(whole, Sized) else None


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


_ABSENT_TOGETHER = 256
"""Absent entries that are written at a time."""


class State(TypedDict):
    """What a later run is to know: the entries that are there, each dataset, and what the one who writes adds."""

    counts: dict[str, int]
    words: dict[str, list[str]]
    datasets: dict[str, Kept]
    complete: bool
    run: Mapping[str, object]


class Transaction:
    """A file in the making.

    Args:
        claim: The name under which it is made; if that has a state, the file there is gone on with.
        model: What the file class declares.
        schema: Which schema that is.
        text: The schema's YAML text, stored in the file.
        parameters: How the features are extracted, stored in the file.
        expected: Number of entries of a dim that there will be at most, where it is known.
        lengths: Number of entries that a dim will have, where it is known.
        sourced: Dims whose entries come from sources, of which the file keeps sizes and times.

    Raises:
        FileError: The file cannot be written.
    """

    def __init__(
        self,
        claim: Claim | Standing,
        model: Model,
        schema: Schema,
        text: str,
        *,
        parameters: Mapping[str, object] | None = None,
        expected: Mapping[str, int] | None = None,
        lengths: Mapping[str, int] | None = None,
        sourced: Sequence[str] = (),
    ) -> None:
        self.claim = claim
        self.target = claim.target
        self.declared = model
        state = self._earlier()
        standing = state is not None and state["complete"]
        self._dictionaries = Dictionaries(model, state.get("words", {}) if state else {}, standing=standing)
        self.declared = model = model.worded(self._dictionaries.words)
        known = state["counts"] if state and state["complete"] else lengths or {}
        self._shapes = Shapes(model, known, str(self.target))
        self._taken = dict.fromkeys(model.open_dims(), 0) | (state["counts"] if state else {})
        self._counts = dict(self._taken)
        self._waiting = {dim: Waiting(self.model, dim, str(self.target)) for dim in model.open_dims()}
        self._unique = Unique()
        self._torn = False
        self.is_published = False
        self._carrier: H5pyCarrier | TableCarrier | None = None
        try:
            with self._kept():
                kept = state["datasets"] if state else None
                self._datasets = Datasets(claim.sink, kept, standing=state is not None and state["complete"])
                self._stamp(schema, text, parameters or {})
                self._wholes = Wholes(model, self._datasets, self.target)
                self._ids = self._begin(expected or {})
                for dim in sourced:
                    self._datasets.begin(stats_of(dim), Options(), (expected or {}).get(dim))
                self._remember_unique()
        except BaseException:
            self.discard()
            raise

    @property
    def model(self) -> Model:
        """What the class declares, but for features whose shape is not known yet."""
        return self._shapes.model

    @property
    def carrier(self) -> H5pyCarrier | TableCarrier:
        """Reads what was put so far."""
        if self._carrier is None:
            with self._kept():
                self._datasets.show_all()
                self._wholes.write_attributes()
            made = _Uninterrupted(self.file)
            self._carrier = (
                TableCarrier(made, self.model.tables) if self.model.tables else made
            )  # anew, because HDF5 keeps what it has read
        return self._carrier

    @property
    def file(self) -> h5py.File:
        """The file in the making."""
        return self._datasets.file

    def count(self, dim: str) -> int:
        """Entries of a dim that were put so far."""
        return self._counts[dim]

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

    def put_stats(self, dim: str, stats: NDArray[np.generic]) -> None:
        """Notes sizes and times of the sources of entries that were put: int64 [n, 2]."""
        with self._kept():
            self._datasets.append(stats_of(dim).path, stats)

    def sources(self, dim: str) -> Iterator[tuple[str, tuple[int, int]]]:
        """The id of each entry that was taken, and the size and time of its source."""
        stats = self._datasets.values(stats_of(dim).path)
        ids = self._ids[dim].texts() if dim in self._ids else [""] * len(stats)
        yield from ((text, (size, changed)) for text, (size, changed) in zip(ids, stats.tolist(), strict=True))

    def new_of(self, entries: Checked, where: Where) -> None:
        """Notes the values that no two entries may share.

        Raises:
            TwiceError: One is there already.
        """
        self._unique.take(self.model, entries.blocks, where)

    def row_of(self, dim: str, text: str) -> int | None:
        """The row of the entry with an id, of those that were put so far; None: there is none."""
        return self._ids[dim].row_of(text)

    def put_whole(self, address: str, value: object) -> None:
        """Writes a feature that has no entries: one value for the whole file."""
        with self._kept():
            self._wholes.put(address, value)

    def put_all(self, address: str, value: object) -> None:
        """Gives a feature that runs across several open dims its values for all entries that are there, at once.

        Args:
            address: Of the feature.
            value: A block: an array [n, ...], or whatever else the feature takes for n entries.

        Raises:
            DataError: Some entries have a value already, or it does not fit.
        """
        self._expect_untorn()
        place = self.declared.places[address]
        assert place.lead is not None
        where = Where(f"{self.target}: {place.path}")
        if address not in self._shapes.waiting(place.lead):
            raise DataError("it has values already", where=str(where), do="give it with each entry, or all at once")
        if self._shapes.sharing(address):
            raise DataError(
                "its coordinates are those of other features too",
                where=str(where),
                do="give all of them with each entry",
            )
        self.flush(place.lead)
        self._begin_sized(address)
        feature, place = self.model.features[address], self.model.places[address]
        block = feature.block_of(value, place, self._taken[place.lead or ""], where)
        self._append_rows(feature.write(place, *block, self._ends([address])))

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
        for address in self._shapes.waiting():
            self._complete(address)
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

    def discard(self) -> None:
        """Drops what was put since the last commit that a later run could go on with; the target stays as it was."""
        self.claim.sink.drop()
        with system.uninterrupted():
            self._carrier = None
            if hasattr(self, "_datasets"):
                self.file.close()
        self.claim.leave()

    # Inside.

    @contextmanager
    def _kept(self) -> Generator[None]:
        """Everything that is written in here is kept, or this raises a `FileError`."""
        try:
            with system.uninterrupted(), system.explained(self.target):
                self._carrier = None  # what it has read may change; and HDF5 closes what it had
                yield
        finally:
            if self.claim.sink.error is not None:
                raise system.explanation(self.claim.sink.error, self.target) from None

    def _earlier(self) -> State | None:
        """What an earlier run left."""
        return cast("State | None", self.claim.state)

    def _stamp(self, schema: Schema, text: str, parameters: Mapping[str, object]) -> None:
        """What the file says of itself."""
        stamp.write(self.file, schema, text, self.declared.layout(), parameters)
        for said in (stamp.SCHEMA, stamp.LAYOUT, stamp.PARAMETERS):
            self._datasets.note(said)

    def _state(self, run: Mapping[str, object], *, complete: bool) -> bytes:
        datasets = {} if complete else self._datasets.kept()
        words = {} if complete else self._dictionaries.kept()
        state: State = {"counts": self._taken, "words": words, "datasets": datasets, "complete": complete, "run": run}
        return layout.canonical(state).encode()

    def _begin(self, expected: Mapping[str, int]) -> dict[str, NewIds]:
        """Groups and empty datasets of everything that the class declares."""
        for path in self.model.groups.values():
            if "{" not in path:  # it has one in each entry
                self.file.require_group(path)
        ids: dict[str, NewIds] = {}
        for dim in self.model.open_dims():
            for part in self.model.kept(dim):
                self._datasets.begin(part, Options(), expected.get(dim) if part.per_entry else None)
            if self.model.has_ids(dim):
                ids[dim] = NewIds(dim, self._datasets, str(self.target))
        for address, place in self.model.places.items():
            if place.lead is not None:
                self._begin_feature(address, expected.get(place.lead))
        return ids

    def _begin_feature(self, address: str, expected: int | None) -> None:
        for part in self.model.stored(address):
            options = self.model.features[address].options if part.data else Options()
            if part.nodes:
                self._datasets.begin_nodes(part, options, self.model.occupied())
                continue
            known = expected if part.per_entry else None
            self._datasets.begin(part, options, None if known is None else known + part.before)
            if part.before > self._datasets.rows(part.path):
                self._datasets.append(part.path, np.zeros((part.before, *part.shape), part.dtype))

    # Features across several open dims.

    def _settle(self, dim: str, given: Mapping[str, object]) -> None:
        """Features that get their first value now have a shape from here on."""
        for address in self._shapes.waiting(dim):
            if given.get(address) is not None:
                self._complete(address)

    def _begin_sized(self, address: str) -> None:
        lead = self.declared.places[address].lead
        assert lead is not None
        self._shapes.settle(address, self._counts)
        self._waiting[lead] = Waiting(self.model, lead, str(self.target))
        with self._kept():
            for one in self._shapes.sharing(address) or [address]:
                self._begin_feature(one, None)

    def _make_up(self, address: str) -> None:
        """The entries before the first value: they are absent, if they may be."""
        feature, place = self.model.features[address], self.model.places[address]
        before = self._taken[place.lead or ""]
        for first in range(0, before, _ABSENT_TOGETHER):
            some = min(_ABSENT_TOGETHER, before - first)
            block = feature.block_of([None] * some, place, some, Where(str(self.target), first))
            self._append_rows(feature.write(place, *block, self._ends([address])))

    def _complete(self, address: str) -> None:
        """Gives a feature its shape; no entry so far has a value."""
        place = self.declared.places[address]
        assert place.lead is not None
        self.flush(place.lead)
        before = self._taken[place.lead]
        if before and not place.optional:
            raise DataError(
                f"{before} entries of {place.lead} have no {address}",
                where=f"{self.target}: {place.path}",
                do=f"give it with every entry, or for all of them at the end: file.{address.replace('/', '.')} = ...",
            )
        self._begin_sized(address)
        self._make_up(address)

    def _ends(self, addresses: Sequence[str]) -> dict[str, int]:
        """Rows that the datasets of features have so far."""
        parts = (part.path for address in addresses for part in self.model.stored(address))
        return {path: self._datasets.rows(path) for path in parts}

    def _append_rows(self, rows: Mapping[str, NDArray[np.generic]]) -> None:
        self._torn = True
        with self._kept():
            for path, values in rows.items():
                self._datasets.append(path, values)
        self._torn = False

    def _remember_unique(self) -> None:
        """The values of an earlier run that no two entries may share."""
        for address in self._uniques:
            count = self._taken[self.model.places[address].lead or ""]
            if count:
                self._unique.take(self.model, self._blocks((address,), np.arange(count)), Where(str(self.target)))

    @property
    def _uniques(self) -> list[str]:
        """Addresses of the features of which no two entries are equal."""
        checks = {address: feature.options.check for address, feature in self.model.features.items()}
        return [one for one, check in checks.items() if check and check.unique and self.model.places[one].lead]

    def _blocks(self, addresses: Sequence[str], rows: Rows) -> dict[str, agreed.Block]:
        """What was put so far, of some entries."""
        found: dict[str, agreed.Block] = {}
        for address in addresses:
            block = carry_out(self.model.features[address].reading(self.model.places[address], rows), self.carrier)
            some = cast("Maybe[object]", block)  # if it is one
            found[address] = (some.values, some.present) if isinstance(block, Maybe) else (block, None)
        return found

    def _finish(self) -> None:
        """Everything has its final form, its names and its checksums."""
        for ids in self._ids.values():
            ids.finish()
        for dim, count in self._counts.items():
            self._datasets.append(layout.of_dim(dim, "commits"), np.array([count], np.int64))
        self._datasets.finish()
        self._dictionaries.write(self._datasets)
        self._datasets.describe(self.model, self._counts)
        self._wholes.write_attributes()
        self._datasets.write_checksums()
        self.file[layout.RESERVED].attrs["complete"] = np.int64(1)

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

    def _expect_untorn(self) -> None:
        if self._torn:
            raise FileError(
                "an earlier write failed half way, so the file cannot be completed",
                where=str(self.target),
                do="write it again from the beginning",
            )


def stats_of(dim: str) -> Stored:
    """Where sizes and times of sources are kept."""
    return Stored(layout.of_dim(dim, "sources"), np.dtype(np.int64), (2,), data=False)


class _Uninterrupted(H5pyCarrier):
    """Reads what was put so far; HDF5 may write meanwhile, to make room for what it reads."""

    def fetch(self, spans: Sequence[Spans]) -> Fetched:
        with system.uninterrupted():
            return super().fetch(spans)
