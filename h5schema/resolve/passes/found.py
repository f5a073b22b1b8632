"""What a file of others says of its dims: ids that a feature holds, and where the entries of ragged dims lie."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from h5schema.spec import DimSpec, PredicateSpec
from h5schema.vocabulary.dtypes import NUMBERS

from ..draft import Declared, Draft, Notes
from ..ir import DimIR, FeatureIR, IndexIR, PredicateIR
from ..scope import find_dim, find_feature, is_open, written
from ..spread import spread_axes
from ..values import as_check, impossible
from ..within import braced

_FORMS = ("offsets", "ends", "lengths", "ranges", "start", "end", "length")


def resolve_found(draft: Draft) -> Draft:
    """Gives dims that are laid out as paths their place, and those of a bound schema their ids and their index."""
    notes = Notes(draft)
    if not draft.bound:
        return notes.done(draft._replace(axes={**draft.axes, **spread_axes(draft, notes)}))
    draft = draft._replace(axes={**draft.axes, **spread_axes(draft, notes)})
    draft = draft._replace(axes={**draft.axes, **dict(_second_times(draft, notes))})
    axes = {
        address: _with_ids(draft, notes, _with_index(draft, notes, axis, draft.dims[address]), draft.dims[address])
        for address, axis in draft.axes.items()
    }
    resolved = {address: _with_fill(draft, notes, feature) for address, feature in draft.resolved.items()}
    return notes.done(draft._replace(axes=axes, resolved=resolved))


def _with_fill(draft: Draft, notes: Notes, feature: FeatureIR) -> FeatureIR:
    """The feature with the value that means absent."""
    declared = draft.features[feature.address]
    fill, path = declared.spec.fill, (*declared.path, "fill")
    if fill is None:
        return feature
    wrong = impossible(feature, draft.enums, fill)
    if feature.kind not in ("scalar", "dense", "text", "enum") or not feature.dims:
        wrong = f"`fill` is of single entries, and `{feature.address}` has none", "leave it out"
    elif not feature.optional:
        wrong = "`fill` is the value that means absent, and the feature is never absent", "write `optional: true` too"
    if wrong is not None:
        notes.add("fill", wrong[0], path, wrong[1], breaks=declared.path)
    return feature._replace(fill=fill)  # type: ignore[arg-type]


def _second_times(draft: Draft, notes: Notes) -> Iterator[tuple[str, DimIR]]:
    """Dims that are another one a second time, each with the other."""
    for address, axis in draft.axes.items():
        dim = draft.dims[address]
        if dim.spec.like is None:
            continue
        path = (*dim.path, "like")
        other = find_dim(draft, notes, dim.group, dim.spec.like, path, breaks=dim.path)
        if other is not None and (not is_open(draft.axes, other) or not is_open(draft.axes, address)):
            what = f"`{dim.spec.like}` is not open, so `{axis.name}` has no entries of it"
            notes.add("like", what, path, "name a dim of entries", breaks=dim.path)
        yield address, axis._replace(like=other)


def _with_ids(draft: Draft, notes: Notes, axis: DimIR, dim: Declared[DimSpec]) -> DimIR:
    wanted = dim.spec.ids
    if not isinstance(wanted, str):
        return axis
    path = (*dim.path, "ids")
    address = find_feature(draft, notes, wanted, path, breaks=dim.path)
    feature = draft.resolved.get(address or "")
    if feature is None:
        notes.break_(dim.path)
        return axis
    kind = NUMBERS[feature.dtype.name].kind if feature.dtype.name in NUMBERS else feature.dtype.name
    if feature.dims != (axis.address,) or kind not in ("str", "int", "uint") or feature.optional:
        notes.add(
            "ids",
            f"`{wanted}` is {feature.dtype.name} {written(feature.dims)}: no id for each `{axis.name}`",
            path,
            f"ids are a `str` or whole numbers, of dims [{axis.name}], and never absent",
            breaks=dim.path,
        )
    return axis._replace(ids=True, id_feature=wanted)


def _with_index(draft: Draft, notes: Notes, axis: DimIR, dim: Declared[DimSpec]) -> DimIR:
    index, path = dim.spec.index, (*dim.path, "index")
    if axis.per is None:
        if index is not None:
            what = f"an index says where the entries of a ragged dim lie, and `{axis.name}` has no `per`"
            notes.add("index", what, path, "leave it out, or write `per`", key=True, breaks=dim.path)
        return axis
    if index is None:
        parent = draft.axes[axis.per]
        nodes = parent.spread or parent.source or parent.name in braced(draft)
        if parent.per is not None or not nodes:
            notes.add(
                "no-index",
                f"nothing says where the entries of `{axis.name}` lie for each `{axis.per}`",
                dim.path,
                "add an `index`, such as index: {ends: /path/of/the/ends}; nodes in braces need none",
                key=True,
                breaks=dim.path,
            )
        return axis
    group = draft.paths.get(dim.group, "/")
    form = tuple((key, posixpath.join(group, found)) for key in _FORMS if (found := getattr(index, key)) is not None)
    where = tuple(_conditions(draft, notes, axis, dim, index.where))
    return axis._replace(indexed=IndexIR(form, where))


def _conditions(
    draft: Draft, notes: Notes, axis: DimIR, dim: Declared[DimSpec], where: dict[str, PredicateSpec]
) -> Iterator[tuple[str, PredicateIR]]:
    assert axis.per is not None
    for address, asked in where.items():
        path = (*dim.path, "index", "where", address)
        found = find_feature(draft, notes, address, path, breaks=dim.path, key=True)
        feature = draft.resolved.get(found or "")
        if feature is None:
            notes.break_(dim.path)
            continue
        if feature.dims[-1:] != (axis.per,) or feature.dtype.name in ("json", "bytes") or asked.present is not None:
            what = f"`{address}` has dims {written(feature.dims)}: no value for each `{axis.per}`, which has the ranges"
            help = f"name a feature of which each `{axis.per}` has one value, and ask for a value or bounds"
            notes.add("where", what, path, help, key=True, breaks=dim.path)
            continue
        for number, value in enumerate(asked.values or ()):
            wrong = impossible(feature, draft.enums, value)
            if wrong is not None:
                notes.add("value", wrong[0], (*path, number), wrong[1], breaks=dim.path)
        check = None if asked.check is None else as_check(asked.check)
        yield address, PredicateIR(values=asked.values, check=check)  # type: ignore[arg-type]
