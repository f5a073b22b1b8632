"""What the language says and this version cannot do yet: one clear sentence, at the key that asks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel

from h5schema.spec import (
    DimSpec,
    FeatureSpec,
    GroupSpec,
    StoreSpec,
)

from ..draft import Draft, Notes, Path
from ..stores import BUILT

Later = tuple[Path, str, str]
"""Where, what comes later, and what to do for now; the path is relative to the element."""

_OWN_DIM = {
    "like": ("the same entries a second time (`like`)", "use a size in place of the dim"),
    "index": ("ragged dims of other programs (`index`)", "leave it out: the file then has the one form of h5schema"),
}
_OWN_FEATURE = {
    "fill": ("`fill` in a feature, which is for files of others", "write `optional: true`: absent is then no value"),
}
_STORE = {
    "checksum": ("a choice of checksums", "leave it out: every dataset has them"),
}


def refuse_later(draft: Draft) -> Draft:
    """Refuses what comes with a later version, and lets nothing else be said of these elements."""
    notes = Notes(draft)
    for group in draft.groups.values():
        _note(notes, group.path, _of_group(group.spec, bound=draft.bound))
    for dim in draft.dims.values():
        _note(notes, dim.path, _of_dim(dim.spec, bound=draft.bound))
    for feature in draft.features.values():
        _note(notes, feature.path, _of_feature(feature.spec, bound=draft.bound))
    return notes.done(draft)


def _note(notes: Notes, element: Path, found: Iterator[Later], *, breaks: bool = True) -> None:
    for path, what, now in found:
        key = bool(path) and path[-1] in _KEYS
        notes.add(
            "not-yet",
            f"not yet in this version: {what}",
            (*element, *path),
            f"for now {now}",
            key=key,
            breaks=element if breaks else None,
        )


_KEYS = frozenset(_OWN_DIM).union(_OWN_FEATURE)
"""Keys that are refused themselves, not their values."""


def _keys(spec: BaseModel, table: Mapping[str, tuple[str, str]], at: Path = ()) -> Iterator[Later]:
    for key, (what, now) in table.items():
        value = getattr(spec, key) if key in spec.model_fields_set else None
        if value is not None and value is not False:
            yield (*at, key), what.format(value), now


def _of_group(spec: GroupSpec, *, bound: bool) -> Iterator[Later]:
    yield from _of_dims(spec.over or (), ("over",), bound=bound)
    yield from _of_place(spec.at, bound=bound)
    if spec.store is not None:
        yield from _of_store(spec.store)


def _of_dim(spec: DimSpec, *, bound: bool) -> Iterator[Later]:
    yield from _keys(spec, {} if bound else _OWN_DIM)
    if len(spec.per) > 1:
        yield ("per",), "a ragged dim per combination of dims", "name one dim"
    if spec.ids and (isinstance(spec.size, int) or (spec.per and bound)):
        yield ("ids",), "ids of a dim that is not open", "leave them out"
    elif isinstance(spec.ids, str) and spec.per:
        yield ("ids",), "ids of a ragged dim that are made of captures", "write `ids: true`, and give them yourself"
    elif isinstance(spec.ids, str) and "{" not in spec.ids and not bound:
        yield ("ids",), "ids that are found in a feature", "write a template of captures, such as '{name}', or `true`"


def _of_feature(spec: FeatureSpec, *, bound: bool) -> Iterator[Later]:
    yield from _keys(spec, {} if bound else _OWN_FEATURE)
    mixed = spec.dtype.name == "any" and not bound
    yield from _of_dims(spec.dims or (), ("dims",), bound=bound, mixed=mixed)
    yield from _of_place(spec.at, bound=bound)
    if spec.store is not None:
        yield from _of_store(spec.store)


def _of_dims(dims: Sequence[object], at: Path, *, bound: bool, mixed: bool = False) -> Iterator[Later]:
    for index, dim in enumerate(dims):
        if dim == "_" and not bound:
            yield (*at, index), "a length that nothing else shares (`_`)", "declare a dim"
        elif dim == "..." and not mixed:
            yield (*at, index), "any further dims (`...`)", "write the dims"


def _of_place(at: str | None, *, bound: bool) -> Iterator[Later]:
    if at is not None and at.endswith("@*") and not bound:
        yield ("at",), "all attributes as one feature (`@*`)", "name them one by one, as '@name'"


def _of_store(spec: StoreSpec) -> Iterator[Later]:
    if spec.kind is not None and spec.kind not in BUILT:
        now = "leave it out: the feature is then dense, or ragged by its dims"
        yield ("store", "kind"), f"the storage kind `{spec.kind}`", now
    yield from _keys(spec, _STORE, ("store",))
