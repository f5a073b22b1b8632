"""Storage kinds that a schema asks for by name, and which features they suit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from h5schema.vocabulary.dtypes import NUMBERS

from .draft import Draft, Given, Settings
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
    """

    name: str
    dims: Dims
    dtype: DtypeIR
    attribute: bool


def store_of(settings: Settings) -> Given[str] | None:
    """The storage kind that holds for a feature, and where it was written; None: it follows from dims and dtype."""
    said = [store for store in settings.store if store.value.kind is not None]
    return Given(str(said[-1].value.kind), said[-1].path, said[-1].group) if said else None


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


def _is_ragged(draft: Draft, dim: str | int) -> bool:
    return isinstance(dim, str) and draft.axes[dim].per is not None


_RULES: Mapping[str, Callable[[Draft, str, Asked], tuple[str, str] | None]] = {"csr": _matrix}

BUILT = tuple(_RULES)
"""Storage kinds of this version."""
