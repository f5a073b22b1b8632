"""The one mechanism that writes: begin, put whole blocks, commit, publish.

Everything happens in `NAME.partial` beside the target. The final name appears only when
the file is complete and on the disk, in one step; whatever goes wrong before leaves the
target as it was.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping, Sequence, Sized
from contextlib import contextmanager
from pathlib import Path
from typing import TypeGuard

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError, FileError
from h5schema.vocabulary import layout

from .. import stamp, system
from ..arguments import flag
from ..axes import FixedAxis
from ..carrier import H5pyCarrier
from ..declared import Schema
from ..features import Options
from ..ids import NewIds, expect_list
from ..model import Model
from ..spans import Fetched, Spans
from ..where import Where
from .datasets import Datasets, values_scale
from .sink import Sink
from .taken import Block, Checked, Unique, agreed_lengths, together
from .wholes import Wholes

_TOGETHER = 256
"""Entries that are put one by one are written so many at a time."""


def _is_block(given: object) -> TypeGuard[Sized]:
    return isinstance(given, Sized) and not (isinstance(given, np.ndarray) and not given.ndim)


class _Uninterrupted(H5pyCarrier):
    """Reads what was put so far; HDF5 may write meanwhile, to make room for what it reads."""

    def fetch(self, spans: Sequence[Spans]) -> Fetched:
        with system.uninterrupted():
            return super().fetch(spans)


class Transaction:
    """A file in the making.

    Args:
        target: Final name of the file.
        model: What the file class declares.
        schema: Which schema that is.
        text: The schema's YAML text, stored in the file.
        overwrite: Whether a file at the final name is replaced (when this one is complete).
        parameters: How the features are extracted, stored in the file.
        expected: Number of entries of a dim, where it is known; chunks need not be larger.

    Raises:
        TargetExistsError: The target exists, and `overwrite` is not set.
        FileError: The folder cannot be written, or another process is writing this target.
    """

    def __init__(
        self,
        target: Path,
        model: Model,
        schema: Schema,
        text: str,
        *,
        overwrite: bool = False,
        parameters: Mapping[str, object] | None = None,
        expected: Mapping[str, int] | None = None,
    ) -> None:
        self.target = target
        self.model = model
        self._overwrite = overwrite
        overwrite = flag("overwrite", overwrite, str(target))
        system.expect_target(target, overwrite=overwrite)
        self._final = Path(os.path.abspath(target))  # the working directory may change meanwhile
        self._partial = system.partial_of(self._final)
        self._counts = dict.fromkeys(model.open_dims(), 0)
        self._waiting: dict[str, list[Checked]] = {}
        self._unique = Unique()
        self._torn = False
        self._made = False
        with system.explained(target):
            self._sink = Sink(self._partial, system.claim(self._partial))
        self._datasets = Datasets(self._sink)
        self._wholes = Wholes(model, self._datasets, target)
        try:
            with self._kept():
                stamp.write(self.file, schema, text, model.layout(), parameters or {})
                for said in (stamp.SCHEMA, stamp.LAYOUT, stamp.PARAMETERS):
                    self._datasets.note(said)
                self._ids = self._begin(expected or {})
        except BaseException:
            self.discard()
            raise
        self._carrier = _Uninterrupted(self.file)

    @property
    def carrier(self) -> H5pyCarrier:
        """Reads what was put so far."""
        if not self._made or self._wholes.waits:
            with self._kept():
                self._make(last=False)
        return self._carrier

    @property
    def file(self) -> h5py.File:
        """The file in the making."""
        return self._datasets.file

    def count(self, dim: str) -> int:
        """Entries of a dim that were put so far."""
        return self._counts[dim]

    def put(self, dim: str, given: Mapping[str, object], ids: Sequence[str] | None = None) -> None:
        """Appends entries of one dim: a block of every feature that the dim leads.

        Everything is checked before anything is written, so a block is there or it is not.

        Args:
            dim: Address of the dim.
            given: By address: an array [n, ...], a list of n values, or a block. Left out: absent.
            ids: Of the entries, if the dim has ids.

        Raises:
            DataError: A value, shape, length or id does not fit.
            FileError: The disk is full.
        """
        self._expect_untorn()
        count = self._count_of(dim, given, ids)
        if count:
            self.flush(dim)
            self._append(dim, self._taken(dim, given, count, None if ids is None else list(ids)))

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
        one = self._taken(dim, {address: [value] for address, value in given.items()}, 1, ids)
        waiting = self._waiting.setdefault(dim, [])
        waiting.append(one)
        if len(waiting) >= _TOGETHER:
            self.flush(dim)

    def flush(self, dim: str) -> None:
        """Writes the entries of a dim that were put one by one."""
        waiting = self._waiting.pop(dim, [])
        if waiting:
            self._append(dim, together(waiting))

    def _taken(self, dim: str, given: Mapping[str, object], count: int, ids: list[str] | None) -> Checked:
        """Entries as a user gives them, made blocks that fit and belong to the next rows; not written yet."""
        first = self._counts[dim]
        hashes = self._ids[dim].expect_new(ids) if ids is not None else []
        blocks: dict[str, Block] = {}
        for address in self.model.led_by(dim):
            value = given.get(address)
            feature, place = self.model.features[address], self.model.places[address]
            where = Where(f"{self.target}: {place.path}", first, ids)
            blocks[address] = feature.block_of([None] * count if value is None else value, place, count, where)
        where = Where(f"{self.target}: {dim}", first, ids)
        lengths = {
            ragged: agreed_lengths(ragged, self.model.places, blocks, count, where)
            for ragged in self.model.ragged_below(dim)
        }
        self._unique.take(self.model, blocks, where)
        if ids is not None:
            self._ids[dim].take(hashes, first)
        self._counts[dim] += count
        return Checked(blocks, lengths, ids or [])

    def _append(self, dim: str, checked: Checked) -> None:
        rows: dict[str, NDArray[np.generic]] = {}
        for address, (block, present) in checked.blocks.items():
            feature, place = self.model.features[address], self.model.places[address]
            ends = {part.path: self._datasets.rows(part.path) for part in self.model.stored(address)}
            rows |= feature.write(place, block, present, ends)
        for ragged, lengths in checked.lengths.items():
            rows[layout.of_dim(ragged, "lengths")] = lengths
        self._torn = True
        with self._kept():
            for path, values in rows.items():
                self._datasets.append(path, values)
            if checked.ids:
                self._ids[dim].append(checked.ids)
        self._torn = False

    def row_of(self, dim: str, text: str) -> int | None:
        """The row of the entry with an id, of those that were put so far; None: there is none."""
        return self._ids[dim].row_of(text)

    def put_whole(self, address: str, value: object) -> None:
        """Writes a feature that has no entries: one value for the whole file."""
        with self._kept():
            self._wholes.put(address, value)

    def commit(self) -> None:
        """Makes durable what was put: a commit record, then everything to the disk."""
        self._commit(last=False)

    def _commit(self, *, last: bool) -> None:
        self._expect_untorn()
        for dim in list(self._waiting):
            self.flush(dim)
        with self._kept():
            for dim, count in self._counts.items():
                self._datasets.append(layout.of_dim(dim, "commits"), np.array([count], np.int64))
                self._datasets.fit_scale(self.model.axes[dim].path, count)
            self._make(last=last)
            for address, place in self.model.places.items():
                if self.model.is_end_to_end(address):
                    self._datasets.fit_scale(values_scale(place), self._datasets.rows(place.path))
            self.file.flush()
            system.sync(self._partial)

    def publish(self, *, sync: bool = True) -> None:
        """Completes the file and gives it its final name.

        Args:
            sync: Whether the file is forced to the disk before.

        Raises:
            DataError: A feature that has no entries was not written.
            TargetExistsError: Meanwhile another program made the target.
        """
        self._expect_untorn()
        self._wholes.expect_all()
        for dim in list(self._waiting):
            self.flush(dim)
        with self._kept():
            for ids in self._ids.values():
                ids.finish()
        self._commit(last=True)
        with self._kept():
            self._datasets.write_checksums()
            self.file[layout.RESERVED].attrs["complete"] = np.int64(1)
            self.file.flush()
            self.file.close()
        with self._kept():
            if sync:
                system.sync(self._partial)
            system.appear(self._partial, self._final, overwrite=self._overwrite)
            if sync:
                system.sync(self._final.parent)
        self._sink.close()

    def discard(self) -> None:
        """Drops what was put; the target stays as it was."""
        self._sink.drop()
        with system.uninterrupted():
            self.file.close()
        self._partial.unlink(missing_ok=True)
        self._sink.close()

    # Inside.

    @contextmanager
    def _kept(self) -> Generator[None]:
        """Everything that is written in here is kept, or this raises a `FileError`."""
        try:
            with system.uninterrupted(), system.explained(self.target):
                yield
        finally:
            if self._sink.error is not None:
                raise system.explanation(self._sink.error, self.target) from None

    def _begin(self, expected: Mapping[str, int]) -> dict[str, NewIds]:
        """Groups, scales and empty datasets of everything that the class declares."""
        for path in self.model.groups.values():
            self.file.require_group(path)
        for axle in self.model.axes.values():
            if isinstance(axle.axis, FixedAxis):
                self._datasets.scale(axle.path, axle.axis.size)
        ids: dict[str, NewIds] = {}
        for dim in self.model.open_dims():
            self._datasets.scale(self.model.axes[dim].path, 0, grows=True)
            for part in self.model.kept(dim):
                self._datasets.begin(part, Options(), expected.get(dim) if part.per_entry else None)
            if self.model.has_ids(dim):
                ids[dim] = NewIds(dim, self._datasets, str(self.target))
        for address, place in self.model.places.items():
            if place.lead is None:
                continue
            for part in self.model.stored(address):
                rows = expected.get(place.lead) if part.per_entry else None
                self._datasets.begin(part, self.model.features[address].options, rows)
        return ids

    def _make(self, *, last: bool) -> None:
        """Makes what waits for more rows, and says of each dataset what it is."""
        if not self._made:
            self._datasets.make_all(last=last)
            for address, place in self.model.places.items():
                if place.lead is not None:
                    self._datasets.describe(self.model, address)
        self._made = True
        self._wholes.write_attributes()

    def _count_of(self, dim: str, given: Mapping[str, object], ids: Sequence[str] | None) -> int:
        known = self.model.led_by(dim)
        for address in given:
            if address not in known:
                raise DataError(
                    f"{address} is no feature that {dim} leads",
                    where=str(self.target),
                    do=f"it leads {', '.join(known)}",
                )
        if not self.model.has_ids(dim):
            sizes = [len(one) for one in given.values() if _is_block(one)]
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
