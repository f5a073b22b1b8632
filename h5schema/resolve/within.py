"""Dims of files of others whose entries are nodes below those of other dims, or in other files."""

from __future__ import annotations

from collections.abc import Iterator

from h5schema.vocabulary.patterns import Pattern, PatternError

from .draft import Draft, Notes, Path
from .ir import DimIR, FeatureIR
from .keyed import outer_dims
from .scope import find_dim


def spread_within(draft: Draft, notes: Notes, feature: FeatureIR, axis: DimIR, at: Path) -> Iterator[DimIR]:
    """The dims that the braces of a path name, each with the path of its nodes; complains if they are not all."""
    declared = draft.features[feature.address]
    folders = next((one for one in outer_dims(draft.axes, axis.address) if "/" in (draft.axes[one].source or "")), None)
    if folders is not None:
        what = f"`{axis.name}` lies in the files of `{draft.axes[folders].name}`, which are in folders of their own"
        help = "for now give the class the folder in which the files are, and a pattern without slashes"
        notes.add("not-yet", f"{what}: that comes with a later version", at, help, breaks=declared.path)
        return
    wanted = [one for one in (*outer_dims(draft.axes, axis.address), axis.address) if draft.axes[one].source is None]
    parts = feature.path.split("/")
    named: list[tuple[str | None, str]] = []
    for number, said in enumerate(parts):
        if "{" not in said:
            continue
        part = said[: said.rindex("}") + 1] + said[said.rindex("}") + 1 :].partition("@")[0]
        try:
            captures = Pattern.parse(part).captures
        except PatternError as error:
            notes.add("pattern", str(error), at, error.help, breaks=declared.path)
            return
        for name, kind in captures.items():
            dim = find_dim(draft, notes, declared.group, name, at, breaks=declared.path)
            named.append((None if kind == "path" or len(captures) > 1 else dim, "/".join((*parts[:number], part))))
    if [dim for dim, _ in named] == wanted:
        for dim, spread in named:
            yield draft.axes[str(dim)]._replace(ids=True, spread=spread)
    elif not notes.breaks(declared.path):
        names = [draft.axes[one].name for one in wanted]
        notes.add(
            "spread",
            f"`{feature.address}` lies in nodes of `{axis.name}`, and the braces of its path name "
            f"{', '.join(names)}, in this order, each a part of its own",
            at,
            f"write at: '{declared.name}/{'/'.join(f'{{{name}}}' for name in names)}'",
            breaks=declared.path,
        )


def expect_nodes(draft: Draft, notes: Notes, feature: FeatureIR) -> None:
    """Refuses an axis, in files of others, along which the entries of another dim have entries of their own."""
    lead = draft.axes.get(str(feature.dims[0])) if draft.bound and feature.dims else None
    if lead is not None and lead.under is not None:
        path = draft.features[feature.address].path
        what = f"`{feature.address}` is no node for each `{lead.name}`, whose ids are those of nodes"
        help = f"for now write `{{{lead.name}}}` in its `at`"
        notes.add("not-yet", f"{what}: that comes with a later version", path, help, key=True, breaks=path)


def braced(draft: Draft) -> frozenset[str]:
    """Names in the braces of the paths of files of others."""
    if not draft.bound:
        return frozenset()
    said = [group.spec.at or "" for group in draft.groups.values()]
    said += [feature.spec.at or "" for feature in draft.features.values()]
    return frozenset(brace.partition("}")[0].partition(":")[0] for at in said for brace in at.split("{")[1:])
