"""Storage kinds: how entries lie in datasets. Rows become spans, fetched spans become a block."""

from .compressed import Compressed
from .dense import Dense
from .end_to_end import EndToEnd, nested
from .index import Index, Indexed, StartsAndLengths, firsts_of, lengths_of, starts_of
from .kind import OPEN, Kind, PartKind, Place, Stored

__all__ = [
    "OPEN",
    "Compressed",
    "Dense",
    "EndToEnd",
    "Index",
    "Indexed",
    "Kind",
    "PartKind",
    "Place",
    "StartsAndLengths",
    "Stored",
    "firsts_of",
    "lengths_of",
    "nested",
    "starts_of",
]
