"""Values of any length that plainly fit, copied when they are given: the user may change them afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, cast

import numpy as np
from numpy import ndarray

from ..features.category import MOST_BYTES
from ..values import has_shape

Copied: TypeAlias = "tuple[object, int] | None"
"""A copy of a value, and its bytes; None: it does not plainly fit."""


def arrays(dtype: str, sizes: tuple[int | None, ...]) -> Callable[[Any], Copied]:
    """Takes arrays of a dtype, and of one shape but for the sizes that are None."""
    own = np.dtype(dtype)

    def copied(value: Any) -> Copied:
        if type(value) is not ndarray or value.dtype != own or not has_shape(value, sizes):
            return None
        return value.copy(), int(value.nbytes)

    return copied


def text(value: object) -> Copied:
    """Takes texts that are UTF-8."""
    if type(value) is not str:
        return None
    if value.isascii():
        return value, len(value)
    try:
        return value, len(value.encode())
    except UnicodeEncodeError:  # it is refused with more words
        return None


def word(value: object) -> Copied:
    """Takes texts that a dictionary of categories holds, whatever their letters are."""
    found = text(value)
    return found if found is not None and found[1] <= MOST_BYTES and not str(value).endswith("\0") else None


def binary(value: object) -> Copied:
    """Takes bytes."""
    return (value, len(value)) if type(value) is bytes else None


def lists(leaf: Callable[[Any], Copied], depth: int) -> Callable[[Any], Copied]:
    """Takes lists, so many in each other, of what `leaf` takes."""
    inner = leaf if depth == 1 else lists(leaf, depth - 1)

    def copied(value: object) -> Copied:
        if type(value) is not list:
            return None
        items, size = list[object](), 8
        for item in cast("list[object]", value):
            found = inner(item)
            if found is None:
                return None
            items.append(found[0])
            size += found[1]
        return items, size

    return copied
