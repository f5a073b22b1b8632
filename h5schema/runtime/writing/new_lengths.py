"""The lengths that a change gives to ragged dims, where other features run over them that stay."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, cast

import numpy as np

from h5schema.errors import DataError

from ..model import Model
from ..spans import Rows
from ..where import Where
from .agreed import Block, agreed_lengths
from .changes import Changes, Lengths


class Chosen(NamedTuple):
    """Entries, and the features of which they get other values.

    Attributes:
        at: Rows of the entries; they rise.
        blocks: By address of the feature.
        staying: What they have of features that agree with these on lists of lengths, or on several lengths.
    """

    at: Rows
    blocks: Mapping[str, Block]
    staying: Mapping[str, Block]


def over(model: Model, ragged: str, among: Iterable[str] | None = None) -> list[str]:
    """Features over a ragged dim."""
    return [one for one in (model.places if among is None else among) if ragged in model.places[one].ragged]


def new_lengths(model: Model, changes: Changes, dim: str, chosen: Chosen, where: Where) -> dict[str, Lengths]:
    """The lengths of each ragged dim that a change touches.

    Args:
        model: What the file class declares.
        changes: Of the file.
        dim: Address of the dim whose entries change.
        chosen: What changes: all features, or one.
        where: The entries, for errors.

    Raises:
        DataError: A feature that stays has others.
    """
    touched = [ragged for ragged in model.ragged_below(dim) if over(model, ragged, chosen.blocks)]
    if not touched:
        return {}
    known = {**chosen.staying, **chosen.blocks}
    found = agreed_lengths(model, dim, known, len(chosen.at), where)
    others = {ragged: [one for one in over(model, ragged) if one not in known] for ragged in touched}
    if not any(others.values()):
        return {ragged: found[ragged] for ragged in touched}
    ((ragged, sharing),) = others.items()
    return {ragged: _kept(model, changes, ragged, chosen, cast("Rows", found[ragged]), sharing, where)}


def _kept(
    model: Model, changes: Changes, ragged: str, chosen: Chosen, wanted: Rows, sharing: Sequence[str], where: Where
) -> Rows:
    """Lengths of a dim over which other features run that stay: in each entry they are absent, or have the same."""
    changed = over(model, ragged, chosen.blocks)
    present = [chosen.blocks[address][1] for address in changed]
    there = np.any([np.ones(len(chosen.at), bool) if one is None else one for one in present], axis=0)
    for address in sharing:
        starts, lengths, _ = changes.indexed(model.places[address], chosen.at)
        clash = there & (starts >= 0) & (lengths != wanted)
        if clash.any():
            i = int(np.argmax(clash))
            raise DataError(
                f"{', '.join(changed)} would have length {wanted[i]}, but {address} has {lengths[i]}, "
                f"and both run over {ragged}",
                where=where.entry(i),
                do="replace the whole entry, with all its features",
            )
        wanted = np.where(~there & (starts >= 0), lengths, wanted)
    return wanted
