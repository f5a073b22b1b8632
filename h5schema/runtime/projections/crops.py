"""Pieces of dims of one size, out of what is read of each sample."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import UsageError

from ..any_reader import AnyReader
from ..blocks import Maybe
from ..chosen import Chosen
from ..spans import Asked, Rows
from ..windows import Window, cut_of
from .projection import Projection


class Crop(NamedTuple):
    """The piece of one dim.

    Attributes:
        dim: Its address.
        size: Of the dim.
        after: How many dims of the feature come after it.
        window: What is taken.
    """

    dim: str
    size: int
    after: int
    window: Window


class Cropped:
    """What another projection reads, and of some dims of it a piece, at the same place in all inputs of a sample.

    Args:
        inner: What is read.
        crops: In the order of the dims.

    Attributes:
        inner: As given.
    """

    def __init__(self, inner: Projection, crops: Sequence[Crop]) -> None:
        self.inner = inner
        self.alone = inner.alone
        self._crops = crops
        for crop in crops:
            cut = cut_of(crop.window)
            if cut.high - cut.low > crop.size and crop.window.edge not in ("repeat", "pad"):
                raise UsageError(
                    f"a window of {cut.high - cut.low} values does not fit {crop.dim}, which has {crop.size}",
                    do="make it shorter, or say what stands beyond the edge: `edge: pad` or `repeat`",
                )

    def asked(self, reader: AnyReader, chosen: Chosen) -> Asked:
        return self.inner.asked(reader, chosen)

    def cut(self, reader: AnyReader, block: object, asked: Asked, chosen: Chosen) -> object:
        found = self.inner.cut(reader, block, asked, chosen)
        if isinstance(found, Maybe):
            some = cast("Maybe[object]", found)
            return Maybe(self._cut(some.values, chosen), some.present)
        return self._cut(found, chosen)

    def _cut(self, values: object, chosen: Chosen) -> NDArray[np.generic]:
        array = cast("NDArray[np.generic]", values)
        for crop in self._crops:
            array = _cropped(array, crop, chosen)
        return array

    def sample_bytes(self, reader: AnyReader) -> int:
        return self.inner.sample_bytes(reader)


def _cropped(array: NDArray[np.generic], crop: Crop, chosen: Chosen) -> NDArray[np.generic]:
    """Arrays [n, ...] with a piece of one axis; frames are one axis more."""
    cut, axis = cut_of(crop.window), array.ndim - 1 - crop.after
    first = _places(crop, cut.high - cut.low, chosen, len(array)) - cut.low
    wanted = first[:, None] + cut.values.reshape(-1)
    inside = np.clip(wanted, 0, crop.size - 1)
    by_axis = [len(wanted), *[1] * (array.ndim - 1)]
    by_axis[axis] = wanted.shape[1]
    found = np.take_along_axis(array, inside.reshape(by_axis), axis)
    if crop.window.edge == "pad" and (inside != wanted).any():
        found = np.where((inside == wanted).reshape(by_axis), found, np.zeros((), found.dtype))
    return found.reshape(*found.shape[:axis], *cut.values.shape, *found.shape[axis + 1 :])


def _places(crop: Crop, span: int, chosen: Chosen, count: int) -> Rows:
    """Where the piece of each sample begins: int64 [n]."""
    room = np.full(count, max(0, crop.size - span), np.int64)
    if crop.window.at == "random":
        return chosen.drawn.below(room + 1, crop.dim)
    return room // 2 if crop.window.at == "center" else room * 0
