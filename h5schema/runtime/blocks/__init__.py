"""Blocks: the values of some entries, as one read or one write moves them."""

from .block import Block, Maybe, alike, arrays_of, bytes_in, joined, taken
from .categories import Categories
from .encoded import AnyValues, Blobs, Encoded, Texts
from .files import Decoder, FilesBlock
from .nested import NestedBlock
from .ragged import RaggedBlock, ShapedBlock
from .sparse import SparseBlock, SparseRow

__all__ = [
    "AnyValues",
    "Blobs",
    "Block",
    "Categories",
    "Decoder",
    "Encoded",
    "FilesBlock",
    "Maybe",
    "NestedBlock",
    "RaggedBlock",
    "ShapedBlock",
    "SparseBlock",
    "SparseRow",
    "Texts",
    "alike",
    "arrays_of",
    "bytes_in",
    "joined",
    "taken",
]
