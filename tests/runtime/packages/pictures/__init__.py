"""Pictures in class folders."""

from __future__ import annotations

from .groups import Pictures, PicturesWriter

__all__ = ["Pictures", "PicturesWriter"]
