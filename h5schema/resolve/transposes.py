"""Matrices that are the transpose of another: made when a file is completed."""

from __future__ import annotations

from h5schema.vocabulary.extractors import TRANSPOSE

from .draft import Draft, Notes
from .ir import FeatureIR
from .scope import find_feature, is_open, written

_KINDS = ("scalar", "dense", "csr", "csc", "coo")


def is_transposed(draft: Draft, address: str) -> bool:
    """Whether a feature is the transpose of another."""
    call = draft.settings[address].call
    return call is not None and call.value == TRANSPOSE


def matrix_of(draft: Draft, notes: Notes, feature: FeatureIR) -> str | None:
    """The matrix of which a feature is the transpose; None, with a complaint, if it can be of none."""
    path, said = draft.features[feature.address].path, draft.settings[feature.address]
    call, origin = said.call, said.origin
    assert call is not None
    if origin is None or len(origin.value) != 1 or "{" in origin.value[0]:
        what = f"`{feature.name}` is the transpose of one other feature, and `from` does not say of which"
        notes.add("transpose", what, call.path, "write its address, such as `from: counts`", breaks=path)
        return None
    found = find_feature(draft, notes, origin.value[0], (*origin.path, 0), breaks=path, group=origin.group)
    matrix = None if found is None else draft.resolved.get(found)
    if matrix is None:
        return None
    wrong = _misfit(draft, feature, matrix)
    if wrong is not None:
        notes.add("transpose", wrong[0], origin.path, wrong[1], breaks=path)
        return None
    if said.params is not None and said.params.path[:-1] == path:
        notes.add(
            "params-without-call", "`transpose` takes no `params`", said.params.path, "leave them out", key=True,
            breaks=path,
        )  # fmt: skip
        return None
    return matrix.address


def _misfit(draft: Draft, feature: FeatureIR, matrix: FeatureIR) -> tuple[str, str] | None:
    """What does not go together, and what to do."""
    name, other = feature.name, matrix.address
    if other == feature.address:
        return f"`{name}` is made of itself", "write the address of the matrix of which it is the transpose"
    for one in (feature, matrix):
        if len(one.dims) != 2 or not all(is_open(draft.axes, dim) for dim in one.dims) or one.kind not in _KINDS:
            return (
                f"`{one.name}` is no matrix over two open dims: its dims are {written(one.dims)}",
                "give both two open dims, such as [cell, gene] and [gene, cell]",
            )
    if feature.dims != matrix.dims[::-1]:
        return (
            f"`{name}` has dims {written(feature.dims)}, and the transpose of `{other}` {written(matrix.dims[::-1])}",
            f"write dims: {written(matrix.dims[::-1])}",
        )
    if feature.dtype != matrix.dtype:
        return (
            f"`{name}` is {feature.dtype.name}, and `{other}` is {matrix.dtype.name}",
            f"write `dtype: {matrix.dtype.name}`",
        )
    if feature.optional:
        return f"`{name}` is made whole, so no entry of it is absent", "leave out `optional`"
    if matrix.transposes is not None or is_transposed(draft, other):
        return f"`{other}` is itself the transpose of another feature", "name that one"
    if feature.store == "coo shared":
        return f"`{name}` shares its coordinates with other features", "write `store: coo` in the feature"
    return None
