"""What a name means where it stands, and what was likely meant where it means nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import Literal, NamedTuple

from h5schema.vocabulary.suggest import closest

from .draft import Draft, Notes, Path
from .ir import DimIR, dim_word
from .keyed import alike, outer_dims
from .mounts import home_of, outward


def enclosing(draft: Draft, group: str) -> Iterable[str]:
    """Addresses of a group and of those around it, up to the root: of the schema that says so."""
    home = home_of(draft.mounts, group)
    for outer in outward(group):
        yield outer
        if outer == home:
            return


def from_root(draft: Draft, group: str, address: str) -> str:
    """An address that is said in a group, of this schema or of one that is mounted."""
    return join(home_of(draft.mounts, group), address)


def join(group: str, name: str) -> str:
    """The address of a name in a group."""
    return f"{group}/{name}" if group else name


def dim_of(draft: Draft, group: str, name: str) -> str | None:
    """Address of the dim that `name` means in a group: seen from there, or an address from the root."""
    known = (draft.dims, draft.aliases)
    found = next((one for one in _meant(draft, group, name) if any(one in some for some in known)), None)
    return None if found is None else draft.aliases.get(found, found)


def _meant(draft: Draft, group: str, name: str) -> list[str]:
    """Addresses that a name of a dim may stand for, the nearest first."""
    if "/" in name:
        return [from_root(draft, group, name)]
    return [join(outer, name) for outer in enclosing(draft, group)]


def written(dims: Sequence[str | int]) -> str:
    """Dims as they stand in a schema."""
    return f"[{', '.join(map(dim_word, dims))}]"


def visible_dims(draft: Draft, group: str) -> list[str]:
    """Names by which dims can be called in a group."""
    outer = set(enclosing(draft, group))
    return [dim.name if dim.group in outer else dim.address for dim in draft.dims.values()]


def find_dim(
    draft: Draft, notes: Notes, group: str, name: str, path: Path, breaks: Path, *, key: bool = False
) -> str | None:
    """Address of a dim; None if there is none, with a complaint unless one was made before."""
    found = dim_of(draft, group, name)
    if found is not None:
        return found
    addresses = _meant(draft, group, name)
    if not _lost(draft, "dims", addresses):
        elsewhere = [one.address for one in draft.dims.values() if one.name == name]
        if elsewhere:
            rule = "unknown-dim"
            message = f"the dim `{name}` of group `{elsewhere[0].rpartition('/')[0]}` is not seen here"
            help = f"write its address: `{elsewhere[0]}`"
        else:
            rule, message, help = _unknown(draft, _DIM, name, visible_dims(draft, group))
        notes.add(rule, message, path, help, key=key, within=_part(rule, message, name), breaks=breaks)
    notes.break_(breaks)
    return None


def is_open(axes: Mapping[str, DimIR], dim: str | int) -> bool:
    """Whether entries are appended to a dim."""
    return isinstance(dim, str) and axes[dim].size is None and axes[dim].per is None


def find_open_dim(draft: Draft, notes: Notes, name: str, path: Path, breaks: Path, *, whose: str) -> DimIR | None:
    """The dim that a loader runs over, or a split divides: one of entries, as `find_dim`."""
    address = find_dim(draft, notes, "", name, path, breaks=breaks)
    axis = draft.axes.get(address or "")
    if axis is None:
        notes.break_(breaks)
    elif is_open(draft.axes, axis.address):
        return axis
    elif axis.per is not None:
        message = f"`{axis.name}` is ragged; {whose} over ragged dims come with a later version"
        notes.add("not-yet", message, path, f"for now write over: {axis.per}", breaks=breaks)
    else:
        open_dims = " or ".join(one for one in draft.axes if is_open(draft.axes, one))
        message = f"`{axis.name}` has a fixed size; {whose} are over open dims"
        notes.add(
            "fixed-dim",
            message,
            path,
            f"write over: {open_dims}" if open_dims else "declare an open dim",
            breaks=breaks,
        )
    return None


def chain_of(axes: Mapping[str, DimIR], axis: DimIR) -> tuple[str, ...]:
    """A dim behind those that it is per, from the dim of entries on; each of them is there."""
    return (*(chain_of(axes, axes[axis.per]) if axis.per is not None else ()), axis.address)


def find_sampled_dim(draft: Draft, notes: Notes, name: str, path: Path, breaks: Path) -> DimIR | None:
    """The dim that a loader runs over: one of entries, or a ragged one of these, as `find_dim`."""
    address = find_dim(draft, notes, "", name, path, breaks=breaks)
    axis = draft.axes.get(address or "")
    if axis is None or axis.per is None or axis.per not in draft.axes:
        return find_open_dim(draft, notes, name, path, breaks, whose="loaders") if address is not None else None
    outer = axis
    while outer.per is not None and outer.per in draft.axes:
        outer = draft.axes[outer.per]
    if outer.per is None and find_open_dim(draft, notes, outer.address, path, breaks, whose="loaders") is not None:
        return axis
    notes.break_(breaks)
    return None


def sampled_dims(draft: Draft, notes: Notes, names: Sequence[str], path: Path) -> tuple[DimIR, ...]:
    """The dims that a loader runs over; none of them, with a complaint, if one cannot be.

    Dims of entries, or one ragged dim, beside which the dim that it is one of says nothing more.
    """
    at = (*path, "over")
    known = [
        find_sampled_dim(draft, notes, name, (*at, index) if len(names) > 1 else at, path)
        for index, name in enumerate(names)
    ]
    axes = [axis for axis in known if axis is not None]
    if len(axes) < len(names):
        return ()
    inner = {outer for axis in axes for outer in outer_dims(draft.axes, axis.address)}
    axes = [axis for axis in axes if axis.address not in inner]
    akin = any(alike(draft.axes, one.address, other.address) for one, other in combinations(axes, 2) if one != other)
    if akin and all(axis.per is None for axis in axes):
        what = "several dims whose ids begin alike come with a later version"
        notes.add("not-yet", what, at, "for now name one of them", breaks=path)
        return ()
    ragged = next((axis for axis in axes if axis.per is not None), None)
    if ragged is not None:
        ragged = max(axes, key=lambda axis: len(chain_of(draft.axes, axis)))
        outer = chain_of(draft.axes, ragged)[:-1]
        axes = [axis for axis in axes if axis.address not in outer]
    if len({axis.address for axis in axes}) < len(axes) or (ragged is not None and len(axes) > 1):
        twice = len({axis.address for axis in axes}) < len(axes)
        rule, message = (
            ("dim-twice", "a dim stands twice")
            if twice
            else ("not-yet", "a ragged dim with another one comes with a later version")
        )
        notes.add(rule, message, at, "name dims of entries, each once", breaks=path)
        return ()
    return tuple(axes)


def find_feature(
    draft: Draft, notes: Notes, address: str, path: Path, breaks: Path, *, key: bool = False, group: str = ""
) -> str | None:
    """Address of a feature, as `find_dim`; `key` if the address is a key of a mapping."""
    address = from_root(draft, group, address)
    if address in draft.features:
        return address
    if not _lost(draft, "features", [address]):
        rule, message, help = _unknown(draft, _FEATURE, address, draft.features)
        notes.add(rule, message, path, help, key=key, within=_part(rule, message, address), breaks=breaks)
    notes.break_(breaks)
    return None


def find_input(
    draft: Draft, notes: Notes, address: str, path: Path, breaks: Path
) -> Literal["dim", "feature", "group"] | None:
    """What the address of a loader's input names; None, as `find_dim`, if nothing."""
    if address in draft.features:
        return "feature"
    if address in draft.groups and address:
        return "group"
    if address in draft.dims:
        if address in draft.axes:
            return "dim"
    elif not any(_lost(draft, section, [address]) for section in ("features", "groups", "dims")):
        known = [*draft.features, *filter(None, draft.groups), *draft.dims]
        rule, message, help = _unknown(draft, _INPUT, address, known)
        notes.add(rule, message, path, help, within=_part(rule, message, address), breaks=breaks)
    notes.break_(breaks)
    return None


