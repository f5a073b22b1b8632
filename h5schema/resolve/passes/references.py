"""References: features whose values are positions, or ids, of the entries of a dim."""

from __future__ import annotations

from h5schema.vocabulary.dtypes import NUMBERS

from ..draft import Draft, Notes
from ..scope import find_dim, is_open


def resolve_references(draft: Draft) -> Draft:
    """Refuses references that mean no entry."""
    notes = Notes(draft)
    for address, declared in draft.features.items():
        name, feature = declared.spec.refers, draft.resolved.get(address)
        if name is None or feature is None:
            continue
        at = (*declared.path, "refers")
        dim = find_dim(draft, notes, declared.group, name, at, breaks=declared.path)
        if dim is None or dim not in draft.axes:
            continue
        dtype, axis = feature.dtype.name, draft.axes[dim]
        if not is_open(draft.axes, dim):
            message, help = f"`{name}` is no dim of entries", "name an open dim"
        elif dtype == "str" and not axis.ids:
            message, help = (
                f"a text refers to an id, and entries of `{axis.name}` have none",
                "store positions, as int64",
            )
        elif dtype != "str" and (dtype not in NUMBERS or NUMBERS[dtype].kind not in ("int", "uint")):
            message, help = f"`{address}` is {dtype}: neither a position nor an id", "store positions, as int64"
        else:
            continue
        notes.add("refers", message, at, help, breaks=declared.path)
    return notes.done(draft)
