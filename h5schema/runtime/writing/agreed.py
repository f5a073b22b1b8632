"""The lengths of ragged dims, on which all features over them agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from ..blocks import FilesBlock, NestedBlock, RaggedBlock, ShapedBlock
from ..kinds import Place
from ..spans import Rows, offsets_of, positions
from ..where import Where

if TYPE_CHECKING:
    from ..model import Model

Block: TypeAlias = "tuple[object, NDArray[np.bool_] | None]"
"""A checked block, and what is present (None: all, the feature is not optional)."""


def agreed_lengths(
    model: Model, dim: str, blocks: Mapping[str, Block], count: int, where: Where
) -> dict[str, Rows | RaggedBlock[np.int64]]:
    """The lengths of the ragged dims below an open one; every feature that has an entry has the same.

    Args:
        model: What the file class declares.
        dim: Address of the open dim.
        blocks: Of the features that it leads.
        count: How many entries there are.
        where: The entries, for errors.

    Returns:
        By address: int64 [count], or of a dim that is per a ragged one a list for each entry.

    Raises:
        DataError: Two features disagree.
    """
    found: dict[str, RaggedBlock[np.int64]] = {}
    each = np.arange(count + 1, dtype=np.int64)
    for ragged in model.ragged_below(dim):
        parent = model.parent(ragged)
        offsets = each if parent == dim else offsets_of(found[parent].values)[found[parent].offsets]
        found[ragged] = _agreed(ragged, parent, model.places, blocks, offsets, where)
    return {ragged: one.values if model.parent(ragged) == dim else one for ragged, one in found.items()}


def _agreed(
    ragged: str, parent: str, places: Mapping[str, Place], blocks: Mapping[str, Block], offsets: Rows, where: Where
) -> RaggedBlock[np.int64]:
    """The lengths of one dim, of which entry i has those from `offsets[i]` to `offsets[i + 1]`."""
    agreed = np.full(offsets[-1], -1, np.int64)
    said = np.full(offsets[-1], "", object)
    for address, (block, present) in blocks.items():
        if ragged not in places[address].ragged:
            continue
        lengths, at = _lengths(ragged, places[address], block), np.arange(int(offsets[-1]))
        if present is not None:
            lengths, at = lengths.taken(np.flatnonzero(present)), _within(offsets, present)
        clash = (agreed[at] >= 0) & (agreed[at] != lengths.values)
        if clash.any():
            here = int(at[np.argmax(clash)])
            row = int(np.searchsorted(offsets, here, side="right")) - 1
            one = "" if parent not in places[address].ragged else f" at {parent} {here - int(offsets[row])}"
            raise DataError(
                f"{said[here]} has length {agreed[here]}{one}, {address} has {lengths.values[np.argmax(clash)]}, "
                f"and both run over {ragged}",
                where=where.entry(row),
                do="features over one ragged dim have one length in each entry; give them dims of their own",
            )
        new = agreed[at] < 0
        agreed[at] = lengths.values
        said[at] = np.where(new, address, said[at])
    return RaggedBlock(np.maximum(agreed, 0), offsets)


def _within(offsets: Rows, present: NDArray[np.bool_]) -> Rows:
    """Where the lengths of the entries that are there stand."""
    return positions(offsets[:-1][present], np.diff(offsets)[present])


def _lengths(ragged: str, place: Place, block: object) -> RaggedBlock[np.int64]:
    """The lengths of a dim in one feature, a list for each entry."""
    offsets, inner = np.arange(len(cast("RaggedBlock[np.generic]", block)) + 1), block
    for dim in place.lists:
        nested = cast("NestedBlock[object]", inner)
        if dim == ragged:
            return RaggedBlock(nested.lengths, offsets)
        offsets, inner = nested.offsets[offsets], nested.inner
    arrays = cast("RaggedBlock[np.int64]", inner)
    if not isinstance(inner, ShapedBlock | FilesBlock):
        return RaggedBlock(arrays.lengths, offsets)
    axes = [axis for axis, size in enumerate(place.outer) if size is None]
    axis = axes[place.ragged.index(ragged) - len(place.lists)]
    return RaggedBlock(cast("ShapedBlock[np.int64]", inner).shapes[:, axis], offsets)
