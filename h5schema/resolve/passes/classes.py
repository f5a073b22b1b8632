"""Names of the classes in `groups.py`: the file, its groups, enums and views, and the TypedDicts of entries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from h5schema.vocabulary import reserved

from ..draft import Draft, Notes
from ..identifiers import camel
from ..ir import EntryIR, FeatureIR, each_once
from ..keyed import tree_parent
from ..mounts import Twins, home_of, within
from ..naming import Clash, Wanted, name_classes
from ..scope import is_open, join


def name_all(draft: Draft) -> Draft:
    """Names all classes; where no rule tells two apart, their names in the schema have to change."""
    notes = Notes(draft)
    file = camel(draft.reading.schema.name)
    if file in reserved.IN_MODULES:
        file += "File"
    attributes = {one.name for kind in (draft.dims, draft.features, draft.groups) for one in kind.values()}
    twins = Twins(draft)
    views = tuple(_views(draft, twins))
    imported = reserved.IN_MODULES | (reserved.IN_VIEWS if views else frozenset[str]())
    taken = imported | attributes | {file, f"{file}Writer"}
    wanted = {one.key: one for one in (*_groups(draft, twins), *_enums(draft, twins), *_entries(draft, twins), *views)}
    shared = {key: first if (first := twins.key(key)) in wanted else key for key in wanted}
    made, clashes = name_classes([one for key, one in wanted.items() if shared[key] == key], taken)
    names = {key: made[first] for key, first in shared.items()}
    for clash in clashes:
        complain(notes, clash)
    classes = {**names, "file": file, "writer": f"{file}Writer"}
    return notes.done(
        draft._replace(
            classes=classes,
            enums={
                address: enum._replace(class_name=names[f"enum {address}"]) for address, enum in draft.enums.items()
            },
            axes={
                address: axis._replace(entry=classes.get(f"entry {address}")) for address, axis in draft.axes.items()
            },
            resolved={address: _named(feature, names) for address, feature in draft.resolved.items()},
        )
    )


def complain(notes: Notes, clash: Clash) -> None:
    """Says that two names of the schema become one name of a class."""
    earlier = "/".join(clash.earlier.names)
    notes.add(
        "class-twice",
        f"`{'/'.join(clash.later.names)}` and `{earlier}` would both become the class `{clash.name}`",
        clash.later.path,
        "names that differ in capitals and `_` only are one in code: change one of them",
        key=True,
    )


def inside(dim: str, address: str) -> tuple[str, tuple[str, ...]]:
    """Where an entry's keys begin, and the keys of one feature: from the dim's own group, else from the root."""
    home = dim.rpartition("/")[0]
    if home and address.startswith(f"{home}/"):
        return home, tuple(address[len(home) + 1 :].split("/"))
    return "", tuple(address.split("/"))


def _groups(draft: Draft, twins: Twins) -> Iterator[Wanted]:
    for address, group in draft.groups.items():
        if address:
            yield Wanted(f"group {address}", twins.names(address), "Group", group.path)


def _enums(draft: Draft, twins: Twins) -> Iterator[Wanted]:
    for address in draft.enums:
        yield Wanted(f"enum {address}", twins.names(address), "Enum", draft.features[address].path)


def _views(draft: Draft, twins: Twins) -> Iterator[Wanted]:
    for address, feature in draft.resolved.items():
        if feature.methods:
            yield Wanted(f"view {address}", twins.names(address), "View", draft.features[address].path)


def _entries(draft: Draft, twins: Twins) -> Iterator[Wanted]:
    for address in draft.axes:
        if is_open(draft.axes, address):
            yield Wanted(f"entry {address}", twins.names(address), "Entry", draft.dims[address].path)
    for dim, group in dict.fromkeys(_inner_parts(draft)):
        names = (*twins.names(dim), *within(home_of(draft.mounts, dim), group).split("/"))
        yield Wanted(f"entry {dim} in {group}", names, "Entry", draft.groups[group].path)


def _inner_parts(draft: Draft) -> Iterator[tuple[str, str]]:
    """(dim, group) for each group inside an entry, outer groups first."""
    for address, feature in draft.resolved.items():
        dim = feature.dims[0] if feature.dims else None
        if isinstance(dim, str) and is_open(draft.axes, dim):
            group, keys = inside(dim, address)
            for key in keys[:-1]:
                group = join(group, key)
                yield dim, group


def _named(feature: FeatureIR, names: Mapping[str, str]) -> FeatureIR:
    """A feature with the names of its own classes."""
    enum, view = names.get(f"enum {feature.address}"), names.get(f"view {feature.address}", "")
    dtype = feature.dtype if enum is None else feature.dtype._replace(enum=enum)
    return feature._replace(dtype=dtype, view=view)


def entries_of(draft: Draft) -> tuple[EntryIR, ...]:
    """Every TypedDict of entries, inner ones first."""
    items: dict[tuple[str, str], dict[str, tuple[Literal["feature", "entry", "tree"], str]]] = {}
    for dim in draft.axes:
        if is_open(draft.axes, dim):
            items[dim, ""] = {}
    for address, feature in draft.resolved.items():
        lead = feature.dims[0] if feature.dims else None
        if not isinstance(lead, str) or (lead, "") not in items:
            continue
        dim = lead
        group, keys = inside(dim, address)
        at = (dim, "")
        for key in keys[:-1]:
            group = join(group, key)
            items[at].setdefault(key, ("entry", draft.classes[f"entry {dim} in {group}"]))
            at = (dim, group)
            items.setdefault(at, {})
        items[at][keys[-1]] = ("feature", address)
    for address, feature in draft.resolved.items():
        parent = tree_parent(draft, str(feature.dims[0])) if feature.dims and feature.kind == "mixed" else None
        if parent is not None:
            items[parent, ""]["/".join(inside(parent, address)[1])] = ("tree", address)
    made = (
        EntryIR(
            class_name=draft.classes[f"entry {dim} in {group}" if group else f"entry {dim}"],
            dim=dim,
            group=group or dim.rpartition("/")[0],
            items=tuple((key, kind, what) for key, (kind, what) in found.items()),
            doc=draft.groups[group].spec.doc if group else draft.axes[dim].doc,
        )
        for (dim, group), found in sorted(items.items(), key=lambda item: -item[0][1].count("/") - bool(item[0][1]))
    )
    return each_once(made)
