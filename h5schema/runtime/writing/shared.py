"""Features that share one set of coordinates: all of them have their elements in the same places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

import numpy as np

from h5schema.errors import DataError

from ..blocks import SparseBlock
from ..where import Where
from .agreed import Block

if TYPE_CHECKING:
    from ..model import Model


def expect_shared(model: Model, blocks: Mapping[str, Block], where: Where) -> None:
    """Refuses entries whose features share coordinates and have elements in other places.

    Raises:
        DataError: Two features disagree.
    """
    first: dict[str, str] = {}
    for address, (block, _) in blocks.items():
        group = model.features[address].shares(model.places[address])
        if group is None:
            continue
        other = first.setdefault(group, address)
        one = cast("SparseBlock[np.generic]", blocks[other][0])
        _expect_alike(one, cast("SparseBlock[np.generic]", block), (other, address), where)


def _expect_alike(
    one: SparseBlock[np.generic], two: SparseBlock[np.generic], names: tuple[str, str], where: Where
) -> None:
    if np.array_equal(one.offsets, two.offsets) and np.array_equal(one.indices, two.indices):
        return
    row = next(i for i in range(len(one)) if not np.array_equal(one[i].indices, two[i].indices))
    raise DataError(
        f"{names[0]} and {names[1]} have elements in other places, and share their coordinates",
        where=where.entry(row),
        do="give both a value in the same places, or let each have its own: `store: coo` in the feature",
    )
