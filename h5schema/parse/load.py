"""From text to nodes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from h5schema.errors import Location, Problem
from h5schema.parse.build import build
from h5schema.parse.nodes import Node
from h5schema.parse.source import Source

# What YAML forbids, and three that it takes for line ends where no editor does.
_UNPRINTABLE = re.compile("[^\t\n\r -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A schema's nodes, and what is wrong with it as YAML.

    Attributes:
        root: The document; None if there is none, or none that can be read.
        problems: In the order of the file.
        source: The text, to make more problems with.
    """

    root: Node | None
    problems: tuple[Problem, ...]
    source: Source


def load(text: str | bytes, file: str) -> Parsed:
    """Reads one YAML document.

    Args:
        text: The text of the file, or its bytes as they are.
        file: Its name, for messages.
    """
    if isinstance(text, bytes):
        data = text
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            return _not_utf8(data, error.start, file)
    source = Source(file, text.removeprefix("\ufeff"))
    if bad := _UNPRINTABLE.search(source.text):
        return Parsed(None, (_unprintable(source, bad.start()),), source)
    root, problems = build(source)
    return Parsed(root, tuple(sorted(problems, key=lambda problem: problem.location)), source)


def _not_utf8(data: bytes, offset: int, file: str) -> Parsed:
    source = Source(file, data.decode("utf-8", "replace").replace("\0", "\ufffd"))
    before = data[:offset].decode("utf-8").removeprefix("\ufeff")
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    problem = source.problem(
        "not-utf8",
        "the file is not UTF-8 text" + (" (it looks like UTF-16)" if wide else f": byte 0x{data[offset]:02x}"),
        _place(source, before),
        help="save it with the encoding UTF-8",
    )
    return Parsed(None, (problem,), source)


def _unprintable(source: Source, offset: int) -> Problem:
    character = source.text[offset]
    return source.problem(
        "bad-character",
        f"the character U+{ord(character):04X} cannot be seen and does not belong in a schema",
        _place(source, source.text[:offset]),
        help=f'delete it; where a text needs it, write "\\u{ord(character):04x}" in double quotes',
    )


def _place(source: Source, before: str) -> Location:
    """The place after a text."""
    lines = Source(source.file, before).lines
    return source.location(len(lines), len(lines[-1]) + 1)
