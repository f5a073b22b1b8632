"""Tensors out of arrays: entries of one length, and of different lengths in the form that a model takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..bfloat16 import is_bits
from ..blocks import RaggedBlock
from ..plan import Form


class Padded(NamedTuple):
    """Entries of different lengths, filled up with zeros.

    Attributes:
        values: [batch, longest, ...].
        lengths: int64 [batch]; of arrays of any shape [batch, dims], the sizes of the dims up to the last ragged one.
    """

    values: Tensor
    lengths: Tensor


class Masked(NamedTuple):
    """Entries of different lengths, filled up with zeros.

    Attributes:
        values: [batch, longest, ...].
        mask: bool [batch, longest], true where there is a value; of arrays of any shape it has the axes of `values` up
            to the last ragged one.
    """

    values: Tensor
    mask: Tensor


class Packed(NamedTuple):
    """Entries of different lengths, end to end.

    Attributes:
        values: [sum of lengths, ...].
        offsets: int64 [batch + 1]; entry i is `values[offsets[i]:offsets[i + 1]]`.
    """

    values: Tensor
    offsets: Tensor


def from_numpy(values: NDArray[np.generic]) -> Tensor:
    """A tensor over the same memory."""
    made = cast("Any", torch).from_numpy  # torch leaves its argument untyped
    if is_bits(values.dtype):
        return cast("Tensor", made(values.view(np.int16))).view(torch.bfloat16)
    return cast("Tensor", made(values))


def tensor(values: NDArray[np.generic]) -> Tensor:
    """A tensor over the same memory if it may be written to, else over a copy."""
    if not values.flags.writeable or not values.flags.c_contiguous:
        values = values.copy()
    return from_numpy(values)


def _pad(block: RaggedBlock[np.generic]) -> Padded:
    lengths = block.lengths
    longest = int(lengths.max(initial=0))
    values = np.ascontiguousarray(block.values)
    padded = np.zeros((len(block), longest, *values.shape[1:]), values.dtype)
    unit = values.dtype.itemsize * int(np.prod(values.shape[1:], dtype=np.int64))
    # Views of memory are copied in half of the time that arrays take.
    memory, target, at = values.reshape(-1).view(np.uint8).data, padded.reshape(-1).view(np.uint8).data, 0
    for begin, end in pairwise((block.offsets * unit).tolist()):
        target[at : at + end - begin] = memory[begin:end]
        at += longest * unit
    return Padded(from_numpy(padded), from_numpy(lengths))


def _mask(block: RaggedBlock[np.generic]) -> Masked:
    padded = _pad(block)
    inside = np.arange(padded.values.shape[1]) < block.lengths[:, None]
    return Masked(padded.values, from_numpy(inside))


def _pack(block: RaggedBlock[np.generic]) -> Packed:
    return Packed(tensor(block.values), from_numpy(block.offsets))


def _list(block: RaggedBlock[np.generic]) -> list[Tensor]:
    return [tensor(entry.copy()) for entry in block]


def _nest(block: RaggedBlock[np.generic]) -> Tensor:
    """torch's nested tensor, in the jagged layout: [batch, ragged, ...]."""
    made = cast("Any", torch).nested.nested_tensor_from_jagged  # torch leaves it untyped
    return cast("Tensor", made(tensor(block.values), from_numpy(block.offsets)))


FORMS: Mapping[Form, Callable[[RaggedBlock[np.generic]], object]] = {
    "pad": _pad,
    "mask": _mask,
    "packed": _pack,
    "nested": _nest,
    "list": _list,
}
"""How entries of different lengths become one batch."""
