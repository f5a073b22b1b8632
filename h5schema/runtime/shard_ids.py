"""The ids of a dim over several files."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from .blocks import Texts
from .ids import UnknownIdError, hash_of, unknown_id
from .spans import Rows

if TYPE_CHECKING:
    from .shards import Shards


class IdIndex(NamedTuple):
    """Which file has an id: ten bytes an id, up to 65 536 files.

    Attributes:
        hashes: `hash_of` of all ids, sorted: uint64 [n].
        files: The number of the file of each: unsigned [n].
    """

    hashes: NDArray[np.uint64]
    files: NDArray[np.generic]

    def candidates(self, wanted: int) -> list[int]:
        """Numbers of the files that have an id of this hash."""
        low, high = (int(np.searchsorted(self.hashes, np.uint64(wanted), side)) for side in ("left", "right"))
        return cast("list[int]", self.files[low:high].tolist())


def index_of(shards: Shards, dim: str) -> IdIndex:
    """The index of the ids of all files.

    Raises:
        DataError: An id stands in two files.
    """
    parts = [reader.ids(dim).hashes() for reader in shards.each()]
    hashes = np.concatenate(parts)
    order = np.argsort(hashes, kind="stable")
    files = np.repeat(np.arange(len(parts), dtype=np.min_scalar_type(len(parts))), [len(part) for part in parts])
    index = IdIndex(hashes[order], files[order])
    for at in np.flatnonzero(index.hashes[1:] == index.hashes[:-1]).tolist():
        _expect_different(shards, dim, int(index.hashes[at]), *index.files[at : at + 2].tolist())
    return index


def _expect_different(shards: Shards, dim: str, wanted: int, one: int, other: int) -> None:
    """Refuses an id that two files have; two ids of one hash are none."""
    if one == other:
        return
    with shards.shard(one) as first:
        known, earlier = set(first.ids(dim).with_hash(wanted)), first.name
    with shards.shard(other) as second:
        for text in second.ids(dim).with_hash(wanted):
            if text in known:
                raise DataError(
                    f"the id {text!r} stands in {earlier} too",
                    where=f"{second.name}: {dim}",
                    do="an id is one entry of all files that are opened as one: leave one of the files out, "
                    "or write one of them with other ids",
                )


class ShardIds:
    """The ids of one dim of several files that are one data set.

    Args:
        shards: Of the files.
        dim: Address of the dim.
    """

    def __init__(self, shards: Shards, dim: str) -> None:
        self._shards = shards
        self._dim = dim

    def read(self, rows: Rows) -> Texts:
        """The ids of the entries at `rows`."""
        spread = self._shards.spread(self._dim, rows)
        found: list[object] = []
        for number, part in spread.parts.items():
            with self._shards.shard(number) as reader:
                found.append(reader.ids(self._dim).read(part))
        return cast("Texts", spread.together(found))

    def row_of(self, text: str) -> int:
        """The row of the entry with this id.

        Raises:
            UnknownIdError: There is none.
            DataError: An id, this or another, stands in two files.
        """
        for number in self._shards.id_index(self._dim).candidates(hash_of(text)):
            with self._shards.shard(number) as reader:
                try:
                    return int(self._shards.offsets[self._dim][number]) + reader.row_of(self._dim, text)
                except UnknownIdError:  # another id of this hash
                    continue
        raise unknown_id(self._dim, text, self._shards.name)
