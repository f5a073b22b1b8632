"""The ids of one dim of a file that is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, pairwise
from typing import cast

import h5py
import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError
from h5schema.vocabulary import layout

from ..blocks import Texts
from ..features import Options
from ..ids import FIXED_BYTES, Ids, hash_of, hash_of_bytes, index_of, with_more
from ..kinds import Stored
from ..spans import Carrier, Rows
from .datasets import Datasets

_TOGETHER = 4096
"""Ids that are looked at together, where they might be many."""


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
        self._in_order = True  # and in the order of their rows
        self._index = np.empty((0, 2), np.uint64)  # as it was written last
        self._changed: list[str] | None = None  # all of them, if one was renamed or taken away
        self._is_fixed = datasets.is_dataset(self._path)  # of a finished file, as long as its ids stay
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
        """Ids that were written so far."""
        if self._changed is not None:
            return len(self._changed)
        where = self._path if self._is_fixed else f"{self._path}/offsets"
        return self._datasets.length(where) if self._is_fixed else self._datasets.rows(where) - 1

    @property
    def _known(self) -> dict[int, int]:
        """The row of each hash; an extraction, whose ids are known to differ, never asks for it."""
        if not self._complete:
            self._rows = {hash_of_bytes(text): row for row, text in enumerate(self._encoded())}
            self._complete = True
        return self._rows

    # More of them.

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
            value = hash_of_bytes(text.encode())
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
            do="ids are unique; an entry that is there is replaced by itself: file.dim[id] = {...}",
        )

    def take(self, hashes: Sequence[int], first: int) -> None:
        """Notes ids that get the rows from `first` on."""
        self._known.update(zip(hashes, range(first, first + len(hashes)), strict=True))

    def row_of(self, text: str) -> int | None:
        """The row of the entry with this id; None: there is none."""
        return self._known.get(hash_of(text))

    def append(self, ids: Sequence[str]) -> None:
        """Writes ids that were taken."""
        if self._changed is not None:
            self._changed += ids
            return
        if self._is_fixed:
            self._write_anew([*self.texts(), *ids])
        else:
            self._write(ids)
        self._complete = len(self._rows) >= self._count

    def _write(self, ids: Sequence[str]) -> None:
        encoded = [text.encode() for text in ids]
        start = self._datasets.rows(f"{self._path}/values")
        self._datasets.append(f"{self._path}/values", np.frombuffer(b"".join(encoded), np.uint8))
        ends = np.cumsum([len(text) for text in encoded], dtype=np.int64)
        self._datasets.append(f"{self._path}/offsets", start + ends)

    def _write_anew(self, ids: Sequence[str]) -> None:
        self._is_fixed = False
        self._datasets.drop(self._path)
        self._begin()
        self._write(ids)

    # Others in their place.

    def rename(self, old: str, new: str) -> None:
        """Gives an entry another id.

        Raises:
            DataError: The new one is no id, or there already.
        """
        value, row = self._hash_of(new), self._known.pop(hash_of(old))
        self._known[value] = row
        self._for_change()[row] = new

    def take_away(self, row: int) -> None:
        """The last entry gets this row, and its own is gone."""
        texts = self._for_change()
        gone, last = texts[row], texts.pop()
        del self._known[hash_of(gone)]
        if row < len(texts):
            texts[row] = last
            self._known[hash_of(last)] = row

    def _for_change(self) -> list[str]:
        _ = self._known
        if self._changed is None:
            self._changed = self.texts()
        self._indexed = -1
        self._index = np.empty((0, 2), np.uint64)
        self._in_order = False
        return self._changed

    # What the file has.

    def changed(self) -> Sequence[str] | None:
        """All ids, if they are not in the file as they are now."""
        return self._changed

    def settle(self) -> None:
        """Everything that was changed is in the file, and the index."""
        self._write_changed()
        if self._indexed != self._count:
            more = self._count - len(self._index)
            if self._indexed >= 0 and 0 <= more < len(self._rows) and self._in_order and len(self._index):
                newest = np.fromiter(islice(reversed(self._rows), more), np.uint64, more)[::-1]
                self._index = with_more(self._index, newest)
            else:
                self._index = index_of(self._hashes())
            self._write_index(self._index)
            self._indexed = self._count

    def _write_changed(self) -> None:
        if self._changed is not None:
            self._write_anew(self._changed)
            self._changed = None

    def finish(self) -> None:
        """Short ids get a fixed length, which any tool reads; and the index is written."""
        self._write_changed()
        hashes = self._hashes()
        offsets = self._datasets.values(f"{self._path}/offsets").astype(np.int64)
        values = cast("NDArray[np.uint8]", self._datasets.values(f"{self._path}/values"))
        lengths = np.diff(offsets)
        longest = int(lengths.max(initial=1))
        # HDF5 pads with NUL and drops it again, so an id that ends with one keeps its offsets.
        if longest <= FIXED_BYTES and values[offsets[1:] - 1].all():
            fixed = np.zeros((len(lengths), longest), np.uint8)
            fixed[np.arange(longest) < lengths[:, None]] = values
            self._datasets.drop(self._path)
            self._datasets.keep(self._path, fixed.view(f"S{longest}")[:, 0], h5py.string_dtype("utf-8", longest))
        self._write_index(index_of(hashes))

    def _hashes(self) -> NDArray[np.uint64]:
        """In the order of the entries."""
        own = self._in_order and len(self._rows) == self._count
        return np.fromiter(self._rows if own else map(hash_of_bytes, self._encoded()), np.uint64, self._count)

    def _write_index(self, index: NDArray[np.uint64]) -> None:
        self._datasets.replace(layout.of_dim(self._dim, "index"), index, np.dtype(np.uint64), Options())

    def text(self, row: int) -> str:
        """The id of an entry that is to go."""
        return self._for_change()[row]

    def texts(self) -> list[str]:
        """All ids that were written so far."""
        return [text.decode() for text in self._encoded()]

    def _encoded(self) -> Iterator[bytes]:
        """All ids that were written so far, as utf-8."""
        if self._changed is not None:
            yield from (text.encode() for text in self._changed)
            return
        if self._is_fixed:
            yield from self._datasets.fixed_texts(self._path)
            return
        offsets = self._datasets.values(f"{self._path}/offsets")
        whole = self._datasets.values(f"{self._path}/values").tobytes()
        for first in range(0, len(offsets) - 1, _TOGETHER):
            yield from (whole[a:b] for a, b in pairwise(offsets[first : first + _TOGETHER + 1].tolist()))


class ChangedIds(Ids):
    """Ids of a dim that are not in the file as they are now.

    Args:
        texts: All of them.
        dim: Address of the dim.
        carrier: Of the file.
        file: Name of the file, for errors.
    """

    def __init__(self, texts: Sequence[str], dim: str, carrier: Carrier, file: str) -> None:
        super().__init__(dim, fixed=False, carrier=carrier, file=file)
        self._texts = texts

    def read(self, rows: Rows) -> Texts:
        wanted: list[int] = rows.tolist()
        return Texts.of([self._texts[row].encode() for row in wanted])
