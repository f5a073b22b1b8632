"""Ids of the entries of a dim: read by row, and found without reading them all."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Set
from typing import cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError
from h5schema.vocabulary import layout

from .blocks import RaggedBlock, Texts
from .damage import readable
from .kinds import Stored
from .spans import Carrier, Rows, Spans, offsets_of
from .utf8 import expect_utf8

FIXED_BYTES = 64
"""Ids of up to so many bytes of utf-8 are stored with a fixed length."""

_SHORT = 64
"""Rows of the index that one read of a search takes."""
_ROUNDS = 12
"""Interpolation that has not ended after so many reads looks at an index that is not ours."""


class UnknownIdError(DataError, KeyError):
    """No entry has this id."""

    __str__ = DataError.__str__


def unknown_id(dim: str, text: str, file: str) -> UnknownIdError:
    """No entry of `dim` has the id `text`."""
    return UnknownIdError(
        f"no entry of {dim} has the id {text!r}",
        where=f"{file}: {dim}",
        do=f"`list(file.{dim.replace('/', '.')})` gives the ids; `in` asks for one",
    )


def expect_list(ids: object, where: str) -> None:
    """Refuses one text, which is a sequence of ids too, and what has no order."""
    if isinstance(ids, str | bytes | Set) or not isinstance(ids, Collection):
        raise DataError(f"{ids!r} is no list of ids", where=where, do="give a list with one id for each entry")


def hash_of(text: str) -> int:
    """A stable 64-bit hash of an id: the first 8 bytes of BLAKE2b (RFC 7693), little-endian."""
    return hash_of_bytes(text.encode(errors="surrogatepass"))


def hash_of_bytes(encoded: bytes) -> int:
    """`hash_of` of the id with these bytes of utf-8."""
    return int.from_bytes(hashlib.blake2b(encoded, digest_size=8).digest(), "little")


def hashes_of(ids: Iterable[str]) -> NDArray[np.uint64]:
    """`hash_of` of each id: uint64 [n]."""
    return np.fromiter(map(hash_of, ids), np.uint64)


def index_of(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The id index: uint64 [n, 2], (hash, row), sorted by hash and then by row; from the hash of each row's id."""
    order = np.argsort(hashes, kind="stable")
    return np.stack([hashes[order], order.astype(np.uint64)], axis=1)


def with_more(index: NDArray[np.uint64], hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The id index with the rows that come next, from the hash of each one's id."""
    new = index_of(hashes)
    new[:, 1] += np.uint64(len(index))
    return np.insert(index, np.searchsorted(index[:, 0], new[:, 0], side="right"), new, axis=0)


def stored_ids(dim: str, count: int, *, fixed: bool) -> list[tuple[Stored, int | None]]:
    """The datasets of the ids of so many entries, and how many rows each has (None: any number).

    Args:
        dim: Address of the dim.
        count: Number of entries.
        fixed: Whether the ids are stored with a fixed length, rather than as values and offsets.
    """
    path = layout.of_dim(dim, "ids")
    index = Stored(layout.of_dim(dim, "index"), np.dtype(np.uint64), (2,), data=False), count
    if fixed:
        return [(Stored(path, np.dtype(f"S{FIXED_BYTES}"), data=False), count), index]
    values = Stored(f"{path}/values", np.dtype(np.uint8), data=False, per_entry=False), None
    offsets = Stored(f"{path}/offsets", np.dtype(np.int64), data=False), count + 1
    return [values, offsets, index]


class Ids:
    """The ids of one dim of an open file.

    Args:
        dim: Address of the dim.
        fixed: Whether they are stored with a fixed length, rather than as values and offsets.
        carrier: Brings the rows.
        file: Name of the file, for errors.
    """

    def __init__(self, dim: str, *, fixed: bool, carrier: Carrier, file: str) -> None:
        self._path = layout.of_dim(dim, "ids")
        self._index = layout.of_dim(dim, "index")
        self._dim = dim
        self._fixed = fixed
        self._carrier = carrier
        self._file = file

    def read(self, rows: Rows) -> Texts:
        """The ids of the entries at `rows`."""
        where = f"{self._file}: {self._path}"
        with readable(where):
            texts = self._read(rows)
        expect_utf8(texts, where, rows)
        return texts

    def _read(self, rows: Rows) -> Texts:
        if self._fixed:
            (texts,) = self._carrier.fetch((Spans(self._path, rows),))
            return Texts.of(cast("list[bytes]", texts.tolist()))
        begins, ends = self._carrier.fetch(
            (Spans(f"{self._path}/offsets", rows), Spans(f"{self._path}/offsets", rows + 1))
        )
        starts, stops = begins.astype(np.int64), ends.astype(np.int64)
        (values,) = self._carrier.fetch((Spans(f"{self._path}/values", starts, stops - starts),))
        return Texts(RaggedBlock(cast("NDArray[np.uint8]", values), offsets_of(stops - starts)))

    def row_of(self, text: str) -> int:
        """The row of the entry with this id.

        Raises:
            UnknownIdError: There is none.
        """
        with readable(f"{self._file}: {self._index}"):
            candidates = self._candidates(hash_of(text))
        for row in candidates:
            if self.read(np.array([row], np.int64))[0] == text:
                return row
        raise unknown_id(self._dim, text, self._file)

    def hashes(self) -> NDArray[np.uint64]:
        """`hash_of` of all ids, sorted: uint64 [n]."""
        with readable(f"{self._file}: {self._index}"):
            return self._window(0, self._carrier.length(self._index))[:, 0]

    def with_hash(self, wanted: int) -> list[str]:
        """The ids that have this hash: nearly always one, or none."""
        with readable(f"{self._file}: {self._index}"):
            rows = self._candidates(wanted)
        return list(self.read(np.array(rows, np.int64)))

    def _candidates(self, wanted: int) -> list[int]:
        """Rows whose id has this hash."""
        size = self._carrier.length(self._index)
        at = self._first_from(wanted, size) if size else 0
        found: list[int] = []
        while at < size:
            part = self._window(at, min(size, at + 4))
            same = part[part[:, 0] == np.uint64(wanted), 1]
            found += same.astype(np.int64).tolist()  # of a damaged index a row may be negative, and is refused
            if len(same) < len(part):
                break
            at += len(part)
        return found

    def _first_from(self, wanted: int, size: int) -> int:
        """Where the first hash of at least `wanted` stands in the index.

        Hashes are uniform, so interpolation finds it in some log(log(size)) short reads; should the index be
        another, halving goes on. Below `low` all are less than `wanted`, from `high` on none is.
        """
        low, high, least, most = 0, size, 0, 1 << 64
        rounds = 0
        while high - low > _SHORT:
            guess = low + (wanted - least) * (high - low) // (most - least) if rounds < _ROUNDS else (low + high) // 2
            begin = min(max(guess - _SHORT // 2, low), high - _SHORT)
            hashes = self._window(begin, begin + _SHORT)[:, 0]
            first, last = int(hashes[0]), int(hashes[-1])
            if first >= wanted:
                high, most = begin, first
            elif last < wanted:
                low, least = begin + _SHORT, last
            else:
                low, high = begin, begin + _SHORT
            rounds += 1
        return low + int(np.searchsorted(self._window(low, high)[:, 0], np.uint64(wanted)))

    def _window(self, low: int, high: int) -> NDArray[np.uint64]:
        (part,) = self._carrier.fetch((Spans(self._index, np.array([low], np.int64), high - low),))
        return cast("NDArray[np.uint64]", part)
