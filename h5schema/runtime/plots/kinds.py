"""How entries look: of each kind, how one of them is drawn, or all of them together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import UsageError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

Values = NDArray[np.generic]

_INK = "#1f4e79"
_COLUMNS = 2000
"""Points across a panel; of a longer curve each shows the least and the greatest value of its stretch."""
_BARS = 30
_ROOM = 250
"""Points across a panel in which marks have room."""
_CHANNELS = (1, 3, 4)


class Said(NamedTuple):
    """What the schema says of the values, for the axes.

    Attributes:
        name: Of the feature.
        unit: "" if it has none.
        names: Of the members of its enum, by value.
        counted: What is counted: entries, or values where an entry has several.
    """

    name: str
    unit: str
    names: Mapping[int, str]
    counted: str = "entries"

    @property
    def label(self) -> str:
        """What stands at the axis of values."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name


class Kind(NamedTuple):
    """One way to draw.

    Attributes:
        draws: Draws the values, of one entry or of all, into a panel.
        each: Whether every entry has a panel of its own.
        takes: Whether values of this shape can be drawn so.
        wants: What these are, for messages.
    """

    draws: Callable[[Axes, Values, Said], None]
    each: bool
    takes: Callable[[Values], bool]
    wants: str


def kind_of(entry: Values) -> str:
    """The kind that suits an entry.

    Raises:
        UsageError: None does.
    """
    found = next((name for name in _BY_ENTRY if KINDS[name].takes(entry)), None)
    if found is None:
        raise UsageError(
            f"an entry of {entry.dtype} {list(entry.shape)} has no picture of its own",
            do="give `kind`, or a function of your own",
        )
    return found


def _image(axes: Axes, entry: Values, said: Said) -> None:
    pixels = _pixels(entry)
    grey = pixels.ndim == 2
    whole = np.issubdtype(pixels.dtype, np.uint8) or (not grey and np.issubdtype(pixels.dtype, np.floating))
    limits = (None, None) if not whole else (0, 255 if pixels.dtype == np.uint8 else 1)
    axes.imshow(pixels, cmap="gray", vmin=limits[0], vmax=limits[1], interpolation="nearest")
    axes.set_axis_off()


def _pixels(entry: Values) -> Values:
    """[height, width] or [height, width, 3 or 4]; channels may come first."""
    if entry.ndim == 3 and entry.shape[-1] not in _CHANNELS:
        entry = np.moveaxis(entry, 0, -1)
    return entry[..., 0] if entry.ndim == 3 and entry.shape[-1] == 1 else entry


def _is_image(entry: Values) -> bool:
    if entry.ndim == 2:
        return entry.dtype == np.uint8
    in_channels = entry.ndim == 3 and (entry.shape[-1] in _CHANNELS or entry.shape[0] in _CHANNELS)
    return in_channels and (entry.dtype == np.uint8 or np.issubdtype(entry.dtype, np.floating))


def _waveform(axes: Axes, entry: Values, said: Said) -> None:
    step = -(-len(entry) // _COLUMNS)
    if step > 1:
        whole = entry[: len(entry) // step * step].reshape(-1, step)
        at = np.arange(len(whole)) * step
        axes.fill_between(at, whole.min(1), whole.max(1), color=_INK, linewidth=0.5)
    else:
        axes.plot(np.arange(len(entry)), entry, color=_INK, linewidth=0.8, marker="." if len(entry) < 50 else "")
    axes.margins(x=0)
    axes.set_ylabel(said.label)


def _spectrogram(axes: Axes, entry: Values, said: Said) -> None:
    shown = axes.imshow(entry.T, aspect="auto", origin="lower", interpolation="nearest", cmap="magma")
    figure = axes.get_figure()
    assert figure is not None
    figure.colorbar(shown, ax=axes, label=said.unit)


def _curve(axes: Axes, values: Values, said: Said) -> None:
    _waveform(axes, values, said)
    axes.set_xlabel("entry")


def _histogram(axes: Axes, values: Values, said: Said) -> None:
    finite = values[np.isfinite(values)].ravel() if values.dtype.kind in "fc" else values.ravel()
    whole = values.dtype.kind in "iu" and finite.size and int(finite.max()) - int(finite.min()) < _BARS
    bins = np.arange(int(finite.min()), int(finite.max()) + 2) - 0.5 if whole else _BARS
    axes.hist(finite, bins=bins, color=_INK, edgecolor="white", linewidth=0.5)
    axes.set_xlabel(said.label)
    axes.set_ylabel(said.counted)
    _count(axes.yaxis)
    if whole:
        _count(axes.xaxis)


def _counts(axes: Axes, values: Values, said: Said) -> None:
    found, counts = np.unique(values, return_counts=True)
    most = np.argsort(-counts, kind="stable")[:_BARS] if len(found) > _BARS else np.arange(len(found))
    names = [said.names.get(int(found[i]), str(found[i])) if said.names else str(found[i]) for i in most]
    axes.barh(np.arange(len(most)), counts[most], color=_INK)
    axes.set_yticks(np.arange(len(most)), names)
    axes.invert_yaxis()
    _count(axes.xaxis)
    axes.set_xlabel(said.counted)
    axes.set_ylabel(said.name)
    if len(most) < len(found):
        axes.set_title(f"the {len(most)} that stand most often, of {len(found):,}", fontsize=8)


def _sparsity(axes: Axes, values: Values, said: Said) -> None:
    size = max(1.0, min(6.0, _ROOM / max(values.shape)))
    axes.spy(values != 0, marker="s", markersize=size, color=_INK, aspect="auto")
    axes.xaxis.tick_bottom()
    _count(axes.xaxis)
    _count(axes.yaxis)
    axes.set_xlabel(f"position in {said.name}")
    axes.set_ylabel("entry")


def _count(axis: Axis) -> None:
    """Nothing between whole numbers is written at an axis."""
    axis.get_major_locator().set_params(integer=True)


def _is_number(values: Values) -> bool:
    return values.dtype.kind in "iuf"


def _numbers(*axes: int) -> Callable[[Values], bool]:
    """Whether values are numbers with so many axes."""
    return lambda values: values.ndim in axes and _is_number(values)


def _is_row(values: Values) -> bool:
    return values.ndim == 1


def _is_matrix(values: Values) -> bool:
    return values.ndim == 2


KINDS: Mapping[str, Kind] = {
    "image": Kind(_image, True, _is_image, "arrays [height, width], or with 1, 3 or 4 channels"),
    "waveform": Kind(_waveform, True, _numbers(1), "arrays of one axis"),
    "spectrogram": Kind(_spectrogram, True, _numbers(2), "arrays of two axes"),
    "curve": Kind(_curve, False, _numbers(1), "numbers"),
    "histogram": Kind(_histogram, False, _is_number, "numbers"),
    "counts": Kind(_counts, False, _is_row, "values that stand often"),
    "sparsity": Kind(_sparsity, False, _is_matrix, "arrays of one axis"),
}
"""By their names."""

_BY_ENTRY = ("image", "waveform", "spectrogram")
"""In which order the kinds of an array are tried."""
