"""Every kind of feature once."""

from __future__ import annotations

from .groups import Everything, EverythingWriter

__all__ = ["Everything", "EverythingWriter"]
