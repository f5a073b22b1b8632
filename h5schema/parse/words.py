"""Texts of a schema inside of messages."""

from __future__ import annotations


def shown(text: str, most: int = 40) -> str:
    """A text as it is quoted in a message: of a very long one, the beginning."""
    return text if len(text) <= most else text[: most - 1] + "…"


def quoted(text: str) -> str:
    """A text in YAML's single quotes, for advice that can be copied."""
    return "'" + shown(text, 100).replace("'", "''") + "'"
