"""A user's functions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

calls: list[str] = []


def statistics(image: NDArray[np.uint8]) -> dict[str, object]:
    """Several features with one call."""
    calls.append("statistics")
    if (image[..., 0] > 250).all():
        return too_red(image)
    if (image[..., 2] > 250).all():
        return {"mean": np.zeros(3), "largest": 1}
    if (image[..., 1] > 250).all():
        return {"mean": 1.0, "largest": 300}
    return {"mean": float(image.mean()), "largest": image.max(), "unused": object()}


def too_red(image: NDArray[np.uint8]) -> dict[str, object]:
    """Fails in a frame of the user's own."""
    raise ArithmeticError(f"too red: {image.shape}")


def times(value: float, *, factor: int) -> float:
    """A number that is derived from a derived one."""
    return value * factor


def read(path: Path) -> str:
    """A second file of the same entry."""
    return path.read_text(encoding="utf-8")


def count(text: str) -> int:
    """Derived from what may be absent."""
    return len(text.split())


def upper(text: str) -> str:
    """Derived from a capture."""
    return text.upper()


def author() -> str:
    """One value for the whole file."""
    return "somebody"


def always_fails(path: Path) -> object:
    """Never an entry."""
    raise ValueError(f"no good: {path.name}")
