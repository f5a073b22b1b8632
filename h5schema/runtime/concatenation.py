"""The values of all entries of a feature, one after the other: `view.values`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError, UsageError

from .blocks import Maybe, RaggedBlock
from .features import Array, Enumerated, Feature, Ragged, Scalar
from .kinds import Place
from .spans import Part, Rows, offsets_of
from .view import RowError, View

if TYPE_CHECKING:
    from types import EllipsisType

    from .any_reader import AnyReader

Values = NDArray[np.generic]
Axis: TypeAlias = "int | slice | Sequence[int] | NDArray[np.generic] | EllipsisType | None"
"""What numpy takes as the index of one axis."""


class Spread(NamedTuple):
    """Where values of a concatenation stand.

    Attributes:
        rows: int64 [n], the entry of each.
        within: int64 [n], its position in that entry.
    """

    rows: Rows
    within: Rows


class Concatenation:
    """The values of all entries of a feature along their first axis, in the order of the entries; indexed as an array.

    Of entries of one shape that is one item for each entry, and of entries of their own length all their values; an
    absent entry of these has none.

    Args:
        reader: Of the file.
        address: Of the feature.
        feature: Its declaration.
    """

    __slots__ = ("_address", "_feature", "_reader")

    def __init__(self, reader: AnyReader, address: str, feature: Feature[object, object]) -> None:
        self._reader = reader
        self._address = address
        self._feature = feature
        self._expect_numbers()

    def __len__(self) -> int:
        return int(self._offsets()[-1])

    def __getitem__(self, index: Axis | tuple[Axis, ...]) -> Values:
        first, *rest = index if isinstance(index, tuple) else (index,)
        values = self._read(self._wanted(first))
        one: int | slice = 0 if isinstance(first, int | np.integer) else slice(None)
        return indexed(values, (one, *rest), self._where()) if rest or one == 0 else values

    def __array__(self, dtype: np.dtype[np.generic] | None = None, copy: bool | None = None) -> Values:
        return np.array(self[:], dtype)

    def _wanted(self, first: object) -> Rows:
        """Positions of values, which an index of the first axis means."""
        known = Positions(self._reader, self._address, self._feature, len(self))
        if isinstance(first, int | np.integer):
            return np.array([known.row(cast("int", first))], np.int64)
        return known.rows(slice(None) if first is ... else first)

    def _spread(self, wanted: Rows) -> Spread:
        offsets = self._offsets()
        rows = np.searchsorted(offsets, wanted, side="right") - 1
        return Spread(rows, wanted - offsets[rows])

    def _offsets(self) -> Rows:
        """int64 [entries + 1], the first value of each entry."""
        every = np.arange(self._reader.length(self._place.lead or ""))
        if not self._place.ragged:
            return np.arange(len(every) + 1)
        lengths = self._reader.lengths(self._place.ragged[0], every)
        if self._place.optional:
            nothing = self._reader.read(self._address, every, Part(np.zeros(len(every), np.int64), 0))
            lengths = np.where(cast("Maybe[object]", nothing).present, lengths, 0)
        return offsets_of(lengths)

    def _read(self, wanted: Rows) -> Values:
        if not self._place.ragged:
            return self._present(self._reader.read(self._address, wanted), wanted)
        spread = self._spread(wanted)
        entries, number = np.unique(spread.rows, return_inverse=True)
        first, last = np.full(len(entries), np.iinfo(np.int64).max), np.zeros(len(entries), np.int64)
        np.minimum.at(first, number, spread.within)
        np.maximum.at(last, number, spread.within + 1)
        block = self._reader.read(self._address, entries, Part(first, last - first))
        some = cast("Maybe[object]", block)  # if it is one
        ragged = cast("RaggedBlock[np.generic]", some.values if isinstance(block, Maybe) else block)
        found: Values = ragged.values.take(ragged.offsets[number] + spread.within - first[number], axis=0)
        return found

    def _present(self, block: object, rows: Rows) -> Values:
        if not isinstance(block, Maybe):
            return np.asarray(block)
        some = cast("Maybe[Values]", block)
        if not some.present.all():
            raise self._absent(int(rows[np.argmin(some.present)]))
        return some.values

    def _absent(self, row: int) -> DataError:
        return DataError(
            f"entry {row} is absent, so it has no values", where=self._where(), do="leave it out, or give it an entry"
        )

    @property
    def _place(self) -> Place:
        return self._reader.model.places[self._address]

    def _where(self) -> str:
        return f"{self._reader.name}: {self._place.path}"

    def _expect_numbers(self) -> None:
        if unlike := unjoined(self._feature, self._place):
            raise UsageError(
                f"{self._address} {unlike}, so `values` does not join them", where=self._where(), do="read its entries"
            )


def unjoined(feature: Feature[object, object], place: Place) -> str:
    """Why the values of a feature do not lie one after the other along one axis; "": they do."""
    if not place.lead:
        return "has no entries, but one value"
    if place.lists:
        return "has entries that are lists"
    if feature.store:
        return f"has entries that are stored as `{feature.store}`"
    if not isinstance(feature, Array | Enumerated | Ragged | Scalar):
        return f"has entries of `{feature.dtype}`, which are no arrays or numbers"
    return "has entries that differ in more than one axis" if len(place.outer) > 1 else ""


class Positions(View[object, object]):
    """What an index of so many items means."""

    __slots__ = ("_size",)

    def __init__(self, reader: AnyReader, address: str, feature: Feature[object, object], size: int) -> None:
        super().__init__(reader, address, feature)
        self._size = size

    def __len__(self) -> int:
        return self._size

    def row(self, index: object) -> int:
        """The position of one."""
        return self._row(index)

    def rows(self, index: object) -> Rows:
        if isinstance(index, str | tuple) or index is None:
            raise self._no_index(cast("object", index))
        return super().rows(cast("slice | Iterable[int] | NDArray[np.generic]", index))


def indexed(values: Values, index: tuple[object, ...], where: str) -> Values:
    """What numpy finds in an array by an index.

    Raises:
        RowError: It is no index of this array.
    """
    try:
        return np.asarray(values[cast("tuple[slice, ...]", index)])
    except (IndexError, TypeError, ValueError) as error:
        raise no_index(error, values.shape, where) from None


def no_index(error: Exception, shape: tuple[int, ...], where: str) -> RowError:
    """What numpy says of an index, or of values that do not fit it."""
    return RowError(f"{error} (in an array of shape {list(shape)})", where=where, do="index as with numpy, inside it")
