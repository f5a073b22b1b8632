"""What all models share: strictness, our own errors, and the small types that come again and again."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, TypeAlias, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_before_validator_function

from h5schema.parse.words import shown
from h5schema.vocabulary.reserved import IN_DECLARATIONS, IN_MODULES, is_keyword
from h5schema.vocabulary.suggest import closest

Step: TypeAlias = "str | int"


@dataclass(frozen=True, slots=True)
class Flaw:
    """Stands where a value is missing. No type takes it, and `read` tells of the failure in its words: so a model
    complains of all its keys at once, those that are missing and those that are wrong.
    """

    rule: str
    what: str
    help: str


class Model(BaseModel):
    """A part of the language: frozen, exact types, no other keys.

    Class attributes of a subclass:
        noun: What it is called in messages: `a feature`.
        shorthand: JSON Schemas of the short forms that `spelled_out` takes.
        long_form: Whether its keys may be written out, too.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", defer_build=True)
    noun: ClassVar[str] = "this"
    shorthand: ClassVar[tuple[JsonSchemaValue, ...]] = ()
    long_form: ClassVar[bool] = True

    @classmethod
    def spelled_out(cls, value: object) -> object:
        """A short form as the mapping it stands for, so that every place has one type and a mistake makes one error."""
        return value

    @model_validator(mode="before")
    @classmethod
    def _keys_are_known(cls, value: object) -> object:
        value = cls.spelled_out(value)
        if isinstance(value, cls):
            return value
        if not isinstance(value, Mapping):
            raise mistake("wrong-type", f"{cls.noun} is {cls.form()}, not {said(value)}", cls.example())
        keys = cast("Mapping[str, object]", value)
        known = {field.alias or name: field for name, field in cls.model_fields.items()}
        for key in keys:
            if key not in known:
                lacks = [one for one, field in known.items() if field.is_required() and one not in keys]
                near = closest(key, known) or (lacks[0] if len(lacks) == 1 else None)
                raise mistake(
                    "unknown-key",
                    f"'{shown(key)}' is not a key of {cls.noun}",
                    f"did you mean '{near}'?" if near else f"its keys are {', '.join(known)}",
                    (key,),
                    meant=near or "",
                )
        filled = dict(keys)
        for key, field in known.items():
            title = field.title or "text"
            write = f"{key}: {title if title.isdigit() else f'<{title}>'}"
            if key in keys:
                if keys[key] is None:
                    delete = "" if field.is_required() else ", or delete the key"
                    filled[key] = Flaw("no-value", f"`{key}` has no value", f"write {write}{delete}")
            elif field.is_required():
                filled[key] = Flaw("missing-key", f"{cls.noun} needs the key '{key}'", f"add {write}")
        return filled

    @classmethod
    def form(cls) -> str:
        """What may stand in its place."""
        return "a mapping"

    @classmethod
    def example(cls) -> str:
        """What to write instead of something else."""
        required = [field.alias or name for name, field in cls.model_fields.items() if field.is_required()]
        keys = required or [field.alias or name for name, field in list(cls.model_fields.items())[:1]]
        return "write " + "{" + ", ".join(f"{key}: ..." for key in keys) + "}"

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        made = handler(schema)
        if not cls.shorthand:
            return made
        full = handler.resolve_ref_schema(made)
        inner = dict(full)
        full.clear()
        forms = [*cls.shorthand, inner] if cls.long_form else [*cls.shorthand]
        full.update({"anyOf": forms, "title": inner.get("title", cls.__name__), "description": cls.__doc__ or ""})
        return made


def said(value: object) -> str:
    """A value of the schema in a message: what it is, and how it begins."""
    match value:
        case None:
            return "an empty value"
        case bool():
            return f"the truth value {str(value).lower()}"
        case int() | float():
            return f"the number {shown(repr(value))}"
        case str():
            return f"the text '{shown(value)}'"
        case Mapping():
            return "a mapping"
        case _:
            return "a list"


@dataclass(frozen=True, slots=True)
class Mistake:
    """What a validator found.

    Attributes:
        rule: Its rule id.
        what: What is wrong.
        help: What to write instead.
        at: Steps from the value that is validated to the one that is wrong.
        meant: The key that an unknown one was likely meant to be.
    """

    rule: str
    what: str
    help: str = ""
    at: tuple[Step, ...] = ()
    meant: str = ""


def refusal(*mistakes: Mistake) -> PydanticCustomError:
    """An error in our words, raised by a validator: everything that it found."""
    # The words travel as data: pydantic would fill in braces that it finds in a template.
    return PydanticCustomError("h5schema", "mistakes", {"mistakes": mistakes})


def mistake(rule: str, what: str, help: str = "", at: tuple[Step, ...] = (), *, meant: str = "") -> PydanticCustomError:
    """The refusal of one `Mistake`."""
    return refusal(Mistake(rule, what, help, at, meant))


MOST = 2**63 - 1
"""The largest size, count or number of bytes: HDF5 and numpy count no further."""


