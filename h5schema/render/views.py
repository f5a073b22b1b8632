"""Views with methods, as `groups.py` declares them: one class for each feature that has some."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from typing import NamedTuple

from h5schema.resolve.ir import FeatureIR

from .imports import Imports
from .literals import name, string
from .printer import Code, call, flat, subscript
from .types import Values, numpy_name

_BLOCKS = {
    "ragged": "RaggedBlock",
    "csr": "SparseBlock",
    "csc": "SparseBlock",
    "coo": "SparseBlock",
    "files": "FilesBlock",
    "nested": "NestedBlock[Any]",
    "text": "Texts",
    "texts": "Texts",
    "bytes": "Blobs",
    "json": "Documents",
    "mixed": "AnyValues",
    "category": "Categories",
    "enum": "NDArray[np.integer[Any]]",
    "attributes": "NDArray[np.object_]",
}
"""What some entries of a kind are; else an array of the dtype."""
_OF_DTYPE = ("RaggedBlock", "SparseBlock", "FilesBlock", "NDArray")

_FROM = {
    "Any": "typing",
    "NDArray": "numpy.typing",
    **dict.fromkeys(("AnyValue", "AnyValues", "Blobs", "Categories", "Documents", "FilesBlock"), "h5schema.runtime"),
    **dict.fromkeys(("JsonValue", "Maybe", "Method", "NestedBlock", "RaggedBlock"), "h5schema.runtime"),
    **dict.fromkeys(("SparseBlock", "SparseRow", "Texts", "TreeView", "View"), "h5schema.runtime"),
}
"""Where the names come from that stand in a class of views."""
_NAME = re.compile(r"[A-Za-z_]+")


class MethodView(NamedTuple):
    """A method: as type checkers see it, and as it runs."""

    name: str
    seen: Code
    run: Code


class ViewView(NamedTuple):
    """A class of views."""

    name: str
    base: Code
    doc: str
    methods: tuple[MethodView, ...]


def views(features: Sequence[FeatureIR], values: Values, mappings: Set[str]) -> tuple[ViewView, ...]:
    """The classes of views of a schema; `mappings` are those of features that are mappings."""
    return tuple(
        ViewView(
            name(feature.view),
            "TreeView" if feature.view in mappings else _base(feature, values),
            f"`{feature.address}` of an open file, with its methods.",
            tuple(_method(method, code) for method, code in feature.methods),
        )
        for feature in features
        if feature.methods
    )


def modules(features: Sequence[FeatureIR]) -> tuple[tuple[str, str], ...]:
    """The user's modules, each with its name in `groups.py`: nothing of the schema begins with `_`."""
    found = {code.partition(":")[0] for feature in features for _, code in feature.methods}
    return tuple((module, _alias(module)) for module in sorted(found))


def add_imports(needed: Imports, classes: Sequence[ViewView]) -> None:
    """What the classes of views need."""
    if classes:
        needed.name("typing", "TYPE_CHECKING")
        needed.name("h5schema.runtime", "Method")
    for one in classes:
        names = set(_NAME.findall(flat(one.base)))
        if "np" in names:
            needed.module("numpy", "np")
        for found in names & set(_FROM):
            needed.name(_FROM[found], found)


def _base(feature: FeatureIR, values: Values) -> Code:
    entry, block = values.entry(feature), _block(feature, values)
    if feature.optional:
        return subscript("View", [f"{flat(entry)} | None", subscript("Maybe", [block])])
    return subscript("View", [entry, block])


def _block(feature: FeatureIR, values: Values) -> Code:
    """Annotation of some entries."""
    block = _BLOCKS.get(feature.kind, "NDArray")
    return subscript(block, [numpy_name(values.stored(feature.dtype))]) if block in _OF_DTYPE else block


def _method(method: str, code: str) -> MethodView:
    module, _, function = code.partition(":")
    seen = call("Method", [("", f"{_alias(module)}.{function}")])
    return MethodView(name(method), seen, call("Method", [("", string(code))]))


def _alias(module: str) -> str:
    return "_" + module.replace(".", "__")
