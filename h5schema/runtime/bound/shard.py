"""One file of several that others made."""

from __future__ import annotations

from ..shard import Shard
from .reader import BoundReader


class BoundShard(Shard, BoundReader):
    """Reads one file of others, of several; it has to stay the same."""