def too_large(what: str, value: int) -> PydanticCustomError:
    """The refusal of a number that is larger than anything that can be stored."""
    number = shown(str(value)) if value.bit_length() < 1000 else "this number"
    return mistake("out-of-range", f"{what} is at most {MOST}, not {number}", "write a smaller number")


LONGEST_NAME = 40
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def check_name(value: object, info: ValidationInfo) -> object:
    """Refuses a name that cannot stand in generated code, unless the context holds it: it had its complaint."""
    if not isinstance(value, str) or value in (info.context or ()):
        return value
    name = value
    if is_keyword(name):
        raise mistake(
            "keyword-name",
            f"`{name}` is a word of Python's own",
            f"name it `{name}_id`, for example; a feature or group keeps its name in the file with `at: {name}`",
        )
    if len(name) > LONGEST_NAME:
        raise mistake(
            "bad-name",
            f"a name has at most {LONGEST_NAME} characters, this one {len(name)}",
            "shorten it; `doc` is for the rest",
        )
    if not _NAME.fullmatch(name) or name.endswith("_") or "__" in name:
        better = _better(name)
        raise mistake(
            "bad-name",
            f"`{shown(name)}` is not a name: letters, digits and single '_' between them, a letter first",
            f"name it `{better}`" if better else "such as 'label' or 'cell_type'",
        )
    return name


def _better(name: str) -> str:
    """The nearest name that is allowed; empty if nothing is left."""
    import unicodedata  # only once something is wrong

    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    better = re.sub(r"[^A-Za-z0-9]+", "_", plain).strip("_").lstrip("0123456789_")[:LONGEST_NAME].rstrip("_")
    taken = is_keyword(better) or better in IN_DECLARATIONS or better in IN_MODULES
    return f"{better}_id" if taken else better


Name = Annotated[
    str,
    BeforeValidator(check_name),
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*$", "maxLength": LONGEST_NAME}),
]
"""Name of a schema, dim, feature, group, split, part, loader or input."""


def _not_empty(value: object) -> object:
    if value == "":
        raise mistake("empty-text", "the text is empty", "write something, or delete the key")
    return value


TEXT: JsonSchemaValue = {"type": "string", "minLength": 1}

Text = Annotated[str, BeforeValidator(_not_empty), WithJsonSchema(TEXT)]
"""A text that says something: an address, a path, a pattern."""


def as_tuple(value: object) -> object:
    """One text stands for a list of it."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, tuple):
        return cast("tuple[object, ...]", value)
    raise mistake(
        "wrong-type",
        f"an address or a list of addresses belongs here, not {said(value)}",
        "write name, or [name, name]",
    )


Texts = Annotated[
    tuple[Text, ...],
    BeforeValidator(as_tuple),
    Field(min_length=1),
    WithJsonSchema({"anyOf": [TEXT, {"type": "array", "items": TEXT, "minItems": 1}]}),
]
"""One address, or a list of them."""

Doc = Annotated[str, Field(description="What it is, for people: it becomes the docstring in generated code.")]

Json: TypeAlias = "bool | int | float | str | tuple[Json, ...] | dict[str, Json] | None"


def _json(value: object) -> object:
    """Refuses the numbers that JSON lacks; everything else that YAML nodes hold is JSON already."""
    waiting: list[tuple[object, tuple[Step, ...]]] = [(value, ())]
    while waiting:
        item, path = waiting.pop()
        if isinstance(item, float) and not math.isfinite(item):
            raise mistake("not-finite", f"{item} cannot be kept as a parameter", "give a finite number", path)
        if isinstance(item, tuple):
            waiting += [(one, (*path, index)) for index, one in enumerate(cast("tuple[object, ...]", item))]
        elif isinstance(item, Mapping):
            waiting += [(one, (*path, key)) for key, one in cast("Mapping[str, object]", item).items()]
    return value


AnyJson = Annotated[object, BeforeValidator(_json), WithJsonSchema({})]
"""Any value that YAML and JSON share."""

ATOM: JsonSchemaValue = {"type": ["boolean", "number", "string"]}


def _atom(value: object) -> object:
    if isinstance(value, bool | int | float | str):
        return _json(value)
    raise mistake(
        "wrong-type", f"a single value belongs here, not {said(value)}", "write a number, a text, true or false"
    )


Atom = Annotated[object, BeforeValidator(_atom), WithJsonSchema(ATOM)]
"""A single value."""


class Word:
    """An annotation of a closed set of words, with did-you-mean; editors complete them from the JSON Schema."""

    def __init__(self, *words: str, others: Mapping[str, str] | None = None) -> None:
        self.words = words
        self.others = others or {}  # names that others have for them, for advice

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_before_validator_function(self._known, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"enum": list(self.words)}

    def _known(self, value: object) -> object:
        choice = f"write one of {', '.join(self.words)}"
        if not isinstance(value, str):
            raise mistake("wrong-type", f"a word belongs here, not {said(value)}", choice)
        if value not in self.words:
            near = self.others.get(value.lower()) or closest(value, self.words)
            raise mistake(
                "unknown-word",
                f"'{shown(value)}' is none of {', '.join(self.words)}",
                f"did you mean '{near}'?" if near else choice,
            )
        return value
