"""Features whose entries have a dtype and dims of their own: `dtype: any`, with `...` in their dims."""

from __future__ import annotations

from collections.abc import Sequence

from h5schema.spec import FeatureSpec

from .draft import Declared, Draft, Given, Notes
from .scope import is_open, written

REST = "..."
"""Any further dims, among the dims of a feature."""


def expect_mixed(
    draft: Draft,
    notes: Notes,
    feature: Declared[FeatureSpec],
    dims: Sequence[str | int],
    given: Given[Sequence[object]],
) -> bool:
    """Whether the feature is in nodes of its own, of one dim of entries; complains if it is not."""
    lead = dims[0] if len(dims) == 1 and is_open(draft.axes, dims[0]) else None
    rest = [index for index, dim in enumerate(given.value) if dim == REST]
    if rest and rest != [len(given.value) - 1]:
        path, help = (*given.path, rest[0]), f"write dims: {written((*dims[:1], REST))}"
        what = f"`{REST}` is any further dims, so nothing comes after it"
    elif len(dims) > 1:
        path, help = given.path, "for now name one dim of entries, such as dims: [file, ...]"
        what = f"values of any dtype in nodes of several dims, {written(dims)}, come with a later version"
        notes.add("not-yet", what, path, help, breaks=feature.path)
        return False
    elif lead is None:
        path, help = given.path, "write dims: [file, ...], with a dim whose entries have ids"
        what = f"`{feature.name}` is any: it has a value for each entry of a dim, and `{written(dims)}` is none"
    elif not rest:
        path, help = given.path, f"write dims: {written((lead, REST))}"
        what = f"`{feature.name}` is any: each entry has dims of its own"
    elif "{" not in (feature.spec.at or ""):
        name = draft.axes[str(lead)].name
        path, help = (*feature.path, "dtype"), f"write at: '{feature.name}/{{{name}:path}}'"
        what = f"`{feature.name}` is any: each entry is a dataset of its own, and nothing says where"
    else:
        return True
    notes.add("any", what, path, help, breaks=feature.path)
    return False
