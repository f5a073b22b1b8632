"""Functions of a user, as methods of views: the first argument is the view."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from h5schema.runtime import View
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from package_methods import ModelView, PeakView


def loudness(
    view: View[NDArray[np.float32], Any],
    clip: str,
    *,
    floor: float = 0.0,
) -> float:
    return max(floor, float(np.sqrt((view[clip] ** 2).mean())))


class Longest:
    @staticmethod
    def of(view: View[NDArray[np.float32], Any], most: int = 1) -> list[int]:
        return sorted((len(wave) for wave in view), reverse=True)[:most]


def decibels(view: PeakView, clip: str) -> float | None:
    peak = view[clip]
    return None if peak is None else 20 * float(np.log10(peak))


def norm(model: ModelView, clip: str) -> float:
    return float(sum(np.abs(np.asarray(one)).sum() for one in model[clip].values()))


def words(view: View[Any, Any]) -> list[str]:
    if not len(view):
        raise ValueError("nothing was said")
    return [str(entry) for entry in view]


def draw(view: View[Any, Any], which: list[str] | None) -> Figure:
    from matplotlib.figure import Figure

    figure = Figure()
    figure.suptitle(f"{view.address} {which}")
    return figure
