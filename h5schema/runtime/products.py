"""Samples over several dims of entries: every combination of entries, or the elements that a feature stores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import prod
from typing import cast

import numpy as np

from .any_reader import AnyReader
from .blocks import Maybe, SparseBlock
from .chance import Drawn
from .chosen import Chosen
from .spans import Rows

_AT_ONCE = 1 << 10
"""Rows that are looked through together."""


class Product:
    """Every combination of entries of several dims, those of the last dim one after the other.

    Args:
        rows: Of each dim, by address: int64 [n]; or how many entries there are, if all of them are samples.
    """

    def __init__(self, rows: Mapping[str, Rows | int]) -> None:
        self._rows = rows
        self._sizes = tuple(one if isinstance(one, int) else len(one) for one in rows.values())

    def __len__(self) -> int:
        return prod(self._sizes)

    def at(self, indices: Rows, drawn: Drawn) -> Chosen:
        along = np.unravel_index(indices, self._sizes)
        pairs = zip(self._rows.items(), along, strict=True)
        return Chosen(
            {dim: one.astype(np.int64) if isinstance(rows, int) else rows[one] for (dim, rows), one in pairs}, drawn
        )

    def decided(self) -> tuple[object, ...]:
        return *self._rows, *self._rows.values()


class Listed:
    """Samples that are given one by one.

    Args:
        at: By dim: int64 [samples], where each is.
    """

    def __init__(self, at: Mapping[str, Rows]) -> None:
        self._at = at

    def __len__(self) -> int:
        return len(next(iter(self._at.values())))

    def at(self, indices: Rows, drawn: Drawn) -> Chosen:
        return Chosen({dim: rows[indices] for dim, rows in self._at.items()}, drawn)

    def decided(self) -> tuple[object, ...]:
        return *self._at, *self._at.values()


def stored_elements(reader: AnyReader, address: str, rows: Rows) -> dict[str, Rows]:
    """Where the elements are that a sparse feature stores, in some rows: by dim int64 [stored]."""
    dims = [str(dim) for dim in reader.model.places[address].dims]
    parts = [_stored_in(reader, address, rows[first : first + _AT_ONCE]) for first in range(0, len(rows), _AT_ONCE)]
    empty = [np.empty(0, np.int64) for _ in dims]
    return {dim: np.concatenate([empty[n], *(part[n] for part in parts)]) for n, dim in enumerate(dims)}


def _stored_in(reader: AnyReader, address: str, rows: Rows) -> tuple[Rows, ...]:
    block = reader.read(address, rows)
    sparse = cast("SparseBlock[np.generic]", cast("Maybe[object]", block).values if isinstance(block, Maybe) else block)
    along = np.unravel_index(sparse.indices, sparse.shape or (sparse.width,)) if len(sparse.indices) else ()
    columns = along or tuple(sparse.indices for _ in sparse.shape or (0,))
    return rows[sparse.rows], *(one.astype(np.int64) for one in columns)


def keys_of(at: Mapping[str, Rows], sizes: Mapping[str, int]) -> Rows:
    """A number for each combination of rows: int64 [n]."""
    return np.ravel_multi_index(tuple(at[dim] for dim in sizes), tuple(sizes.values())).astype(np.int64)


def in_parts(count: int, size: int) -> Iterator[Rows]:
    """The numbers from 0 to `count`, some at a time."""
    for first in range(0, count, size):
        yield np.arange(first, min(count, first + size), dtype=np.int64)
