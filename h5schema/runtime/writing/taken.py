"""Entries that were checked and copied, and wait to be written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError
from h5schema.vocabulary import layout

from ..blocks import Categories, Encoded, RaggedBlock, joined
from ..kinds import firsts_of
from ..spans import Rows
from ..tables import merged
from ..where import Where
from .agreed import Block, agreed_lengths
from .chunking import fitting
from .shared import expect_shared

if TYPE_CHECKING:
    from ..model import Model


class Checked(NamedTuple):
    """Entries of one dim that fit.

    Attributes:
        blocks: By address of the feature.
        lengths: By address of the ragged dim, as a block: int64 [n], or of one that is per a ragged dim a list for
            each entry.
        ids: Of the entries; empty if the dim has none.
    """

    blocks: Mapping[str, Block]
    lengths: Mapping[str, Rows | RaggedBlock[np.int64]]
    ids: Sequence[str]


class Given(NamedTuple):
    """Entries of one dim as a user gives them.

    Attributes:
        values: By address of the feature: an array [n, ...], a list of n values, or a block. Left out: absent.
        size: How many entries.
        first: Row of the first one, for errors.
        ids: Of the entries, if they have any.
    """

    values: Mapping[str, object]
    size: int
    first: int
    ids: Sequence[str] | None = None


def checked(model: Model, dim: str, given: Given, target: str) -> Checked:
    """Entries as a user gives them, made blocks that fit.

    Raises:
        DataError: A value, shape or length does not fit.
    """
    blocks: dict[str, Block] = {}
    for address in model.led_by(dim):
        value = given.values.get(address)
        feature, place = model.features[address], model.places[address]
        where = Where(f"{target}: {place.path}", given.first, given.ids)
        blocks[address] = feature.block_of([None] * given.size if value is None else value, place, given.size, where)
    where = Where(f"{target}: {dim}", given.first, given.ids)
    expect_shared(model, blocks, where)
    return Checked(blocks, agreed_lengths(model, dim, blocks, given.size, where), given.ids or [])


def rows_of(model: Model, dim: str, entries: Checked, ends: Mapping[str, int]) -> dict[str, NDArray[np.generic]]:
    """Rows to append to each dataset of a dim.

    Args:
        model: What the file class declares.
        dim: Address of the dim.
        entries: The entries.
        ends: How many rows each dataset has so far.
    """
    rows: dict[str, NDArray[np.generic]] = {}
    for address, (block, present) in entries.blocks.items():
        rows |= model.features[address].write(model.places[address], block, present, ends)
    for ragged, lengths in entries.lengths.items():
        path = layout.of_dim(ragged, "lengths")
        if isinstance(lengths, RaggedBlock):
            rows[path], rows[firsts_of(path)] = lengths.values, lengths.offsets[:-1] + ends[path]
        else:
            rows[path] = lengths
    rows = merged(model.tables, rows)
    return {part.path: fitting(rows[part.path], part) for part in model.grown(dim)}


def words_of(entries: Checked) -> dict[str, list[str]]:
    """The words of categories, in the order in which they come first, by address."""
    coded = {address: block for address, (block, _) in entries.blocks.items() if isinstance(block, Categories)}
    return {address: [block.words[code] for code in block.used] for address, block in coded.items()}


def together(parts: Sequence[Checked]) -> Checked:
    """Parts, one after the other, as one."""
    first = parts[0]
    if len(parts) == 1:
        return first
    return Checked(
        {address: _joined([part.blocks[address] for part in parts]) for address in first.blocks},
        {ragged: cast("Rows", joined([part.lengths[ragged] for part in parts])) for ragged in first.lengths},
        [text for part in parts for text in part.ids],
    )


def _joined(blocks: Sequence[Block]) -> Block:
    values = joined([block for block, _ in blocks])
    present = [there for _, there in blocks if there is not None]
    return values, np.concatenate(present) if present else None


class TwiceError(DataError):
    """A value stands twice where no two may be equal.

    Attributes:
        address: Of the feature.
        row: Of the second one, within its block.
    """

    def __init__(self, value: object, address: str, row: int, where: str) -> None:
        super().__init__(
            f"{value!r} stands twice in {address}, but the schema says `unique`",
            where=where,
            do="mend the data, or the check in the schema",
        )
        self.address = address
        self.row = row


@dataclass(slots=True)
class Unique:
    """The values so far of the features whose check says `unique`."""

    _seen: dict[str, set[object]] = field(default_factory=dict[str, set[object]])

    def take(self, model: Model, blocks: Mapping[str, Block], where: Where) -> None:
        """Adds the values of some entries, if all are new; an absent entry has none.

        Raises:
            TwiceError: A value stands twice.
        """
        fresh = {
            address: self._new(address, model.features[address].numbers(block), present, where)
            for address, (block, present) in blocks.items()
            if (check := model.features[address].options.check) is not None and check.unique
        }
        for address, new in fresh.items():
            self._seen.setdefault(address, set()).update(new)

    def release(self, model: Model, blocks: Mapping[str, Block]) -> None:
        """Forgets the values of some entries, which are no longer there."""
        for address, (block, present) in blocks.items():
            gone = self._values(model.features[address].numbers(block), present)
            self._seen.get(address, set()).difference_update(value for _, value in gone)

    def _new(self, address: str, numbers: object, present: NDArray[np.bool_] | None, where: Where) -> set[object]:
        seen, fresh = self._seen.get(address, set()), set[object]()
        for row, value in self._values(numbers, present):
            if value in fresh or value in seen:
                raise TwiceError(value, address, row, where.entry(row))
            fresh.add(value)
        return fresh

    def _values(self, numbers: object, present: NDArray[np.bool_] | None) -> Iterator[tuple[int, object]]:
        """The row and the value of each entry that is there."""
        values: list[object] = (
            list(cast("Encoded[object]", numbers)) if isinstance(numbers, Encoded) else np.asarray(numbers).tolist()
        )
        yield from ((row, value) for row, value in enumerate(values) if present is None or present[row])
