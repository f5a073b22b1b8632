"""Storage kinds: how entries lie in datasets. Rows become spans, fetched spans become a block."""

from .dense import Dense
from .end_to_end import EndToEnd
from .kind import Kind, Place, Stored

__all__ = ["Dense", "EndToEnd", "Kind", "Place", "Stored"]
