"""Declarations of features."""

from .blob import Bytes
from .dense import Array, Enumerated, Scalar
from .encoded import EncodedFeature
from .feature import Feature, Options, optional
from .json import Json
from .ragged import Ragged
from .sparse import Csr
from .text import Text, TextList

__all__ = [
    "Array",
    "Bytes",
    "Csr",
    "EncodedFeature",
    "Enumerated",
    "Feature",
    "Json",
    "Options",
    "Ragged",
    "Scalar",
    "Text",
    "TextList",
    "optional",
]
