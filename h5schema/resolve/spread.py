"""Dims that are laid out as paths: braces in the `at` of a group or feature name them."""

from __future__ import annotations

from h5schema.vocabulary.dtypes import NUMBERS
from h5schema.vocabulary.patterns import Pattern, PatternError

from .draft import Draft, Notes, Path
from .ir import DimIR, FeatureIR
from .keyed import outer_dims
from .meeting import warn_of_meeting
from .scope import find_dim, is_open, written
from .within import expect_nodes, spread_within


def spread_axes(draft: Draft, notes: Notes) -> dict[str, DimIR]:
    """The dims that are laid out as paths, by address, with the path of their nodes."""
    found: dict[str, DimIR] = {}
    nodes: dict[str, Path] = {}
    for address, feature in draft.resolved.items():
        if "{" not in feature.path or notes.breaks(draft.features[address].path):
            expect_nodes(draft, notes, feature)
            continue
        path = _said_at(draft, address)
        if not draft.bound and not _is_stored(draft, notes, feature, path):
            continue
        lead = draft.axes.get(str(feature.dims[0])) if feature.dims else None
        keyed = lead is not None and lead.under is not None
        if draft.bound and keyed and lead is not None:
            found = {one.address: one for one in spread_within(draft, notes, feature, lead, path)} | found
            continue
        spread = feature.path if keyed else _prefix(draft, notes, feature, path)
        if keyed and lead is not None:
            dim = _within(draft, notes, feature, lead, path)
        else:
            dim = None if spread is None else _dim(draft, notes, feature, spread, path)
        if dim is not None and spread is not None and dim.address not in found:
            found[dim.address] = dim._replace(ids=True, spread=spread)
        if dim is not None:
            nodes[address] = path
    if not draft.bound:
        warn_of_meeting(draft, notes, nodes)
    return found


def _is_stored(draft: Draft, notes: Notes, feature: FeatureIR, at: Path) -> bool:
    """Whether entries of a file of ours can be nodes of their own: arrays of plain numbers, texts, or `any`."""
    array = feature.kind in ("dense", "ragged") and feature.dtype.name in NUMBERS and feature.dtype.name != "bfloat16"
    text = feature.kind == "text" and feature.dtype.size is None
    across = any(is_open(draft.axes, dim) for dim in feature.dims[1:])
    if (array or text or feature.kind == "mixed") and not across and "@" not in feature.path:
        return True
    help = "for now nodes are arrays of numbers, texts, or any; or leave the braces out: entries lie along an axis"
    what = f"`{feature.address}` in nodes of its own comes with a later version"
    notes.add("not-yet", what, at, help, breaks=draft.features[feature.address].path)
    return False


def _within(draft: Draft, notes: Notes, feature: FeatureIR, axis: DimIR, at: Path) -> DimIR | None:
    """The dim whose nodes lie below those of others, if the braces name all of these, in their order."""
    declared = draft.features[feature.address]
    try:
        captures = Pattern.parse(feature.path.lstrip("/")).captures
    except PatternError as error:
        notes.add("pattern", str(error), at, error.help, breaks=declared.path)
        return None
    named = [find_dim(draft, notes, declared.group, one, at, breaks=declared.path) for one in captures]
    wanted = [*outer_dims(draft.axes, axis.address), axis.address]
    if None in named:
        return None
    paths = [
        draft.axes[str(one)].name for one, kind in zip(named[:-1], captures.values(), strict=False) if kind == "path"
    ]
    if named == wanted and not paths:
        return axis
    names = [draft.axes[one].name for one in wanted]
    braces = "/".join(f"{{{name}}}" for name in names[:-1]) + f"/{{{names[-1]}:path}}"
    if named == wanted:
        what = f"an id of `{paths[0]}` has no slashes, because those of `{names[-1]}` begin with it"
    else:
        what = f"`{feature.address}` lies in nodes of `{names[-1]}`, whose ids begin with those of "
        what += " and ".join(f"`{name}`" for name in names[:-1])
    notes.add("spread", what, at, f"write at: '{declared.name}/{braces}'", breaks=declared.path)
    return None


def _said_at(draft: Draft, address: str) -> Path:
    """Where the braces stand: the `at` of the feature, or of a group around it."""
    declared = draft.features[address]
    if "{" in (declared.spec.at or ""):
        return (*declared.path, "at")
    group = draft.groups[declared.group]
    while "{" not in (group.spec.at or "") and group.address:
        group = draft.groups[group.group]
    return (*group.path, "at")


def _prefix(draft: Draft, notes: Notes, feature: FeatureIR, at: Path) -> str | None:
    """The path of the nodes themselves: up to the part with braces."""
    parts = feature.path.split("/")
    spread = [number for number, part in enumerate(parts) if "{" in part]
    if draft.bound and len(spread) == 1 and ":path}" in feature.path:
        return feature.path  # all of it says which nodes are entries
    if len(spread) > 1:
        what = "entries whose nodes lie at several depths come with a later version"
        notes.add("not-yet", what, at, "for now write braces in one part of a path", breaks=at[:-1])
        return None
    prefix = "/".join(parts[: spread[0] + 1])
    return prefix[: prefix.rindex("}") + 1 + len(prefix[prefix.rindex("}") + 1 :].partition("@")[0])]


def _dim(draft: Draft, notes: Notes, feature: FeatureIR, spread: str, at: Path) -> DimIR | None:
    """The dim that the braces name."""
    breaks = draft.features[feature.address].path
    try:
        captures = [*Pattern.parse(spread.lstrip("/").rpartition("}")[0] + "}").captures]
    except PatternError as error:
        notes.add("pattern", str(error), at, error.help, breaks=breaks)
        return None
    if len(captures) != 1:
        what = "braces of several dims in one path come with a later version"
        notes.add("not-yet", what, at, "for now write braces once", breaks=breaks)
        return None
    address = find_dim(draft, notes, draft.features[feature.address].group, captures[0], at, breaks=breaks)
    axis = draft.axes.get(address or "")
    if axis is None:
        return None
    if not is_open(draft.axes, axis.address):
        what = f"`{axis.name}` is laid out as paths, so its entries are nodes of the file; it has another kind"
        help = f"write {axis.name}: {'open' if draft.bound else '{ids: true}'}"
        notes.add("spread", what, at, help, breaks=breaks)
        return None
    if not (draft.bound or axis.ids):
        what = f"`{axis.name}` is laid out as paths, and its entries have no ids to fill in"
        notes.add("spread", what, at, f"write {axis.name}: {{ids: true}}", breaks=breaks)
        return None
    if feature.dims[:1] != (axis.address,):
        what = f"`{feature.address}` lies in nodes of `{axis.name}`, but its dims are {written(feature.dims)}"
        rest = tuple(dim for dim in feature.dims if dim != axis.address)
        notes.add("spread", what, at, f"write dims: {written((axis.address, *rest))}", breaks=breaks)
        return None
    return axis
