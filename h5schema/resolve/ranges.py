"""Windows of explicit ranges: listed in the schema, or held by a feature."""

from __future__ import annotations

from typing import cast

from h5schema.spec import WindowSpec
from h5schema.vocabulary.dtypes import NUMBERS

from .draft import Path
from .fed import Fed
from .ir import FeatureIR
from .scope import find_feature, written

Ranges = str | tuple[tuple[int, int], ...]

_NOT_BESIDE = ("length", "hop", "jitter", "align", "frame", "edge")


def ranges_of(fed: Fed, spec: WindowSpec, dim: str, at: Path) -> Ranges | None:
    """The ranges of a window; None, with a complaint, if they cannot be."""
    where = (*at, "ranges")
    beside = next((key for key in _NOT_BESIDE if key in spec.model_fields_set), None)
    if beside is not None:
        fed.add(
            "window",
            f"`ranges` say where windows begin and end: no `{beside}`",
            (*at, beside),
            "leave it out",
            key=True,
        )
        return None
    if dim != fed.axis.address:
        fed.add(
            "window", f"samples have no position in `{fed.draft.axes[dim].name}`", where, f"run over `{dim}`", key=True
        )
        return None
    if isinstance(spec.ranges, str):
        return spec.ranges if _holds_ranges(fed, spec.ranges, where) else None
    pairs = cast("tuple[tuple[int, int], ...]", spec.ranges)
    for index, (start, stop) in enumerate(pairs):
        if not 0 <= start < stop:
            fed.add(
                "window",
                f"[{start}, {stop}] has no values",
                (*where, index),
                "write [start, stop], from 0 on, start before stop",
            )
            return None
    if not pairs:
        fed.add("window", "there is no range here", where, "write [[start, stop], ...]")
    return pairs or None


def _holds_ranges(fed: Fed, address: str, where: Path) -> bool:
    if find_feature(fed.draft, fed.notes, address, (*fed.path, *where), breaks=fed.path) is None:
        return False
    feature = fed.draft.resolved.get(address)
    if feature is None:
        fed.notes.break_(fed.path)
        return False
    if _fits(fed, feature):
        return True
    root = fed.root.name
    wanted = f"[{root}, 2] or [{root}, a ragged dim, 2]" if fed.axis is not fed.root else "[a dim, 2]"
    fed.add(
        "window",
        f"`{address}` is {feature.dtype.name} {written(feature.dims)}: no ranges of `{fed.axis.name}`",
        where,
        f"take whole numbers with dims {wanted}",
    )
    return False


def _fits(fed: Fed, feature: FeatureIR) -> bool:
    """Whether a feature has pairs of whole numbers: for each entry of the root, or for a whole dim of entries."""
    dims, dtype = feature.dims, feature.dtype.name
    sizes = [dim if isinstance(dim, int) else fed.draft.axes[dim].size for dim in dims]
    if dtype not in NUMBERS or NUMBERS[dtype].kind not in ("int", "uint") or not dims or sizes[-1] != 2:
        return False
    if fed.axis is fed.root:
        return len(dims) == 2 and not feature.optional and feature.kind == "dense"
    ragged = len(dims) == 3 and feature.kind == "ragged"
    return dims[0] == fed.root.address and (ragged or (len(dims) == 2 and feature.kind == "dense"))
