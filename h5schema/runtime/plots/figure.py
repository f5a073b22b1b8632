"""A figure of a feature: which entries, how, and in which panels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np

from h5schema.errors import MissingExtraError, UsageError
from h5schema.vocabulary.suggest import closest

from ..blocks import Maybe, SparseBlock, SparseRow
from .kinds import KINDS, Kind, Said, Values, kind_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..view import View

Name: TypeAlias = "int | str | tuple[()]"
Which: TypeAlias = "int | str | slice | Sequence[int] | Sequence[str] | None"
Several: TypeAlias = "Sequence[int] | Sequence[str] | None"

_PANELS = 16
_LETTERS = 28
"""Of a title that has room above an image."""
_MOST = 1_000_000
"""Entries of one number each that are drawn together, at most."""
_MOST_ARRAYS = 256
"""Entries of many numbers that are drawn together, at most."""


def plot(view: View[object, object], which: Which = None, kind: str | None = None) -> Figure:
    """A figure of some entries of a feature.

    Args:
        view: Of the feature.
        which: Ids or positions, one of them, or a slice; None: the first 16, or all where one panel shows all.
        kind: `image`, `waveform`, `spectrogram`, `curve`, `histogram`, `counts`, `sparsity`; None: what suits them.

    Raises:
        UsageError: There is no such kind, or it does not suit the values.
        RowError: There is no such entry.
        MissingExtraError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise MissingExtraError("plots need matplotlib", do="pip install 'h5schema[plots]'") from None
    if kind is not None and kind not in KINDS:
        near = closest(kind, KINDS)
        raise UsageError(
            f"there is no kind {kind!r} of plots",
            do=f"did you mean {near!r}?" if near else f"there are {', '.join(KINDS)}",
        )
    declared = view.declaration()
    members = declared.members
    named = {} if members is None else {value: name for name, value in members.names.items()}
    figure = Figure(layout="constrained")
    which = several(view, which)
    chosen = _chosen(view, which, _PANELS)
    if not chosen:
        raise UsageError("there is no entry to draw", where=view.address, do="choose others, or write some first")
    is_number = len(declared.dims.split()) == (0 if chosen == [()] else 1)
    said = Said(view.address, declared.options.unit, named, "entries" if is_number else "values")
    if kind is None and isinstance(view[chosen[0]], SparseRow):
        kind = "sparsity"
    together = is_number if kind is None else not KINDS[kind].each
    if together:
        values = (
            _rows(view, which)
            if kind == "sparsity"
            else _all(view, which, most=_MOST if is_number else _MOST_ARRAYS, gaps=kind == "curve")
        )
        name = kind or ("counts" if said.names or values.dtype.kind not in "iuf" else "histogram")
        _expect(KINDS[name], values, view)
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        KINDS[name].draws(axes, values, said)
        figure.set_size_inches(7, max(4, 0.25 * len(axes.get_yticks())) if name == "counts" else 4)
    else:
        _panels(figure, view, chosen, kind, said)
    figure.suptitle(view.address)
    return figure


def several(view: View[object, object], which: Which) -> Several:
    """What is drawn as a list: one id or position is a list of one, and a slice those that lie in it.

    Raises:
        RowError: It names no entries.
    """
    if which is None or isinstance(which, list):
        return which
    if isinstance(which, str):
        return [which]
    if isinstance(which, int | np.integer):
        return [int(which)]
    rows: list[int] = view.rows(which).tolist()
    return rows


def _panels(figure: Figure, view: View[object, object], chosen: Sequence[Name], kind: str | None, said: Said) -> None:
    """A panel for each entry."""
    entries = [(one, _array(view[one], view)) for one in chosen]
    there = [entry for _, entry in entries if entry is not None]
    name = kind or (kind_of(there[0]) if there else "image")
    columns = math.ceil(math.sqrt(len(entries))) if name == "image" else min(2, len(entries))
    rows = math.ceil(len(entries) / columns)
    side = (2, 2.2) if name == "image" else (5, 2.2)
    figure.set_size_inches(max(4, columns * side[0]), max(3, rows * side[1] + 0.5))
    for number, (one, entry) in enumerate(entries):
        axes = figure.add_subplot(rows, columns, number + 1)
        axes.set_title(_short(str(one), _LETTERS if name == "image" else 2 * _LETTERS), fontsize=8)
        if entry is None or not entry.size:
            axes.text(0.5, 0.5, "absent" if entry is None else "empty", ha="center", va="center", color="gray")
            axes.set_axis_off()
            continue
        _expect(KINDS[name], entry, view)
        axes.spines[["top", "right"]].set_visible(False)
        KINDS[name].draws(axes, entry, said)


def _short(name: str, letters: int) -> str:
    """The end of a name that is too long for its panel: ids are paths, which differ there."""
    return name if len(name) <= letters else f"…{name[1 - letters :]}"


def _chosen(view: View[object, object], which: Several, most: int) -> Sequence[Name]:
    """What has a panel, as `view[...]` takes it."""
    return view.names(range(most)) if which is None else list(which)


def _all(view: View[object, object], which: Several, *, most: int, gaps: bool) -> Values:
    """The values of `which`, or of so many evenly spaced entries. Absent ones are left out, or NaN."""
    block: object = view[:: max(1, -(-len(view) // most))] if which is None else view[which]
    present: Values | None = None
    if isinstance(block, Maybe):
        some = cast("Maybe[object]", block)
        block, present = some.values, some.present
    entries = list(cast("Sequence[object]", block))
    if isinstance(block, SparseBlock):
        entries = [_array(entry, view) for entry in entries]
    if present is not None and not gaps:
        entries = [entry for entry, there in zip(entries, present, strict=True) if there]
    if any(isinstance(entry, np.ndarray) for entry in entries):
        return np.concatenate([np.ravel(np.asarray(entry)) for entry in entries])
    array: Values = np.asarray(cast("Values", block) if len(entries) == len(cast("Values", block)) else entries)
    return array if present is None or not gaps or array.dtype.kind not in "iuf" else np.where(present, array, np.nan)


def _rows(view: View[object, object], which: Several) -> Values:
    """Entries of one axis, one below the other."""
    rows = [_array(view[one], view) for one in _chosen(view, which, _MOST_ARRAYS)]
    there = [row for row in rows if row is not None]
    if any(row.shape != there[0].shape for row in there):
        raise UsageError(
            "the entries differ in length, so they are no rows of a matrix",
            where=view.address,
            do="choose another `kind`",
        )
    return np.stack(there)


def _array(entry: object, view: View[object, object]) -> Values | None:
    """An entry as an array; None: it is absent."""
    if entry is None:
        return None
    dense = getattr(entry, "dense", None)
    array = None if isinstance(entry, list | dict) else np.asarray(dense() if callable(dense) else entry)
    if array is None or array.dtype == object:
        raise UsageError(
            f"entries of {view.address} are no arrays of numbers",
            where=view.address,
            do="draw another feature, or give a function of your own",
        )
    return cast("Values", array)


def _expect(kind: Kind, values: Values, view: View[object, object]) -> None:
    if not kind.takes(values):
        raise UsageError(
            f"values of {values.dtype} {list(values.shape)} cannot be drawn so",
            where=view.address,
            do=f"this kind of plot is of {kind.wants}; choose another `kind`",
        )
