"""Storage kinds: how entries lie in datasets. Rows become spans, fetched spans become a block."""

from .coded import Coded
from .compressed import Compressed
from .coordinates import Coordinates, raveled
from .dense import Dense
from .end_to_end import EndToEnd, nested
from .files import Files, Kept, as_bytes
from .index import Index, Indexed, StartsAndLengths, firsts_of, lengths_of, shapes_of, starts_of
from .kind import OPEN, Gapless, Kind, PartKind, Place, Stored
from .nodes import Nodes
from .spread import CHANGED, Spread, SpreadTexts, SpreadValues, present_at, records_at, sum_of, sums_of
from .spread_arrays import NodeLengths, SpreadArrays, SpreadRagged
from .words import KnownWords, NewWords, PlannedWords, Words, stored_words

__all__ = [
    "CHANGED",
    "OPEN",
    "Coded",
    "Compressed",
    "Coordinates",
    "Dense",
    "EndToEnd",
    "Files",
    "Gapless",
    "Index",
    "Indexed",
    "Kept",
    "Kind",
    "KnownWords",
    "NewWords",
    "NodeLengths",
    "Nodes",
    "PartKind",
    "Place",
    "PlannedWords",
    "Spread",
    "SpreadArrays",
    "SpreadRagged",
    "SpreadTexts",
    "SpreadValues",
    "StartsAndLengths",
    "Stored",
    "Words",
    "as_bytes",
    "firsts_of",
    "lengths_of",
    "nested",
    "present_at",
    "raveled",
    "records_at",
    "shapes_of",
    "starts_of",
    "stored_words",
    "sum_of",
    "sums_of",
]
