"""Storage kinds that a schema asks for by name, and which features they suit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from h5schema.spec import FeatureSpec
from h5schema.vocabulary.dtypes import NUMBERS

from .draft import Declared, Draft, Given, Settings
from .ir import DtypeIR
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
    """

    name: str
    dims: Dims
    dtype: DtypeIR
    attribute: bool
    optional: bool = False
    shared: bool = False


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


def _is_ragged(draft: Draft, dim: str | int) -> bool:
    return isinstance(dim, str) and draft.axes[dim].per is not None


_RULES: Mapping[str, Callable[[Draft, str, Asked], tuple[str, str] | None]] = {"csr": _matrix, "coo": _coordinates}

BUILT = tuple(_RULES)
"""Storage kinds of this version."""
