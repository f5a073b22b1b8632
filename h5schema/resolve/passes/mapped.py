"""Dims of mounted schemas that are dims of the schema that mounts them: which these are, and that they fit."""

from __future__ import annotations

from h5schema.spec import DimSpec

from ..draft import Declared, Draft, Notes, Path
from ..ir import DimIR
from ..mounts import Mount, outward
from ..scope import dim_of, find_dim, join


def find_mapped(draft: Draft) -> Draft:
    """Finds the dims that stand in place of those of mounted schemas, and refuses those that cannot."""
    notes = Notes(draft)
    for address, mount in draft.mounts.items():  # outer ones come before inner ones
        group = draft.groups.get(address)
        _expect_no_table(draft, notes, address)
        found: dict[str, str] = {}
        for theirs, name in mount.dims.items() if group is not None else ():
            assert group is not None
            path = (*group.path, "use", "dims", theirs)
            ours = find_dim(draft, notes, group.group, name, path, breaks=group.path)
            if ours is None:
                continue
            if ours in found:
                what = f"`{name}` stands in place of `{found[ours]}` already: a dim has its entries once"
                notes.add("use", what, path, "map it to another dim, or leave it out", breaks=group.path)
            found[ours] = theirs
            draft = draft._replace(aliases={**draft.aliases, join(address, theirs): ours})
        for ours, theirs in found.items():
            _fit(draft, notes, mount, address, mount.axes[theirs], draft.dims[ours])
    return notes.done(draft)


def _expect_no_table(draft: Draft, notes: Notes, address: str) -> None:
    """Refuses a schema inside of records: it says itself how it is stored."""
    stores = {outer: draft.groups[outer].spec.store for outer in outward(address) if outer in draft.groups}
    table = next((outer for outer, one in stores.items() if outer != address and one and one.kind == "table"), None)
    if table is not None:
        path = draft.groups[address].path
        what = f"`{table}` is a table, and its records hold no other schema"
        notes.add("use", what, (*path, "use"), "mount it in a group outside of the table", key=True, breaks=path)
        notes.break_(draft.groups[table].path)


def _fit(draft: Draft, notes: Notes, mount: Mount, address: str, theirs: DimIR, ours: Declared[DimSpec]) -> None:
    group = draft.groups[address].path
    path: Path = (*group, "use", "dims", theirs.address)
    there, here = _kind(theirs), _kind_of(ours.spec)
    parent = None if theirs.per is None else draft.aliases.get(join(address, theirs.per))
    own = dim_of(draft, ours.group, ours.spec.per[0]) if ours.spec.per else None
    rule, said = "use", f"`{theirs.name}` of {mount.file}"
    if there != here:
        message = f"{said} is {there}, and our `{ours.name}` is {here}"
        help = "map it to a dim of the same kind, or leave it out: it is then a dim of its own"
    elif theirs.per is not None and parent is None:
        message, help = f"{said} is per `{theirs.per}`, which is none of ours", f"map `{theirs.per}` too"
    elif theirs.per is not None and parent != own:
        message = f"our `{ours.name}` is per `{own}`, and {said} is per what is `{parent}` here"
        help = f"map it to a dim that is per `{parent}`"
    elif theirs.source is not None and ours.spec.source is None:
        message = f"features of {mount.file} are made of the sources of `{theirs.name}`, and our `{ours.name}` has none"
        help = f"give it a source, such as source: '{theirs.source}'"
    elif theirs.under is not None or theirs.spread is not None:
        rule, message = "not-yet", f"not yet in this version: mapping {said}, whose entries lie at paths of their own"
        help = "for now leave it out: it is then a dim of its own"
    else:
        return
    notes.add(rule, message, path, help, breaks=group)


def _kind(axis: DimIR) -> str:
    """What a dim is, in words."""
    if axis.size is not None:
        return f"of the fixed size {axis.size}"
    return _open(ragged=bool(axis.per or axis.under), ids=axis.ids)


def _kind_of(spec: DimSpec) -> str:
    """The same of one that is not resolved yet."""
    if isinstance(spec.size, int):
        return f"of the fixed size {spec.size}"
    return _open(ragged=bool(spec.per), ids=bool(spec.ids or spec.source))


def _open(*, ragged: bool, ids: bool) -> str:
    kind = "ragged" if ragged else "open"
    return f"{kind}, with ids" if ids else kind if ragged else f"{kind}, without ids"
