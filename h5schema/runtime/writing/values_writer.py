"""Values of a feature of a file that is written: those of all entries, one after the other, and those of one."""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from ..concatenation import Axis, Concatenation, indexed
from ..spans import Rows
from .recorder import Recorder

Values = NDArray[np.generic]


class ValuesWriter(Concatenation):
    """The values of all entries of a feature of a file that is written: `view.values[1000:2000] = part`."""

    __slots__ = ()

    _reader: Recorder

    def __setitem__(self, index: Axis | tuple[Axis, ...], value: object) -> None:
        first, *rest = index if isinstance(index, tuple) else (index,)
        wanted = self._wanted(first)
        at = wanted[0] if isinstance(first, int | np.integer) else wanted
        if self._place.ragged:
            spread = self._spread(wanted)
            starts = self._reader.transaction.indexed(self._address, spread.rows).starts
            self._put_values((starts + spread.within).reshape(np.shape(at)), tuple(rest), value)
        else:
            self._put_rows(at, tuple(rest), value)

    def put(self, row: int, part: tuple[object, ...], value: object) -> None:
        """Writes a part of one entry."""
        if not self._place.ragged:
            self._put_rows(np.int64(row), part, value)
            return
        found = self._reader.transaction.indexed(self._address, np.array([row]))
        start, length = int(found.starts[0]), int(found.lengths[0])
        if start < 0:
            raise self._absent(row)
        at = indexed(np.arange(start, start + length), part[:1], self._where())
        self._put_values(cast("Rows", at), part[1:], value)

    def _put_rows(self, rows: Rows | np.int64, part: tuple[object, ...], value: object) -> None:
        """Writes what lies in entries of one shape: these, or a part of each."""
        at = np.atleast_1d(rows)
        shape = self._reader.place(self._address).shape  # with the lengths of dims that it runs across
        new = self._read(at).copy() if part else np.empty((len(at), *shape), self._feature.number.memory)
        self._assign(new[0, ...] if np.ndim(rows) == 0 else new, (slice(None),) * np.ndim(rows) + part, value)
        self._reader.transaction.put_at(self._place.lead or "", at, {self._address: new})

    def _put_values(self, at: Rows, part: tuple[object, ...], value: object) -> None:
        """Writes what lies end to end, or a part of each value."""
        transaction, flat = self._reader.transaction, at.reshape(-1)
        shape = (*at.shape, *self._place.shape)
        new = np.empty(shape, self._feature.number.memory)
        if part:
            new[...] = transaction.values_at(self._address, flat).reshape(shape)
        self._assign(new, (slice(None),) * at.ndim + part, value)
        transaction.put_values(self._address, flat, new.reshape(-1, *self._place.shape))

    def _assign(self, target: Values, index: tuple[object, ...], value: object) -> None:
        """Writes values over a part of an array; they are first made values of the feature."""
        fit = self._feature.fitted(value, self._where())
        part = indexed(target, index, self._where())
        if fit.shape not in ((), part.shape):
            raise DataError(
                f"values of shape {list(fit.shape)} for {list(part.shape)}",
                where=self._where(),
                do="give exactly this shape, or one number: an array is not repeated",
            )
        target[cast("tuple[slice, ...]", index)] = fit
