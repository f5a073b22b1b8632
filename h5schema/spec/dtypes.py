"""Dtypes as they are written."""

import json
from collections.abc import Iterator, Mapping
from typing import ClassVar, cast

from pydantic import Field
from pydantic.json_schema import JsonSchemaValue

from h5schema.parse.words import shown
from h5schema.vocabulary.dtypes import ANY, CATEGORY, DATES, ENCODED, NUMBERS
from h5schema.vocabulary.suggest import closest

from .base import TEXT, Mistake, Model, Step, mistake, refusal, said

WORDS = (*NUMBERS, *ENCODED, *DATES, CATEGORY, ANY)

_OTHER_NAMES = {
    "float": "float32 or float64",
    "double": "float64",
    "int": "int64 or int32",
    "uint": "uint64 or uint8",
    "string": "str",
    "binary": "bytes",
    "blob": "bytes",
    "text": "str",
    "utf-8": "str",
    "boolean": "bool",
    "complex": "complex64 or complex128",
    "byte": "uint8",
    "half": "float16",
    "datetime": "datetime64[ns]",
    "datetime64": "datetime64[ns]",
    "date": "datetime64[D]",
    "timestamp": "datetime64[ns]",
}
_FORMS = "uint8, float32, str, {str: 16} or {enum: [a, b]}"
MOST_BYTES = 2**32 - 1
_ANY = {"str": "texts", "bytes": "bytes"}
_LOWEST, _HIGHEST = -(2**63), 2**64 - 1


class DtypeSpec(Model):
    """A word, `{str: n}`, `{bytes: n}`, `{enum: [a, b]}` or `{enum: {a: 1}}`."""

    noun: ClassVar[str] = "a dtype"
    long_form: ClassVar[bool] = False
    shorthand: ClassVar[tuple[JsonSchemaValue, ...]] = (
        {"enum": list(WORDS)},
        {
            "type": "object",
            "properties": {"str": {"type": "integer", "minimum": 1}},
            "required": ["str"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {"bytes": {"type": "integer", "minimum": 1}},
            "required": ["bytes"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {
                "enum": {
                    "anyOf": [
                        {"type": "array", "items": TEXT, "minItems": 1, "uniqueItems": True},
                        {
                            "type": "object",
                            "propertyNames": {"minLength": 1},
                            "additionalProperties": {"type": "integer", "minimum": _LOWEST, "maximum": _HIGHEST},
                            "minProperties": 1,
                        },
                    ]
                }
            },
            "required": ["enum"],
            "additionalProperties": False,
        },
    )

    name: str = Field(title="word", description="The word, or `str`, `bytes`, `enum`.")
    size: int | None = Field(None, title="int", description="Bytes of the longest text.")
    members: tuple[tuple[str, int], ...] | None = Field(
        None, title="list or mapping", description="Texts and values of an enum."
    )

    @classmethod
    def spelled_out(cls, value: object) -> object:
        match value:
            case str():
                return {"name": _word(value)}
            case Mapping() if len(cast("Mapping[str, object]", value)) == 1:
                return _one_key(cast("Mapping[str, object]", value))
            case _:
                raise mistake(
                    "wrong-type", f"a dtype is a word or a mapping of one key, not {said(value)}", f"write {_FORMS}"
                )


def _word(name: str) -> str:
    if name in WORDS:
        return name
    if name == "enum":
        raise mistake("unknown-dtype", "an enum names its members", "write {enum: [a, b]}")
    near = _OTHER_NAMES.get(name.lower()) or closest(name, WORDS)
    raise mistake(
        "unknown-dtype", f"'{shown(name)}' is not a dtype", f"did you mean {near}?" if near else f"write {_FORMS}"
    )


def _one_key(value: Mapping[str, object]) -> object:
    ((key, inner),) = value.items()
    match key:
        case "str" | "bytes":
            if isinstance(inner, bool) or not isinstance(inner, int) or inner < 1:
                raise mistake(
                    "wrong-type",
                    f"the size of `{key}` is a whole number of bytes from 1, not {said(inner)}",
                    f"write {{{key}: 16}}",
                    (key,),
                )
            if inner > MOST_BYTES:
                number = inner if inner.bit_length() < 1000 else "this number"
                raise mistake(
                    "out-of-range",
                    f"a text of HDF5 has at most {MOST_BYTES} bytes, not {number}",
                    f"write a smaller number, or dtype: {key} for {_ANY[key]} of any length",
                    (key,),
                )
            return {"name": key, "size": inner}
        case "enum":
            return {"name": "enum", "members": _members(inner)}
        case _:
            near = closest(key, ("str", "bytes", "enum"))
            raise mistake(
                "unknown-dtype",
                f"'{shown(key)}' is not a dtype that takes an argument",
                f"did you mean '{near}'?" if near else f"write {_FORMS}",
                (key, "[key]"),
            )


def _members(inner: object) -> tuple[tuple[str, int], ...]:
    match inner:
        case tuple() | Mapping() if not inner:
            raise mistake("empty", "an enum has at least one member", "write {enum: [cat, dog]}", ("enum",))
        case tuple():
            texts = cast("tuple[object, ...]", inner)
            wrong = tuple(_wrong_texts(texts))
            numbered = tuple((cast("str", text), index) for index, text in enumerate(texts))
        case Mapping():
            values = cast("Mapping[str, object]", inner)
            wrong = tuple(_wrong_values(values))
            numbered = tuple((text, cast("int", value)) for text, value in values.items())
        case _:
            raise mistake(
                "wrong-type",
                f"an enum is a list of texts or a mapping to whole numbers, not {said(inner)}",
                "write {enum: [cat, dog]} or {enum: {cat: 1, dog: 2}}",
                ("enum",),
            )
    if wrong:
        raise refusal(*wrong)
    return numbered


def _wrong_texts(texts: tuple[object, ...]) -> Iterator[Mistake]:
    """What is wrong in a list of members."""
    seen: set[str] = set()
    for index, text in enumerate(texts):
        at: tuple[Step, ...] = ("enum", index)
        if text == "":
            yield Mistake("empty-text", "a member of an enum has no text", "write one, or delete it", at)
        elif not isinstance(text, str):
            written = json.dumps(text).strip('"')
            help = f"put it in quotes: '{written}'" if isinstance(text, bool | int | float) else "write a text"
            yield Mistake("wrong-type", f"a member of an enum is a text, not {said(text)}", help, at)
        elif text in seen:
            yield Mistake("member-twice", f"'{shown(text)}' stands twice in the enum", "delete one of the two", at)
        else:
            seen.add(text)


def _wrong_values(members: Mapping[str, object]) -> Iterator[Mistake]:
    """What is wrong in a mapping of members to values."""
    seen: dict[int, str] = {}
    for index, (text, value) in enumerate(members.items()):
        at: tuple[Step, ...] = ("enum", text)
        if not text:
            yield Mistake("empty-text", "a member of an enum has no text", "write one, or delete it", (*at, "[key]"))
        if isinstance(value, bool) or not isinstance(value, int):
            what = f"the value of a member is a whole number, not {said(value)}"
            yield Mistake("wrong-type", what, f"write {shown(text)}: {index}", at)
        elif not _LOWEST <= value <= _HIGHEST:
            what = f"{shown(str(value))} does not fit into 64 bits"
            yield Mistake("enum-range", what, f"choose a value from {_LOWEST} to {_HIGHEST}", at)
        elif value in seen:
            what = f"the members '{shown(seen[value])}' and '{shown(text)}' have the same value {value}"
            yield Mistake("value-twice", what, "give each member a value of its own", at)
        else:
            seen[value] = text
