"""Storage kinds that a schema asks for by name, and which features they suit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from h5schema.spec import FeatureSpec
from h5schema.vocabulary.dtypes import DATES, NUMBERS
from h5schema.vocabulary.files import FILE_FORMS

from .draft import Declared, Draft, Given, Notes, Settings
from .ir import DtypeIR, FeatureIR
from .scope import is_open, written

Dims = tuple[str | int, ...]


class Asked(NamedTuple):
    """A feature, of which a storage kind is asked.

    Attributes:
        name: Of the feature.
        dims: Addresses, or sizes.
        dtype: Of its values.
        attribute: Whether it is an HDF5 attribute.
        optional: Whether its entries may be absent.
        shared: Whether its coordinates are those of a group.
        own: Whether the feature itself asks for the kind, or says anything else of its storage.
    """

    name: str
    dims: Dims
    dtype: DtypeIR
    attribute: bool
    optional: bool = False
    shared: bool = False
    own: bool = False


def store_of(settings: Settings) -> Given[str] | None:
    """The storage kind that holds for a feature, and where it was written; None: it follows from dims and dtype."""
    said = [store for store in settings.store if store.value.kind is not None]
    return Given(str(said[-1].value.kind), said[-1].path, said[-1].group) if said else None


SHARED = "coo shared"
"""One set of coordinates for the features of a group."""


def stored_as(feature: Declared[FeatureSpec], store: Given[str] | None) -> str:
    """The storage kind of a feature: coordinates that a group asks for are those of all of its features."""
    if store is None:
        return ""
    own = store.path[: len(feature.path)] == feature.path
    return SHARED if store.value == "coo" and not own else store.value


def misfit(draft: Draft, store: str, feature: Asked) -> tuple[str, str] | None:
    """Message and help if the storage kind does not suit the feature."""
    return _RULES[store](draft, store, feature)


def _matrix(draft: Draft, store: str, feature: Asked) -> tuple[str, str] | None:
    """A matrix has a row for each entry of an open dim, along one more dim."""
    dims = feature.dims
    if feature.attribute:
        return f"`{feature.name}` is an attribute, which has no storage kind", "leave out `store`"
    if len(dims) != 2 or not is_open(draft.axes, dims[0]) or _is_ragged(draft, dims[1]):
        return (
            f"`{store}` is a matrix, and `{feature.name}` has dims {written(dims)}",
            "give it an open dim and one more, open or of a fixed size: [cell, gene]",
        )
    if feature.dtype.name not in NUMBERS:
        return (
            f"`{store}` stores numbers, of which 0 is left out, and `{feature.name}` is {feature.dtype.name}",
            "leave out `store`, or choose a number",
        )
    return None


def _by_columns(draft: Draft, store: str, feature: Asked) -> tuple[str, str] | None:
    """A matrix that is stored column by column: its transpose has a row for each entry of an open dim."""
    wrong = _matrix(draft, store, feature._replace(dims=feature.dims[::-1]))
    if wrong is None or feature.attribute or feature.dtype.name not in NUMBERS:
        return wrong
    return (
        f"`csc` is a matrix by columns, and `{feature.name}` has dims {written(feature.dims)}",
        "give it an open dim that comes last, and one more, open or of a fixed size: [cell, gene]",
    )


def led_by_column(store: Given[str] | None, dims: Dims) -> Dims:
    """The dims of a feature, the one first of which an entry is stored: of `csc` a column."""
    return dims[::-1] if store is not None and store.value == "csc" else dims


def _coordinates(draft: Draft, store: str, feature: Asked) -> tuple[str, str] | None:
    """Coordinates are along an open dim, and more that are open or of a fixed size."""
    dims = feature.dims
    if feature.attribute:
        return f"`{feature.name}` is an attribute, which has no storage kind", "leave out `store`"
    if len(dims) < 2 or not is_open(draft.axes, dims[0]) or any(_is_ragged(draft, dim) for dim in dims):
        return (
            f"`coo` has coordinates along several dims, and `{feature.name}` has dims {written(dims)}",
            "give it an open dim and more, open or of fixed sizes: [user, item]",
        )
    if feature.dtype.name not in NUMBERS:
        return (
            f"`coo` stores numbers, of which 0 is left out, and `{feature.name}` is {feature.dtype.name}",
            "leave out `store`, or choose a number",
        )
    names = [dim.rpartition("/")[2] for dim in dims if isinstance(dim, str)]
    if len(set(names)) < len(names) or (feature.shared and feature.name in names):
        return (
            f"coordinates are called as their dims, and `{feature.name}` has dims {written(dims)}",
            "rename the feature, or one of the dims",
        )
    if feature.shared and feature.optional:
        return (
            f"`{feature.name}` shares its coordinates: where it has none, the others have none",
            "leave out `optional`: what is not stored is absent",
        )
    return None


def _file(draft: Draft, store: str, feature: Asked) -> tuple[str, str] | None:
    """A file holds an array: of what it holds, for each entry of an open dim."""
    form, dims = FILE_FORMS[store], feature.dims
    if feature.attribute:
        return f"`{feature.name}` is an attribute, which has no storage kind", "leave out `store`"
    if feature.dtype.name not in form.dtypes:
        dtypes = " or ".join(form.dtypes)
        return (
            f"`{store}` holds {dtypes}, and `{feature.name}` is {feature.dtype.name}",
            f"write `dtype: {form.dtypes[0]}`",
        )
    axes = len(dims) - 1
    channels = dims[-1] if axes == 3 else 3
    if not dims or not is_open(draft.axes, dims[0]) or axes not in form.axes or channels not in form.channels:
        return (
            f"entries of `{feature.name}` are no {store} files: its dims are {written(dims)}",
            f"give it the dim of its entries, and those of a file: {form.example}",
        )
    return None


def quality_of(settings: Settings) -> Given[int] | None:
    """The quality with which files are encoded anew, and where it was written."""
    said = [store for store in settings.store if store.value.quality is not None]
    return Given(int(said[-1].value.quality or 0), (*said[-1].path, "quality"), said[-1].group) if said else None


def _member(draft: Draft, store: str, feature: Asked) -> tuple[str, str] | None:
    """A member of records has one shape, and is stored as they are."""
    dims, dtype = feature.dims, feature.dtype
    if feature.own:
        return (
            f"`{feature.name}` is a member of a table, and says itself how it is stored",
            "write `store` in the group: all members are stored together",
        )
    if feature.attribute:
        return f"`{feature.name}` is an attribute, and no member of a table", "move it out of the group"
    if not dims or not is_open(draft.axes, dims[0]) or any(_varies(draft, dim) for dim in dims[1:]):
        return (
            f"every record of a table has one shape, and `{feature.name}` has dims {written(dims)}",
            "give it the open dim of the group and fixed dims, or move it out of the group",
        )
    if dtype.name == "bfloat16" or (dtype.name not in (*NUMBERS, *DATES, "enum") and dtype.size is None):
        instead = f"write `{{{dtype.name}: 16}}`, or move" if dtype.name in ("str", "bytes") else "move"
        free = " of free length" if dtype.name in ("str", "bytes", "json") else ""
        return f"a table has no members of {dtype.name}{free}", f"{instead} `{feature.name}` out of the group"
    return None


def _varies(draft: Draft, dim: str | int) -> bool:
    return isinstance(dim, str) and draft.axes[dim].size is None


def _is_ragged(draft: Draft, dim: str | int) -> bool:
    return isinstance(dim, str) and draft.axes[dim].per is not None


_RULES: Mapping[str, Callable[[Draft, str, Asked], tuple[str, str] | None]] = {
    "csr": _matrix,
    "csc": _by_columns,
    "coo": _coordinates,
    "table": _member,
} | dict.fromkeys(FILE_FORMS, _file)

BUILT = tuple(_RULES)
"""Storage kinds of this version."""


def expect_tables(draft: Draft, notes: Notes, resolved: Mapping[str, FeatureIR]) -> None:
    """Refuses groups that cannot be one compound dataset."""
    for address, group in draft.groups.items():
        if group.spec.store is None or group.spec.store.kind != "table" or notes.breaks(group.path):
            continue
        prefix = f"{address}/"
        inside = [one for one in resolved.values() if one.address.startswith(prefix)]
        dims = next((dim for dim in draft.dims if dim.startswith(prefix)), None)
        first = inside[0].dims[0] if inside and inside[0].dims else None
        other = next((one for one in inside if one.dims[:1] != (first,)), None)
        moved = next(
            (one for one in draft.groups if one.startswith(prefix) and "/" in (draft.groups[one].spec.at or "")), None
        )
        wrong = _untabled(address, dims, other, moved)
        if wrong is not None:
            notes.add("store", wrong[0], (*group.path, "store"), wrong[1], breaks=group.path)


def _untabled(address: str, dim: str | None, other: FeatureIR | None, moved: str | None) -> tuple[str, str] | None:
    if not address:
        return "the root of a file is no table", "write `store: table` in a group"
    if dim is not None:
        return f"the dim `{dim}` would lie inside the records of `{address}`", "declare it outside of the group"
    if other is not None:
        return (
            f"a table has one row for each entry of a dim, and `{other.address}` has dims {written(other.dims)}",
            "give all features of the group the same first dim",
        )
    if moved is not None:
        return f"`{moved}` is a record inside those of `{address}`, and its `at` is a path", "write a name"
    return None
