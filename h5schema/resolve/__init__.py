"""From what the user wrote to what it means: the resolved, frozen schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from h5schema.resolve.resolver import Resolved, resolve

__all__ = ["Resolved", "resolve"]


def __getattr__(name: str) -> object:
    """`resolve.ir` is imported by those who write code; only those who resolve need pydantic."""
    if name in __all__:
        from h5schema.resolve import resolver

        return getattr(resolver, name)
    raise AttributeError(name)
