"""Dtypes as they are written."""

import json
from collections.abc import Mapping
from typing import ClassVar, cast

from pydantic import Field
from pydantic.json_schema import JsonSchemaValue

from h5schema.parse.words import shown
from h5schema.vocabulary.dtypes import LATER, NUMBERS
from h5schema.vocabulary.suggest import closest

from .base import TEXT, Model, Step, mistake, said

WORDS = (*NUMBERS, "str", *LATER)

_OTHER_NAMES = {
    "float": "float32 or float64",
    "double": "float64",
    "int": "int64 or int32",
    "uint": "uint64 or uint8",
    "string": "str",
    "text": "str",
    "utf-8": "str",
    "boolean": "bool",
    "complex": "complex64 or complex128",
    "byte": "uint8",
    "half": "float16",
}
_FORMS = "uint8, float32, str, {str: 16}, {enum: [a, b]}"


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
                        {"type": "array", "items": TEXT, "minItems": 1},
                        {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 1},
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
            return {"name": key, "size": inner}
        case "enum":
            return {"name": "enum", "members": _members(inner)}
        case _:
            near = closest(key, ("str", "bytes", "enum"))
            raise mistake(
                "unknown-dtype",
                f"'{shown(key)}' is not a dtype that takes an argument",
                f"did you mean '{near}'?" if near else f"write {_FORMS}",
                (key,),
            )


def _members(inner: object) -> tuple[tuple[str, int], ...]:
    match inner:
        case tuple() | Mapping() if not inner:
            raise mistake("empty", "an enum has at least one member", "write {enum: [cat, dog]}", ("enum",))
        case tuple():
            texts = cast("tuple[object, ...]", inner)
            seen: set[str] = set()
            for index, text in enumerate(texts):
                seen.add(_member(text, seen, ("enum", index)))
            return tuple((cast("str", text), index) for index, text in enumerate(texts))
        case Mapping():
            for text, number in cast("Mapping[str, object]", inner).items():
                if isinstance(number, bool) or not isinstance(number, int):
                    raise mistake(
                        "wrong-type",
                        f"the value of a member is a whole number, not {said(number)}",
                        f"write {text}: 0",
                        ("enum", text),
                    )
            return tuple(cast("Mapping[str, int]", inner).items())
        case _:
            raise mistake(
                "wrong-type",
                f"an enum is a list of texts or a mapping to whole numbers, not {said(inner)}",
                "write {enum: [cat, dog]} or {enum: {cat: 1, dog: 2}}",
                ("enum",),
            )


def _member(text: object, seen: set[str], at: tuple[Step, ...]) -> str:
    if not isinstance(text, str) or not text:
        written = json.dumps(text).strip('"')
        help = f"put it in quotes: '{written}'" if isinstance(text, bool | int | float) else "write a text"
        raise mistake("wrong-type", f"a member of an enum is a text, not {said(text)}", help, at)
    if text in seen:
        raise mistake("member-twice", f"'{shown(text)}' stands twice in the enum", "delete one of the two", at)
    return text
