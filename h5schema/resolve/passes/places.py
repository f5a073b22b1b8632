"""Where in the file each group and feature lies, and that no two lie in one place."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import replace

from h5schema.vocabulary.layout import RESERVED

from ..draft import Draft, Notes, Path
from ..ir import FeatureIR

_HDF5_OWN = frozenset({"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "DIMENSION_LABELS"})
"""Attributes by which HDF5 marks dimension scales."""


def resolve_places(draft: Draft) -> Draft:
    """Gives each group and feature its absolute path."""
    notes = Notes(draft)
    paths = _of_groups(draft, notes)
    draft = replace(draft, paths=paths)
    taken = {posixpath.join(paths[dim.group], dim.name): f"dim `{address}`" for address, dim in draft.dims.items()}
    resolved: dict[str, FeatureIR] = {}
    for address, feature in draft.resolved.items():
        path = _of_feature(draft, notes, feature)
        if path is None:
            continue
        if path in taken:
            declared = draft.features[address]
            named = "at" in declared.spec.model_fields_set
            notes.add(
                "path-twice",
                f"feature `{address}` and {taken[path]} would both lie at {path}",
                (*declared.path, "at") if named else declared.path,
                "give one of them another place with `at`",
                key=not named,
                breaks=declared.path,
            )
            continue
        taken[path] = f"feature `{address}`"
        resolved[address] = replace(feature, path=path)
    for outer, inner in _inside_another(resolved, taken):
        declared = draft.features[inner]
        named = "at" in declared.spec.model_fields_set
        notes.add(
            "path-inside",
            f"{resolved[inner].path} lies inside {outer}, which is the dataset of {taken[outer]}",
            (*declared.path, "at") if named else declared.path,
            "a dataset holds no others: give one of them another place with `at`",
            key=not named,
            breaks=declared.path,
        )
    return notes.done(replace(draft, resolved=resolved))


def _of_groups(draft: Draft, notes: Notes) -> dict[str, str]:
    paths = {"": "/"}
    for address, group in draft.groups.items():  # outer groups come before inner ones
        if address:
            at = _checked(notes, group.spec.at, (*group.path, "at"), group.path)
            paths[address] = posixpath.join(paths[group.group], at or group.name)
    return paths


def _of_feature(draft: Draft, notes: Notes, feature: FeatureIR) -> str | None:
    """The absolute path of a feature, `node@name` for an attribute; None, with a complaint, if it has none."""
    declared = draft.features[feature.address]
    at = _checked(notes, declared.spec.at, (*declared.path, "at"), declared.path)
    if at is None and declared.spec.at is not None:
        return None
    node, mark, attribute = (at or declared.name).partition("@")
    path = posixpath.join(draft.paths[declared.group], node)
    if not mark and path != "/":
        return path
    if not mark:
        notes.add(
            "path",
            "`/` is the root of the file, which is a group",
            (*declared.path, "at"),
            "add a name",
            breaks=declared.path,
        )
        return None
    return path.rstrip("/") + mark + attribute if _is_attribute(draft, notes, feature, attribute) else None


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


def _checked(notes: Notes, at: str | None, path: Path, element: Path) -> str | None:
    """The path if it is one; None, with a complaint, if not."""
    if at is None:
        return None
    node = at.partition("@")[0]
    parts = node.lstrip("/").split("/") if node.strip("/") else []
    wrong = next((part for part in parts if part in ("", ".", "..")), None)
    if wrong is not None:
        what = f"`{wrong}` is no name in an HDF5 path" if wrong else "an HDF5 path has one `/` between its names"
        notes.add("path", what, path, "write it like 'images/raw', from the group, or '/images/raw', from the root")
    elif "\0" in at:
        notes.add("path", "an HDF5 path holds no NUL character", path, "leave it out")
    elif RESERVED in parts:
        notes.add("path", f"`{RESERVED}` is where h5schema keeps what is its own", path, "give it another name")
    elif node == "/" and "@" not in at:
        return at
    else:
        return at
    notes.break_(element)
    return None


def _is_attribute(draft: Draft, notes: Notes, feature: FeatureIR, attribute: str) -> bool:
    """Whether the feature can be kept as an attribute."""
    declared = draft.features[feature.address]
    at = declared.spec.at or ""
    within = (at.index("@"), len(attribute) + 1)
    if not attribute or "@" in attribute or "/" in attribute:
        notes.add(
            "path",
            f"`@{attribute}` names no attribute",
            (*declared.path, "at"),
            "write '@name' for an attribute of the group, 'node@name' for one of a node in it",
            within=within,
            breaks=declared.path,
        )
        return False
    if attribute in _HDF5_OWN:
        notes.add(
            "path",
            f"HDF5 itself uses the attribute {attribute}",
            (*declared.path, "at"),
            "give it another name",
            within=within,
            breaks=declared.path,
        )
        return False
    if any(isinstance(dim, str) and draft.axes[dim].size is None for dim in feature.dims):
        notes.add(
            "attribute-dims",
            f"an attribute is one value for the whole file, but `{feature.name}` has one for each entry",
            (*declared.path, "at"),
            "leave out `dims`, or the `@`: a dataset holds a value for each entry",
            within=within,
            breaks=declared.path,
        )
        return False
    return True
