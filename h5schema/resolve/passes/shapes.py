"""Dims and dtype of each feature, and by them what an entry of it is."""

from __future__ import annotations

from collections.abc import Mapping

from h5schema.spec import FeatureSpec
from h5schema.vocabulary.dtypes import CATEGORY, ENCODED, item_bytes
from h5schema.vocabulary.files import FILE_FORMS

from ..draft import Declared, Draft, Given, Notes, Settings
from ..ir import ANY_SIZE, DimIR, DtypeIR, FeatureIR, Kind
from ..keyed import out_of_place, without_outer
from ..mixed import REST, expect_mixed
from ..order import lists_in, misplaced, ragged_in, turned
from ..scope import find_dim, is_open, written
from ..stores import SHARED, Asked, expect_tables, led_by_column, misfit, quality_of, store_of, stored_as

Dims = tuple[str | int, ...]

_ENCODED: Mapping[str, Kind] = {
    "str": "text",
    "bytes": "bytes",
    "json": "json",
    "any": "attributes",
    CATEGORY: "category",
}
_BY_STORE: Mapping[str, Kind] = {
    "csr": "csr",
    "csc": "csc",
    "coo": "coo",
    "jpeg": "files",
    "png": "files",
    "flac": "files",
}

MOST_BYTES = 2**47
"""What a process can address on the machines of today."""


def resolve_shapes(draft: Draft) -> Draft:
    """Makes a `FeatureIR` of each feature; later passes fill in the rest."""
    notes = Notes(draft)
    resolved: dict[str, FeatureIR] = {}
    for address, feature in draft.features.items():
        settings = draft.settings[address]
        dims = _dims(draft, notes, feature, settings.dims)
        if dims is None or notes.breaks(feature.path) or not _ordered(draft, notes, feature, dims, settings.dims):
            continue
        dims = without_outer(draft, dims)
        dims, stored_axes = turned(draft, dims)
        spec = feature.spec
        dtype = DtypeIR(spec.dtype.name, spec.dtype.size)
        if not _addressable(draft, notes, feature, dims, settings.dims):
            continue
        mixed = dtype.name == "any" and not draft.bound
        if mixed and not expect_mixed(draft, notes, feature, dims, settings.dims):
            continue
        store = store_of(settings)
        wrong = None if store is None else misfit(draft, store.value, _asked(feature, settings, dims, dtype))
        if store is not None and wrong is not None:
            own = store.path[: len(feature.path)] == feature.path
            place = store.path if own else feature.path
            notes.add("store", wrong[0], place, wrong[1], key=not own, breaks=feature.path)
            continue
        dims = led_by_column(store, dims)
        lists = lists_in(draft.axes, dims, encoded=dtype.name in _ENCODED)
        kind = _BY_STORE.get(store.value if store else "") or _kind(dims, dtype, draft.axes, lists)
        if _are_texts(draft, dtype, dims):
            kind = "texts"
        elif mixed:
            kind = "mixed"
        elif dtype.name == CATEGORY and not (_leads_alone(draft.axes, dims) and not _at_mark(spec)):
            notes.add(
                "category",
                f"a category has one text for each entry of a dim, and `{feature.name}` "
                + ("is an attribute" if _at_mark(spec) else f"has dims {written(dims)}"),
                (*feature.path, "dtype"),
                "give it one open dim, or write `dtype: str`",
                breaks=feature.path,
            )
            continue
        elif dtype.name in ENCODED and dims and kind != "nested" and not _leads_alone(draft.axes, dims):
            what, now = _not_in_these(dtype, dims, lists)
            notes.add("not-yet", what, (*feature.path, "dtype"), now, breaks=feature.path)
            continue
        resolved[address] = FeatureIR(
            address=address,
            name=feature.name,
            identifier=feature.name,
            path="",
            kind=kind,
            dims=dims,
            dtype=dtype,
            optional=settings.optional is not None and settings.optional.value,
            unit=spec.unit,
            doc=spec.doc,
            store=stored_as(feature, store),
            quality=_quality(notes, feature, settings, kind),
            lists=len(lists),
            varying=len(ragged_in(draft.axes, dims)) - len(lists),
            axes=stored_axes,
        )
    _expect_shared(draft, notes, resolved)
    expect_tables(draft, notes, resolved)
    return notes.done(draft._replace(resolved=resolved))


def _quality(notes: Notes, feature: Declared[FeatureSpec], settings: Settings, kind: Kind) -> int | None:
    """The quality of a feature whose files may be encoded anew; complains where nothing has one."""
    quality, store = quality_of(settings), store_of(settings)
    if quality is None or (kind == "files" and store is not None and FILE_FORMS[store.value].loses):
        return None if quality is None else quality.value
    message = f"nothing is encoded with loss for `{feature.name}`, so there is no quality"
    notes.add(
        "store", message, quality.path, "leave out `quality`; of the storage kinds, `jpeg` has one", breaks=feature.path
    )
    return None


