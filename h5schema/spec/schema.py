"""Groups and the schema itself."""

import functools
import os
import re
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue

from h5schema.parse.words import shown

from .base import TEXT, AnyJson, Doc, Model, Name, Text, Texts, Word, as_tuple, mistake, said
from .conditions import PartSpec
from .dims import DimSpec
from .features import FeatureSpec
from .functions import Code, WordOrCode
from .loaders import LoaderSpec
from .storage import StoreSpec


class UseSpec(Model):
    """Another schema file, mounted here."""

    noun: ClassVar[str] = "a use"
    shorthand: ClassVar[tuple[JsonSchemaValue, ...]] = (TEXT,)

    file: Text = Field(alias="schema", title="path", description="Of the other schema, relative to this one.")
    dims: dict[str, Text] = Field({}, title="mapping", description="Its dims that are ours: {theirs: ours}.")

    @classmethod
    def spelled_out(cls, value: object) -> object:
        return {"schema": value} if isinstance(value, str) else value

    @classmethod
    def form(cls) -> str:
        return "a path or a mapping"

    @classmethod
    def example(cls) -> str:
        return "write other.yaml, or {schema: other.yaml, dims: {theirs: ours}}"


class GroupSpec(Model):
    """A group: dims, features and groups, and defaults for what is in it."""

    noun: ClassVar[str] = "a group"

    dims: dict[Name, DimSpec] = Field(
        {}, title="mapping", description="Seen in the group and below; outside by address (`prior/chain`)."
    )
    features: dict[Name, FeatureSpec] = Field({}, title="mapping", description="Named quantities.")
    groups: dict[Name, "GroupSpec"] = Field({}, title="mapping", description="Groups in the group, to any depth.")
    at: Text | None = Field(
        None,
        title="path",
        description="Where it lies, relative to the enclosing group, `/x` to the root; default: its name.",
    )
    over: (
        Annotated[
            tuple[Text, ...],
            BeforeValidator(as_tuple),
            WithJsonSchema({"anyOf": [TEXT, {"type": "array", "items": TEXT}]}),
        ]
        | None
    ) = Field(
        None,
        title="dim or list of dims",
        description="Dims of the features that give none; default: the enclosing group's.",
    )
    source: Text | None = Field(None, title="pattern", description="Default for the features.")
    from_: Texts | None = Field(
        None, alias="from", title="address, list of them, or '{capture}'", description="Default for the features."
    )
    call: WordOrCode | None = Field(None, title="word or module:function", description="Default for the features.")
    params: dict[str, AnyJson] = Field({}, title="mapping", description="Default for the features.")
    optional: bool = Field(False, title="bool", description="Default for the features.")
    store: StoreSpec | None = Field(
        None, title="word or mapping", description="Default codec and chunk; or a kind that the features share."
    )
    use: UseSpec | None = Field(
        None, title="path or mapping", description="The root group of another schema file is mounted here."
    )
    reserved: tuple[Text, ...] = Field((), title="list of names", description="Names that must not be used again.")
    renamed_from: Text | None = Field(None, title="name", description="What it was called in an older version.")
    doc: Doc = ""


class SplitSpec(Model):
    """Named, disjoint parts of the entries of a dim."""

    noun: ClassVar[str] = "a split"

    over: Texts = Field(title="dim", description="What is split.")
    by: Text | None = Field(
        None,
        title="address",
        description="The feature that decides; default: the id. No value of it stands in two parts.",
    )
    parts: Annotated[dict[Name, PartSpec], Field(min_length=1)] = Field(
        title="mapping", description="For each part a share, a list of values of `by` (or ids), bounds, or a feature."
    )
    seed: int = Field(0, title="int", description="Another seed deals the shares anew.")


_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


def _version(value: object) -> object:
    if isinstance(value, str) and not _VERSION.fullmatch(value):
        numbers = [*re.findall(r"\d+", value), "0", "0", "0"][:3]
        raise mistake(
            "bad-version",
            f"'{shown(value)}' is not a version of the form x.y.z",
            f"write {'.'.join(str(int(n)) for n in numbers)}",
        )
    return value


def _language(value: object) -> object:
    if value != 1 or isinstance(value, bool):
        raise mistake(
            "bad-language", f"this h5schema knows version 1 of the language, not {said(value)}", "write h5schema: 1"
        )
    return value


class SchemaSpec(GroupSpec):
    """A whole schema: the root group, its splits and its loaders."""

    noun: ClassVar[str] = "a schema"

    h5schema: Annotated[int, BeforeValidator(_language), WithJsonSchema({"const": 1})] = Field(
        title="1", description="Version of the language."
    )
    name: Name = Field(title="identifier", description="Of the package.")
    version: Annotated[
        str, BeforeValidator(_version), WithJsonSchema({"type": "string", "pattern": f"^{_VERSION.pattern}$"})
    ] = Field(title="x.y.z", description="Version of this schema.")
    bind: Annotated[str, Word("plain", "cf", "anndata", "matlab")] | None = Field(
        None,
        title="word",
        description="The file is made by others: read only. `plain`, `cf`, `anndata` or `matlab` say how values are decoded.",
    )
    after: Code | None = Field(
        None, title="module:function", description="Called with the path when an extraction is complete."
    )
    splits: dict[Name, SplitSpec] = Field({}, title="mapping", description="Named parts of the data.")
    loaders: dict[Name, LoaderSpec] = Field({}, title="mapping", description="What models are fed.")


@functools.cache
def schema_model() -> type[SchemaSpec]:
    """`SchemaSpec`, built.

    pydantic looks for plugins of its own before it builds a first model, in every package that is installed: the
    more there are, the longer it takes. None of them has a say in the language.
    """
    known = os.environ.get(_PLUGINS)
    os.environ[_PLUGINS] = "__all__"
    try:
        SchemaSpec.model_rebuild()
    finally:
        del os.environ[_PLUGINS]
        if known is not None:
            os.environ[_PLUGINS] = known
    return SchemaSpec


_PLUGINS = "PYDANTIC_DISABLE_PLUGINS"
