"""What every storage kind says of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..spans import Part, Reading, Rows
from .index import Index, StartsAndLengths
from .nodes import Nodes
from .words import Words

BlockT = TypeVar("BlockT")

OPEN = -1
"""The size of an open dim in a shape, as long as no file says how many entries it has."""


class Place(NamedTuple):
    """Where a feature lies in a file.

    Attributes:
        address: Names from the root, joined by `/`.
        path: HDF5 path of its dataset, or `node@name` of its attribute.
        dims: Addresses of its dims, or sizes of unnamed ones, in stored order.
        lead: Address of the open dim that comes first; None: the feature is one value for the file.
        ragged: Addresses of its ragged dims, in stored order.
        shape: Sizes of the other dims of an entry (of one ragged value); see `sized`.
        optional: Whether entries may be absent.
        across: Addresses of the open dims after `lead`; each is `OPEN` in `shape`, until a file is known.
        located: Says where the values lie of entries that have a length of their own.
        lists: Those of `ragged` over which an entry is a list: another is per them, or a text lies in each place.
        outer: Sizes of the dims of an array before `shape`, None where it is ragged; empty if it is nowhere.
        words: The dictionary of a category in the file; None: it has none, or no file is known.
        table: Path of the compound dataset of which it is a member; None: it is none.
        nodes: Finds the node of each entry, if the path has braces and a file is known.
    """

    address: str
    path: str
    dims: tuple[str | int, ...]
    lead: str | None
    ragged: tuple[str, ...]
    shape: tuple[int, ...]
    optional: bool
    across: tuple[str, ...] = ()
    located: Index = StartsAndLengths()
    lists: tuple[str, ...] = ()
    outer: tuple[int | None, ...] = ()
    words: Words | None = None
    table: str | None = None
    nodes: Nodes | None = None

    @property
    def is_attribute(self) -> bool:
        """Whether it is an HDF5 attribute rather than a dataset."""
        return "@" in self.path

    @property
    def sizes(self) -> tuple[int | None, ...]:
        """Sizes of all dims of an array, None where it is ragged."""
        return (*self.outer, *self.shape)

    def sized(self, length: Callable[[str], int]) -> Place:
        """The same place in a file whose open dims have these lengths."""
        if not self.across:
            return self
        lengths = map(length, self.across)
        return self._replace(shape=tuple(next(lengths) if size == OPEN else size for size in self.shape))


class Stored(NamedTuple):
    """A dataset that a kind needs, one row after the other.

    Attributes:
        path: HDF5 path.
        dtype: Of one value, as h5py creates it.
        shape: Of one row.
        data: Whether it holds the user's values (in the user's chunks and codec) or is bookkeeping of ours.
        per_entry: Whether it has one row for each entry.
        before: Rows, of zeros, before that of the first entry.
        nodes: Whether its rows are records, of which each becomes a node of its own: the path has braces.
        axes: Of each axis the address of its dim, an absolute path (the scale of an axis that grows), or a number
            for an axis without a name; None: as the dims of the feature are.
    """

    path: str
    dtype: np.dtype[np.generic]
    shape: tuple[int, ...] = ()
    data: bool = True
    per_entry: bool = True
    before: int = 0
    nodes: bool = False
    axes: tuple[str | int, ...] | None = None


class Gapless(NamedTuple):
    """Datasets of which each entry has some rows, without gaps and in the order of the entries.

    Attributes:
        ends: Path of a 0 and of where the rows of each entry end.
        elements: Paths of the datasets that have these rows.
        entries: Path of one more, which has for each of them its entry; None: there is none.
    """

    ends: str
    elements: tuple[str, ...]
    entries: str | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """Of all that have a row for each element."""
        return self.elements if self.entries is None else (*self.elements, self.entries)


class Kind(Protocol[BlockT]):
    """A way to lay entries out in datasets.

    `present` is bool [n] for an optional feature, else None.
    """

    def stored(self, place: Place, dtype: np.dtype[np.generic]) -> tuple[Stored, ...]:
        """The datasets it needs; the first holds the values."""
        ...

    def read(self, place: Place, rows: Rows) -> Reading[tuple[BlockT, NDArray[np.bool_] | None]]:
        """Reads the entries at `rows`, in that order; the feature has them all."""
        ...

    def write(
        self, place: Place, block: BlockT, present: NDArray[np.bool_] | None, ends: Mapping[str, int]
    ) -> dict[str, NDArray[np.generic]]:
        """Rows to append to each dataset; `ends` says how many rows each has so far."""
        ...


class PartKind(Kind[BlockT], Protocol[BlockT]):
    """A kind whose entries have a dim of their own length, of which a part can be read."""

    def read_part(self, place: Place, rows: Rows, part: Part) -> Reading[tuple[BlockT, NDArray[np.bool_] | None]]:
        """Reads a part of each of the entries at `rows`, and nothing else of them."""
        ...
