"""File classes that a test declares itself."""

from __future__ import annotations

from typing import Any

from h5schema.runtime import File, Schema, Writer


def declare(**declarations: Any) -> tuple[Any, Any]:
    """A file class of these declarations, and its writer."""
    body = {"__module__": __name__, "schema": Schema("blank", "1.0.0", "sha256:" + "0" * 64), **declarations}
    reader = type("Blank", (File,), body)
    for name, value in declarations.items():
        if hasattr(value, "__set_name__"):
            value.__set_name__(reader, name)
    return reader, type("BlankWriter", (reader, Writer), {"__module__": __name__})
