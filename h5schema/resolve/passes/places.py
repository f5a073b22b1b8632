"""Where in the file each group and feature lies, and that no two lie in one place."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from typing import TypeAlias

from h5schema.spec import FeatureSpec, GroupSpec
from h5schema.vocabulary.layout import RESERVED

from ..draft import Declared, Draft, Notes
from ..ir import FeatureIR
from ..mounts import home_of

_Placed: TypeAlias = "Declared[FeatureSpec] | Declared[GroupSpec]"

_HDF5_OWN = frozenset({"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "DIMENSION_LABELS"})
"""Attributes by which HDF5 marks dimension scales."""


def resolve_places(draft: Draft) -> Draft:
    """Gives each group and feature its absolute path."""
    notes = Notes(draft)
    paths = _of_groups(draft, notes)
    draft = draft._replace(paths=paths)
    taken = (
        {}
        if draft.bound
        else {posixpath.join(paths[dim.group], dim.name): f"dim `{address}`" for address, dim in draft.dims.items()}
    )
    resolved: dict[str, FeatureIR] = {}
    for address, declared in draft.features.items():
        at, feature = _checked(notes, declared), draft.resolved.get(address)
        if at is None or feature is None:
            continue
        path = _of_feature(draft, notes, feature, at)
        if path is not None and path in taken:
            what = f"feature `{address}` and {taken[path]} would both lie at {path}"
            _complain(notes, declared, "path-twice", what, f"give `{address}` another place with `at`")
        elif path is not None:
            taken[path] = f"feature `{address}`"
            resolved[address] = feature._replace(path=path)
    for outer, inner in () if draft.bound else _inside_another(resolved, taken):  # a member lies inside its records
        what = f"{resolved[inner].path} lies inside {outer}, which is the dataset of {taken[outer]}"
        help = f"a dataset holds no others: give `{inner}` another place with `at`"
        _complain(notes, draft.features[inner], "path-inside", what, help)
    return notes.done(draft._replace(resolved=resolved))


def _complain(
    notes: Notes, declared: _Placed, rule: str, message: str, help: str, *, within: tuple[int, int] | None = None
) -> None:
    """At the `at` of a feature or group, or at its name where that is its path."""
    named = declared.spec.at is not None
    path = (*declared.path, "at") if named else declared.path
    notes.add(rule, message, path, help, key=not named, within=within, breaks=declared.path)


def _of_groups(draft: Draft, notes: Notes) -> dict[str, str]:
    paths = {"": "/"}
    for address, group in draft.groups.items():  # outer groups come before inner ones
        if address:
            paths[address] = _below(draft, paths, group.group, _checked(notes, group) or group.name)
            at = group.spec.at or ""
            if "@" in at:
                what = "a group is no attribute"
                _complain(notes, group, "path", what, "leave the `@` out", within=(at.index("@"), len(at)))
    return paths


def _below(draft: Draft, paths: Mapping[str, str], group: str, at: str) -> str:
    """A path as a group says it: from the root of its schema, if it begins with `/`."""
    if not at.startswith("/"):
        return posixpath.join(paths[group], at)
    home = home_of(draft.mounts, group)
    return posixpath.join(paths[home], at.lstrip("/")) if home else at


def _of_feature(draft: Draft, notes: Notes, feature: FeatureIR, at: str) -> str | None:
    """The absolute path of a feature, `node@name` for an attribute; None, with a complaint, if it has none."""
    declared = draft.features[feature.address]
    node, mark, attribute = at.partition("@")
    path = _below(draft, draft.paths, declared.group, node)
    if mark:
        return path.rstrip("/") + mark + attribute if _is_attribute(draft, notes, feature, attribute) else None
    if path == "/":
        _complain(notes, declared, "path", "`/` is the root of the file, which is a group", "add a name")
        return None
    return path


def _inside_another(features: Mapping[str, FeatureIR], taken: Mapping[str, str]) -> list[tuple[str, str]]:
    """(path of a dataset, address of a feature below it) for each feature that lies so."""
    found: list[tuple[str, str]] = []
    for address, feature in features.items():
        outer = feature.path
        while "@" not in feature.path and (outer := posixpath.dirname(outer)) not in ("/", ""):
            if outer in taken:
                found.append((outer, address))
                break
    return found


def _checked(notes: Notes, declared: _Placed) -> str | None:
    """The path that is given, or the name; None, with a complaint, if it is no path."""
    at = declared.spec.at or declared.name
    node = at.partition("@")[0]
    parts = node.lstrip("/").split("/") if node.strip("/") else []
    wrong = next((part for part in parts if part in ("", ".", "..")), None)
    if wrong is not None:
        what = f"`{wrong}` is no name in an HDF5 path" if wrong else "an HDF5 path has one `/` between its names"
        help = "write it like 'images/raw', from the group, or '/images/raw', from the root"
    elif "\0" in at:
        what, help = "an HDF5 path holds no NUL character", "leave it out"
    elif RESERVED in parts:
        what, help = f"`{RESERVED}` is where h5schema keeps what is its own", "give it another name"
    else:
        return at
    _complain(notes, declared, "path", what, help)
    return None


def _is_attribute(draft: Draft, notes: Notes, feature: FeatureIR, attribute: str) -> bool:
    """Whether the feature can be kept as an attribute."""
    declared = draft.features[feature.address]
    if not attribute or "@" in attribute or "/" in attribute:
        rule, what = "path", f"`@{attribute}` names no attribute"
        help = "write '@name' for an attribute of the group, 'node@name' for one of a node in it"
    elif draft.bound:
        return True
    elif attribute in _HDF5_OWN:
        rule, what, help = "path", f"HDF5 itself uses the attribute {attribute}", "give it another name"
    elif any(isinstance(dim, str) and draft.axes[dim].size is None for dim in feature.dims):
        rule = "attribute-dims"
        what = f"an attribute is one value for the whole file, but `{feature.name}` has one for each entry"
        help = "leave out `dims`, or the `@`: a dataset holds a value for each entry"
    else:
        return True
    at = declared.spec.at or ""
    _complain(notes, declared, rule, what, help, within=(at.index("@"), len(attribute) + 1))
    return False