def _expect_shared(draft: Draft, notes: Notes, resolved: Mapping[str, FeatureIR]) -> None:
    """Refuses a feature that shares the coordinates of its group and has other dims."""
    first: dict[str, FeatureIR] = {}
    for address, feature in resolved.items():
        if feature.store != SHARED:
            continue
        other = first.setdefault(draft.features[address].group, feature)
        if other.dims != feature.dims:
            notes.add(
                "store",
                f"`{feature.name}` has dims {written(feature.dims)}, and shares the coordinates of `{other.name}`, "
                f"which are along {written(other.dims)}",
                draft.features[address].path,
                "give it the same dims, or coordinates of its own: `store: coo` in the feature",
                key=True,
                breaks=draft.features[address].path,
            )


def _asked(feature: Declared[FeatureSpec], settings: Settings, dims: Dims, dtype: DtypeIR) -> Asked:
    optional = settings.optional is not None and settings.optional.value
    shared = stored_as(feature, store_of(settings)) == SHARED
    own = feature.spec.store is not None
    return Asked(feature.name, dims, dtype, attribute=_at_mark(feature.spec), optional=optional, shared=shared, own=own)


def _not_in_these(dtype: DtypeIR, dims: Dims, lists: Dims) -> tuple[str, str]:
    """What comes later of texts, bytes and JSON over dims, and what to do for now."""
    if dtype.size is not None and lists and len(dims) == 1 + len(lists):
        what = f"`{dtype.name}` of at most {dtype.size} bytes over ragged dims comes with a later version"
        return what, f"for now leave out the size: `dtype: {dtype.name}`"
    what = f"`{dtype.name}` with these dims comes with a later version"
    return what, f"for now a `{dtype.name}` has one open dim, then ragged dims alone, each per the one before it"


def _at_mark(spec: FeatureSpec) -> bool:
    return spec.at is not None and "@" in spec.at


def _are_texts(draft: Draft, dtype: DtypeIR, dims: Dims) -> bool:
    """Whether a feature of others is one list of texts: of a dim that nothing else shares."""
    return draft.bound and dtype.name == "str" and len(dims) == 1 and isinstance(dims[0], int)


def _leads_alone(axes: Mapping[str, DimIR], dims: Dims) -> bool:
    return len(dims) == 1 and is_open(axes, dims[0])


def _kind(dims: Dims, dtype: DtypeIR, axes: Mapping[str, DimIR], lists: Dims) -> Kind:
    if dtype.name in _ENCODED:
        return "nested" if lists and len(dims) == 1 + len(lists) and dtype.size is None else _ENCODED[dtype.name]
    if ragged_in(axes, dims):
        return "nested" if lists else "ragged"
    if not dims or _leads_alone(axes, dims):
        return "enum" if dtype.name == "enum" else "scalar"
    return "dense"


def _dims(draft: Draft, notes: Notes, feature: Declared[FeatureSpec], given: Given[Dims]) -> Dims | None:
    """Addresses of the dims; None, with a complaint of each, if some are not there."""
    found: list[str | int] = []
    named = [dim for dim in given.value if dim != REST]
    for index, dim in enumerate(given.value):
        if dim == REST:
            continue
        if isinstance(dim, int) or dim == "_":
            found.append(dim if isinstance(dim, int) else ANY_SIZE)
            continue
        address = find_dim(draft, notes, given.group, dim, (*given.path, index), breaks=feature.path)
        if address is not None and address in draft.axes:
            found.append(address)
        else:
            notes.break_(feature.path)
    return tuple(found) if len(found) == len(named) else None


def _ordered(draft: Draft, notes: Notes, feature: Declared[FeatureSpec], dims: Dims, given: Given[Dims]) -> bool:
    """Whether the dims stand in an order that can be stored; complains about the first that does not."""
    apart = out_of_place(draft, dims)
    if apart is not None:
        index, message, help = apart
        notes.add("ragged-order", message, (*given.path, index), help, breaks=feature.path)
        return False
    inner = without_outer(draft, dims)
    for index, dim in enumerate(inner):
        wrong = misplaced(draft, inner, index, dim)
        if wrong is not None:
            rule, message, help = wrong
            at = (*given.path, index + len(dims) - len(inner))
            notes.add(rule, message, at, help, breaks=feature.path)
            return False
    return True


def _addressable(draft: Draft, notes: Notes, feature: Declared[FeatureSpec], dims: Dims, given: Given[Dims]) -> bool:
    """Whether an entry fits into the memory of any machine; complains about the dim by which it does not."""
    dtype = feature.spec.dtype
    size = item_bytes(dtype.name) or dtype.size or 1
    for index, dim in enumerate(dims):
        size *= (dim if isinstance(dim, int) else draft.axes[dim].size) or 1
        if size > MOST_BYTES:
            message = f"with this dim an entry of `{feature.name}` has {size} bytes; no process can address so many"
            help = f"write smaller sizes, for {MOST_BYTES} bytes at most, or make a dim of entries of it"
            at = index + len(given.value) - len(dims)  # without those that come before the first
            notes.add("too-large", message, (*given.path, at), help, breaks=feature.path)
            return False
    return True
