"""Tables for a terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Sequence

_GAP = "  "
_NARROWEST = 8


def table(head: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Lines of a table, indented; what would be wider is wrapped inside its column.

    Args:
        head: Of the columns.
        rows: One text per column; one more is a note below the row.
        width: Characters of a line.
    """
    columns = [list(column) for column in zip(head, *(row[: len(head)] for row in rows), strict=True)]
    widths = _fitted([max(map(len, column)) for column in columns], width - len(_GAP) * len(head))
    lines: list[str] = []
    for row in (head, *rows):
        lines += _row(row[: len(head)], widths)
        for note in row[len(head) :]:
            lines += textwrap.wrap(note, width, initial_indent=6 * " ", subsequent_indent=6 * " ")
    return lines


def _fitted(widths: list[int], room: int) -> list[int]:
    """Widths of which the largest are cut until they fit."""
    while sum(widths) > room and max(widths) > _NARROWEST:
        widths[widths.index(max(widths))] -= 1
    return widths


def _row(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    wrapped = [_wrapped(cell, width) for cell, width in zip(cells, widths, strict=True)]
    for number in range(max(map(len, wrapped))):
        parts = [lines[number] if number < len(lines) else "" for lines in wrapped]
        line = "".join(f"{_GAP}{part:<{width}}" for part, width in zip(parts, widths, strict=True))
        yield line.rstrip()


def _wrapped(cell: str, width: int) -> list[str]:
    """Lines that end after a space or a slash where there is one."""
    return re.findall(rf"(?s).{{1,{width}}}(?:(?<=[ /])|$)|.{{1,{width}}}", cell) or [""]
