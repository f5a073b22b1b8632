"""JSON: which values of Python it has, and what a text of it says."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NoReturn, TypeAlias, cast

from h5schema.errors import DataError

from .blocks import Encoded

JsonValue: TypeAlias = bool | int | float | str | list["JsonItem"] | dict[str, "JsonItem"]
"""An entry of a feature of JSON."""
JsonItem: TypeAlias = JsonValue | None
"""What stands in a list or mapping of JSON."""

_DEEPEST = 200
"""Levels of lists and mappings; Python's own reader and writer end at some 1000."""
_LONGEST = 13_000
"""Bits of a whole number; Python makes no text of a number of more than 4300 digits."""


class Documents(Encoded[JsonItem]):
    """JSON of n entries; kept as text. An entry that is absent is None."""

    __slots__ = ()

    @staticmethod
    def decoded(encoded: bytes) -> JsonItem:
        return parsed(encoded) if encoded else None


def parsed(encoded: bytes) -> JsonItem:
    """What a text says.

    Raises:
        ValueError: It is no JSON, or no utf-8.
    """
    try:
        return cast("JsonItem", json.loads(encoded.decode(), parse_constant=_no_constant))
    except RecursionError:
        message = "it is nested too deep"
        raise ValueError(message) from None


def expect_json(value: object, where: str) -> None:
    """Refuses what JSON has not, or would give back as something else.

    Raises:
        DataError: Something inside is no JSON; it is named as in JSONPath.
    """
    waiting: list[tuple[object, str, int]] = [(value, "$", 0)]
    while waiting:
        item, path, depth = waiting.pop()
        wrong = _wrong(item, depth)
        if wrong is not None:
            raise DataError(f"{wrong[0]}, at {path} of the value", where=where, do=wrong[1])
        waiting += [(inner, f"{path}{step}", depth + 1) for step, inner in _inside(item)]


def _inside(item: object) -> Iterator[tuple[str, object]]:
    if isinstance(item, Mapping):
        for key, inner in cast("Mapping[str, object]", item).items():
            yield f".{key}", inner
    elif isinstance(item, list | tuple):
        for index, inner in enumerate(cast("Sequence[object]", item)):
            yield f"[{index}]", inner


def _wrong(item: object, depth: int) -> tuple[str, str] | None:
    """What is wrong with an item itself, and what to do."""
    if depth > _DEEPEST:
        return f"it is nested deeper than {_DEEPEST} levels", "take it apart, or look for a list that holds itself"
    if isinstance(item, str):
        return _wrong_text(item)
    if isinstance(item, float) and not math.isfinite(item):
        return f"JSON has no {item}", "write null (None), or a text"
    if isinstance(item, int) and item.bit_length() > _LONGEST:
        return "a whole number has more than 4000 digits", "write it as a text"
    if isinstance(item, dict):
        keys = list(cast("dict[object, object]", item))
        strange = [key for key in keys if not isinstance(key, str)]
        if strange:
            return f"the key {strange[0]!r} is {type(strange[0]).__name__}, and JSON's keys are texts", "write str(key)"
        return next(filter(None, map(_wrong_text, cast("list[str]", keys))), None)
    if item is None or isinstance(item, bool | int | float | list | tuple):
        return None
    return (
        f"{item!r} is {type(item).__name__}, which JSON has not",
        "give texts, numbers, lists and mappings: x.tolist()",
    )


def _wrong_text(text: str) -> tuple[str, str] | None:
    if text.isascii():
        return None
    try:
        text.encode()
    except UnicodeEncodeError:
        return f"{text!r} cannot be written as utf-8", "take out the lone surrogate"
    return None


def _no_constant(name: str) -> NoReturn:
    message = f"it has {name}"
    raise ValueError(message)
