"""The order of a feature's dims: which can be stored, and what becomes a list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from .draft import Draft
from .ir import DimIR
from .scope import is_open, written

Dims: TypeAlias = "tuple[str | int, ...]"


def misplaced(draft: Draft, dims: Dims, index: int, dim: str | int) -> tuple[str, str, str] | None:
    """Rule, message and help if the dim cannot stand where it stands."""
    if isinstance(dim, int):
        return None
    axis = draft.axes[dim]
    if dim in dims[:index]:
        return (
            "dim-twice",
            f"`{axis.name}` stands twice: nothing would tell its two axes apart",
            "a second axis of the same entries (`like`) comes with a later version; a size may stand twice",
        )
    if axis.per is not None:
        return _misplaced_ragged(draft, dims, index, axis, axis.per)
    if axis.size is None and index:
        if is_open(draft.axes, dims[0]):
            return _across(draft, dims[0], axis)
        if draft.reading.schema.bind == "plain":
            return None  # it is shown first: see `turned`
        rest = tuple(one for one in dims if one != dim)
        return (
            "not-yet",
            f"`{axis.name}` is open and not the first of {written(dims)}; that comes with a later version",
            f"for now the open dim comes first: {written((dim, *rest))}",
        )
    return None


def _misplaced_ragged(draft: Draft, dims: Dims, index: int, axis: DimIR, per: str) -> tuple[str, str, str] | None:
    axes, parent = draft.axes, draft.axes[per].name
    if index and dims[index - 1] == per and is_open(axes, per) and index > 1:
        return (
            "not-yet",
            f"`{parent}` is not the first of {written(dims)}; that comes with a later version",
            f"for now write `{parent}` first",
        )
    lists = lists_in(axes, dims)
    if axis.address in lists and lists.index(axis.address) and per != lists[lists.index(axis.address) - 1]:
        other = axes[lists[lists.index(axis.address) - 1]].name
        what = f"lists over `{other}` and over `{axis.name}`, neither per the other, come with a later version"
        return "not-yet", what, "for now make two features of it"
    between = dims[dims.index(per) + 1 : index] if per in dims[:index] else None
    apart = axis.address in lists
    if between is None or any(is_open(axes, one) for one in between) or (apart and between):
        order = _ordered(axes, dims, axis)
        return (
            "ragged-order",
            f"`{axis.name}` has a length for each `{parent}`, so it comes {'right ' * apart}after it",
            f"write dims: {written(order)}",
        )
    if axis.address not in lists and per != (dims[0] if not lists else lists[-1]):
        inner = axes[str(lists[-1])].name
        return (
            "not-yet",
            f"`{axis.name}` has a length for each `{parent}`, and here it lies in lists over `{inner}`; "
            "that comes with a later version",
            f"for now take it out of the dims, or make it `per: {inner}`",
        )
    varying = [one for one in ragged_in(axes, dims) if one not in lists]
    if len(varying) > 1 and any(draft.dims[one].spec.index is not None for one in varying):
        what = "arrays of several ragged dims that lie by an `index` come with a later version"
        return "not-yet", what, "for now such arrays are nodes of their own (braces in `at`)"
    return None


def turned(draft: Draft, dims: Dims) -> tuple[Dims, tuple[int, ...]]:
    """Dims with that of the entries first, and the axes of the dataset in this order; () if they lie so."""
    lead = next((index for index, dim in enumerate(dims) if is_open(draft.axes, dim)), 0)
    if not lead:
        return dims, ()
    order = (lead, *(index for index in range(len(dims)) if index != lead))
    return tuple(dims[index] for index in order), order


def _ordered(axes: Mapping[str, DimIR], dims: Dims, axis: DimIR) -> Dims:
    """The dims with a ragged one, and those that it is per, in front."""
    first: list[str] = [axis.address]
    while (per := axes[first[0]].per) is not None:
        first.insert(0, per)
    return (*first, *(one for one in dims if one not in first))


def ragged_in(axes: Mapping[str, DimIR], dims: Dims) -> tuple[str, ...]:
    """Those of the dims that are ragged."""
    return tuple(dim for dim in dims if isinstance(dim, str) and axes[dim].per is not None)


def lists_in(axes: Mapping[str, DimIR], dims: Dims, *, encoded: bool = False) -> tuple[str, ...]:
    """The ragged dims over which an entry is a list: another is per them, or (`encoded`) each value is a text."""
    ragged = ragged_in(axes, dims)
    if encoded:
        chained = all(axes[dim].per == dims[index] for index, dim in enumerate(ragged))
        return ragged if chained else ()
    parents = {axes[dim].per for dim in ragged}
    return tuple(dim for dim in ragged if dim in parents)


def _across(draft: Draft, lead: str | int, axis: DimIR) -> tuple[str, str, str] | None:
    """Rule, message and help if a feature that `lead` leads cannot run across another open dim."""
    first = draft.axes[str(lead)]
    if first.source is None or axis.source is not None:
        return None
    return (
        "across",
        f"`{axis.name}` has no `source`, and `{first.name}` has one: nobody makes its entries",
        f"give `{axis.name}` a source too, or write a size in its place",
    )
