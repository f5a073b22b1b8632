"""From text to nodes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from h5schema.errors import Location, Problem
from h5schema.parse.build import build
from h5schema.parse.nodes import Node
from h5schema.parse.source import Source
from h5schema.vocabulary.bundle import split

# What YAML forbids, and three that it takes for line ends where no editor does.
_UNPRINTABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_NO_TEXT = re.compile(rb"[\0-\x08\x0e-\x1a]")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


class Parsed(NamedTuple):
    """A schema's nodes, and what is wrong with it as YAML.

    Attributes:
        root: The document; None if there is none, or none that can be read.
        problems: In the order of the file.
        source: The text, to make more problems with.
        brought: Texts of the schemas that it mounts, by path, where they came along in one text.
    """

    root: Node | None
    problems: tuple[Problem, ...]
    source: Source
    brought: Mapping[str, str] = {}


def load(text: str | bytes, file: str) -> Parsed:
    """Reads one YAML document.

    Args:
        text: The text of the file, or its bytes as they are.
        file: Its name, for messages.
    """
    if isinstance(text, bytes):
        data = text
        if b"\0" in data or data.startswith(_UTF_16):
            return _not_text(data, file)
        try:
            text = data.decode("utf-8")
        except UnicodeDecodeError as error:
            return _not_text(data, file) if _NO_TEXT.search(data) else _not_utf8(data, error.start, file)
    own, brought = split(text.removeprefix("\ufeff"))
    source = Source(file, own)
    if bad := _UNPRINTABLE.search(source.text):
        return Parsed(None, (_unprintable(source, bad.start()),), source)
    root, problems = build(source)
    return Parsed(root, tuple(sorted(problems, key=lambda problem: problem.location)), source, brought)


def _not_utf8(data: bytes, offset: int, file: str) -> Parsed:
    source = Source(file, data.decode("utf-8", "replace"))
    before = data[:offset].decode("utf-8").removeprefix("\ufeff")
    problem = source.problem(
        "not-utf8",
        f"the file is not UTF-8 text: byte 0x{data[offset]:02x}",
        _place(source, before),
        help="save it with the encoding UTF-8",
    )
    return Parsed(None, (problem,), source)


def _not_text(data: bytes, file: str) -> Parsed:
    """The line is not quoted: nobody reads it, and a terminal may act on it."""
    if data.startswith(_UTF_16) or _is_wide(data[:64]):
        what, help, offset = "the file is not UTF-8 text (it looks like UTF-16)", "save it with the encoding UTF-8", 0
        rule = "not-utf8"
    else:
        offset = found.start() if (found := _NO_TEXT.search(data)) else 0
        what, help = f"this is not text: it holds the byte 0x{data[offset]:02x}", "name a schema, which is a YAML file"
        rule = "not-text"
    before = data[:offset]
    place = Location(file, before.count(b"\n") + 1, offset - before.rfind(b"\n"))
    return Parsed(None, (Problem(rule, what, place, help=help),), Source(file, ""))


def _is_wide(data: bytes) -> bool:
    """Whether every second byte is zero, and no other: UTF-16 of a language with Latin letters."""
    even, odd = data[::2].count(0), data[1::2].count(0)
    return (even, odd) in ((0, len(data[1::2])), (len(data[::2]), 0))


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
