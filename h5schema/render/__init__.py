"""Resolved schema → the files of a package, as text. Knows the IR; no YAML, no pydantic."""

from __future__ import annotations

from .package import package

__all__ = ["package"]
