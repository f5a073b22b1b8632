"""Patterns with captures: `{label}/{name}.jpg`. Standard library only.

One syntax in a dim's `source`, a feature's `source`, a template of ids and a capture:

    {x}        one part of a path, or a piece of one: anything but `/`, at least one character
    {x:int}    digits, perhaps after a minus; the capture is a number
    {x:path}   anything, slashes included
    {x:a|b*}   one of these; `*` is anything but `/`

Everything else stands for itself. A name that comes twice is the same text both times. Where a text could
be cut in several ways, earlier captures take as much as they can.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

CaptureKind = Literal["part", "int", "path", "choice"]
Value: TypeAlias = "str | int"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_REGEX: dict[str, str] = {"part": "[^/]+", "int": "-?[0-9]{1,18}", "path": "(?s:.+)"}


class PatternError(ValueError):
    """A pattern is not well-formed.

    Attributes:
        offset: Where in the text, counted in characters from 0.
        width: How many characters are meant.
        help: What to write instead.
    """

    def __init__(self, what: str, offset: int = 0, width: int = 1, help: str = "") -> None:
        super().__init__(what)
        self.offset = offset
        self.width = max(1, width)
        self.help = help


class _Capture(NamedTuple):
    name: str
    kind: CaptureKind
    regex: str


class Pattern(NamedTuple):
    """A parsed pattern; made by `parse`.

    Attributes:
        text: As it was written.
        captures: Kind of each capture by name, in the order of the text.
        fixed: What comes before the first capture: where a search can begin.
        pieces: Texts and captures, in order.
        regex: What a whole path matches.
    """

    text: str
    captures: Mapping[str, CaptureKind]
    fixed: str
    pieces: tuple[str | _Capture, ...]
    regex: re.Pattern[str]

    @staticmethod
    def parse(text: str) -> Pattern:
        """Reads a pattern.

        Raises:
            PatternError: It is not well-formed; a `ValueError` that knows where and what to write.
        """
        pieces = _pieces(text)
        captures: dict[str, CaptureKind] = {}
        regex: list[str] = []
        for piece in pieces:
            if isinstance(piece, str):
                regex.append(re.escape(piece))
            elif piece.name in captures:
                regex.append(f"(?P={piece.name})")
            else:
                captures[piece.name] = piece.kind
                regex.append(f"(?P<{piece.name}>{piece.regex})")
        fixed = pieces[0] if pieces and isinstance(pieces[0], str) else ""
        return Pattern(text, captures, fixed, pieces, re.compile("".join(regex)))

    @property
    def depth(self) -> int | None:
        """Parts that a path has if it matches; None if a capture may hold slashes."""
        return None if "path" in self.captures.values() else self.text.count("/") + 1

    def match(self, path: str) -> dict[str, Value] | None:
        """The captures of a relative path with forward slashes; None if it does not match as a whole."""
        texts = self.texts(path)
        if texts is None:
            return None
        return {name: int(text) if self.captures[name] == "int" else text for name, text in texts.items()}

    def texts(self, path: str) -> dict[str, str] | None:
        """As `match`, each capture as it stands in the path: `007` stays `007`, so that `fill` finds the file again."""
        found = self.regex.fullmatch(path)
        return None if found is None else found.groupdict()

    def fill(self, captures: Mapping[str, Value]) -> str:
        """The text with each capture replaced by its value."""
        missing = [name for name in self.captures if name not in captures]
        if missing:
            raise PatternError(f"no value for {{{missing[0]}}} in {self.text!r}")
        return "".join(piece if isinstance(piece, str) else str(captures[piece.name]) for piece in self.pieces)


def _pieces(text: str) -> tuple[str | _Capture, ...]:
    """Cuts a pattern into texts that stand for themselves and captures."""
    if not text:
        raise PatternError("the pattern is empty", help="write one such as '{name}.jpg'")
    pieces: list[str | _Capture] = []
    kinds: dict[str, str] = {}
    at = 0
    while at < len(text):
        if text[at] != "{":
            end = text.find("{", at)
            end = len(text) if end < 0 else end
            pieces.append(_literal(text, at, end))
        else:
            end = text.find("}", at) + 1
            if not end:
                raise PatternError("`{` is never closed", at, help="write a capture as '{name}'")
            capture = _capture(text, at, end)
            if kinds.setdefault(capture.name, capture.regex) != capture.regex and ":" in text[at:end]:
                raise PatternError(f"{capture.name!r} is captured twice in two ways", at, end - at)
            if pieces and isinstance(before := pieces[-1], _Capture) and "choice" not in (before.kind, capture.kind):
                raise PatternError(
                    f"nothing tells where {{{before.name}}} ends and {{{capture.name}}} begins",
                    at,
                    end - at,
                    f"put a text between them, such as '{text[text.rindex('{', 0, at) : at]}_{text[at:end]}'",
                )
            pieces.append(capture)
        at = end
    return tuple(pieces)


def _literal(text: str, start: int, end: int) -> str:
    piece = text[start:end]
    if "}" in piece:
        raise PatternError("`}` without a `{` before it", start + piece.index("}"), help="write a capture as '{name}'")
    if "*" in piece:
        star = start + piece.index("*")
        width = 2 if text[star : star + 2] == "**" else 1
        named = "{folder:path}" if width == 2 else "{name}"
        raise PatternError(
            "`*` stands for itself outside of braces", star, width, f"what varies has a name: write '{named}'"
        )
    if "\\" in piece:
        raise PatternError("a pattern has no backslashes", start + piece.index("\\"), help="write '/' between folders")
    return piece


def _capture(text: str, start: int, end: int) -> _Capture:
    name, colon, kind = text[start + 1 : end - 1].partition(":")
    if not _NAME.fullmatch(name):
        shown = f"{name!r} is no name for a capture" if name else "a capture without a name"
        raise PatternError(shown, start, end - start, "use letters, digits and '_', such as '{name}'")
    if not colon:
        return _Capture(name, "part", _REGEX["part"])
    match kind:
        case "int" | "path":
            return _Capture(name, kind, _REGEX[kind])
        case "":
            raise PatternError("nothing after the `:`", start, end - start, f"write '{{{name}}}' or '{{{name}:int}}'")
        case _:
            return _choice(name, kind, text, start, end)


def _choice(name: str, kind: str, text: str, start: int, end: int) -> _Capture:
    choices = kind.split("|")
    if "{" in kind or "/" in kind or not all(choices):
        raise PatternError(
            f"{text[start:end]!r} is no capture",
            start,
            end - start,
            f"after the ':' comes int, path, or alternatives such as '{{{name}:a|b*}}'",
        )
    if kind in _LOOKALIKES:
        raise PatternError(
            f"`{kind}` would match only a part that is called {kind!r}",
            start,
            end - start,
            _LOOKALIKES[kind].format(name=name),
        )
    regex = "|".join("[^/]*".join(map(re.escape, choice.split("*"))) for choice in choices)
    return _Capture(name, "choice", f"(?:{regex})")


_LOOKALIKES = {
    "str": "a capture is a text already: write '{{{name}}}'",
    "string": "a capture is a text already: write '{{{name}}}'",
    "integer": "write '{{{name}:int}}'",
    "float": "captures are texts or whole numbers: write '{{{name}}}'",
}
