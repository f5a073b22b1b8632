"""Whether a value or a bound of the schema can be a value of a feature at all."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from h5schema.spec import CheckSpec
from h5schema.vocabulary.dtypes import CATEGORY, DATES, NUMBERS
from h5schema.vocabulary.suggest import closest

from .ir import CheckIR, EnumIR, FeatureIR

_BOUNDS = ("min", "max", "above", "below")


def range_of(dtype: str) -> tuple[float, float]:
    """The smallest and the largest finite value of a real dtype."""
    number = NUMBERS[dtype]
    if number.kind == "float":
        high = math.ldexp(1 - 2.0**-number.digits, number.exponent)
        return -high, high
    return (-(2**number.digits) if number.kind == "int" else 0), 2**number.digits - 1


def impossible(feature: FeatureIR, enums: Mapping[str, EnumIR], value: object) -> tuple[str, str] | None:
    """Message and help if no entry of the feature can be `value`; None if one can."""
    dtype = feature.dtype.name
    if dtype == "enum":
        return _no_member(feature, enums, value)
    if dtype in ("str", CATEGORY):
        return _no_text(feature, value)
    if dtype not in NUMBERS:
        return f"a schema has no values of {dtype}, so none is equal to one of `{feature.address}`", "leave it out"
    return _no_number(feature, value)


def _no_member(feature: FeatureIR, enums: Mapping[str, EnumIR], value: object) -> tuple[str, str] | None:
    enum = enums.get(feature.address)
    texts = [] if enum is None else [text for _, text, _ in enum.members]
    if enum is None or value in texts:
        return None
    if not isinstance(value, str):
        named = next((text for _, text, number in enum.members if number == value), None)
        return (
            f"members of `{feature.address}` are called by their texts, not {_shown(value)}",
            f"write '{named}'" if named else f"the members are {_some(texts)}",
        )
    near = closest(value, texts)
    return (
        f"`{feature.address}` has no member '{value}'",
        f"did you mean '{near}'?" if near else f"the members are {_some(texts)}",
    )


def _no_text(feature: FeatureIR, value: object) -> tuple[str, str] | None:
    if not isinstance(value, str):
        return f"`{feature.address}` holds texts, not {_shown(value)}", f"put it in quotes: '{_shown(value)}'"
    size = feature.dtype.size
    if size is not None and len(value.encode("utf-8", "surrogatepass")) > size:
        return f"'{value}' is longer than the {size} bytes of `{feature.address}`", "no entry can be equal to it"
    return None


def _no_number(feature: FeatureIR, value: object) -> tuple[str, str] | None:
    dtype = feature.dtype.name
    kind = NUMBERS[dtype].kind
    if kind == "bool":
        if isinstance(value, bool):
            return None
        return f"`{feature.address}` is a bool, not {_shown(value)}", "write true or false"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return f"`{feature.address}` holds numbers ({dtype}), not {_shown(value)}", "write a number"
    if kind == "complex":
        return None
    low, high = range_of(dtype)
    if kind != "float" and value != int(value):
        return f"`{feature.address}` holds whole numbers ({dtype}), not {_shown(value)}", "write a whole number"
    if not low <= value <= high:
        return f"{_shown(value)} is no {dtype}", f"`{feature.address}` holds {_shown(low)} to {_shown(high)}"
    return None


def checked(feature: FeatureIR, spec: CheckSpec) -> Iterator[tuple[str, str, str]]:
    """Key, message and help of each bound that the dtype of the feature cannot have."""
    dtype = feature.dtype.name
    said = [key for key in (*_BOUNDS, "unique", "finite", "match") if key in spec.model_fields_set]
    number = NUMBERS.get(dtype)
    for key in said:
        if key in _BOUNDS:
            if number is None or number.kind in ("bool", "complex"):
                if dtype in DATES:
                    yield key, f"a schema has no values of {dtype}, so there is no `{key}`", "leave it out"
                    continue
                yield key, f"values of {_what(dtype)} have no order, so there is no `{key}`", "leave it out"
                continue
            bound = getattr(spec, key)
            low, high = range_of(dtype)
            if not low <= bound <= high:
                yield (
                    key,
                    f"`{key}: {_shown(bound)}` is beyond what {dtype} holds",
                    f"{dtype} holds {_shown(low)} to {_shown(high)}",
                )
        elif key == "finite" and dtype not in DATES and (number is None or number.kind not in ("float", "complex")):
            yield key, f"values of {_what(dtype)} are always finite", "leave it out"
        elif key == "match" and dtype not in ("str", CATEGORY):
            yield key, f"`match` is for texts, and `{feature.address}` is {_what(dtype)}", "leave it out"
    lower = max((b for b in (spec.min, spec.above) if b is not None), default=None)
    upper = min((b for b in (spec.max, spec.below) if b is not None), default=None)
    if lower is not None and upper is not None and (lower > upper or (lower == upper and _open_at(spec, lower))):
        key = "max" if spec.max is not None else "below"
        yield key, f"no value is at least {_shown(lower)} and at most {_shown(upper)}", "swap the bounds, or move one"


def as_check(spec: CheckSpec) -> CheckIR:
    """The bounds as the IR holds them."""
    return CheckIR(spec.min, spec.max, spec.above, spec.below, bool(spec.unique), bool(spec.finite), spec.match)


def _open_at(spec: CheckSpec, bound: float) -> bool:
    return bound in (spec.above, spec.below)


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
