"""The engine behind a writer: takes entries, checks them, and hands them on to a transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import h5py
import numpy as np

from h5schema.errors import DataError, UsageError

from .. import stamp
from ..arguments import flag
from ..entries import flat
from ..evolution import model_in
from ..file import File
from ..ids import Ids, unknown_id
from ..keyed import named_within, parts_of
from ..kinds import Place
from ..model import model_of
from ..node_paths import INSIDE
from ..opening import open_to_read
from ..reader import Compared, Reader
from ..spans import Asked, Carrier, Part, Rows
from ..system import uninterrupted
from ..view import View
from .by_hand import ByHand
from .claim import Claim, Standing
from .edit import Edit
from .entry_keys import expect_keys
from .new_ids import ChangedIds

if TYPE_CHECKING:
    from ..features import Tree


class Recorder(Reader):
    """The engine behind a writer: reads what was put so far, and puts more."""

    def __init__(self, file: type[File], path: Path) -> None:
        super().__init__(file, path)
        self._transaction: ByHand | None = None

    def __getstate__(self) -> dict[str, object]:
        return {**super().__getstate__(), "_transaction": None}

    def begin(self, *, overwrite: bool, lengths: object) -> None:
        """Begins a new file."""
        if not isinstance(lengths, Mapping):
            raise UsageError(
                f"`lengths` is {lengths!r}",
                where=str(self.path),
                do="give the number of entries by dim, such as {'frame': 1000}",
            )
        text = stamp.schema_text(self.file)
        overwrite = flag("overwrite", overwrite, str(self.path))
        claim = Claim(self.path, overwrite=overwrite, resumes=False, sync=True)
        self.model = model_of(self.file)
        self._transaction = ByHand(claim, self.model, self.file.schema, text, cast("Mapping[str, int]", lengths))

    def edit(self) -> None:
        """Begins to add entries to a finished file."""
        open_to_read(self.path).close()  # which says what it is, if it is no finished file
        claim = Standing(self.path, sync=True)
        try:
            with h5py.File(claim.sink.reading(), "r") as file:
                self.model = model_in(file, self.file.schema, model_of(self.file), "change")
            self._transaction = Edit(claim, self.model, self.file.schema)
        except BaseException:
            claim.leave()
            raise

    @property
    def transaction(self) -> ByHand:
        """What is being written."""
        if self._transaction is None:
            raise UsageError(
                "no file is being written",
                where=str(self.path),
                do=f"begin with {self.file.__name__}.create(path), or with .edit(path) to add to a finished file",
            )
        return self._transaction

    @property
    def is_open(self) -> bool:
        """Whether something was begun and neither published nor dropped."""
        return self._transaction is not None

    def carrier(self) -> Carrier:
        for dim in self.model.open_dims():
            self.transaction.flush(dim)  # what waits is not in any dataset
        return self.transaction.carrier

    def hdf5(self) -> h5py.File:
        self.transaction.show_ids()
        self.carrier()  # every dataset is made before somebody looks
        return self.transaction.file

    def read(self, address: str, rows: Rows, part: Part | None = None, run: int = 1) -> object:
        self.transaction.expect_given(address, rows)
        with uninterrupted():  # where h5py lets go of what it read, Python would swallow a Ctrl-C
            return super().read(address, rows, part, run)

    def read_together(self, asked: Sequence[Asked]) -> list[object]:
        for one in asked:
            self.transaction.expect_given(one.address, one.rows)
        with uninterrupted():
            return super().read_together(asked)

    def length(self, dim: str) -> int:
        self.transaction.flush(dim)
        return self.transaction.count(dim)

    def compared(self, address: str) -> Compared:
        return self._compare(address)  # anew each time: the file grows

    def place(self, address: str) -> Place:
        known = self.transaction.model.places.get(address)
        if known is None:
            raise DataError(
                "no entry has a value yet",
                where=f"{self.path}: {self.model.places[address].path}",
                do="read it when the first one is written",
            )
        return self.in_nodes(known)

    def row_of(self, dim: str, text: str) -> int:
        row = self.transaction.row_of(dim, text)
        if row is None:
            raise unknown_id(dim, text, str(self.path))
        return row

    def ids(self, dim: str) -> Ids:
        changed = self.transaction.changed_ids(dim)
        return super().ids(dim) if changed is None else ChangedIds(changed, dim, self.carrier(), str(self.path))

    def entries(self, dim: str) -> object:
        from .axis_writers import AxisWriter, IdAxisWriter, RaggedAxisWriter  # they are faces of this

        if self.model.is_ragged(dim):
            return RaggedAxisWriter(self, dim)
        if self.model.outer(dim):
            from .keyed import KeyedAxisWriter  # few dims are so

            return KeyedAxisWriter[object](self, dim)
        found: IdAxisWriter[object] | AxisWriter[object] = (
            IdAxisWriter(self, dim) if self.model.has_ids(dim) else AxisWriter(self, dim)
        )
        return found

    def view(self, address: str) -> View[object, object]:
        from .view_writer import ViewWriter  # it is a face of this

        feature = self.model.features[address]
        if feature.is_tree:
            from .tree_writer import TreeWriter  # few features are

            return cast("View[object, object]", TreeWriter(self, address, cast("Tree", feature)))
        return ViewWriter(self, address, feature)

    def assign(self, address: str, value: object) -> None:
        place = self.model.places[address]
        if place.across:
            self.transaction.put_all(address, value)
            return
        if place.lead is not None:
            raise UsageError(
                f"{address} has an entry for each of {place.lead}, so it is not assigned as a whole",
                where=str(self.path),
                do=f"give entries: file.{place.lead}.extend(...)",
            )
        self.transaction.put_whole(address, value)

    def keep(self, dim: str, key: str | None, entry: object) -> None:
        """Takes one entry: it is checked and copied now, and written together with others.

        One that has the id of another replaces it.
        """
        if isinstance(key, str) and self.model.outer(dim):
            self.expect_outer(dim, key)
        if self.model.trees(dim):
            self._keep_with_trees(dim, str(key), entry)
        else:
            self._keep(dim, key, entry)

    def _keep(self, dim: str, key: str | None, entry: object) -> None:
        transaction = self.transaction
        row = transaction.row_of(dim, key) if isinstance(key, str) else None
        if row is not None:
            self.replace(dim, row, entry)
        elif not transaction.put_plain(dim, entry, key):
            where = f"{self.path}: {dim}" + ("" if key is None else f" ({key!r})")
            transaction.put_one(dim, self._values_of(dim, entry, where), key)

    def _keep_with_trees(self, dim: str, key: str, entry: object) -> None:
        from .trees import Trees  # few dims have them

        trees, where = Trees(self, dim), f"{self.path}: {dim} ({key!r})"
        own, given = trees.split(entry, where)
        values = trees.values(key, given, where)
        self._keep(dim, key, own)
        with self.transaction.whole():
            trees.put(key, values)

    def expect_outer(self, dim: str, key: str) -> None:
        """Refuses an entry within one that is not there."""
        outer = self.model.outer(dim)
        if outer:
            _ = self.row_of(outer[-1], INSIDE.join(parts_of(key, len(outer) + 1)[:-1]))

    def take_away(self, dim: str, key: str) -> None:
        """Takes an entry away, and all within it."""
        for inner in self.model.within(dim):
            if self.model.within(inner):
                for name in named_within(self, inner, key):
                    self.take_away(inner, f"{key}{INSIDE}{name}")
            else:
                self.transaction.delete_all(inner, named_within(self, inner, key).values())
        self.transaction.delete(dim, self.row_of(dim, key))

    def rename(self, dim: str, old: str, new: str) -> None:
        """Gives an entry another id, and with it all within it."""
        self.expect_outer(dim, new)
        inner = [(one, name) for one in self.model.within(dim) for name in named_within(self, one, old)]
        if inner and INSIDE in parts_of(new, len(self.model.outer(dim)) + 1)[-1]:
            raise DataError(
                f"the id {new!r} has a slash, and there are entries within {old!r}",
                where=f"{self.path}: {dim}",
                do="choose an id without one",
            )
        self.transaction.rename(dim, old, new)
        for one, name in inner:
            self.rename(one, f"{old}{INSIDE}{name}", f"{new}{INSIDE}{name}")

    def replace(self, dim: str, row: int, entry: object) -> None:
        """Gives an entry that is there other values, of all its features."""
        values = self._values_of(dim, entry, f"{self.path}: {dim}, row {row}")
        given = {address: [value] for address, value in values.items()}
        self.transaction.put_at(dim, np.array([row]), given)

    def _values_of(self, dim: str, entry: object, where: str) -> dict[str, object]:
        addresses = self.model.led_by(dim)
        expect_keys(entry, addresses, dim, where)
        return flat(entry, addresses, dim)

    def publish(self) -> None:
        """Completes the file and gives it its final name."""
        self.transaction.publish()
        self._transaction = None

    def close(self) -> None:
        if self._transaction is not None:
            self._transaction.discard()
            self._transaction = None
