"""Why a text is not YAML, in our own words."""

from __future__ import annotations

from h5schema.errors import Problem
from h5schema.parse.source import Source


def explain(source: Source, error: Exception) -> Problem:
    """One problem for what stopped the parser."""
    mark = getattr(error, "problem_mark", None)
    line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
    return source.problem("bad-yaml", "this cannot be read as YAML", source.location(line, column))
