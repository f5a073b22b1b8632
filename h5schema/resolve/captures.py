"""Patterns where they stand in a schema: errors with the caret under the exact brace."""

from __future__ import annotations

from h5schema.vocabulary.patterns import Pattern, PatternError
from h5schema.vocabulary.suggest import closest

from .draft import Notes, Path


def parse_pattern(notes: Notes, text: str, path: Path, element: Path) -> Pattern | None:
    """The pattern; None, with a complaint, if it is not well-formed."""
    try:
        return Pattern.parse(text)
    except PatternError as error:
        notes.add("pattern", str(error), path, error.help, within=(error.offset, error.width), breaks=element)
        return None


def relative_pattern(notes: Notes, text: str, path: Path, element: Path) -> Pattern | None:
    """As `parse_pattern`, of paths in the folder that is extracted."""
    pattern = parse_pattern(notes, text, path, element)
    if pattern is None:
        return None
    parts = text.split("/")
    if text.startswith("/"):
        notes.add(
            "pattern",
            "the pattern begins with `/`, but paths are relative to the folder that is extracted",
            path,
            f"write '{text.lstrip('/')}'; the folder is named when `h5schema extract` is called",
            within=(0, 1),
            breaks=element,
        )
        return None
    for index, part in enumerate(parts):
        if part in ("", ".", ".."):
            notes.add(
                "pattern",
                f"`{part}` is no part of a path in the folder" if part else "a path has one `/` between its parts",
                path,
                "write the path as it is seen from the folder that is extracted",
                within=(len("/".join(parts[:index])), max(1, len(part))),
                breaks=element,
            )
            return None
    return pattern


def captured(notes: Notes, wanted: Pattern, source: Pattern, path: Path, element: Path, dim: str) -> bool:
    """Whether everything that `wanted` asks for is captured by `source`; complains about all that is not."""
    missing = [name for name in wanted.captures if name not in source.captures]
    for name in missing:
        near = closest(name, source.captures)
        known = ", ".join(f"{{{one}}}" for one in source.captures)
        notes.add(
            "unknown-capture",
            f"the source of `{dim}` captures no {{{name}}}",
            path,
            f"did you mean {{{near}}}?" if near else f"its pattern '{source.text}' captures {known}",
            within=(wanted.text.index(f"{{{name}"), len(name) + 2),
            breaks=element,
        )
    return not missing
