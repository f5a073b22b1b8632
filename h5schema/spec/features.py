"""Features: named quantities."""

from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, WithJsonSchema

from .base import MOST, TEXT, AnyJson, Atom, Doc, Model, Name, Text, Texts, mistake, said, too_large
from .conditions import CheckSpec
from .dtypes import DtypeSpec
from .functions import WordOrCode
from .storage import StoreSpec


def _axis(value: object) -> object:
    if isinstance(value, str) and value:
        return value
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST:
        return value
    if isinstance(value, int) and value > MOST:
        raise too_large("a size", value)
    raise mistake(
        "wrong-type",
        f"an item of dims is a dim's name or a size from 1, not {said(value)}",
        "write a name, such as photo, or a number, such as 32",
    )


def _axes(value: object) -> object:
    if isinstance(value, str | int) and not isinstance(value, bool):
        raise mistake("wrong-type", f"dims are a list, not {said(value)}", f"write [{value}]")
    return value


AxisItem = Annotated[
    object, BeforeValidator(_axis), WithJsonSchema({"anyOf": [TEXT, {"type": "integer", "minimum": 1}]})
]
Axes = Annotated[tuple[AxisItem, ...], BeforeValidator(_axes)]
"""Dims in stored order: names, addresses, sizes, `_`, `...`."""


def _deprecated(value: object) -> object:
    if isinstance(value, bool | str):
        return value
    raise mistake(
        "wrong-type", f"`deprecated` is true or a text, not {said(value)}", "write true, or what to use instead"
    )


Deprecated = Annotated[object, BeforeValidator(_deprecated), WithJsonSchema({"type": ["boolean", "string"]})]


class FeatureSpec(Model):
    """One named quantity: an array over its dims."""

    noun: ClassVar[str] = "a feature"

    dims: Axes | None = Field(
        None,
        title="list",
        description="Its dims in stored order; a ragged dim comes after its parent. An integer is a size without a name. Default: the group's `over`.",
    )
    dtype: DtypeSpec = Field(
        title="dtype",
        description="What the reader returns: a numpy name, `str`, `bfloat16`, `bytes`, `json`, `datetime64[ns]`, `{str: 16}`, `{bytes: 16}` (at most that many bytes), `{enum: [a, b]}`, `{enum: {a: 1}}`, `category` (texts of which there are few); later also `any`.",
    )
    at: Text | None = Field(
        None,
        title="path",
        description="Where it lies, relative to the group; default: its name. `x@a` is the attribute a of x, `@a` of the group.",
    )
    call: WordOrCode | None = Field(
        None,
        title="word or module:function",
        description="Makes the value. A mapping that it returns is shared: each feature takes the item of its name, and the call runs once.",
    )
    from_: Texts | None = Field(
        None,
        alias="from",
        title="address, list of them, or '{capture}'",
        description="What is handed to `call`; default: the entry's file. A capture needs no call.",
    )
    source: Text | None = Field(
        None,
        title="pattern",
        description="Another file of the same entry, with captures filled in: `labels/{name}.json`.",
    )
    params: dict[str, AnyJson] = Field(
        {}, title="mapping", description="Handed to `call` as keyword arguments, and stored beside the data."
    )
    store: StoreSpec | None = Field(None, title="word or mapping", description="How it is stored.")
    optional: bool = Field(False, title="bool", description="An entry may be absent, which is not empty, zero or NaN.")
    fill: Atom | None = Field(
        None, title="value", description="Bound files only: what stands where nothing was written."
    )
    refers: Text | None = Field(None, title="dim", description="The values are positions (or ids) in that dim.")
    unit: str = Field("", title="text", description="Physical unit, kept beside the data.")
    check: CheckSpec | None = Field(None, title="mapping", description="What every value keeps.")
    methods: dict[Name, WordOrCode] = Field(
        {},
        title="mapping",
        description="Functions of the feature's view, by name: `module:function`. For `plot` also a kind of plots.",
    )
    renamed_from: Text | None = Field(None, title="name", description="What it was called in an older version.")
    deprecated: Deprecated | None = Field(None, title="bool or text", description="Still read, but not to be used.")
    doc: Doc = ""
