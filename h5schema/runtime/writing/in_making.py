"""What is there of a file in the making: how it is opened, what was put so far, and its final form."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TypedDict, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import FileError
from h5schema.vocabulary import layout

from .. import stamp, system
from ..blocks import Maybe
from ..carrier import H5pyCarrier
from ..declared import Schema
from ..features import Options
from ..kinds import Stored
from ..model import Model
from ..spans import Carrier, Fetched, Rows, Spans, carry_out
from ..tables import TableCarrier
from ..where import Where
from . import agreed
from .claim import Claim, Standing
from .datasets import Datasets, Kept
from .dictionaries import Dictionaries
from .new_ids import NewIds
from .shapes import Shapes
from .taken import Unique
from .waiting import Waiting
from .wholes import Wholes


class State(TypedDict):
    """What a later run is to know: the entries that are there, each dataset, and what the one who writes adds."""

    counts: dict[str, int]
    words: dict[str, list[str]]
    datasets: dict[str, Kept]
    complete: bool
    run: Mapping[str, object]


class InMaking(ABC):
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
        self._shapes = Shapes(model, known, str(self.target), standing=standing)
        self._taken = dict.fromkeys(model.open_dims(), 0) | (state["counts"] if state else {})
        self._counts = dict(self._taken)
        self._waiting = {dim: Waiting(self.model, dim, str(self.target)) for dim in model.open_dims()}
        self._unique = Unique()
        self._torn = False
        self.is_published = False
        self._carrier: Carrier | None = None
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
    def carrier(self) -> Carrier:
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

    def sources(self, dim: str) -> Iterator[tuple[str, tuple[int, int]]]:
        """The id of each entry that was taken, and the size and time of its source."""
        stats = self._datasets.values(stats_of(dim).path)
        ids = self._ids[dim].texts() if dim in self._ids else [""] * len(stats)
        yield from ((text, (size, changed)) for text, (size, changed) in zip(ids, stats.tolist(), strict=True))

    def row_of(self, dim: str, text: str) -> int | None:
        """The row of the entry with an id, of those that were put so far; None: there is none."""
        return self._ids[dim].row_of(text)

    def put_whole(self, address: str, value: object) -> None:
        """Writes a feature that has no entries: one value for the whole file."""
        with self._kept():
            self._wholes.put(address, value)

    def put_stats(self, dim: str, stats: NDArray[np.generic]) -> None:
        """Notes sizes and times of the sources of entries that were put: int64 [n, 2]."""
        with self._kept():
            self._datasets.append(stats_of(dim).path, stats)

    @abstractmethod
    def flush(self, dim: str) -> None:
        """Writes the entries of a dim that were put one by one."""

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
