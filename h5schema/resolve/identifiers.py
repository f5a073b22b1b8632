"""Names in code: classes in CamelCase, members of enums from any text."""

from __future__ import annotations

import re
import unicodedata

from h5schema.vocabulary import reserved

_WORDS = {"+": "plus", "#": "sharp", "%": "percent", "&": "and", "*": "star", "<": "less", ">": "greater", "=": "equal"}
"""Signs that tell texts apart (`C`, `C++`, `C#`), spelt out; all others only separate."""


def camel(*names: str) -> str:
    """`log_mel` becomes `LogMel`; capitals that are there stay."""
    return "".join(part[:1].upper() + part[1:] for name in names for part in name.split("_"))


def member(text: str) -> str:
    """The identifier of an enum's member; the same text gives the same one everywhere.

    A text that is an identifier already stays as it is. Accents are dropped, other letters become their
    code point (`u732b`), signs are spelt out or become `_`; where Python has the word, a `_` is added.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", text):
        text = _spelt(text)
    if reserved.is_keyword(text) or text in reserved.MEMBER:
        return f"{text}_"
    return text


def _spelt(text: str) -> str:
    negative = re.match(r"\s*[-\u2212]\s*\d", text) is not None
    pieces = ["minus_" if negative else ""]
    for character in unicodedata.normalize("NFKD", text):
        if character.isascii():
            word = f"_{_WORDS[character]}_" if character in _WORDS else "_"
            pieces.append(character if character.isalnum() else word)
        elif not unicodedata.combining(character):
            pieces.append(f"_u{ord(character):04x}_" if character.isalnum() else "_")
    name = re.sub("_+", "_", "".join(pieces)).strip("_")
    if not name:
        return "n" + "".join(f"{ord(character):x}" for character in text)
    return f"n{name}" if name[0].isdigit() else name
