"""A schema and those that it mounts, as one text: what a package and a file keep of them."""

from __future__ import annotations

import re
from collections.abc import Mapping

_MARK = "--- # mounted: "
MARKED = re.compile(rf"^{re.escape(_MARK)}(.+?)\r?\n", re.MULTILINE)
"""The line before a mounted schema; what it names is the path."""


def join(text: str, mounted: Mapping[str, str]) -> str:
    """The text of a schema, and behind it those of the schemas that it mounts, by their paths."""
    parts = [text, *(f"{_MARK}{path}\n{inner}" for path, inner in mounted.items())]
    return "".join(part if part.endswith("\n") else f"{part}\n" for part in parts) if mounted else text


def split(text: str) -> tuple[str, dict[str, str]]:
    """What was joined; each mounted schema stands in the line in which it stood, so that places are true."""
    marks = list(MARKED.finditer(text))
    if not marks:
        return text, {}
    ends = [mark.start() for mark in marks[1:]] + [len(text)]
    mounted = {
        mark[1]: "\n" * text.count("\n", 0, mark.end()) + text[mark.end() : end]
        for mark, end in zip(marks, ends, strict=True)
    }
    return text[: marks[0].start()], mounted
