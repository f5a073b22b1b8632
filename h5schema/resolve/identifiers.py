"""Names in code: classes in CamelCase, members of enums from any text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from h5schema.vocabulary import reserved

_WORDS = {"+": "plus", "#": "sharp", "%": "percent", "&": "and", "*": "star", "<": "less", ">": "greater", "=": "equal"}
"""Signs that tell texts apart (`C`, `C++`, `C#`), spelt out; all others only separate."""


def camel(*names: str) -> str:
    """`log_mel` becomes `LogMel`; capitals that are there stay."""
    return "".join(part[:1].upper() + part[1:] for name in names for part in name.split("_"))


def member(text: str) -> str:
    """The identifier of an enum's member; the same text gives the same one everywhere.

    A text that is an identifier already stays as it is. Letters of any script are kept, as Python itself reads
    them (NFKC); signs are spelt out or become `_`; where Python has the word, a `_` is added.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", text):
        text = _spelt(text)
    if reserved.is_keyword(text) or text in reserved.MEMBER:
        return f"{text}_"
    return text


def _spelt(text: str) -> str:
    negative = re.match(r"\s*[-\u2212]\s*\d", text) is not None
    pieces = ["minus_" if negative else ""]
    for character in unicodedata.normalize("NFKC", text):
        sign = f"_{_WORDS[character]}_" if character in _WORDS else "_"
        pieces.append(character if f"n{character}".isidentifier() else sign)
    name = _joined(pieces) or _joined(f"{unicodedata.name(one, f'u{ord(one):04x}').lower()} " for one in text)
    return unicodedata.normalize("NFKC", name if name.isidentifier() else f"n{name}")


def _joined(pieces: Iterable[str]) -> str:
    return re.sub("[ _-]+", "_", "".join(pieces)).strip("_")
