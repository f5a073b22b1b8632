"""Sources: what entries are extracted from, in an order that never changes."""

from .found import Found, find
from .gathered import Need
from .roots import unreadable
from .source import Source, Sources
from .untaken import untaken

__all__ = ["Found", "Need", "Source", "Sources", "find", "unreadable", "untaken"]
