"""bfloat16, which numpy has not: its 16 bits, and the float32 that is equal."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

BITS: np.dtype[np.uint16] = np.dtype(np.uint16, metadata={"h5schema": "bfloat16"})  # pyright: ignore[reportCallIssue, reportArgumentType]
"""The bits of bfloat16 as numpy holds them; numpy itself takes them for whole numbers."""

_SIGNIFICAND = 8
_SMALLEST = -125
"""The exponent, as frexp has it, below which values have fewer bits."""


def is_bits(dtype: np.dtype[Any]) -> bool:
    """Whether an array of this dtype holds the bits of bfloat16."""
    return dtype.metadata is not None and dtype.metadata.get("h5schema") == "bfloat16"


def widened(bits: NDArray[np.generic]) -> NDArray[np.float32]:
    """The float32 that are equal, down to the bits of NaN."""
    return (bits.astype(np.uint32) << 16).view(np.float32)


def to_bits(values: NDArray[np.generic]) -> NDArray[np.uint16]:
    """The bits of float32 that are bfloat16; what they have beyond that is left out."""
    bits = np.ascontiguousarray(values).reshape(values.shape).view(np.uint32) >> 16
    return bits.astype(np.uint16).view(BITS)


def is_exact(values: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Which float32 are bfloat16, down to the bits of NaN."""
    exact: NDArray[np.bool_] = np.asarray(
        np.ascontiguousarray(values).reshape(values.shape).view(np.uint32) & 0xFFFF == 0
    )
    return exact


def rounded(values: NDArray[np.generic]) -> NDArray[np.float32]:
    """The nearest bfloat16 of each value, as float32; of two that are as near, the even one."""
    if values.dtype == np.float32 and is_exact(values).all():
        return values.astype(np.float32)
    wide = values.astype(np.float64)
    with np.errstate(all="ignore"):
        exponent = np.frexp(wide)[1]
        step = np.ldexp(1.0, np.maximum(exponent, _SMALLEST) - _SIGNIFICAND)
        near = np.where(np.isfinite(wide), np.rint(wide / step) * step, wide).astype(np.float32)
    quiet = np.isnan(near)
    if quiet.any():
        near[quiet] = np.copysign(np.float32(np.nan), near[quiet])
    return near
