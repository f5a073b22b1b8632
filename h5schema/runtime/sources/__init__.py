"""Sources: what entries are extracted from, in an order that never changes."""

from .found import Found, find
from .roots import unreadable
from .source import Source, Sources

__all__ = ["Found", "Source", "Sources", "find", "unreadable"]
