"""Arrays that nobody changes any more: they need not be copied to be kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.generic]


def seal(array: Values) -> None:
    """Nobody changes an array from here on, nor the one that it is a view of."""
    for one in arrays_under(array):
        one.flags.writeable = False


def is_sealed(value: object) -> TypeGuard[Values]:
    """Whether something is an array that nobody changes."""
    return (
        type(value) is np.ndarray
        and not any(one.flags.writeable for one in arrays_under(value))
        and isinstance(_bottom(value), bytes | None)
    )


def arrays_under(array: Values) -> Iterator[Values]:
    """An array, the one that it is a view of, and so on."""
    one: object = array
    while isinstance(one, np.ndarray):
        yield one
        one = one.base


def _bottom(array: Values) -> object:
    """What has the memory of an array, if no array has it."""
    *_, last = arrays_under(array)
    return last.base
