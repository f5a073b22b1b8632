"""Tensors out of rows of which only some elements are stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor

from ..blocks import SparseBlock
from ..plan import SparseForm
from .forms import from_numpy, tensor


class Pairs(NamedTuple):
    """Stored elements of rows, and where they stand, end to end.

    Attributes:
        indices: int64 [stored].
        values: [stored].
        offsets: int64 [batch + 1]; row i has `values[offsets[i]:offsets[i + 1]]`.
    """

    indices: Tensor
    values: Tensor
    offsets: Tensor


def _pairs(block: SparseBlock[np.generic]) -> Pairs:
    return Pairs(tensor(block.indices), tensor(block.values), tensor(block.offsets))


def _sparse(block: SparseBlock[np.generic]) -> Tensor:
    """torch's sparse tensor of coordinates: [batch, width]."""
    row = block.shape or (block.width,)
    places = from_numpy(np.stack([block.rows, *np.unravel_index(block.indices, row)]).astype(np.int64))
    shape = (len(block), *row)
    made = cast("Any", torch).sparse_coo_tensor  # torch leaves its arguments untyped
    return cast("Tensor", made(places, tensor(block.values), shape, is_coalesced=True, check_invariants=False))


SPARSE_FORMS: Mapping[SparseForm, Callable[[SparseBlock[np.generic]], object]] = {"sparse": _sparse, "pairs": _pairs}
"""How sparse rows become one batch that is not dense."""
