"""Conditions: checks of features, predicates of loaders, parts of splits."""

import re
from collections.abc import Mapping
from typing import Annotated, ClassVar, cast

from pydantic import BeforeValidator, Field
from pydantic.json_schema import JsonSchemaValue

from h5schema.parse.words import shown
from h5schema.vocabulary.values import unreadable

from .base import ATOM, Atom, Model, Text, mistake, said


def _number(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool) and value == value:
        return value
    raise mistake("wrong-type", f"a bound is a number, not {said(value)}", "write a number")


Number = Annotated[int | float, BeforeValidator(_number)]


def _expression(value: object) -> object:
    if isinstance(value, str):
        why = unreadable(value)
        if why is not None:
            raise mistake(
                "bad-expression",
                f"this is not a regular expression: {why}",
                "mend it; special characters need a backslash",
            )
    return value


class CheckSpec(Model):
    """What every value keeps."""

    noun: ClassVar[str] = "a check"

    min: Number | None = Field(None, title="number", description="The smallest value that is allowed.")
    max: Number | None = Field(None, title="number", description="The largest value that is allowed.")
    above: Number | None = Field(None, title="number", description="Every value is greater.")
    below: Number | None = Field(None, title="number", description="Every value is less.")
    unique: bool = Field(False, title="bool", description="No value stands twice.")
    finite: bool = Field(False, title="bool", description="No value is infinite or NaN.")
    match: Annotated[Text, BeforeValidator(_expression)] | None = Field(
        None, title="regular expression", description="What a whole text matches."
    )


BOUNDS: JsonSchemaValue = {"bounds": "as in CheckSpec"}
"""Stands for a reference to CheckSpec until the whole JSON Schema is made."""

_ATOMS: tuple[JsonSchemaValue, ...] = (
    ATOM,
    {"type": "array", "items": ATOM},
)


class PredicateSpec(Model):
    """A value, a list of values, `present`, `absent`, or bounds."""

    noun: ClassVar[str] = "a predicate"
    long_form: ClassVar[bool] = False
    shorthand: ClassVar[tuple[JsonSchemaValue, ...]] = (*_ATOMS, BOUNDS)

    values: tuple[Atom, ...] | None = Field(None, title="list", description="One of these values.")
    present: bool | None = Field(None, title="bool", description="Whether the entry has the feature.")
    check: CheckSpec | None = Field(None, title="mapping", description="Bounds, as in `check`.")

    @classmethod
    def spelled_out(cls, value: object) -> object:
        match value:
            case "present" | "absent":
                return {"present": value == "present"}
            case Mapping():
                return {"check": cast("Mapping[str, object]", value)}
            case tuple():
                return {"values": cast("tuple[object, ...]", value)}
            case None:
                raise mistake(
                    "wrong-type",
                    "a predicate is missing",
                    "write a value, a list, present, absent, or bounds such as {min: 1}",
                )
            case _:
                return {"values": (value,)}


class PartSpec(Model):
    """A share, a list of values, bounds, or the address of a feature."""

    noun: ClassVar[str] = "a part of a split"
    long_form: ClassVar[bool] = False
    shorthand: ClassVar[tuple[JsonSchemaValue, ...]] = (
        {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        {"type": "string", "pattern": "^[A-Za-z]"},
        _ATOMS[1],
        BOUNDS,
    )

    share: int | float | None = Field(
        None, title="number", description="Its share of the entries, decided by a hash of `by` or of the id."
    )
    values: tuple[Atom, ...] | None = Field(None, title="list", description="Values of `by`, or ids.")
    check: CheckSpec | None = Field(None, title="mapping", description="Bounds on `by`, as in `check`.")
    feature: Text | None = Field(
        None, title="address", description="A stored feature that holds ids, positions or a mask."
    )

    @classmethod
    def spelled_out(cls, value: object) -> object:
        match value:
            case bool() | None:
                raise mistake(
                    "wrong-type",
                    f"a part is a share, a list, bounds or an address, not {said(value)}",
                    "write 0.8, [a, b], or {max: 10}",
                )
            case int() | float():
                return {"share": _share(value)}
            case str():
                return {"feature": _address(value)}
            case Mapping():
                return {"check": cast("Mapping[str, object]", value)}
            case _:
                return {"values": value}


def _share(value: float) -> float:
    if 0 < value <= 1:
        return value
    help = f"write {value / 100:g} for {value:g} of 100" if 5 <= value <= 100 else "write 0.8 for four of five"
    raise mistake("shares", f"a share is more than 0 and at most 1, not {shown(str(value))}", help)


_FRACTION = re.compile(r"([0-9]+(?:\.[0-9]+)?) *(?:(%)|/ *([0-9]+))?")


def _address(value: str) -> str:
    """Refuses what was meant as a share."""
    if value[:1].isascii() and value[:1].isalpha():
        return value
    found = _FRACTION.fullmatch(value.strip())
    whole = 1.0 if found is None else 100.0 if found[2] else float(found[3] or 1)
    share = float(found[1]) / whole if found is not None and whole else 0.0
    raise mistake(
        "shares" if found else "wrong-type",
        f"a share is a number, not {said(value)}"
        if found
        else f"a part is a share, a list, bounds or an address, not {said(value)}",
        f"write {share:g}" if 0 < share <= 1 else "write 0.8, [a, b], or {max: 10}",
    )
