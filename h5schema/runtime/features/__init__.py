"""Declarations of features."""

from .attributes import Attributes
from .blob import Bytes
from .category import Category
from .dense import Array, Enumerated, Scalar
from .encoded import EncodedFeature
from .feature import Feature, Options, optional
from .files import Files
from .json import Json
from .mixed import Mixed, Tree
from .nested import Nested
from .nodes import ArrayNodes, RaggedNodes, TextNodes
from .ragged import Ragged
from .sparse import Coo, Csc, Csr, as_sparse
from .text import Text, TextList

__all__ = [
    "Array",
    "ArrayNodes",
    "Attributes",
    "Bytes",
    "Category",
    "Coo",
    "Csc",
    "Csr",
    "EncodedFeature",
    "Enumerated",
    "Feature",
    "Files",
    "Json",
    "Mixed",
    "Nested",
    "Options",
    "Ragged",
    "RaggedNodes",
    "Scalar",
    "Text",
    "TextList",
    "TextNodes",
    "Tree",
    "as_sparse",
    "optional",
]
