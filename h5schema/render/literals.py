"""Values and texts of a schema as Python source. Nothing else of a schema reaches code but checked names."""

from __future__ import annotations

import keyword
import math
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias, cast

from h5schema.errors import UsageError

from .printer import WIDTH, Bracketed, Code, call

Value: TypeAlias = "bool | int | float | str | Sequence[Value] | Mapping[str, Value] | None"

_QUOTES = re.compile(r'(?P<closes>"{3,}|\A"|"\Z)|.', re.DOTALL)
"""What would close a docstring, or stand at its edge; else one character."""
_NAMED_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\"}


def name(text: str) -> str:
    """A name that may stand in code: the last gate behind the checks of the resolver."""
    if not text.isidentifier() or keyword.iskeyword(text) or not unicodedata.is_normalized("NFKC", text):
        raise UsageError(f"{text!r} cannot be a name in Python", do="use letters, digits and underscores")
    return text


def literal(value: Value) -> Code:
    """The literal whose value is `value`."""
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    message = f"no literal for {type(value).__name__}"
    raise TypeError(message)


def given(**options: Value | Code) -> tuple[tuple[str, Code], ...]:
    """The arguments that are given: those that are not None."""
    return tuple(
        (key, value if isinstance(value, Bracketed) else literal(cast("Value", value)))
        for key, value in options.items()
        if value is not None
    )


def string(text: str) -> str:
    """A string literal, with the quotes that need fewer escapes."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join(f"\\{c}" if c == quote else _character(c) for c in text) + quote


def strings(texts: Sequence[str]) -> Code:
    """One text, or several as a tuple."""
    return string(texts[0]) if len(texts) == 1 else Bracketed("(", tuple(("", string(text)) for text in texts), ")")


def number(value: int | float) -> str:
    """A number; thousands are set apart from 10_000 on."""
    if isinstance(value, int):
        return f"{value:_}" if abs(value) >= 10_000 else str(value)
    return repr(value).replace("e+", "e")


def docstring(text: str, indent: int) -> str:
    """A docstring at `indent`, long lines wrapped at spaces."""
    room = WIDTH - indent
    lines = _clean(text)
    margin = " " * indent
    if len(lines) > 1 or len(lines[0]) + 6 > room:
        lines = [piece for i, line in enumerate(lines) for piece in _wrap(line, room, 3 if i == 0 else 0)]
    if len(lines) == 1:
        return f'{margin}"""{lines[0]}"""'
    return "\n".join([f'{margin}"""{lines[0]}', *(margin + line if line else "" for line in lines[1:]), f'{margin}"""'])


def _finite(value: float) -> Code:
    return number(value) if math.isfinite(value) else call("float", [("", string(repr(value)))])


def _list(value: Sequence[Value]) -> Code:
    return Bracketed("[", tuple(("", literal(item)) for item in value), "]")


def _dict(value: Mapping[str, Value]) -> Code:
    return Bracketed("{", tuple((f"{string(key)}: ", literal(item)) for key, item in value.items()), "}")


# bool comes before int, whose subclass it is.
_WRITERS: tuple[tuple[type | tuple[type, ...], Callable[..., Code]], ...] = (
    ((type(None), bool), repr),
    (int, number),
    (float, _finite),
    (str, string),
    ((list, tuple), _list),
    (Mapping, _dict),
)


def _character(character: str) -> str:
    if character in _NAMED_ESCAPES:
        return _NAMED_ESCAPES[character]
    if character.isprintable():
        return character
    code = ord(character)
    if 0xD800 <= code <= 0xDFFF:
        raise UsageError(
            f"a text holds the lone surrogate U+{code:04X}, which is no character", do="take it out of the schema"
        )
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def _clean(text: str) -> list[str]:
    """Lines of a docstring: indentation that all but the first share is taken off, and all are escaped."""
    lines = "\n".join(line.rstrip(" ") for line in text.expandtabs().split("\n")).strip("\n").split("\n")
    margins = [len(line) - len(line.lstrip(" ")) for line in lines[1:] if line]
    margin = min(margins, default=0)
    lines = [lines[0].lstrip(" "), *(line[margin:] for line in lines[1:])]
    return _QUOTES.sub(_escaped, "\n".join(lines)).split("\n")


def _escaped(found: re.Match[str]) -> str:
    part = found[0]
    if part.startswith('"'):
        return '\\"' * len(part) if found["closes"] else part
    return part if part == "\n" else _character(part)


def _wrap(line: str, room: int, taken: int) -> list[str]:
    """A line cut at single spaces; what is indented goes on at its indentation."""
    margin = line[: len(line) - len(line.lstrip(" "))]
    pieces: list[str] = []
    while len(line) > room - taken:
        cut = line.rfind(" ", len(margin) + 1, room - taken + 1)
        if cut < 0:
            cut = line.find(" ", room - taken)
        if cut < 0 or line[cut - 1] == " " or not line[cut + 1 :].strip(" ") or line[cut + 1] == " ":
            break
        pieces.append(line[:cut])
        line, taken = margin + line[cut + 1 :], 0
    return [*pieces, line]
