"""What generated classes and loaders ask of the data behind them: of one file, or of several as one."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeAlias, cast

import numpy as np

from h5schema.errors import UsageError
from h5schema.vocabulary.suggest import closest

from .blocks import AnyValues, Texts
from .features import Feature
from .kinds import Place
from .model import Model, model_of
from .spans import Access, Asked, Part, Rows
from .state_dict import StateDict
from .view import RowError, View

if TYPE_CHECKING:
    from .file import File
    from .reader import Reader

Paths: TypeAlias = "str | os.PathLike[str] | Iterable[str | os.PathLike[str]]"
"""One file, or several of one schema: their entries follow each other in this order."""


_LOOKED_UP = 200
"""Ids that are read in the time in which one is looked up."""
_AT_ONCE = 1 << 16
"""Ids that are read together."""


class AnyIds(Protocol):
    """The ids of a dim."""

    def read(self, rows: Rows) -> Texts:
        """The ids of the entries at `rows`."""
        ...

    def row_of(self, text: str) -> int:
        """The row of the entry with this id."""
        ...


class AnyReader(ABC):
    """Reads files of one class; what generated classes offer is a face of this.

    Attributes:
        file: The generated class.
        access: See `File`.
    """

    file: type[File]
    access: Access

    @cached_property
    def model(self) -> Model:
        """What the class declares."""
        return model_of(self.file)

    def view(self, address: str) -> View[object, object]:
        """The view of a feature."""
        feature = self.model.features[address]
        if feature.is_tree and feature.view_class is None:
            from .tree_view import TreeView  # few features are

            return cast("View[object, object]", TreeView(self, address, cast("Feature[StateDict, AnyValues]", feature)))
        return (feature.view_class or View)(self, address, feature)

    def entries(self, dim: str) -> object:
        """The entries of an open dim: a sequence, or a mapping if they have ids; of a ragged one its declaration."""
        if self.model.is_ragged(dim):
            return self.model.axes[dim].axis
        from .entries import Entries, IdEntries  # not needed to read a view

        if self.model.outer(dim):
            from .keyed import KeyedEntries  # few dims are so

            return KeyedEntries[object](self, dim)
        found: IdEntries[object] | Entries[object] = (
            IdEntries(self, dim) if self.model.has_ids(dim) else Entries(self, dim)
        )
        return found

    def assign(self, address: str, value: object) -> None:
        """Gives a feature that has no entries its value; writers do."""
        raise UsageError(
            f"{self.file.__name__} reads; it does not write",
            where=f"{self.name}: {address}",
            do=f"write with {self.file.__name__}Writer",
        )

    def split(self, part: str) -> Rows:
        """Rows of one part of a split, in the order of the entries: int64 [n].

        Args:
            part: `split/part`.
        """
        splits = self.file.splits
        known = [f"{name}/{one}" for name, split in splits.items() for one in split.parts]
        if part not in known:
            near = closest(str(part), known)
            raise UsageError(
                f"there is no part {part!r} of a split",
                where=self.file.__name__,
                do=f"did you mean {near!r}?" if near else f"there are {', '.join(known) or 'none'}",
            )
        from .splits import SplitRows  # not needed to open a file

        name, _, wanted = part.partition("/")
        if len(splits[name].dims) > 1:
            raise UsageError(
                f"split {name} is over {' and '.join(splits[name].dims)}: a part of it has elements, not rows",
                where=self.file.__name__,
                do="take a loader over these dims, with this part as its `split`",
            )
        return SplitRows(self, name, splits[name]).part(wanted)

    def row_of(self, dim: str, text: str) -> int:
        """The row of the entry with an id."""
        return self.ids(dim).row_of(text)

    def rows_of_ids(self, dim: str, texts: Sequence[str]) -> Rows:
        """The row of the entry with each id: int64 [n]. Many are found by reading all ids there are."""
        size = self.length(dim)
        rows = dict.fromkeys(texts, -1)
        if len(rows) * _LOOKED_UP < size:
            return np.array([self.row_of(dim, text) for text in texts], np.int64)
        if texts:
            self.row_of(dim, texts[0])  # of several files: no id may be in two of them
        for first in range(0, size, _AT_ONCE):
            some = np.arange(first, min(size, first + _AT_ONCE), dtype=np.int64)
            for row, text in enumerate(self.ids(dim).read(some), first):
                if text in rows:
                    rows[text] = row
        missing = next((text for text, row in rows.items() if row < 0), None)
        if missing is not None:
            self.row_of(dim, missing)  # says that there is none
        return np.array([rows[text] for text in texts], np.int64)

    def _outside(self, place: Place, rows: Rows, size: int) -> RowError:
        return RowError(
            f"row {int(rows[(rows < 0) | (rows >= size)][0])} is asked for, but there are {size}",
            where=f"{self.name}: {place.path}",
            do=f"rows count from 0 to {size - 1}" if size else "there are no entries",
        )

    # What differs.

    @property
    @abstractmethod
    def name(self) -> str:
        """What is read, for errors."""

    @abstractmethod
    def where(self, what: str, dim: str, row: int) -> str:
        """Where an entry of a dim lies, for errors.

        Args:
            what: Address or HDF5 path.
            dim: Address of the dim.
            row: Of the entry.
        """

    @abstractmethod
    def only(self, what: str) -> Reader:
        """The reader of the one file there is.

        Args:
            what: Is asked of it.

        Raises:
            UsageError: There are several.
        """

    @abstractmethod
    def each(self) -> Iterator[Reader]:
        """The reader of each file in turn."""

    @abstractmethod
    def open(self) -> None:
        """Opens now what would be opened when it is first needed."""

    @abstractmethod
    def close(self) -> None:
        """Closes what is open; the next use opens it again."""

    @abstractmethod
    def read(self, address: str, rows: Rows, part: Part | None = None, run: int = 1) -> object:
        """The block of one feature at `rows`, or a part of each of these entries, or of runs of them; see `Asked`."""

    @abstractmethod
    def read_together(self, asked: Sequence[Asked]) -> list[object]:
        """The blocks of several features, in as few fetches as one of them needs."""

    @abstractmethod
    def length(self, dim: str) -> int:
        """Number of entries of an open dim."""

    def borders(self, dim: str) -> Rows:
        """Between which rows the entries of an open dim lie in one file: int64 [files + 1]."""
        return np.array([0, self.length(dim)], np.int64)

    @abstractmethod
    def lengths(self, dim: str, rows: Rows) -> Rows:
        """Lengths of a ragged dim in the entries at `rows`: int64 [n]."""

    @abstractmethod
    def lists(self, dim: str, rows: Rows) -> tuple[Rows, ...]:
        """Lengths of the dims that a ragged dim is per, and of it, in the entries at `rows`, which ascend.

        Of each dim int64 [n], one for each item of the dim before it.
        """

    @abstractmethod
    def entry_bytes(self, address: str) -> int:
        """Stored bytes of one entry of a feature, on average."""

    @abstractmethod
    def ids(self, dim: str) -> AnyIds:
        """The ids of a dim's entries."""

    @abstractmethod
    def categories(self, address: str) -> Texts:
        """The words of a category, by code."""

    @abstractmethod
    def verify(self) -> None:
        """Reads everything once and compares it with its checksums."""
