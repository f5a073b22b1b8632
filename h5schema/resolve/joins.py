"""Inputs that are found by a reference: `via` a feature whose values are entries of another dim."""

from __future__ import annotations

from typing import Literal

from h5schema.spec import InputSpec

from .draft import Path
from .fed import Fed
from .ir import FeatureIR
from .scope import dim_of, find_feature, written


def join(fed: Fed, spec: InputSpec, feature: FeatureIR, at: Path) -> Literal["one", "many"] | None:
    """How many entries of a feature a sample refers to; None, with a complaint: nobody knows which."""
    assert spec.via is not None
    where = (*at, "via")
    if find_feature(fed.draft, fed.notes, spec.via, (*fed.path, *where), breaks=fed.path) is None:
        return None
    via = fed.draft.resolved.get(spec.via)
    if via is None:
        fed.notes.break_(fed.path)
        return None
    declared = fed.draft.features[spec.via]
    refers = declared.spec.refers
    lead = feature.dims[0] if feature.dims else None
    if refers is None:
        fed.add("via", f"`{spec.via}` refers to no dim", where, f"write `refers: {lead}` in it, or leave out `via`")
        return None
    dim = dim_of(fed.draft, declared.group, refers)
    if dim != lead:
        fed.add(
            "via",
            f"`{spec.via}` refers to `{dim}`, and `{feature.address}` has dims {written(feature.dims)}",
            where,
            f"take a feature that begins with `{dim}`",
        )
        return None
    if via.optional and via.address not in fed.present:
        fed.add(
            "via",
            f"`{via.address}` may be absent, and then it refers to nothing",
            where,
            f"add `{via.address}: present` to the `where` of the loader",
        )
        return None
    roots, axis = [root.address for root in fed.roots], fed.axis.address
    root = via.dims[0] if via.dims and via.dims[0] in roots else roots[0]
    if via.dims in ((root,), (root, axis)):
        return "one"
    if len(via.dims) == 2 and via.dims[0] == root and via.kind == "ragged" and feature.kind != "ragged":
        return "many"
    fed.add(
        "via",
        f"`{via.address}` has dims {written(via.dims)}: to which entry does a sample of `{fed.axis.name}` refer?",
        where,
        f"take a feature over `{root}`, with one value or a ragged dim",
    )
    return None
