"""Dims as code: the declaration of each."""

from __future__ import annotations

from typing import NamedTuple

from h5schema.resolve.ir import DimIR, IndexIR
from h5schema.vocabulary.sources import source_kind

from .conditions import predicate
from .literals import given, literal, name, string
from .printer import Bracketed, Code, call

_SOURCED = {
    "pattern": "One entry per source `{}`.",
    "table": "One entry per row of `{}`.",
    "function": "One entry for each source that `{}` yields.",
}


class AxisView(NamedTuple):
    """A dim: its declaration and what is said of it."""

    name: str
    declaration: Code
    doc: str


def axis(dim: DimIR, *, bound: bool) -> AxisView:
    """A dim as the template sees it.

    Args:
        dim: The dim.
        bound: Whether it is of files that others made, whose entries may be files themselves.
    """
    doc = dim.doc
    if not doc.strip() and dim.source is not None:
        doc = _SOURCED[source_kind(dim.source)].format(dim.source)
    argument: tuple[str, Code]
    if dim.size is not None:
        argument = ("", literal(dim.size))
    elif dim.per is not None:
        argument = ("per", string(dim.per))
    else:
        argument = ("", name(dim.entry or ""))
    found = given(
        per=dim.under,
        source=dim.source if bound else None,
        ids=dim.id_feature,
        spread=dim.spread,
        like=dim.like,
        index=None if dim.indexed is None else _index(dim.indexed),
    )
    return AxisView(name(dim.identifier), call(axis_class(dim), [argument, *found]), doc)


def axis_class(dim: DimIR) -> str:
    """The class of the runtime that declares a dim."""
    if dim.size is not None:
        return "FixedAxis"
    if dim.per is not None:
        return "RaggedAxis"
    if dim.under is not None:
        return "KeyedAxis"
    return "IdAxis" if dim.ids else "Axis"


def _index(index: IndexIR) -> Code:
    """`IndexAt(ends="/units/spike_times_index")`."""
    items = tuple((f"{string(address)}: ", predicate(asked)) for address, asked in index.where)
    where: list[tuple[str, Code]] = [("where", Bracketed("{", items, "}"))] if items else []
    return call("IndexAt", [*((word, string(path)) for word, path in index.form), *where])
