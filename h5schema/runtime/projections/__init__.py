"""How features are seen from samples."""

from .cells import Across, Cell
from .crops import Crop, Cropped
from .joins import All, Joined, Via
from .pieces import Element, Piece, Slice, Stretch
from .projection import Entry, Projection, Whole
from .ranges import Range

__all__ = [
    "Across",
    "All",
    "Cell",
    "Crop",
    "Cropped",
    "Element",
    "Entry",
    "Joined",
    "Piece",
    "Projection",
    "Range",
    "Slice",
    "Stretch",
    "Via",
    "Whole",
]
