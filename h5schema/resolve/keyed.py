"""Ragged dims whose entries have ids: entries of their own, each with the ids of those that it is within."""

from __future__ import annotations

from collections.abc import Mapping

from .draft import Draft
from .ir import DimIR, dim_word

Dims = tuple[str | int, ...]


def outer_dims(axes: Mapping[str, DimIR], dim: str) -> tuple[str, ...]:
    """The dims with whose ids an id of `dim` begins, the outermost first."""
    under = axes[dim].under
    return () if under is None or under not in axes else (*outer_dims(axes, under), under)


def alike(axes: Mapping[str, DimIR], one: str, other: str) -> bool:
    """Whether ids of two dims begin with that of an entry of one dim."""
    return not {*outer_dims(axes, one), one}.isdisjoint((*outer_dims(axes, other), other))


def out_of_place(draft: Draft, dims: Dims) -> tuple[int, str, str] | None:
    """Where, what and what to do, if a dim whose entries lie within those of others does not follow them."""
    for index, dim in enumerate(dims):
        outer = outer_dims(draft.axes, dim) if isinstance(dim, str) else ()
        if outer and dims[:index] != outer:
            names = " and ".join(f"`{draft.axes[one].name}`" for one in outer)
            what = f"an id of `{draft.axes[str(dim)].name}` begins with that of {names}, so it comes right after"
            rest = (dim_word(one) for one in dims if one not in (*outer, dim))
            return index, what, f"write dims: [{', '.join((*outer, str(dim), *rest))}]"
    return None


def without_outer(draft: Draft, dims: Dims) -> Dims:
    """Dims without those with whose ids the ids of another one begin."""
    outer = {one for dim in dims if isinstance(dim, str) for one in outer_dims(draft.axes, dim)}
    return tuple(dim for dim in dims if dim not in outer)


def tree_parent(draft: Draft, dim: str) -> str | None:
    """The dim of whose entries a dim is a part, as the names in a mapping: it has nothing but values of any dtype."""
    features = [feature for feature in draft.resolved.values() if feature.dims[:1] == (dim,)]
    inner = any(axis.under == dim or axis.per == dim for axis in draft.axes.values())
    parent = draft.axes[dim].under
    beside = all(group_of(feature.address) == group_of(parent or "") for feature in features)
    alike = bool(features) and all(feature.kind == "mixed" for feature in features)
    return parent if alike and beside and not inner else None


def group_of(address: str) -> str:
    """The group in which something is declared."""
    return address.rpartition("/")[0]
