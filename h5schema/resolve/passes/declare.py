"""Every dim, feature and group by its address; in one group a name has one meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

from h5schema.spec import DimSpec, FeatureSpec, GroupSpec, SchemaSpec
from h5schema.vocabulary import reserved

from ..draft import Declared, Draft, Notes, Path

SpecT = TypeVar("SpecT")


def declare(draft: Draft) -> Draft:
    """Finds all that is declared, and refuses names that cannot stand in code."""
    notes = Notes(draft)
    schema = draft.reading.schema
    _check_package(notes, schema)
    dims: dict[str, Declared[DimSpec]] = {}
    features: dict[str, Declared[FeatureSpec]] = {}
    groups: dict[str, Declared[GroupSpec]] = {"": Declared("", "", (), schema)}
    waiting: list[Declared[GroupSpec]] = [groups[""]]
    while waiting:  # no recursion: a schema may nest deeper than Python does
        group = waiting.pop()
        _check_names(notes, group, schema)
        dims |= _declared(group, "dims", group.spec.dims)
        features |= _declared(group, "features", group.spec.features)
        inner = _declared(group, "groups", group.spec.groups)
        groups |= inner
        waiting += reversed(inner.values())
    return notes.done(draft._replace(dims=dims, features=features, groups=groups))


def _declared(group: Declared[GroupSpec], section: str, specs: Mapping[str, SpecT]) -> dict[str, Declared[SpecT]]:
    prefix = f"{group.address}/" if group.address else ""
    return {
        prefix + name: Declared(prefix + name, group.address, (*group.path, section, name), spec)
        for name, spec in specs.items()
    }


def _check_package(notes: Notes, schema: SchemaSpec) -> None:
    if schema.name in reserved.PACKAGE:
        notes.add(
            "reserved-name",
            f"a package called `{schema.name}` would hide the module `{schema.name}`, which Python or a library needs",
            ("name",),
            f"call it `{schema.name}_data`, for example",
        )


def _names(group: Declared[GroupSpec], schema: SchemaSpec) -> Iterator[tuple[str, str, Path]]:
    for section, kind in (("dims", "dim"), ("features", "feature"), ("groups", "group")):
        for name in getattr(group.spec, section):
            yield kind, name, (*group.path, section, name)
    if not group.address:
        for name in schema.splits:
            yield "split", name, ("splits", name)


def _check_names(notes: Notes, group: Declared[GroupSpec], schema: SchemaSpec) -> None:
    taken = reserved.GROUP if group.address else reserved.FILE
    seen: dict[str, tuple[str, Path]] = {}
    for kind, name, path in _names(group, schema):
        if name in seen:
            notes.add(
                "name-twice",
                f"`{name}` is the name of a {seen[name][0]} already, in line {notes.line(seen[name][1])}",
                path,
                f"in one group a name has one meaning: call this {kind} `{name}_{_OTHER[kind]}`, for example",
                key=True,
                breaks=path,
            )
            continue
        seen[name] = kind, path
        if kind != "split":
            _check_name(notes, kind, name, path, taken)


def _check_name(notes: Notes, kind: str, name: str, path: Path, taken: frozenset[str]) -> None:
    if name in taken:
        notes.add(
            "reserved-name",
            f"generated classes have a `{name}` of their own, which this {kind} would hide",
            path,
            _other_name(kind, name),
            key=True,
        )
    elif name in reserved.IN_DECLARATIONS or name in reserved.IN_MODULES:
        notes.add(
            "reserved-name",
            f"generated code needs the name `{name}` for something else",
            path,
            _other_name(kind, name),
            key=True,
        )


_OTHER = {"dim": "axis", "feature": "value", "group": "group", "split": "split"}


def _other_name(kind: str, name: str) -> str:
    other = f"{name}_{_OTHER[kind]}"
    if kind == "dim":
        return f"call it `{other}`, for example"
    return f"call it `{other}`, for example; with `at: {name}` it keeps its name in the file"
