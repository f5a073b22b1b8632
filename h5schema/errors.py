"""What can go wrong, as records and exceptions. Standard library only.

A `Problem` is one mistake in a schema: where it stands, what is wrong, what to
write instead. Everything this package raises is an `H5SchemaError`.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Severity = Literal["error", "warning"]


class Location(NamedTuple):
    """A token in a text file. Lines and columns count characters from 1."""

    file: str
    line: int
    column: int
    width: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Problem(NamedTuple):
    """One mistake: `rule` is stable and can be searched for, `text` is the source line."""

    rule: str
    message: str
    location: Location
    text: str = ""
    help: str = ""
    severity: Severity = "error"

    def __str__(self) -> str:
        head = f"{self.location}: {self.severity}[{self.rule}]: {self.message}"
        lines = [visible(head), *self._excerpt()]
        if self.help:
            lines.append(visible(f"  help: {self.help}"))
        return "\n".join(lines)

    def _excerpt(self) -> list[str]:
        if not self.text.strip():
            return []
        number = str(self.location.line)
        start = self.location.column - 1
        first, last = _window(len(self.text), start, self.location.width)
        before = visible(("…" if first else "") + self.text[first:start])
        token = visible(self.text[start : min(last, start + self.location.width)])
        line = before + visible(self.text[start:last]) + ("…" if last < len(self.text) else "")
        # A tab moves the caret as far as it moved the text; wide characters count two.
        pad = "".join("\t" if c == "\t" else " " * _columns(c) for c in before)
        caret = "^" * max(1, sum(map(_columns, token)))
        gutter = " " * len(number)
        return [f"  {number} | {line}", f"  {gutter} | {pad}{caret}"]

    def record(self) -> dict[str, object]:
        """The problem as plain data, for `--format json`."""
        return {**self._asdict(), "location": self.location._asdict()}


_WIDEST = 160
"""Characters of a source line that are shown; of a longer one, those around the token."""


def _window(length: int, start: int, width: int) -> tuple[int, int]:
    if length <= _WIDEST:
        return 0, length
    first = max(0, min(start - _WIDEST // 2, length - _WIDEST))
    if start + width <= _WIDEST - 1:  # the beginning of a line says most
        first = 0
    return first, first + _WIDEST


def visible(text: str) -> str:
    """A line for a terminal: what would act on it, turn it around or not be seen at all is written as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\t\xa0\u3000" else _escape(c) for c in text)


def _escape(character: str) -> str:
    code = ord(character)
    if character in "\n\r":
        return "\\n" if character == "\n" else "\\r"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _columns(character: str) -> int:
    if character.isascii():
        return 1
    import unicodedata  # only for text beyond ASCII: it costs start-up time

    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class H5SchemaError(Exception):
    """Base of all errors of this package: what, where, and what to do about it."""

    def __init__(self, what: str, *, where: str = "", do: str = "") -> None:
        super().__init__(what)  # with one argument it can be pickled: the rest is in its __dict__
        self.what = what
        self.where = where
        self.do = do

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        text = f"{head}\n  help: {self.do}" if self.do else head
        return "\n".join(map(visible, text.split("\n")))


class SchemaError(H5SchemaError):
    """A schema has mistakes; `problems` holds all of them, in the order of the file."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(f"{len(problems)} problems in the schema")
        self.problems = problems

    def __str__(self) -> str:
        return "\n\n".join(map(str, self.problems))


class UsageError(H5SchemaError):
    """The call itself is wrong: a missing file, an option that does not fit."""


class FileError(H5SchemaError):
    """An HDF5 file cannot be used: missing, damaged, not HDF5, or of another schema."""


class DataError(H5SchemaError):
    """A value does not fit its feature; nothing of it was written or returned."""


class TargetExistsError(H5SchemaError):
    """The target exists already, and nobody said that it may be replaced."""


class UserCodeError(H5SchemaError):
    """The user's own function cannot be imported, failed, or returned what does not fit."""


class MissingExtraError(H5SchemaError, ImportError):
    """An optional library is needed; the message names what to install."""