def _lost(draft: Draft, section: str, addresses: Iterable[str]) -> bool:
    """Whether the reader left something out because of which nobody knows whether one of these is there."""
    for address in addresses:
        *groups, name = address.split("/")
        path = tuple(step for group in groups for step in ("groups", group))
        ends = {(*path, section, name), (*path, section)} | {path[:end] for end in range(0, len(path) + 1, 2)}
        if not (ends.isdisjoint(draft.reading.poisoned) and ends.isdisjoint(draft.broken)):
            return True
    return False


class _Wanted(NamedTuple):
    """What a name should have been: for the rule, for messages, and many of it."""

    kind: str
    noun: str
    nouns: str


_DIM = _Wanted("dim", "dim", "dims")
_FEATURE = _Wanted("feature", "feature", "features")
_INPUT = _Wanted("feature", "feature, group or dim", "addresses")


def _unknown(draft: Draft, wanted: _Wanted, name: str, known: Iterable[str]) -> tuple[str, str, str]:
    """Rule, message and help for a name that is not there; `known` are the names that could stand there."""
    candidates = list(known)
    near = closest(name, candidates)
    group = _first_unknown_group(draft, name)
    other = _what_it_is(draft, name)
    if group is not None:
        rule, message = "unknown-group", f"there is no group `{group}`"
    elif other in (None, wanted.kind):
        rule, message = f"unknown-{wanted.kind}", f"there is no {wanted.noun} `{name}`"
    else:
        rule, message = f"unknown-{wanted.kind}", f"`{name}` is a {other}, not a {wanted.noun}"
    if near is not None:
        return rule, message, f"did you mean `{near}`?"
    if not candidates:
        return rule, message, f"this schema has none: declare it in `{wanted.kind}s`"
    return rule, message, _choice(wanted, candidates)


def _part(rule: str, message: str, address: str) -> tuple[int, int] | None:
    """The piece of an address that is meant: the group that is not there, if that is what is wrong."""
    return (0, len(message.split("`")[1])) if rule == "unknown-group" else None


def _first_unknown_group(draft: Draft, address: str) -> str | None:
    """The outermost group on the way to an address that is not there."""
    names = address.split("/")[:-1]
    prefixes = ("/".join(names[:end]) for end in range(1, len(names) + 1))
    return next((prefix for prefix in prefixes if prefix not in draft.groups), None)


def _choice(wanted: _Wanted, names: list[str]) -> str:
    """The names that could stand there, for a help."""
    shown = [f"`{name}`" for name in names[:8]]
    if len(names) > len(shown):
        return f"some of the {wanted.nouns} are {', '.join(shown)}"
    if len(shown) == 1:
        return f"the only {wanted.noun} is {shown[0]}"
    return f"the {wanted.nouns} are {', '.join(shown[:-1])} and {shown[-1]}"


def _what_it_is(draft: Draft, name: str) -> str | None:
    kinds = {"dim": draft.dims, "feature": draft.features, "group": draft.groups, "split": draft.reading.schema.splits}
    return next((kind for kind, known in kinds.items() if name and name in known), None)
