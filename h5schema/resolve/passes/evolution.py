"""What a schema says of its older versions: names that are gone, names that were others, and what is to go."""

from __future__ import annotations

import re
from collections.abc import Iterator

from h5schema.spec import FeatureSpec, GroupSpec

from ..draft import Declared, Draft, Notes, Path
from ..ir import LoaderIR, RecordIR, SampleIR
from ..scope import join

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*")


def check_names(draft: Draft) -> Draft:
    """Finds the names of older versions, and refuses those that mean something else now."""
    notes = Notes(draft)
    reserved: list[str] = []
    renamed: dict[str, str] = {}
    for address, group in draft.groups.items():
        names = _names(group)
        reserved += [join(address, name) for name in _reserved(notes, group, names)]
        older: dict[str, str] = {}
        for inner in _inside(draft, address):
            was = inner.spec.renamed_from
            if was is None or not _can_be_renamed(draft, notes, inner, was, names):
                continue
            if was in older:
                what = f"`{was}` was renamed to `{older[was]}` already: one thing has one name"
                notes.add(
                    "renamed", what, (*inner.path, "renamed_from"), "take it out of one of them", breaks=inner.path
                )
            older[was] = inner.name
            renamed[inner.address] = was
    return notes.done(draft._replace(renamed=renamed, reserved=tuple(reserved)))


def _names(group: Declared[GroupSpec]) -> dict[str, tuple[str, Path]]:
    """What each name of a group is, and where it is declared."""
    sections = (("dims", "dim"), ("features", "feature"), ("groups", "group"))
    return {
        name: (kind, (*group.path, section, name))
        for section, kind in sections
        for name in getattr(group.spec, section)
    }


def _reserved(notes: Notes, group: Declared[GroupSpec], names: dict[str, tuple[str, Path]]) -> Iterator[str]:
    seen: set[str] = set()
    for index, name in enumerate(group.spec.reserved):
        path = (*group.path, "reserved", index)
        if not _NAME.fullmatch(name):
            notes.add(
                "bad-name", f"`{name}` is no name, so nothing could be called so", path, "write a name of this group"
            )
        elif name in seen:
            notes.add("reserved", f"`{name}` is reserved twice", path, "keep one of them")
        elif name in names:
            kind, declared = names[name]
            what = f"`{name}` is reserved in line {notes.line(path)}: in an older version it meant something else"
            help = f"give this {kind} another name; if it is the same thing, take `{name}` out of `reserved`"
            notes.add("reserved", what, declared, help, key=True, breaks=declared)
        else:
            yield name
        seen.add(name)


def _inside(draft: Draft, address: str) -> Iterator[Declared[FeatureSpec] | Declared[GroupSpec]]:
    """The features and groups of a group."""
    yield from (one for one in draft.features.values() if one.group == address)
    yield from (one for one in draft.groups.values() if one.address and one.group == address)


def _can_be_renamed(
    draft: Draft,
    notes: Notes,
    inner: Declared[FeatureSpec] | Declared[GroupSpec],
    was: str,
    names: dict[str, tuple[str, Path]],
) -> bool:
    rule, own_dim = "renamed", next((dim for dim in draft.dims if dim.startswith(f"{inner.address}/")), None)
    if not _NAME.fullmatch(was):
        what = f"`{was}` is no name: `renamed_from` is what it was called in the same group"
        last = was.rpartition("/")[2]
        help = f"write renamed_from: {last}" if _NAME.fullmatch(last) else "write the name alone"
    elif was == inner.name:
        what, help = f"`{was}` is called so still", "leave `renamed_from` out"
    elif was in names:
        kind, path = names[was]
        what = f"`{was}` is the {kind} in line {notes.line(path)}: nobody could tell it from what was called so before"
        help = f"give that {kind} another name, or leave `renamed_from` out"
    elif draft.bound:
        rule, what = "not-yet", "not yet in this version: `renamed_from` in files of others"
        help = "for now leave it out; `at` names the place in the file"
    elif own_dim is not None and isinstance(inner.spec, GroupSpec):
        rule, what = "not-yet", f"not yet in this version: `renamed_from` of a group with dims of its own (`{own_dim}`)"
        help = "for now keep the name of the group, or declare its dims outside"
    else:
        return True
    notes.add(rule, what, (*inner.path, "renamed_from"), help, breaks=inner.path)
    return False


def deprecate(draft: Draft) -> Draft:
    """Notes what is not to be used any more."""
    said = {address: one.spec.deprecated for address, one in draft.features.items() if one.spec.deprecated}
    marked = {
        address: feature._replace(deprecated=text if isinstance(text := said[address], str) else "")
        for address, feature in draft.resolved.items()
        if address in said
    }
    return draft._replace(resolved={**draft.resolved, **marked})


def advise_deprecated(draft: Draft) -> Draft:
    """Says which loaders and splits still use what is deprecated."""
    notes = Notes(draft)
    for loader in draft.loaders:
        _advise(draft, notes, f"the loader `{loader.name}`", ("loaders", loader.name), [*_used(loader)])
    for split in draft.splits:
        held = [part.feature for part in split.parts if part.feature is not None]
        by = [] if split.by is None else [split.by]
        _advise(draft, notes, f"the split `{split.name}`", ("splits", split.name), [*by, *held])
    return notes.done(draft)


def _advise(draft: Draft, notes: Notes, user: str, path: Path, used: list[str]) -> None:
    for address in dict.fromkeys(used):
        feature = draft.resolved.get(address)
        if feature is not None and feature.deprecated is not None:
            help = feature.deprecated or "take another feature"
            what = f"{user} uses `{address}`, which is deprecated"
            notes.add("unwise-deprecated", what, path, help, key=True, severity="warning")


def _used(loader: LoaderIR) -> Iterator[str]:
    """Addresses of what a loader takes and asks."""
    yield from (address for address, _ in loader.where)
    waiting: list[SampleIR] = [loader.sample]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, RecordIR):
            waiting += [inner for _, inner in one.items]
        else:
            yield one.address
            yield from () if one.via is None else (one.via,)
    if loader.sampler is not None:
        yield loader.sampler[1]
