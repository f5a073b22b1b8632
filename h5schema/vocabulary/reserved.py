"""Names that a schema cannot give, because generated code or the runtime has them. Standard library only.

A dim, feature or group becomes an attribute of a generated class and a key of a TypedDict; a test compares
these tables with the classes of the runtime.
"""

from __future__ import annotations

import keyword
import sys

NODE = frozenset({"bound"})
"""Attributes of every group and file."""

GROUP = NODE | {"at"}
"""Attributes of a group; its dims, features and groups have other names."""

FILE = NODE | {
    "close",
    "commit",
    "create",
    "edit",
    "hdf5",
    "parameters",
    "path",
    "publish",
    "schema",
    "split",
    "splits",
    "verify",
}
"""Attributes of a file or its writer; the dims, features and groups of the root have other names."""

VIEW = frozenset(
    {
        "address", "append", "categories", "declaration", "entry", "file_class", "names", "of", "plot", "read", "rows",
        "values",
    }
)  # fmt: skip
"""Attributes of every view; of these a method of the schema may replace `plot` only."""

IN_DECLARATIONS = frozenset(
    {
        "Masked", "NDArray", "Packed", "PackedArrays", "Padded", "PaddedLists", "Tensor", "bool", "bytes", "complex",
        "float", "int", "list", "np", "optional", "str", "tuple",
    }
)  # fmt: skip
"""Names by which declarations and annotations in a class body mean something else."""

IN_MODULES = frozenset(
    {
        # groups.py and extract.py
        "Among", "AnyValue", "AnyValues", "Array", "ArrayNodes", "Attributes", "Axis", "BoundFile", "Bytes",
        "Call", "Capture", "Categories", "Category", "Check", "Coo", "Csc", "Csr", "Enumerated", "Extraction",
        "File", "Files", "FixedAxis",
        "Group", "Held", "IdAxis", "IndexAt", "IntEnum", "Json", "JsonValue", "KeyedAxis", "Mixed", "NDArray", "Nested",
        "NestedBlock", "Ragged", "RaggedAxis", "RaggedNodes", "Scalar", "Schema", "ShapedBlock", "SparseBlock",
        "SparseRow", "Split", "StateDict", "Text", "TextList", "TextNodes", "Tree", "TypedDict", "Writer",
        "ClassVar", "Mapping",
        # loaders.py
        "Absent", "Balanced", "Batch", "Bucketed", "Fields", "Frame", "Ids", "Loader", "Masked", "NamedTuple",
        "OrderedBy", "Packed", "PackedArrays", "Padded", "PaddedLists", "Pairs", "Plan", "Position",
        "Present", "Take", "Tensor", "Weighted", "Window",
        # builtins that begin with a capital letter and stand in code
        "False", "None", "SystemExit", "True",
    }
)  # fmt: skip
"""Names that generated modules import or use: no class of a schema is called so."""

IN_VIEWS = frozenset(
    {"Any", "Blobs", "Documents", "FilesBlock", "Maybe", "Method", "RaggedBlock", "Texts", "TreeView", "View"}
)
"""Names that are imported for the views of features with methods, and for nothing else."""

MEMBER = frozenset(
    {
        "as_integer_ratio", "bit_count", "bit_length", "conjugate", "denominator", "from_bytes", "imag",
        "is_integer", "mro", "name", "numerator", "real", "to_bytes", "value",
    }
)  # fmt: skip
"""Attributes of every member of an IntEnum."""

TUPLE = frozenset({"count", "index"})
"""Methods of every tuple, which a field of a NamedTuple would hide."""

PACKAGE = sys.stdlib_module_names | {"PIL", "h5py", "h5schema", "jinja2", "numpy", "pydantic", "torch", "yaml"}
"""Modules that generated code and this package need: a package of that name would hide them."""


def is_keyword(name: str) -> bool:
    """Whether Python itself uses the name."""
    return keyword.iskeyword(name)
