"""A finished file that is changed where it stands: a commit is there whatever happens, and others may read."""

from __future__ import annotations

from collections.abc import Mapping

import h5py
import numpy as np

from h5schema.errors import UsageError
from h5schema.vocabulary import layout

from .. import stamp
from ..declared import Schema
from ..features import Options
from ..model import Model
from . import checksums, scales
from .by_hand import ByHand
from .claim import Standing
from .datasets import Kept
from .in_making import State, stats_of
from .taken import Checked

_NOTHING = b"{}"
"""What a later writer is to know besides: nothing."""


class Edit(ByHand):
    """Entries of a finished file are added and changed; a commit makes them part of it, at once and altogether.

    Args:
        claim: The file, which nobody else changes meanwhile.
        model: What the file class declares.
        schema: Which schema that is.

    Raises:
        FileError: The file is of another schema, or cannot be written.
    """

    def __init__(self, claim: Standing, model: Model, schema: Schema) -> None:
        super().__init__(claim, model, schema, "")
        self._sourced = [dim for dim in model.open_dims() if stats_of(dim).path in self.file]
        with self._kept():
            for dim in self._sourced:
                self._datasets.begin(stats_of(dim), Options(), None)

    def commit(self, run: Mapping[str, object] | None = None) -> None:
        """Makes what was put part of the file, for whoever opens it from now on."""
        self._settle_all()
        with self._kept():
            for ids in self._ids.values():
                ids.settle()
            for dim, count in self._counts.items():
                self._datasets.append(layout.of_dim(dim, "commits"), np.array([count], np.int64))
            self._datasets.show_all()
            self._dictionaries.write(self._datasets)
            scales.fit(self.file, self.model, self._counts)
            self._datasets.write_checksums()
            self.file.flush()
            self.claim.sink.commit(int(self.file.id.get_filesize()), _NOTHING)

    def publish(self, run: Mapping[str, object] | None = None) -> None:
        """Commits, and lets go of the file."""
        self.commit()
        with self._kept():
            self.file.close()
        with self._kept():
            sink = self.claim.sink
            sink.commit(sink.seek(0, 2), _NOTHING)  # what HDF5 has written since
        self.claim.appear()

    def put_whole(self, address: str, value: object) -> None:
        """Refuses: only entries change.

        Raises:
            UsageError: Always.
        """
        raise UsageError(
            f"{address} has no entries, and of a finished file only entries change",
            where=str(self.target),
            do="give it its value when the file is made",
        )

    def _append(self, dim: str, entries: Checked) -> None:
        """Of an entry that was extracted, the file knows the source; of one that is added nobody does."""
        count = self.count(dim) - self._taken[dim]
        super()._append(dim, entries)
        if dim in self._sourced:
            self.put_stats(dim, np.full((count, 2), -1, np.int64))

    def _earlier(self) -> State:
        with h5py.File(self.claim.sink.reading(), "r") as file:
            stamp.expect_ours(file)
            counts = {dim: int(file[layout.of_dim(dim, "commits")][-1]) for dim in self.declared.open_dims()}
            return {"counts": counts, "words": self._words(file), "datasets": _kept(file), "complete": True, "run": {}}

    def _words(self, file: h5py.File) -> dict[str, list[str]]:
        stored = {address: file[path][:].tolist() for address, path in self.declared.dictionaries().items()}
        return {address: [word.decode() for word in words] for address, words in stored.items()}

    def _stamp(self, schema: Schema, text: str, parameters: Mapping[str, object]) -> None:
        """It says that already."""


def _kept(file: h5py.File) -> dict[str, Kept]:
    """Every dataset that has checksums, and its last block to go on with."""
    found: dict[str, Kept] = {}

    def note(name: str, one: object) -> None:
        path = name if name.startswith("@") else f"/{name}"
        if isinstance(one, h5py.Dataset) and "@" not in path and file[path].shape:
            rows = file[path].shape[0]
            step = int(one.attrs[checksums.ROWS_PER_BLOCK])
            sums = one[()].tolist()
            open_rows = rows % step
            done, running = (sums[:-1], sums[-1]) if open_rows else (sums, 0)
            found[path] = {"rows": rows, "sums": (done, open_rows, running)}

    file[checksums.FOLDER].visititems(note)
    return found
