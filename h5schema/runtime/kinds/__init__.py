"""Storage kinds: how entries lie in datasets. Rows become spans, fetched spans become a block."""

from .dense import Dense
from .end_to_end import EndToEnd
from .index import Index, Indexed, StartsAndLengths, lengths_of, starts_of
from .kind import OPEN, Kind, Place, Stored

__all__ = [
    "OPEN",
    "Dense",
    "EndToEnd",
    "Index",
    "Indexed",
    "Kind",
    "Place",
    "StartsAndLengths",
    "Stored",
    "lengths_of",
    "starts_of",
]
