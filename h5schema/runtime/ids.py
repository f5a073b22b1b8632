"""Ids of the entries of a dim: read by row, and found without reading them all."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from itertools import pairwise
from typing import TYPE_CHECKING, cast

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError
from h5schema.vocabulary import layout

from .blocks import RaggedBlock, Texts
from .damage import readable
from .features import Options
from .kinds import Stored
from .spans import Carrier, Rows, Spans, offsets_of
from .utf8 import expect_utf8

if TYPE_CHECKING:
    from .writing.datasets import Datasets

FIXED_BYTES = 64
"""Ids of up to so many bytes of utf-8 are stored with a fixed length."""

_SHORT = 64
"""Rows of the index that one read of a search takes."""
_TOGETHER = 4096
"""Ids that are looked at together, where they might be many."""
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
    return _hash(text.encode(errors="surrogatepass"))


def _hash(encoded: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(encoded, digest_size=8).digest(), "little")


def hashes_of(ids: Iterable[str]) -> NDArray[np.uint64]:
    """`hash_of` of each id: uint64 [n]."""
    return np.fromiter(map(hash_of, ids), np.uint64)


def index_of(hashes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The id index: uint64 [n, 2], (hash, row), sorted by hash and then by row; from the hash of each row's id."""
    order = np.argsort(hashes, kind="stable")
    return np.stack([hashes[order], order.astype(np.uint64)], axis=1)


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


class NewIds:
    """The ids of one dim of a file in the making: values and offsets first, for any number and length.

    Args:
        dim: Address of the dim.
        datasets: Of the file.
        target: Name of the file, for errors.
    """

    def __init__(self, dim: str, datasets: Datasets, target: str) -> None:
        self._dim = dim
        self._datasets = datasets
        self._path = layout.of_dim(dim, "ids")
        self._where = f"{target}: {dim}"
        self._rows: dict[int, int] = {}
        self._complete = False  # whether that has all ids
        self._is_fixed = datasets.is_dataset(self._path)  # of a finished file, as long as no id is added
        if not self._is_fixed:
            self._begin()
        self._indexed = self._count if datasets.is_dataset(layout.of_dim(dim, "index")) else -1

    def _begin(self) -> None:
        for name, dtype in (("values", np.uint8), ("offsets", np.int64)):
            self._datasets.begin(Stored(f"{self._path}/{name}", np.dtype(dtype), data=False), Options(), None)
        if not self._datasets.rows(f"{self._path}/offsets"):
            self._datasets.append(f"{self._path}/offsets", np.zeros(1, np.int64))

    @property
    def _count(self) -> int:
        """Ids that the file has so far."""
        where = self._path if self._is_fixed else f"{self._path}/offsets"
        return self._datasets.length(where) if self._is_fixed else self._datasets.rows(where) - 1

    @property
    def _known(self) -> dict[int, int]:
        """The row of each hash; an extraction, whose ids are known to differ, never asks for it."""
        if not self._complete:
            self._rows = {_hash(text): row for row, text in enumerate(self._encoded())}
            self._complete = True
        return self._rows

    def expect_new(self, ids: Sequence[str]) -> list[int]:
        """The hashes of ids that are all new, in order.

        Raises:
            DataError: One is empty, no text, or there already.
        """
        fresh: dict[int, None] = {}
        for text in ids:
            value = self._hash_of(text)
            if value in fresh:
                raise self._twice(text)
            fresh[value] = None
        return list(fresh)

    def take_one(self, text: str, row: int) -> None:
        """Notes a new id that gets a row.

        Raises:
            DataError: As `expect_new` has it.
        """
        self._known[self._hash_of(text)] = row

    def _hash_of(self, text: str) -> int:
        """The hash of an id that is new."""
        if not isinstance(text, str) or not text:  # pyright: ignore[reportUnnecessaryIsInstance]
            raise DataError(f"{text!r} is no id", where=self._where, do="an id is a text that is not empty")
        try:
            value = _hash(text.encode())
        except UnicodeEncodeError:
            raise DataError(
                f"the id {text!r} cannot be written as utf-8", where=self._where, do="rename the source"
            ) from None
        if value in self._known:
            raise self._twice(text)
        return value

    def _twice(self, text: str) -> DataError:
        return DataError(
            f"there is an entry with the id {text!r} already",
            where=self._where,
            do="ids are unique; replacing an entry comes with a later version",
        )

    def take(self, hashes: Sequence[int], first: int) -> None:
        """Notes ids that get the rows from `first` on."""
        self._known.update(zip(hashes, range(first, first + len(hashes)), strict=True))

    def row_of(self, text: str) -> int | None:
        """The row of the entry with this id; None: there is none."""
        return self._known.get(hash_of(text))

    def append(self, ids: Sequence[str]) -> None:
        """Writes ids that were taken."""
        if self._is_fixed:
            before = [text.decode() for text in self._encoded()]
            self._is_fixed = False
            self._datasets.drop(self._path)
            self._begin()
            self.append(before)
        encoded = [text.encode() for text in ids]
        start = self._datasets.rows(f"{self._path}/values")
        self._datasets.append(f"{self._path}/values", np.frombuffer(b"".join(encoded), np.uint8))
        ends = np.cumsum([len(text) for text in encoded], dtype=np.int64)
        self._datasets.append(f"{self._path}/offsets", start + ends)
        self._complete = len(self._rows) >= self._count

    def finish(self) -> None:
        """Short ids get a fixed length, which any tool reads; and the index is written."""
        offsets = self._datasets.values(f"{self._path}/offsets").astype(np.int64)
        values = cast("NDArray[np.uint8]", self._datasets.values(f"{self._path}/values"))
        lengths = np.diff(offsets)
        longest = int(lengths.max(initial=1))
        hashes = self._hashes()
        # HDF5 pads with NUL and drops it again, so an id that ends with one keeps its offsets.
        if longest <= FIXED_BYTES and values[offsets[1:] - 1].all():
            fixed = np.zeros((len(lengths), longest), np.uint8)
            fixed[np.arange(longest) < lengths[:, None]] = values
            self._datasets.drop(self._path)
            self._datasets.keep(self._path, fixed.view(f"S{longest}")[:, 0], h5py.string_dtype("utf-8", longest))
        self._write_index(hashes)

    def write_index(self) -> None:
        """Writes the index of all ids so far, if there are others than when it was written last."""
        if self._indexed != self._count:
            self._write_index(self._hashes())
            self._indexed = self._count

    def _hashes(self) -> NDArray[np.uint64]:
        """In the order of the entries."""
        own = self._rows if len(self._rows) == self._count else map(_hash, self._encoded())
        return np.fromiter(own, np.uint64, self._count)

    def _write_index(self, hashes: NDArray[np.uint64]) -> None:
        where = layout.of_dim(self._dim, "index")
        self._datasets.replace(where, index_of(hashes), np.dtype(np.uint64), Options())

    def texts(self) -> list[str]:
        """All ids so far."""
        return [text.decode() for text in self._encoded()]

    def _encoded(self) -> Iterator[bytes]:
        """All ids so far, as utf-8."""
        if self._is_fixed:
            yield from self._datasets.fixed_texts(self._path)
            return
        offsets = self._datasets.values(f"{self._path}/offsets")
        whole = self._datasets.values(f"{self._path}/values").tobytes()
        for first in range(0, len(offsets) - 1, _TOGETHER):
            yield from (whole[a:b] for a, b in pairwise(offsets[first : first + _TOGETHER + 1].tolist()))
