"""Dims: axes of entries."""

from itertools import chain
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator
from pydantic.json_schema import JsonSchemaValue

from .base import MOST, TEXT, Doc, Model, Text, Texts, mistake, said, too_large
from .conditions import PredicateSpec
from .functions import source_of_entries


def _size(value: object) -> object:
    if value == "open" or (isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST):
        return value
    if isinstance(value, int) and value > MOST:
        raise too_large("a size", value)
    raise mistake(
        "wrong-type", f"a size is a whole number from 1 or the word open, not {said(value)}", "write 40, or open"
    )


Size = Annotated[
    object, BeforeValidator(_size), WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"const": "open"}]})
]


def _ids(value: object) -> object:
    if value is True or (isinstance(value, str) and value):
        return value
    raise mistake(
        "wrong-type",
        f"ids are true, a template or the address of a feature, not {said(value)}",
        "write true (the writer gives them), '{name}' (made of captures), or leave the key out",
    )


GivenIds = Annotated[object, BeforeValidator(_ids), WithJsonSchema({"anyOf": [{"const": True}, TEXT]})]


_INDEXES = (("offsets",), ("ends",), ("lengths",), ("ranges",), ("start", "end"), ("start", "length"))
"""The forms of an index: keys that stand together."""


class IndexSpec(Model):
    """How a ragged dim is written in a file of others."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": [*form]} for form in _INDEXES]})
    noun: ClassVar[str] = "an index"

    offsets: Text | None = Field(None, title="path", description="N+1 offsets, the first 0.")
    ends: Text | None = Field(None, title="path", description="N cumulative ends.")
    lengths: Text | None = Field(None, title="path", description="N lengths.")
    ranges: Text | None = Field(None, title="path", description="N pairs of start and stop.")
    start: Text | None = Field(None, title="path", description="N starts, with `end` or `length`.")
    end: Text | None = Field(None, title="path", description="N ends, with `start`.")
    length: Text | None = Field(None, title="path", description="N lengths, with `start`.")
    where: dict[str, PredicateSpec] = Field(
        {}, title="mapping of predicates", description="Which entries have a range at all."
    )

    @model_validator(mode="after")
    def _has_one_form(self) -> Self:
        found = [key for key in dict.fromkeys(chain(*_INDEXES)) if getattr(self, key) is not None]
        if tuple(found) in _INDEXES:
            return self
        forms = "one of `offsets`, `ends`, `lengths`, `ranges`, `start` with `end`, `start` with `length`"
        if not found:
            raise mistake("missing-key", f"an index is {forms}", "add offsets: <path>, for example", ("[key]",))
        if len(found) == 1:
            other = "start: <path>" if found != ["start"] else "end: <path>, or length: <path>"
            raise mistake("missing-key", f"`{found[0]}` of an index does not stand alone", f"add {other}", ("[key]",))
        raise mistake(
            "two-kinds",
            f"`{found[-2]}` and `{found[-1]}` belong to two forms of an index",
            f"write {forms}",
            (found[-1], "[key]"),
        )


class DimSpec(Model):
    """An axis of entries: fixed, open, or ragged."""

    noun: ClassVar[str] = "a dim"
    shorthand: ClassVar[tuple[JsonSchemaValue, ...]] = ({"type": "integer", "minimum": 1}, {"const": "open"})

    size: Size = Field("open", title="int or open", description="A fixed length, or `open`: entries are appended.")
    per: Texts = Field(
        (),
        title="dim or list of dims",
        description="Ragged: a length for each entry of that dim (of each combination). It owns the lengths.",
    )
    source: Annotated[Text, AfterValidator(source_of_entries)] | None = Field(
        None,
        title="pattern, table or module:function",
        description="One entry per match: a pattern of paths such as `{label}/{name}.jpg` (`{x}` one part of a path, `{x:int}`, `{x:path}` with slashes, `{x:a|b*}` alternatives); a table such as `people.csv` or `people.parquet`, one entry per row, in which `path` names the file and the other columns are captures; or a function, `module:function`, that yields (id, path, captures).",
    )
    ids: GivenIds | None = Field(
        None,
        title="true, template or address",
        description="`true`: the writer gives ids; a template of captures such as `{name}`; or a feature that holds them. With `source` the default is the relative path.",
    )
    index: IndexSpec | None = Field(
        None, title="mapping", description="Bound files only: how the ragged dim is written."
    )
    like: Text | None = Field(None, title="dim", description="The same entries a second time: `[cell, neighbor]`.")
    doc: Doc = ""

    @classmethod
    def spelled_out(cls, value: object) -> object:
        if isinstance(value, int) and not isinstance(value, bool):
            return {"size": value}
        if isinstance(value, str):
            if value != "open":
                raise mistake(
                    "wrong-type",
                    f"a dim is a size, the word open, or a mapping, not {said(value)}",
                    "write 40, open, {source: '...'}, {ids: true} or {per: ...}",
                )
            return {"size": value}
        return value

    @classmethod
    def form(cls) -> str:
        return "a size, the word open, or a mapping"

    @classmethod
    def example(cls) -> str:
        return "write 40, open, {source: '...'}, {ids: true} or {per: ...}"
