"""Entries that were checked and copied, and wait to be written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from ..blocks import RaggedBlock, Texts, joined
from ..kinds import Place
from ..spans import Rows
from ..where import Where

if TYPE_CHECKING:
    from ..model import Model

Block: TypeAlias = "tuple[object, NDArray[np.bool_] | None]"
"""A checked block, and what is present (None: all, the feature is not optional)."""


class Checked(NamedTuple):
    """Entries of one dim that fit.

    Attributes:
        blocks: By address of the feature.
        lengths: By address of the ragged dim: int64 [n].
        ids: Of the entries; empty if the dim has none.
    """

    blocks: Mapping[str, Block]
    lengths: Mapping[str, Rows]
    ids: Sequence[str]


def together(parts: Sequence[Checked]) -> Checked:
    """Parts, one after the other, as one."""
    first = parts[0]
    if len(parts) == 1:
        return first
    return Checked(
        {address: _joined([part.blocks[address] for part in parts]) for address in first.blocks},
        {ragged: np.concatenate([part.lengths[ragged] for part in parts]) for ragged in first.lengths},
        [text for part in parts for text in part.ids],
    )


def _joined(blocks: Sequence[Block]) -> Block:
    values = joined([block for block, _ in blocks])
    present = [there for _, there in blocks if there is not None]
    return values, np.concatenate(present) if present else None


def agreed_lengths(
    ragged: str, places: Mapping[str, Place], blocks: Mapping[str, Block], count: int, where: Where
) -> Rows:
    """The lengths of a ragged dim, int64 [count]: every feature that has the entry has the same.

    Raises:
        DataError: Two features disagree.
    """
    agreed = np.full(count, -1, np.int64)
    said = np.full(count, "", object)
    for address, (block, present) in blocks.items():
        if places[address].ragged != ragged:
            continue
        lengths = cast("RaggedBlock[np.generic]", block).lengths
        there = np.ones(count, bool) if present is None else present
        clash = there & (agreed >= 0) & (agreed != lengths)
        if clash.any():
            row = int(np.argmax(clash))
            raise DataError(
                f"{said[row]} has length {agreed[row]}, {address} has {lengths[row]}, and both run over {ragged}",
                where=where.entry(row),
                do="features over one ragged dim have one length in each entry; give them dims of their own",
            )
        new = there & (agreed < 0)
        agreed[new], said[new] = lengths[new], address
    return np.maximum(agreed, 0)


@dataclass(slots=True)
class Unique:
    """The values so far of the features whose check says `unique`."""

    _seen: dict[str, set[object]] = field(default_factory=dict[str, set[object]])

    def take(self, model: Model, blocks: Mapping[str, Block], where: Where) -> None:
        """Adds the values of some entries, if all are new; an absent entry has none.

        Raises:
            DataError: A value stands twice.
        """
        fresh = {
            address: self._new(address, model.features[address].numbers(block), present, where)
            for address, (block, present) in blocks.items()
            if (check := model.features[address].options.check) is not None and check.unique
        }
        for address, new in fresh.items():
            self._seen.setdefault(address, set()).update(new)

    def _new(self, address: str, numbers: object, present: NDArray[np.bool_] | None, where: Where) -> set[object]:
        values: list[object] = list(numbers) if isinstance(numbers, Texts) else np.asarray(numbers).tolist()
        seen, fresh = self._seen.get(address, set()), set[object]()
        for row, value in enumerate(values):
            if present is not None and not present[row]:
                continue
            if value in fresh or value in seen:
                raise DataError(
                    f"{value!r} stands twice in {address}, but the schema says `unique`",
                    where=where.entry(row),
                    do="mend the data, or the check in the schema",
                )
            fresh.add(value)
        return fresh
