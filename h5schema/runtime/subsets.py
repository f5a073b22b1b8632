"""Subsets of a dim: ids, positions, a mask or a pattern become rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from .any_reader import AnyReader
from .arguments import plain
from .spans import Rows

Subset: TypeAlias = str | Sequence[str] | Sequence[int] | NDArray[np.generic]
"""Ids or positions in the dim, each once; a mask over the dim; or a pattern of ids, as of file names: `george_*`."""
Subsets: TypeAlias = Subset | Mapping[str, Subset]
"""Of the dim of entries that a loader runs over; or by its address, where there are several."""


_AT_ONCE = 1 << 16
"""Ids that are looked at together."""


def expect_known(reader: AnyReader, known: Sequence[str], subset: Subsets | None) -> None:
    """Refuses a subset of nobody knows which of these dims."""
    if isinstance(subset, Mapping):
        unknown = next((dim for dim in subset if dim not in known), None)
        if unknown is None:
            return
        what = f"{unknown!r} is no dim of entries that a sample has"
    elif subset is None or len(known) == 1:
        return
    else:
        what = f"samples are over {' and '.join(known)}: of which is this the subset?"
    raise DataError(what, where=reader.name, do=f"give a dict by dim: {{{known[0]!r}: ...}}")


def rows_in(reader: AnyReader, dim: str, subset: Subset) -> Rows:
    """The rows of a subset of a dim, in any order: int64 [n].

    Raises:
        DataError: It names something that is no entry of the dim, or an entry twice.
    """
    size = reader.length(dim)
    where = f"{reader.name}: {dim}"
    if isinstance(subset, str):
        return _matching(reader, dim, subset)
    items = _items(subset, where)
    if items and all(isinstance(item, bool | np.bool_) for item in items):
        mask = np.array(items, np.bool_)
        if mask.shape != (size,):
            raise DataError(
                f"a mask of shape {list(mask.shape)} for {size} entries", where=where, do="give one bool per entry"
            )
        return np.flatnonzero(mask)
    rows: set[int] = set()
    texts = [one for one in items if isinstance(one, str)]
    found = iter(cast("list[int]", reader.rows_of_ids(dim, texts).tolist() if texts else []))
    for item in items:
        row = next(found) if isinstance(item, str) else _position(reader, dim, item)
        if not 0 <= row < size:
            raise DataError(f"position {row} of {size} entries", where=where, do="positions count from 0")
        if row in rows:
            raise DataError(
                f"the entry {item!r} is given twice",
                where=where,
                do="give each entry once; a mask over the dim is of bools: numpy.asarray(mask, bool)",
            )
        rows.add(row)
    return np.array(list(rows), np.int64)


def _matching(reader: AnyReader, dim: str, pattern: str) -> Rows:
    """The rows of the entries whose ids match a pattern."""
    found = [
        first + number
        for first in range(0, reader.length(dim), _AT_ONCE)
        for number, text in enumerate(reader.ids(dim).read(_stretch(reader, dim, first)))
        if fnmatchcase(text, pattern)
    ]
    if not found:
        raise DataError(
            f"no id matches {pattern!r}",
            where=f"{reader.name}: {dim}",
            do="a pattern is as one of file names, `*` for any letters; one id alone is given in a list",
        )
    return np.array(found, np.int64)


def _stretch(reader: AnyReader, dim: str, first: int) -> Rows:
    return np.arange(first, min(reader.length(dim), first + _AT_ONCE), dtype=np.int64)


def _items(subset: object, where: str) -> list[object]:
    given = subset
    alone = isinstance(subset, np.ndarray) and not subset.ndim
    if alone or isinstance(subset, str | bytes) or not isinstance(subset, Iterable):
        raise DataError(f"{subset!r} is no list of entries", where=where, do=f"give a list: [{subset!r}]")
    return list(cast("Iterable[object]", plain(given)))


def _position(reader: AnyReader, dim: str, item: object) -> int:
    if isinstance(item, bool) or not isinstance(item, int | np.integer):
        raise DataError(
            f"{item!r} is no entry", where=f"{reader.name}: {dim}", do="give ids, positions, or a mask over the dim"
        )
    return int(cast("int", item))
