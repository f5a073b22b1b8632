"""The numeric dtypes of the language, and which casts keep every value.

HDF5 converts on read and write without a word: integers saturate, floats become
infinite, 2**53 + 1 becomes 2**53. So whether a stored dtype may be read as another
is decided here, by what each dtype can represent, before HDF5 is asked.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["bool", "int", "uint", "float", "complex"]


class Number(NamedTuple):
    """What a numeric dtype can represent exactly.

    Attributes:
        kind: The class of values.
        itemsize: Bytes of one value.
        digits: Bits of an integer (without sign), or of a float's significand.
        exponent: Largest binary exponent of a float (of each part, if complex).
    """

    kind: Kind
    itemsize: int
    digits: int
    exponent: int = 0


NUMBERS: dict[str, Number] = {
    "bool": Number("bool", 1, 1),
    "int8": Number("int", 1, 7),
    "int16": Number("int", 2, 15),
    "int32": Number("int", 4, 31),
    "int64": Number("int", 8, 63),
    "uint8": Number("uint", 1, 8),
    "uint16": Number("uint", 2, 16),
    "uint32": Number("uint", 4, 32),
    "uint64": Number("uint", 8, 64),
    "float16": Number("float", 2, 11, 16),
    "bfloat16": Number("float", 2, 8, 128),
    "float32": Number("float", 4, 24, 128),
    "float64": Number("float", 8, 53, 1024),
    "complex64": Number("complex", 8, 24, 128),
    "complex128": Number("complex", 16, 53, 1024),
}

ENCODED = ("str", "bytes", "json")
"""Dtypes whose values are bytes of any length, whatever they stand for."""

DATE_UNITS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds", "D": "days"}
"""Units of dates, and their names in the conventions of CF."""

DATES = tuple(f"datetime64[{unit}]" for unit in DATE_UNITS)


CONVERTED = (*DATES, "bfloat16")
"""Dtypes whose values are stored as something else than numpy gives to the user."""


def date_unit(dtype: str) -> str | None:
    """The unit of a dtype of dates; None: it is none."""
    return dtype.removeprefix("datetime64[").removesuffix("]") if dtype in DATES else None


def item_bytes(dtype: str) -> int | None:
    """Bytes of one value; None: they differ, or an enum decides."""
    return 8 if dtype in DATES else NUMBERS[dtype].itemsize if dtype in NUMBERS else None


CATEGORY = "category"
"""Texts of which there are few: codes, and a dictionary in the file."""

ANY = "any"
"""Each entry has a dtype of its own."""


def keeps_values(stored: str, loaded: str) -> bool:
    """Whether every value of dtype `stored` is also one of dtype `loaded`."""
    if stored == loaded:
        return True
    old, new = NUMBERS[stored], NUMBERS[loaded]
    match old.kind, new.kind:
        case "bool", _:
            return True
        case _, "bool":
            return False
        case "int", "uint":
            return False
        case (("int" | "uint"), ("int" | "uint")):
            return old.digits <= new.digits
        case (("int" | "uint"), _):
            return old.digits <= new.digits and old.digits <= new.exponent
        case (("float" | "complex"), ("int" | "uint")):
            return False
        case "complex", "float":
            return False
        case _:
            return old.digits <= new.digits and old.exponent <= new.exponent


def enum_base(values: tuple[int, ...]) -> str:
    """The smallest integer dtype that holds all values of an enum."""
    low, high = min(values), max(values)
    names = ("uint8", "uint16", "uint32", "uint64") if low >= 0 else ("int8", "int16", "int32", "int64")
    for name in names:
        digits = NUMBERS[name].digits
        if high < 2**digits and low >= -(2**digits):
            return name
    message = f"no 64-bit integer holds both {low} and {high}"
    raise ValueError(message)
