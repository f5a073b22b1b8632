"""How a feature is seen from a sample: indexed by the dims that they share, the others kept."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

from .axes import FixedAxis
from .kinds import Place
from .model import Model
from .plan import Plan, Take, takes
from .projections import (
    Across,
    All,
    Cell,
    Crop,
    Cropped,
    Element,
    Entry,
    Piece,
    Projection,
    Range,
    Slice,
    Stretch,
    Via,
    Whole,
)
from .windows import Window


def projection(model: Model, plan: Plan, take: Take) -> Projection:
    """How the feature of an input is seen from a sample."""
    whole, crops = _whole(model, plan, take), list(_crops(model, plan, take))
    return Cropped(whole, crops) if crops else whole


def _crops(model: Model, plan: Plan, take: Take) -> Iterator[Crop]:
    """The pieces of dims of one size that an input is of."""
    dims = model.places[take.address].dims
    for number, dim in enumerate(dims):
        if isinstance(dim, int) or take.via is not None:
            continue
        axis, window = model.axes[dim].axis, window_of(plan, take, dim)
        if isinstance(axis, FixedAxis) and window is not None:
            yield Crop(dim, axis.size, len(dims) - 1 - number, window)


def _whole(model: Model, plan: Plan, take: Take) -> Projection:
    """The same with all that dims of one size have."""
    place, address = model.places[take.address], take.address
    if place.lead is None:
        return Whole(address)
    if take.via is not None:
        return Via(address, place.lead, plain(model, plan, take.via))
    if place.lead not in (known := roots(model, plan)):
        across = bool(set(place.dims) & set(known))
        return Across(address, place.dims, known) if across else All(address, place.lead)
    if len(plan.dims) > 1 and set(place.dims[1:]) & set(plan.dims):
        own = {dim: window_of(plan, take, dim) for dim in plan.dims if dim in plan.window and dim in place.dims}
        return Cell(address, place.dims, plan.dims, windows={dim: one for dim, one in own.items() if one is not None})
    window = window_of(plan, take, place.lead)
    if window is not None and window.ranges is not None:
        return Range(address, place.lead, place.lead, window)
    if window is not None:
        return Stretch(address, place.lead, window)
    dim = place.ragged[0] if place.ragged else None
    if dim is None:
        return Entry(address, place.lead)
    window = window_of(plan, take, dim)
    if window is not None and window.ranges is not None:
        return Range(address, place.lead, dim, window)
    if window is not None:
        return Piece(address, place.lead, dim, window, sampled=dim == plan.dim)
    picked = _picked(model, plan, place)
    if not picked:
        return Entry(address, place.lead)
    return (Element if place.lists or len(place.outer) == 1 else Slice)(address, place.lead, picked)


def roots(model: Model, plan: Plan) -> tuple[str, ...]:
    """The dims of entries that a loader runs over, or over ragged dims of which."""
    return tuple(model.chain(dim)[0] for dim in plan.dims)


def _picked(model: Model, plan: Plan, place: Place) -> tuple[str, ...]:
    """The ragged dims of a feature in which a sample has a position."""
    chain = model.chain(plan.dim)[1:]
    return tuple(takewhile(chain.__contains__, place.ragged))


def plain(model: Model, plan: Plan, address: str) -> Projection:
    """How a feature is seen without a window."""
    place = model.places[address]
    assert place.lead is not None
    picked = _picked(model, plan, place)
    return Element(address, place.lead, picked) if picked else Entry(address, place.lead)


def window_of(plan: Plan, take: Take, dim: str) -> Window | None:
    """The window of an input along a dim."""
    known = plan.window.get(dim)
    return None if known is None else known.over(take.window.get(dim))


def windows_along(model: Model, plan: Plan, dim: str) -> list[Window]:
    """The windows of all inputs along a dim."""
    found = [window_of(plan, take, dim) for take in takes(plan.sample) if _has(model.places[take.address], dim)]
    return [window for window in found if window is not None]


def _has(place: Place, dim: str) -> bool:
    return dim == place.lead or dim in place.ragged[:1] or dim in place.across
