"""Arrays of any shape, and lists of arrays, in the form of a batch that a model takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ..blocks import Block, NestedBlock, RaggedBlock, ShapedBlock
from ..kinds import Place
from ..plan import Form
from ..spans import Rows, offsets_of
from ..transforms import Transform
from .changed import array_of
from .forms import Masked, Padded, from_numpy, tensor

Arrays = NDArray[np.generic]


class PaddedLists(NamedTuple):
    """Lists of arrays, filled up with zeros.

    Attributes:
        values: [batch, longest list, ..., largest array, ...].
        lengths: int64: of the lists [batch], of the lists in them [batch, longest list], and so on; the last of the
            arrays, with one axis more for the sizes of all dims up to the last ragged one, if there are several.
    """

    values: Tensor
    lengths: tuple[Tensor, ...]


class PackedArrays(NamedTuple):
    """Arrays of any shape, or lists of arrays, end to end.

    Attributes:
        values: [sum of rows, ...].
        offsets: int64 [n + 1] each: of the lists into the lists in them, and so on; the last of the arrays into
            `values`. Without lists it is that one alone.
        shapes: int64 [arrays, dims], the sizes of the dims of each array up to the last ragged one; array i is
            `values[a:b].reshape(*shapes[i], *values.shape[1:])`, a and b from the last offsets.
    """

    values: Tensor
    offsets: tuple[Tensor, ...]
    shapes: Tensor


def _pad(block: Block) -> Padded | PaddedLists:
    values, lengths = _padded(block)
    if isinstance(block, NestedBlock):
        return PaddedLists(from_numpy(values), tuple(map(from_numpy, lengths)))
    return Padded(from_numpy(values), from_numpy(lengths[0]))


def _mask(block: Block) -> Masked:
    values, (*_, lengths) = _padded(block)
    sizes = lengths if isinstance(block.leaf, ShapedBlock) else lengths[..., None]
    outer, axes = sizes.ndim - 1, int(sizes.shape[-1])
    inside = np.ones(values.shape[: outer + axes], np.bool_)
    for axis in range(axes):
        positions = np.arange(int(values.shape[outer + axis])).reshape(-1, *[1] * (axes - axis - 1))
        inside &= np.less(positions, sizes[..., axis].reshape(*sizes.shape[:-1], *[1] * axes))
    return Masked(from_numpy(values), from_numpy(inside))


def _padded(block: Block) -> tuple[Arrays, list[Rows]]:
    """Values filled up with zeros, and the lengths at each depth."""
    if not isinstance(block, NestedBlock):
        return _filled_up(cast("RaggedBlock[np.generic]", block))
    lists = cast("NestedBlock[Block]", block)
    values, lengths = _padded(lists.inner)
    owners = np.repeat(np.arange(len(lists)), lists.lengths)
    at = np.arange(len(owners)) - lists.offsets[owners]
    longest = int(lists.lengths.max(initial=0))

    def spread(items: Arrays) -> Arrays:
        made = np.zeros((len(lists), longest, *items.shape[1:]), items.dtype)
        made[owners, at] = items
        return made

    return spread(values), [lists.lengths, *(cast("Rows", spread(one)) for one in lengths)]


def _filled_up(block: RaggedBlock[np.generic]) -> tuple[Arrays, list[Rows]]:
    sizes = block.shapes if isinstance(block, ShapedBlock) else block.lengths[:, None]
    largest = sizes.max(axis=0, initial=0).tolist()
    values = np.zeros((len(block), *largest, *block.values.shape[1:]), block.values.dtype)
    for made, entry, size in zip(values, block, sizes.tolist(), strict=True):
        made[tuple(map(slice, size))] = entry
    return values, [sizes if isinstance(block, ShapedBlock) else block.lengths]


def _pack(block: Block) -> PackedArrays:
    offsets: list[Rows] = []
    while isinstance(block, NestedBlock):
        lists = cast("NestedBlock[Block]", block)
        offsets.append(lists.offsets)
        block = lists.inner
    arrays = cast("RaggedBlock[np.generic]", block)
    shapes = arrays.shapes if isinstance(arrays, ShapedBlock) else arrays.lengths[:, None]
    made = tuple(map(from_numpy, (*offsets, arrays.offsets)))
    return PackedArrays(tensor(arrays.values), made, from_numpy(np.ascontiguousarray(shapes)))


def _list(block: Block) -> list[object]:
    if isinstance(block, NestedBlock):
        lists = cast("NestedBlock[Block]", block)
        bounds = zip(lists.offsets[:-1].tolist(), lists.offsets[1:].tolist(), strict=True)
        return [_list(lists.inner.between(first, last)) for first, last in bounds]
    return [tensor(entry.copy()) for entry in cast("RaggedBlock[np.generic]", block)]


def arrays_end_to_end(place: Place, values: Sequence[object], changed: Transform, address: str) -> Block:
    """Arrays of any shape, or lists of arrays, as a block; `place` says how many ragged axes and lists there are."""
    items, levels = list(values), list[Rows]()
    for dim in place.lists:
        if not all(isinstance(item, list | tuple) for item in items):
            raise changed.wrong(f"{address}: there is no list over {dim}", "return lists as they were given")
        lists = cast("Sequence[Sequence[object]]", items)
        levels.append(offsets_of(np.fromiter(map(len, lists), np.int64, len(lists))))
        items = [item for one in lists for item in one]
    axes, arrays = len(place.outer), [array_of(item, changed, address) for item in items]
    if any(array.ndim < axes or array.shape[axes:] != arrays[0].shape[axes:] for array in arrays):
        raise changed.wrong(
            f"{address}: arrays whose axes after the first {axes} differ cannot lie end to end",
            "return arrays that differ in their ragged dims alone",
        )
    shapes = np.array([array.shape[:axes] for array in arrays], np.int64).reshape(len(arrays), axes)
    rest = arrays[0].shape[axes:] if arrays else place.shape
    flat = [array.reshape(-1, *rest) if array.size else array.reshape(0, *rest) for array in arrays]
    rows = np.concatenate(flat) if flat else np.empty((0, *rest), np.float32)
    offsets = offsets_of(shapes.prod(axis=1))
    block: Block = RaggedBlock(rows, offsets) if axes == 1 else ShapedBlock(rows, offsets, shapes)
    for bounds in reversed(levels):
        block = NestedBlock(block, bounds)
    return block


ARRAY_FORMS: Mapping[Form, Callable[[Block], object]] = {"pad": _pad, "mask": _mask, "packed": _pack, "list": _list}
"""How arrays of any shape, and lists of arrays, become one batch."""
