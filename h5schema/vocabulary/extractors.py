"""The extractors that are called by one word: where their code is, what they take, and what they make.

A schema is checked by these tables, because `lint` imports no extractor; a test compares them with the functions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeAlias, cast

Params: TypeAlias = "Mapping[str, object]"
"""Keyword arguments, as YAML gives them: lists are tuples."""


class Param(NamedTuple):
    """A keyword argument of an extractor.

    Attributes:
        form: What may be given, for messages.
        example: How it is written.
        fits: Whether a value may be given.
        words: The values, if it is one of some words.
    """

    form: str
    example: str
    fits: Callable[[object], bool]
    words: tuple[str, ...] = ()


class Axis(NamedTuple):
    """One axis of what an extractor makes of one file.

    Attributes:
        name: For messages.
        length: None: it depends on the file.
        told_by: The parameter that decides, and the item of it if it is a list.
    """

    name: str
    length: int | None
    told_by: tuple[str | int, ...]


class Extractor(NamedTuple):
    """A word for `call`."""

    params: Mapping[str, Param]
    axes: Callable[[Params], tuple[Axis, ...]]


_CHANNELS = {"RGB": 3, "L": 0, "RGBA": 4, "LA": 2, "CMYK": 4, "HSV": 3, "LAB": 3, "YCbCr": 3, "P": 0, "1": 0}
"""Modes of Pillow whose values are bytes, and how many each pixel has; 0: one, without an axis."""


def _is_mode(value: object) -> bool:
    return isinstance(value, str) and value in _CHANNELS


def _is_size(value: object) -> bool:
    items = cast("tuple[object, ...]", value) if isinstance(value, tuple) else ()
    return value is None or (len(items) == 2 and all(type(item) is int and item > 0 for item in items))


def _is_color(value: object) -> bool:
    items = cast("tuple[object, ...]", value) if isinstance(value, tuple) else ()
    return value is None or (len(items) == 3 and all(type(item) is int and 0 <= item <= 255 for item in items))


def _byte_axes(params: Params) -> tuple[Axis, ...]:
    return (Axis("bytes", None, ()),)


def _image_axes(params: Params) -> tuple[Axis, ...]:
    height, width = cast("tuple[int, int] | None", params.get("size")) or (None, None)
    channels = _CHANNELS[cast("str", params.get("mode", "RGB"))]
    plane = (Axis("height", height, ("size", 0)), Axis("width", width, ("size", 1)))
    return (*plane, Axis("channels", channels, ("mode",))) if channels else plane


EXTRACTORS = {
    "bytes": "h5schema.extractors.files:load",
    "image": "h5schema.extractors.image:load",
}
"""Where the code of each word is."""

TAKES = {
    "bytes": Extractor({}, _byte_axes),
    "image": Extractor(
        {
            "mode": Param(f"one of {', '.join(_CHANNELS)}", "RGB", _is_mode, tuple(_CHANNELS)),
            "size": Param("[height, width], two whole numbers from 1", "[64, 64]", _is_size),
            "background": Param("[red, green, blue], three whole numbers to 255", "[255, 255, 255]", _is_color),
        },
        _image_axes,
    ),
}
"""What each word takes and makes."""

LATER = ("audio", "auto", "json", "numpy", "table", "text", "transpose")
"""Words of the language whose extractors come with a later version."""
