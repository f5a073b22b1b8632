"""The one mechanism that writes: begin, put whole blocks, commit, publish.

Everything happens in `NAME.partial` beside the target. The final name appears only when
the file is complete and on the disk, in one step; whatever goes wrong before leaves the
target as it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError
from h5schema.vocabulary import layout

from . import stamp, system
from .axes import FixedAxis
from .blocks import RaggedBlock, Texts
from .carrier import H5pyCarrier
from .datasets import Datasets, scales_of, values_scale
from .features import Options
from .ids import NewIds
from .kinds import Stored
from .model import Model
from .spans import Rows
from .stamp import Schema

Blocks: TypeAlias = "dict[str, tuple[object, NDArray[np.bool_] | None]]"
"""Checked blocks by address, each with what is present (None: all, the feature is not optional)."""

_INT64 = np.dtype(np.int64)


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
        self._partial = target.with_name(target.name + ".partial")
        system.expect_target(target, overwrite=overwrite)
        self._counts = dict.fromkeys(model.open_dims(), 0)
        self._unique: dict[str, set[object]] = {}
        self._whole: set[str] = set()
        with system.explained(target):
            system.claim(self._partial)
            self._datasets = Datasets(self._partial)
        try:
            with system.explained(target):
                stamp.write(self.file, schema, text, model.layout(), parameters or {})
                self._ids = self._begin(expected or {})
        except BaseException:
            self.discard()
            raise
        self.carrier = H5pyCarrier(self.file)

    @property
    def file(self) -> h5py.File:
        """The file in the making."""
        return self._datasets.file

    def count(self, dim: str) -> int:
        """Entries of a dim that were put so far."""
        return self._counts[dim]

    def checked(self, dim: str, given: Mapping[str, object], count: int, names: Sequence[str] | None = None) -> Blocks:
        """Entries as a user gives them, made blocks; nothing is written.

        Args:
            dim: Address of the dim.
            given: By address: an array [count, ...], a list of `count` values, or a block. Left out: absent.
            count: Number of entries.
            names: Their ids, for errors.

        Raises:
            DataError: A value, shape or length does not fit.
        """
        blocks: Blocks = {}
        for address in self.model.led_by(dim):
            value = given.get(address)
            feature, place = self.model.features[address], self.model.places[address]
            where = f"{self.target}: {place.path}, row {self._counts[dim]}" + (f" ({names[0]!r})" if names else "")
            blocks[address] = feature.block_of([None] * count if value is None else value, place, count, where)
        for ragged in self.model.ragged_below(dim):
            self._agreed(dim, ragged, blocks, count, names)
        return blocks

    def put(self, dim: str, given: Mapping[str, object], ids: Sequence[str] | None = None) -> None:
        """Appends entries of one dim: a block of every feature that the dim leads.

        Everything is checked before anything is written, so a block is there or it is not.

        Args:
            dim: Address of the dim.
            given: See `checked`.
            ids: Of the entries, if the dim has ids.

        Raises:
            DataError: A value, shape, length or id does not fit.
            FileError: The disk is full.
        """
        count = self._count_of(dim, given, ids)
        if not count:
            return
        hashes = self._ids[dim].expect_new(ids) if ids is not None else set[int]()
        blocks = self.checked(dim, given, count, ids)
        fresh = {address: self._once(address, block) for address, (block, _) in blocks.items()}
        rows: dict[str, NDArray[np.generic]] = {}
        for address, (block, present) in blocks.items():
            feature, place = self.model.features[address], self.model.places[address]
            ends = {part.path: self._datasets.rows(part.path) for part in feature.stored(place)}
            rows |= feature.write(place, block, present, ends)
        for ragged in self.model.ragged_below(dim):
            rows[layout.of_dim(ragged, "lengths")] = self._agreed(dim, ragged, blocks, count, ids)
        with system.explained(self.target):
            for path, values in rows.items():
                self._datasets.append(path, values)
            if ids is not None:
                self._ids[dim].append(ids, hashes)
        self._counts[dim] += count
        for address, new in fresh.items():
            self._unique.setdefault(address, set()).update(new)

    def put_whole(self, address: str, value: object) -> None:
        """Writes a feature that has no entries: one value for the whole file."""
        feature, place = self.model.features[address], self.model.places[address]
        block, _ = feature.block_of([value], place, 1, f"{self.target}: {place.path}")
        with system.explained(self.target):
            data, dtype = feature.whole(block)
            if place.is_attribute:
                node, _, name = place.path.partition("@")
                self.file.require_group(node or "/").attrs.create(name, data, dtype=dtype)
            else:
                if place.path in self.file:
                    del self.file[place.path]
                self.file.create_dataset(place.path, data=data, dtype=dtype)
                self._describe(address)
        self._whole.add(address)

    def commit(self) -> None:
        """Makes durable what was put: a commit record, then everything to the disk."""
        with system.explained(self.target):
            for dim, count in self._counts.items():
                self._datasets.append(layout.of_dim(dim, "commits"), np.array([count], np.int64))
                self._datasets.fit_scale(self.model.axes[dim].path, count)
            for place in self.model.places.values():
                if place.ragged is not None:
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
        self._expect_whole()
        with system.explained(self.target):
            for ids in self._ids.values():
                ids.finish()
        self.commit()
        with system.explained(self.target):
            self._datasets.write_checksums()
            self.file[layout.RESERVED].attrs["complete"] = np.int64(1)
            self.file.flush()
            self.file.close()
            if sync:
                system.sync(self._partial)
            system.appear(self._partial, self.target, overwrite=self._overwrite)
            if sync:
                system.sync(self.target.parent)

    def discard(self) -> None:
        """Drops what was put; the target stays as it was."""
        with suppress(OSError, RuntimeError):  # a full disk: HDF5 cannot flush what is dropped anyway
            self.file.close()
        self._partial.unlink(missing_ok=True)

    # Inside.

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
            self._bookkeeping(layout.of_dim(dim, "commits"), None)
            if self.model.has_ids(dim):
                ids[dim] = NewIds(dim, self._datasets, str(self.target))
            for ragged in self.model.ragged_below(dim):
                self._bookkeeping(layout.of_dim(ragged, "lengths"), expected.get(dim))
        for address, place in self.model.places.items():
            if place.lead is None:
                continue
            feature = self.model.features[address]
            for part in feature.stored(place):
                self._datasets.create(part, feature.options, expected.get(place.lead) if part.per_entry else None)
            self._describe(address)
        return ids

    def _bookkeeping(self, path: str, expected: int | None) -> None:
        self._datasets.create(Stored(path, _INT64, data=False), Options(), expected)

    def _describe(self, address: str) -> None:
        """Unit and dimension scales of a feature's dataset."""
        feature, place = self.model.features[address], self.model.places[address]
        if feature.options.unit:
            self.file[place.path].attrs["unit"] = feature.options.unit
        paths = {dim: axle.path for dim, axle in self.model.axes.items()}
        self._datasets.name_axes(place.path, scales_of(place, paths))

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
            return max((len(cast("Sequence[object]", one)) for one in given.values() if one is not None), default=0)
        if ids is None:
            raise DataError("the entries need ids", where=f"{self.target}: {dim}", do="give one id for each entry")
        return len(ids)

    def _once(self, address: str, block: object) -> set[object]:
        """The values of a block whose feature says `unique`, all new; else nothing."""
        feature = self.model.features[address]
        if feature.options.check is None or not feature.options.check.unique:
            return set()
        numbers = feature.numbers(block)
        values: list[object] = list(numbers) if isinstance(numbers, Texts) else np.asarray(numbers).ravel().tolist()
        fresh: set[object] = set()
        for value in values:
            if value in fresh or value in self._unique.get(address, ()):
                raise DataError(
                    f"{value!r} stands twice, but the schema says `unique`",
                    where=f"{self.target}: {address}",
                    do="mend the data, or the check in the schema",
                )
            fresh.add(value)
        return fresh

    def _agreed(self, dim: str, ragged: str, blocks: Blocks, count: int, names: Sequence[str] | None) -> Rows:
        """The lengths of a ragged dim, int64 [count]: every feature that has the entry has the same."""
        agreed = np.full(count, -1, np.int64)
        said = np.full(count, "", object)
        for address, (block, present) in blocks.items():
            if self.model.places[address].ragged != ragged:
                continue
            lengths = cast("RaggedBlock[np.generic]", block).lengths
            there = np.ones(count, bool) if present is None else present
            clash = there & (agreed >= 0) & (agreed != lengths)
            if clash.any():
                row = int(np.argmax(clash))
                raise DataError(
                    f"{said[row]} has length {agreed[row]}, {address} has {lengths[row]}, and both run over {ragged}",
                    where=f"{self.target}: {dim}, row {self._counts[dim] + row}"
                    + (f" ({names[row]!r})" if names else ""),
                    do="features over one ragged dim have one length in each entry; give them dims of their own",
                )
            new = there & (agreed < 0)
            agreed[new], said[new] = lengths[new], address
        return np.maximum(agreed, 0)

    def _expect_whole(self) -> None:
        for address, place in self.model.places.items():
            if place.lead is None and not place.optional and address not in self._whole:
                raise DataError(
                    f"{address} was never written",
                    where=str(self.target),
                    do="give it a value before the file is closed, or write `optional: true` in the schema",
                )
