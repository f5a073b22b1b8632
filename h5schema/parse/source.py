"""The text of a schema, and problems that show the line they speak of."""

from __future__ import annotations

import re

from h5schema.errors import Location, Problem, Severity

_BREAK = re.compile(r"\r\n|\r|\n")


class Source:
    """A file's name and text.

    Attributes:
        file: As it was given on the command line; it stands in every message.
        text: The whole text, without a byte order mark.
        lines: The text cut at line ends, as YAML counts lines.
    """

    __slots__ = ("file", "lines", "text")

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.lines = _BREAK.split(text)

    def line(self, number: int) -> str:
        """Line `number`, counted from 1; empty beyond the end."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def location(self, line: int, column: int, width: int = 1) -> Location:
        """A place in this file, counted from 1; column and width end with the line."""
        column = min(column, len(self.line(line)) + 1)
        room = len(self.line(line)) - column + 1
        return Location(self.file, line, column, max(1, min(width, room)))

    def slice(self, location: Location) -> str:
        """The text that a location covers."""
        start = location.column - 1
        return self.line(location.line)[start : start + location.width]

    def problem(
        self, rule: str, message: str, location: Location, help: str = "", severity: Severity = "error"
    ) -> Problem:
        """A problem with the source line filled in.

        A place that was counted within a text may lie beyond the line, where the text goes on in the next one.
        """
        place = self.location(location.line, location.column, location.width)
        return Problem(rule, message, place, self.line(place.line), help, severity)
