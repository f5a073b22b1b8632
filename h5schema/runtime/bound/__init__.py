"""Files that others made: shown to readers, kinds and loaders as if they were ours."""

from .declared import IndexAt
from .file import BoundFile

__all__ = ["BoundFile", "IndexAt"]
