"""What the `source` of a dim is: a pattern of paths, a table, or a function of the user. Standard library only."""

from __future__ import annotations

from typing import Literal

SourceKind = Literal["pattern", "table", "function"]
CapturedKind = Literal["", "str", "int", "float", "bool"]
"""What a value of a table or a function is taken as; "": as it is."""

TABLES = (".csv", ".parquet")
"""How tables end."""


def source_kind(text: str) -> SourceKind:
    """Which of the three a text is; whatever has braces is a pattern."""
    if "{" in text:
        return "pattern"
    if text.endswith(TABLES):
        return "table"
    return "function" if ":" in text else "pattern"
