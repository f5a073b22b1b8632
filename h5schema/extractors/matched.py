"""Parts of a path, or of a capture, by a regular expression with named groups."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from h5schema.errors import DataError


def load(path: Path | str | int, *, pattern: str, numbers: Sequence[str] = ()) -> dict[str, str | int | float | None]:
    r"""Cuts a path into parts: the last ones of it, as many as the pattern needs to match them as a whole.

    Args:
        path: Of the file; or a text that a pattern of sources captured.
        pattern: A regular expression of Python: `(?P<label>\w+)/(?P<take>\d+)\.wav`; folders are set apart by `/`.
        numbers: Names of groups that are numbers; the others are texts.

    Returns:
        The text or number of each named group; None: the group took no part.

    Raises:
        DataError: The pattern matches no end of the path that begins where a folder or file does, or a number is none.
    """
    text = path.as_posix() if isinstance(path, Path) else str(path)
    found = _last_parts(re.compile(pattern), text)
    if found is None:
        raise DataError(
            f"{pattern!r} does not match the last parts of {text!r}",
            do="mend the `pattern`, or leave the file out of the dim's `source`",
        )
    parts: dict[str, str | int | float | None] = {**found.groupdict()}
    for name in numbers:
        if name not in parts:
            known = ", ".join(parts)
            raise DataError(f"`numbers` names {name!r}, and the pattern has {known}", do="name groups of the pattern")
        parts[name] = _number(found[name], name)
    return parts


def _last_parts(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """The match of the fewest parts at the end of a path."""
    begin = len(text)
    while begin >= 0:
        begin = text.rfind("/", 0, begin)
        found = pattern.fullmatch(text[begin + 1 :])
        if found is not None or begin < 0:
            return found
    return None


def _number(text: str | None, name: str) -> int | float | None:
    if text is None:
        return None
    try:
        return int(text) if re.fullmatch(r"[+-]?[0-9]+", text) else float(text)
    except ValueError:
        raise DataError(
            f"the group {name!r} is {text!r}, which is no number", do="mend the `pattern`, or take it out of `numbers`"
        ) from None
