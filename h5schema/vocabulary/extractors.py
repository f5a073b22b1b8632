"""The extractors that are called by one word: where their code is, what they take, and what they make.

A schema is checked by these tables, because `lint` imports no extractor; a test compares them with the functions.
"""

from __future__ import annotations

import re
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
        required: Whether it must be given.
    """

    form: str
    example: str
    fits: Callable[[object], bool]
    words: tuple[str, ...] = ()
    required: bool = False


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
    """A word for `call`.

    Attributes:
        params: By name.
        axes: Of what it makes; None: the file decides how many there are.
        names: Of the features that it makes; None: the file decides, or it makes one whatever its name is.
    """

    params: Mapping[str, Param]
    axes: Callable[[Params], tuple[Axis, ...]] | None
    names: Callable[[Params], tuple[str, ...] | None] = lambda params: None


class Whole(NamedTuple):
    """A value that is not shared, though it may be a mapping: the feature takes all of it."""

    value: object


_CHANNELS = {"RGB": 3, "L": 0, "RGBA": 4, "LA": 2, "CMYK": 4, "HSV": 3, "LAB": 3, "YCbCr": 3, "P": 0, "1": 0}
"""Modes of Pillow whose values are bytes, and how many each pixel has; 0: one, without an axis."""


FACTS = ("size", "modified", "sha256", "name", "stem", "suffix")
"""What is known of any file."""

_SAMPLES = ("float32", "float64", "int16")
_FLOATS = ("float64", "float32")


def _is_mode(value: object) -> bool:
    return isinstance(value, str) and value in _CHANNELS


def _is_size(value: object) -> bool:
    items = cast("tuple[object, ...]", value) if isinstance(value, tuple) else ()
    return value is None or (len(items) == 2 and all(type(item) is int and item > 0 for item in items))


def _is_color(value: object) -> bool:
    items = cast("tuple[object, ...]", value) if isinstance(value, tuple) else ()
    return value is None or (len(items) == 3 and all(type(item) is int and 0 <= item <= 255 for item in items))


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _is_end(value: object) -> bool:
    return value is None or _is_count(value)


def _is_choice(value: object) -> bool:
    return value is None or isinstance(value, bool)


def _among(words: tuple[str, ...]) -> Callable[[object], bool]:
    return lambda value: value in words


def _is_rate(value: object) -> bool:
    return value is None or (type(value) is int and value > 0)


def _is_name(value: object) -> bool:
    return value is None or (isinstance(value, str) and bool(value))


def _is_key(value: object) -> bool:
    return value is None or isinstance(value, str)


def _is_pointer(value: object) -> bool:
    return value is None or (isinstance(value, str) and value[:1] in ("", "/"))


def _is_regex(value: object) -> bool:
    try:
        return isinstance(value, str) and bool(re.compile(value).groupindex)
    except (re.error, OverflowError, RecursionError):
        return False


def _are_names(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(one, str) for one in cast("tuple[object, ...]", value))


def _is_fact(value: object) -> bool:
    return value is None or value in FACTS


def _facts(params: Params) -> tuple[str, ...] | None:
    return FACTS if params.get("item") is None else None


def _groups(params: Params) -> tuple[str, ...]:
    return tuple(re.compile(cast("str", params["pattern"])).groupindex)


def _is_encoding(value: object) -> bool:
    try:
        return isinstance(value, str) and b"".decode(value) == ""
    except LookupError:
        return False


def _audio_axes(params: Params) -> tuple[Axis, ...]:
    samples = Axis("samples", None, ())
    return (samples, Axis("channels", None, ("mono",))) if params.get("mono") is False else (samples,)


def _text_axes(params: Params) -> tuple[Axis, ...]:
    return ()


def _byte_axes(params: Params) -> tuple[Axis, ...]:
    return (Axis("bytes", None, ()),)


def _image_axes(params: Params) -> tuple[Axis, ...]:
    height, width = cast("tuple[int, int] | None", params.get("size")) or (None, None)
    channels = _CHANNELS[cast("str", params.get("mode", "RGB"))]
    plane = (Axis("height", height, ("size", 0)), Axis("width", width, ("size", 1)))
    return (*plane, Axis("channels", channels, ("mode",))) if channels else plane


EXTRACTORS = {
    "auto": "h5schema.extractors.auto:load",
    "audio": "h5schema.extractors.audio:load",
    "bytes": "h5schema.extractors.files:load",
    "checkpoint": "h5schema.extractors.checkpoint:load",
    "facts": "h5schema.extractors.facts:load",
    "image": "h5schema.extractors.image:load",
    "json": "h5schema.extractors.texts:load_json",
    "match": "h5schema.extractors.matched:load",
    "numpy": "h5schema.extractors.arrays:load",
    "table": "h5schema.extractors.table:load",
    "text": "h5schema.extractors.texts:load",
}
"""Where the code of each word is."""

TAKES = {
    "audio": Extractor(
        {
            "rate": Param("samples per second, a whole number from 1", "16000", _is_rate),
            "mono": Param("true or false", "true", _is_choice),
            "start": Param("a sample, a whole number from 0", "0", _is_count),
            "stop": Param("a sample, a whole number", "8000", _is_end),
            "dtype": Param(f"one of {', '.join(_SAMPLES)}", "float64", _among(_SAMPLES), _SAMPLES),
        },
        _audio_axes,
    ),
    "auto": Extractor({}, None),
    "bytes": Extractor({}, _byte_axes),
    "checkpoint": Extractor(
        {"item": Param("the keys that lead to a value", "model/fc.weight", _is_key)},
        None,
    ),
    "facts": Extractor(
        {"item": Param(f"one of {', '.join(FACTS)}", "size", _is_fact, FACTS)},
        _text_axes,
        _facts,
    ),
    "image": Extractor(
        {
            "mode": Param(f"one of {', '.join(_CHANNELS)}", "RGB", _is_mode, tuple(_CHANNELS)),
            "size": Param("[height, width], two whole numbers from 1", "[64, 64]", _is_size),
            "background": Param("[red, green, blue], three whole numbers to 255", "[255, 255, 255]", _is_color),
        },
        _image_axes,
    ),
    "json": Extractor({"pointer": Param("a JSON pointer", "/labels/0", _is_pointer)}, None),
    "match": Extractor(
        {
            "pattern": Param(
                "a regular expression with named groups", r"'(?P<name>\w+)\.jpg'", _is_regex, required=True
            ),
            "numbers": Param("a list of names of groups", "[take]", _are_names),
        },
        _text_axes,
        _groups,
    ),
    "numpy": Extractor({"item": Param("the name of an array", "arr_0", _is_name)}, None),
    "table": Extractor(
        {
            "column": Param("the name of a column", "x", _is_name),
            "floats": Param("float32 or float64", "float32", _among(_FLOATS), _FLOATS),
        },
        None,
    ),
    "text": Extractor({"encoding": Param("an encoding that Python knows", "latin-1", _is_encoding)}, _text_axes),
}
"""What each word takes and makes."""

TRANSPOSE = "transpose"
"""The word for a matrix that is made of another when a file is completed."""
