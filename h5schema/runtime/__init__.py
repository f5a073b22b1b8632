"""All that generated code may import. Needs h5py and numpy; `h5schema.runtime.torch` needs torch too.

What readers and writers need is imported at once; what jobs and loaders need, when they are.
"""

from typing import TYPE_CHECKING

from .any_values import AnyValue
from .axes import Axis, FixedAxis, IdAxis, KeyedAxis, RaggedAxis
from .blocks import (
    AnyValues,
    Blobs,
    Categories,
    FilesBlock,
    Maybe,
    NestedBlock,
    RaggedBlock,
    ShapedBlock,
    SparseBlock,
    SparseRow,
    Texts,
)
from .bound import BoundFile, IndexAt
from .conditions import Absent, Among, Check, Present
from .declared import Held, Schema, Split
from .features import (
    Array,
    ArrayNodes,
    Attributes,
    Bytes,
    Category,
    Coo,
    Csc,
    Csr,
    Enumerated,
    Files,
    Json,
    Mixed,
    Nested,
    Ragged,
    RaggedNodes,
    Scalar,
    Text,
    TextList,
    TextNodes,
    Tree,
    optional,
)
from .file import File, Group
from .json_values import Documents, JsonValue
from .state_dict import StateDict
from .view import View
from .writer import Writer

if TYPE_CHECKING:
    from .extracting.computing import compute
    from .extracting.extraction import Extraction
    from .extracting.failures import Failure
    from .extracting.how import How
    from .extracting.origins import Call, Capture
    from .extracting.summary import Summary
    from .methods import Method
    from .plan import Batch, Fields, Ids, Plan, Position, Take
    from .sampling import Balanced, Bucketed, OrderedBy, Weighted
    from .temporary import scratch
    from .tree_view import TreeView
    from .windows import Frame, Window

__all__ = [
    "Absent",
    "Among",
    "AnyValue",
    "AnyValues",
    "Array",
    "ArrayNodes",
    "Attributes",
    "Axis",
    "Balanced",
    "Batch",
    "Blobs",
    "BoundFile",
    "Bucketed",
    "Bytes",
    "Call",
    "Capture",
    "Categories",
    "Category",
    "Check",
    "Coo",
    "Csc",
    "Csr",
    "Documents",
    "Enumerated",
    "Extraction",
    "Failure",
    "Fields",
    "File",
    "Files",
    "FilesBlock",
    "FixedAxis",
    "Frame",
    "Group",
    "Held",
    "How",
    "IdAxis",
    "Ids",
    "IndexAt",
    "Json",
    "JsonValue",
    "KeyedAxis",
    "Maybe",
    "Method",
    "Mixed",
    "Nested",
    "NestedBlock",
    "OrderedBy",
    "Plan",
    "Position",
    "Present",
    "Ragged",
    "RaggedAxis",
    "RaggedBlock",
    "RaggedNodes",
    "Scalar",
    "Schema",
    "ShapedBlock",
    "SparseBlock",
    "SparseRow",
    "Split",
    "StateDict",
    "Summary",
    "Take",
    "Text",
    "TextList",
    "TextNodes",
    "Texts",
    "Tree",
    "TreeView",
    "View",
    "Weighted",
    "Window",
    "Writer",
    "compute",
    "optional",
    "scratch",
]

_LATER = {
    "extracting.extraction": ("Extraction",),
    "extracting.computing": ("compute",),
    "extracting.how": ("How",),
    "extracting.origins": ("Call", "Capture"),
    "plan": ("Batch", "Fields", "Ids", "Plan", "Position", "Take"),
    "extracting.failures": ("Failure",),
    "extracting.summary": ("Summary",),
    "methods": ("Method",),
    "tree_view": ("TreeView",),
    "temporary": ("scratch",),
    "sampling": ("Balanced", "Bucketed", "OrderedBy", "Weighted"),
    "windows": ("Frame", "Window"),
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    for module, names in _LATER.items():
        if name in names:
            return getattr(import_module(f".{module}", __name__), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
