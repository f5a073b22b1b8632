"""What a schema of files that others made cannot say: nothing is made, and the file says how it is stored."""

from __future__ import annotations

from collections.abc import Iterator

from h5schema.spec import DimSpec, FeatureSpec, GroupSpec
from h5schema.vocabulary.sources import source_kind

from ..draft import Declared, Draft, Notes, Path
from .inherit import is_capture

_MADE = {
    "call": "makes values",
    "from": "says what values are made from",
    "params": "are handed to what makes values",
    "source": "names files that values are made from",
}
_GROUP = (*_MADE, "store")


def refuse_in_bound(draft: Draft) -> Draft:
    """Refuses what is for files that h5schema writes, in a schema with `bind`."""
    notes = Notes(draft)
    if not draft.bound:
        return draft
    if draft.reading.schema.after is not None:
        _complain(notes, (), "after", "is called after an extraction, and")
    for group in draft.groups.values():
        for key in _said(group.spec):
            _complain(notes, group.path, key, _words(key))
    for feature in draft.features.values():
        for key in _said(feature.spec):
            _complain(notes, feature.path, key, _words(key))
        _check_attributes(notes, feature)
        if feature.spec.dtype.name == "category" and draft.reading.schema.bind != "anndata":
            what = "a category is codes and a dictionary, as AnnData has them"
            path = (*feature.path, "dtype")
            notes.add("category", what, path, "write `dtype: str`, or `bind: anndata`", breaks=feature.path)
    sourced = ""
    for dim in draft.dims.values():
        if dim.spec.source is not None:
            _check_source(notes, dim, sourced)
            sourced = sourced or dim.address
        if dim.spec.ids is True:
            _complain(notes, dim.path, "ids", "are given by who writes a file, and", "name the feature that holds them")
    return notes.done(draft)


def _check_source(notes: Notes, dim: Declared[DimSpec], other: str) -> None:
    """The files of a folder, one for each entry, are found by a pattern."""
    path = (*dim.path, "source")
    if source_kind(dim.spec.source or "") != "pattern":
        what = "entries that are files of a table, or of a function, come with a later version for files of others"
        notes.add("not-yet", what, path, "for now write a pattern, such as '{name}.h5'", breaks=dim.path)
    elif other:
        what = f"`{other}` has a `source` already: entries of two dims that are files come with a later version"
        notes.add("not-yet", what, path, "for now give one dim a source", key=True, breaks=dim.path)
    elif dim.spec.ids is not None:
        what = "ids of files of others are their paths; others come with a later version"
        notes.add("not-yet", what, (*dim.path, "ids"), "for now leave `ids` out", key=True, breaks=dim.path)


def _check_attributes(notes: Notes, feature: Declared[FeatureSpec]) -> None:
    """All attributes of a node are `any`, and nothing else is."""
    at, path = feature.spec.at or "", (*feature.path, "dtype")
    if at.endswith("@*") and feature.spec.dtype.name != "any":
        what = f"all attributes of a node are of many dtypes, not {feature.spec.dtype.name}"
        notes.add("attributes", what, path, "write `dtype: any`", breaks=feature.path)
    elif feature.spec.dtype.name == "any" and not at.endswith("@*"):
        what = "`any` is what all attributes of a node are; others have a dtype that the schema says"
        notes.add("attributes", what, path, "write the dtype, or at: '@*'", breaks=feature.path)


def _said(spec: GroupSpec | FeatureSpec) -> Iterator[str]:
    for key in _GROUP:
        said = ("from_" if key == "from" else key) in spec.model_fields_set
        if said and not (key == "store" and _reads_sparse(spec)) and not (key == "from" and _is_captured(spec)):
            yield key


def _reads_sparse(spec: GroupSpec | FeatureSpec) -> bool:
    """Whether `store` says how a matrix is read, and nothing of how values are to be stored."""
    return spec.store is not None and spec.store.model_fields_set == {"kind"} and spec.store.kind == "csr"


def _is_captured(spec: GroupSpec | FeatureSpec) -> bool:
    """Whether `from` names a part of the path of each file."""
    return isinstance(spec, FeatureSpec) and spec.from_ is not None and is_capture(spec.from_)


def _words(key: str) -> str:
    return f"{_MADE[key]}, and" if key in _MADE else "says how values are to be stored, and"


def _complain(notes: Notes, element: Path, key: str, what: str, help: str = "leave it out") -> None:
    notes.add(
        "bound",
        f"`{key}` {what} with `bind` the file is there already",
        (*element, key),
        help,
        key=True,
        breaks=element or None,
    )
