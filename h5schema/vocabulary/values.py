"""Which values and bounds those of a feature can have: rules that a schema and a call are held to in the same words."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Iterator, Mapping
from typing import NamedTuple, Protocol

from .dtypes import CATEGORY, DATES, NUMBERS
from .suggest import closest

BOUNDS = ("min", "max", "above", "below")
"""Keys of a check that are numbers."""


class Valued(NamedTuple):
    """A feature whose values are asked for.

    Attributes:
        address: Of the feature.
        dtype: `enum`, or a word of the language.
        size: The most bytes of a text; None: any.
        members: Of an enum, by text.
    """

    address: str
    dtype: str
    size: int | None = None
    members: Mapping[str, int] = {}


class Bounded(Protocol):
    """What a check says."""

    @property
    def min(self) -> float | None: ...
    @property
    def max(self) -> float | None: ...
    @property
    def above(self) -> float | None: ...
    @property
    def below(self) -> float | None: ...


def range_of(dtype: str) -> tuple[float, float]:
    """The smallest and the largest finite value of a real dtype."""
    number = NUMBERS[dtype]
    if number.kind == "float":
        high = math.ldexp(1 - 2.0**-number.digits, number.exponent)
        return -high, high
    return (-(2**number.digits) if number.kind == "int" else 0), 2**number.digits - 1


def unreadable(expression: str) -> str | None:
    """Why a text is no regular expression; None: it is one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # Python warns of what it will read otherwise one day
            re.compile(expression)
    except FutureWarning as error:
        return str(error).lower()
    except re.error as error:
        return error.msg
    except (OverflowError, RecursionError):
        return "Python cannot read it"
    return None


def impossible(feature: Valued, value: object) -> tuple[str, str] | None:
    """Message and help if no entry of the feature can be `value`; None if one can."""
    if feature.dtype == "enum":
        return _no_member(feature, value)
    if feature.dtype in ("str", CATEGORY):
        return _no_text(feature, value)
    if feature.dtype not in NUMBERS:
        what = f"a schema has no values of {feature.dtype}, so none is equal to one of `{feature.address}`"
        return what, "leave it out"
    return _no_number(feature, value)


def _no_member(feature: Valued, value: object) -> tuple[str, str] | None:
    texts = list(feature.members)
    if not texts or value in texts:
        return None
    if not isinstance(value, str):
        named = next((text for text, number in feature.members.items() if number == value), None)
        return (
            f"members of `{feature.address}` are called by their texts, not {_shown(value)}",
            f"write '{named}'" if named else f"the members are {_some(texts)}",
        )
    near = closest(value, texts)
    return (
        f"`{feature.address}` has no member '{value}'",
        f"did you mean '{near}'?" if near else f"the members are {_some(texts)}",
    )


def _no_text(feature: Valued, value: object) -> tuple[str, str] | None:
    if not isinstance(value, str):
        return f"`{feature.address}` holds texts, not {_shown(value)}", f"put it in quotes: '{_shown(value)}'"
    if feature.size is not None and len(value.encode("utf-8", "surrogatepass")) > feature.size:
        return (
            f"'{value}' is longer than the {feature.size} bytes of `{feature.address}`",
            "no entry can be equal to it",
        )
    return None


def _no_number(feature: Valued, value: object) -> tuple[str, str] | None:
    address, dtype = feature.address, feature.dtype
    kind = NUMBERS[dtype].kind
    if kind == "bool":
        return (
            None if isinstance(value, bool) else (f"`{address}` is a bool, not {_shown(value)}", "write true or false")
        )
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"`{address}` holds numbers ({dtype}), not {_shown(value)}", "write a number"
    if kind == "complex":
        return None
    low, high = range_of(dtype)
    if kind != "float" and not (math.isfinite(value) and value == int(value)):
        return f"`{address}` holds whole numbers ({dtype}), not {_shown(value)}", "write a whole number"
    if not low <= value <= high:
        return f"{_shown(value)} is no {dtype}", f"`{address}` holds {_shown(low)} to {_shown(high)}"
    return None


def unfit(feature: Valued, said: Mapping[str, object]) -> Iterator[tuple[str, str, str]]:
    """Key, message and help of each condition of a check that the dtype of a feature cannot have.

    Args:
        feature: Whose values are asked for.
        said: What the check says, by key; bounds are numbers.
    """
    dtype = feature.dtype
    number = NUMBERS.get(dtype)
    for key in (*BOUNDS, "unique", "finite", "match"):
        if key not in said:
            continue
        if key in BOUNDS:
            yield from _unfit_bound(dtype, key, said[key])
        elif key == "finite" and dtype not in DATES and (number is None or number.kind not in ("float", "complex")):
            yield key, f"values of {_what(dtype)} are always finite", "leave it out"
        elif key == "match" and dtype not in ("str", CATEGORY):
            yield key, f"`match` is for texts, and `{feature.address}` is {_what(dtype)}", "leave it out"


def _unfit_bound(dtype: str, key: str, bound: object) -> Iterator[tuple[str, str, str]]:
    number = NUMBERS.get(dtype)
    if dtype in DATES:
        yield key, f"a schema has no values of {dtype}, so there is no `{key}`", "leave it out"
    elif number is None or number.kind in ("bool", "complex"):
        yield key, f"values of {_what(dtype)} have no order, so there is no `{key}`", "leave it out"
    elif isinstance(bound, int | float):
        low, high = range_of(dtype)
        if not low <= bound <= high:
            what = f"`{key}: {_shown(bound)}` is beyond what {dtype} holds"
            yield key, what, f"{dtype} holds {_shown(low)} to {_shown(high)}"


def empty(bounds: Bounded) -> tuple[str, str, str] | None:
    """Key, message and help, if no value keeps all bounds."""
    lower = max((b for b in (bounds.min, bounds.above) if b is not None), default=None)
    upper = min((b for b in (bounds.max, bounds.below) if b is not None), default=None)
    if lower is None or upper is None or lower < upper:
        return None
    if lower == upper and lower not in (bounds.above, bounds.below):
        return None
    key = "max" if bounds.max is not None else "below"
    return key, f"no value is at least {_shown(lower)} and at most {_shown(upper)}", "swap the bounds, or move one"


def _what(dtype: str) -> str:
    return {"enum": "an enum", "str": "a str", "bool": "a bool"}.get(dtype, dtype)


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return f"'{value}'" if isinstance(value, str) else str(value)


def _some(texts: list[str]) -> str:
    return ", ".join(texts[:8]) + (", …" if len(texts) > 8 else "")
