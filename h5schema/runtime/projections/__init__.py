"""How features are seen from samples."""

from .cells import Cell
from .joins import All, Joined, Via
from .pieces import Element, Piece, Stretch
from .projection import Entry, Projection, Whole
from .ranges import Range

__all__ = ["All", "Cell", "Element", "Entry", "Joined", "Piece", "Projection", "Range", "Stretch", "Via", "Whole"]
