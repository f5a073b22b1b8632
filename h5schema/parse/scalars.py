"""What a plain scalar means, and which ones other readers of YAML understand otherwise.

Values are those of the YAML 1.2 core schema. Many tools still read YAML 1.1, where `no` is false, `012` is ten
and `12:30` is seven hundred and fifty; a text on which the two differ is a trap and is refused. One exception:
`1e-3` is a number here although 1.1 takes it for a text, because nobody means the text.
"""

from __future__ import annotations

import re

from h5schema.parse.nodes import Atom

_WORDS: dict[str, Atom] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_OCTAL = re.compile(r"0o[0-7]+")
_MOST_DIGITS = 400  # beyond any number of the language, and below Python's own limit for int(text)

_TRUTH_1_1 = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_CASED = frozenset(form for word in _TRUTH_1_1 for form in (word, word.title(), word.upper()))
_NUMBER_1_1 = re.compile(
    r"""[-+]?0[0-9_]+              # 012: octal
      | [-+]?0b[01_]+              # 0b11
      | [-+]?0x[0-9a-fA-F_]*_[0-9a-fA-F_]*
      | [-+]?[0-9][0-9_]*_[0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?   # 1_000
      | [-+]?[0-9][0-9_]*\.[0-9]*_[0-9_]*(?:[eE][-+]?[0-9]+)?
      | [-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?              # 12:30: base sixty
    """,
    re.VERBOSE,
)
_TIME_1_1 = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}\S*.*)?")


def resolve(text: str) -> Atom:
    """The value of a plain scalar."""
    first = text[:1]
    if first.isalpha() and first not in "ntfNTF":
        return text
    if text in _WORDS:
        return _WORDS[text]
    if first not in "+-.0123456789":
        return text
    if len(text) > _MOST_DIGITS:
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _HEX.fullmatch(text):
        return int(text, 16)
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    return text


def trap(text: str) -> str | None:
    """What to write instead of a plain scalar that YAML 1.1 and 1.2 read differently; None if they agree."""
    if text in _CASED:
        return f"write {_TRUTH_1_1[text.lower()]}, or quote it if the text is meant: '{text}'"
    if text[:1] not in "+-=0123456789" or len(text) > _MOST_DIGITS:
        return None
    if _OCTAL.fullmatch(text):
        return f"write {int(text[2:], 8)}, or quote it if the text is meant: '{text}'"
    if _NUMBER_1_1.fullmatch(text):
        return f"quote it if the text is meant: '{text}'; {_as_number(text)}"
    if text == "=" or _TIME_1_1.fullmatch(text):
        return f"quote it: '{text}'"
    return None


def _as_number(text: str) -> str:
    if ":" in text:
        return "a number is written with digits alone"
    digits = text.replace("_", "")
    sign = "-" if digits.startswith("-") else ""
    digits = digits.lstrip("+-")
    if digits.startswith("0b"):
        return f"write {sign}{int(digits[2:] or '0', 2)} if the number is meant"
    if not digits.startswith("0x") and "." not in digits:
        digits = digits.lstrip("0") or "0"
    return f"write {sign}{digits} if the number is meant"
