"""Loaders: what a model is fed."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, cast

from pydantic import BeforeValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema
from pydantic_core.core_schema import tagged_union_schema

from h5schema.vocabulary.dtypes import DATES, ENCODED, NUMBERS

from .base import MOST, TEXT, Atom, Doc, Model, Name, Text, Texts, Word, mistake, said, too_large
from .conditions import PredicateSpec
from .functions import CODE, Code

_DTYPES = (*NUMBERS, *ENCODED, *DATES)
FORMS = ("pad", "mask", "packed", "nested", "list", "dense", "sparse", "pairs", "id")


class FrameSpec(Model):
    """Cuts a window into frames, one more axis."""

    noun: ClassVar[str] = "a frame"

    length: Annotated[int, Field(ge=1)] = Field(title="int", description="Values of a frame.")
    hop: Annotated[int, Field(ge=1)] | None = Field(
        None, title="int", description="From one frame to the next; default: its length."
    )
    align: Annotated[str, Word("start", "center")] = Field("start", title="word", description="`start` or `center`.")


def _is_range(value: object) -> bool:
    return isinstance(value, tuple) and [type(one) for one in cast("tuple[object, ...]", value)] == [int, int]


def _ranges(value: object) -> object:
    if isinstance(value, str) and value:
        return value
    if isinstance(value, tuple):
        for index, pair in enumerate(cast("tuple[object, ...]", value)):
            if not _is_range(pair):
                raise mistake(
                    "wrong-type", f"a range is two whole numbers, not {said(pair)}", "write [start, stop]", (index,)
                )
        return cast("tuple[object, ...]", value)
    raise mistake(
        "wrong-type", f"ranges are an address or a list, not {said(value)}", "write name, or [[start, stop], ...]"
    )


_PAIR: JsonSchemaValue = {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}
Ranges = Annotated[
    object, BeforeValidator(_ranges), WithJsonSchema({"anyOf": [TEXT, {"type": "array", "items": _PAIR}]})
]


class WindowSpec(Model):
    """A piece of a dim."""

    noun: ClassVar[str] = "a window"

    length: Annotated[int, Field(ge=1)] | None = Field(None, title="int", description="Values of a window.")
    hop: Annotated[int, Field(ge=1)] | None = Field(
        None, title="int", description="From one position to the next; default: its length."
    )
    shift: int = Field(0, title="int", description="Moves the window from its position.")
    jitter: Annotated[int, Field(ge=0)] = Field(
        0, title="int", description="Moves positions by chance, at most so far."
    )
    step: Annotated[int, Field(ge=1)] = Field(1, title="int", description="Every how many-th value.")
    edge: Annotated[str, Word("drop", "repeat", "pad")] = Field(
        "drop",
        title="word",
        description="`drop` keeps the positions at which every window lies inside; `repeat` and `pad` keep all.",
    )
    align: Annotated[str, Word("start", "center")] = Field(
        "start", title="word", description="Whether the position is the window's start or its middle."
    )
    frame: FrameSpec | None = Field(None, title="mapping", description="Cuts the window into frames.")
    ranges: Ranges | None = Field(
        None, title="address or list", description="Explicit (start, stop), in place of `length` and `hop`."
    )
    at: Annotated[str, Word("random", "start", "center")] | None = Field(
        None, title="word", description="Where one piece of another dim is cut."
    )


class InputSpec(Model):
    """One input: an address, or a mapping with the key `feature`."""

    noun: ClassVar[str] = "an input"
    shorthand: ClassVar[tuple[JsonSchemaValue, ...]] = (TEXT,)

    feature: Text = Field(
        title="address", description="Of a feature, a group (all its features) or a dim (the sample's position)."
    )
    window: dict[str, WindowSpec] = Field({}, title="mapping", description="Overrides the loader's window, key by key.")
    via: Text | None = Field(
        None, title="address", description="A feature that refers to the first dim of the one wanted."
    )
    as_: Annotated[str, Word(*FORMS)] | None = Field(
        None,
        alias="as",
        title="word",
        description="Ragged: `pad` (default: values, lengths), `mask`, `packed` (values, offsets), `nested`, `list`; sparse: `dense`, `sparse`, `pairs`; of a dim: `id`.",
    )
    dtype: Annotated[str, Word(*_DTYPES)] | None = Field(
        None,
        title="dtype",
        description="Loaded dtype: floats may be rounded, every other value must stay what it is; `str` of `bytes`, and `bytes` of `str`.",
    )
    fill: Atom | None = Field(None, title="value", description="Stands in for an absent entry.")
    transform: Code | None = Field(None, title="module:function", description="Called per sample.")

    @classmethod
    def spelled_out(cls, value: object) -> object:
        return {"feature": value} if isinstance(value, str) else value

    @classmethod
    def form(cls) -> str:
        return "an address, a list or a mapping"

    @classmethod
    def example(cls) -> str:
        return "write the address of a feature, or {x: address, y: address}"


def _kind(value: object) -> str:
    if isinstance(value, ListSpec | tuple):
        return "<list>"
    if isinstance(value, MapSpec) or (
        isinstance(value, Mapping) and not _is_input(cast("Mapping[str, object]", value))
    ):
        return "<map>"
    return "<input>"


def _is_input(value: Mapping[str, object]) -> bool:
    """Whether a mapping is one input; also one that lacks `feature` and says what only an input does."""
    return "feature" in value or value.get("as") in FORMS or value.get("dtype") in _DTYPES


class _ByForm:
    """An annotation of inputs: the form of a value says which model it is of."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        models = {"<input>": InputSpec, "<list>": ListSpec, "<map>": MapSpec}
        return tagged_union_schema({tag: handler.generate_schema(model) for tag, model in models.items()}, _kind)


Tree = Annotated["InputSpec | ListSpec | MapSpec", _ByForm()]
"""Inputs: one, a list of them, or a mapping."""


def _some(value: object) -> object:
    if not value:
        raise mistake("empty", "there is no input here", "name at least one feature")
    return value


class _Several(Model):
    """A list or mapping, kept under the only key of the model; nobody writes that key."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        made = handler(schema)
        full = handler.resolve_ref_schema(made)
        (items,) = full["properties"].values()
        full.clear()
        full.update({**items, "title": cls.__name__, "description": cls.__doc__ or ""})
        return made


class ListSpec(_Several):
    """Inputs as a named tuple."""

    items: Annotated[tuple[Tree, ...], BeforeValidator(_some)] = Field(
        alias="<list>", json_schema_extra={"minItems": 1}
    )

    @classmethod
    def spelled_out(cls, value: object) -> object:
        return {"<list>": cast("tuple[object, ...]", value)} if isinstance(value, tuple) else value


class MapSpec(_Several):
    """Inputs by name: a TypedDict."""

    items: Annotated[dict[Name, Tree], BeforeValidator(_some)] = Field(
        alias="<map>",
        json_schema_extra={
            "minProperties": 1,
            "not": {"anyOf": [{"required": ["feature"]}, {"required": ["as"]}]},  # an input
        },
    )

    @classmethod
    def spelled_out(cls, value: object) -> object:
        return {"<map>": cast("Mapping[str, object]", value)} if isinstance(value, Mapping) else value


def _shuffle(value: object) -> object:
    if isinstance(value, bool) or value == "chunks":
        return value
    raise mistake("wrong-type", f"shuffle is true, false or chunks, not {said(value)}", "write true")


_OF_ADDRESS = ("weighted", "balanced", "bucketed")


class SamplerSpec(Model):
    """Which samples come, and when: a word with the address it is about, or `module:function`."""

    noun: ClassVar[str] = "a sampler"
    shorthand: ClassVar[tuple[JsonSchemaValue, ...]] = (CODE,)

    weighted: Text | None = Field(
        None, title="address", description="Of a feature: how often a sample comes, beside the others; drawn by chance."
    )
    balanced: Text | None = Field(
        None,
        title="address",
        description="Of a feature: each of its values comes as often as the others; drawn by chance.",
    )
    bucketed: Text | None = Field(
        None, title="address", description="Of a ragged dim: batches of samples of similar length, each sample once."
    )
    call: Code | None = Field(
        None, title="module:function", description="Your own: given the samples' rows, it returns which come, in order."
    )

    @classmethod
    def spelled_out(cls, value: object) -> object:
        if isinstance(value, str):
            if value in _OF_ADDRESS:
                raise mistake("wrong-type", f"'{value}' needs the address it is about", f"write {{{value}: address}}")
            return {"call": value}
        cls._expect_one_word(value)
        return value

    @classmethod
    def _expect_one_word(cls, value: object) -> None:
        words = len(cast("Mapping[str, object]", value)) if isinstance(value, Mapping) else 1
        if words > 1:
            raise mistake("wrong-type", f"a sampler is one word with its address, not {words}", cls.example())

    @classmethod
    def form(cls) -> str:
        return "a mapping or module:function"

    @classmethod
    def example(cls) -> str:
        return "write {balanced: address}, or my_module:my_function"


def _countable(value: object) -> object:
    if isinstance(value, int) and value > MOST:
        raise too_large("a batch", value)
    return value


class BatchSpec(Model):
    """A size, or how samples become batches."""

    noun: ClassVar[str] = "a batch"
    shorthand: ClassVar[tuple[JsonSchemaValue, ...]] = ({"type": "integer", "minimum": 1},)

    size: Annotated[int, Field(ge=1), BeforeValidator(_countable)] = Field(
        1, title="int", description="Samples of a batch."
    )
    shuffle: Annotated[
        object, BeforeValidator(_shuffle), WithJsonSchema({"anyOf": [{"type": "boolean"}, {"const": "chunks"}]})
    ] = Field(
        False,
        title="bool or chunks",
        description="Whether each epoch has an order of its own; `chunks`: within windows of chunks.",
    )
    sampler: SamplerSpec | None = Field(
        None,
        title="mapping or module:function",
        description="`{weighted: feature}`, `{balanced: feature}`, `{bucketed: ragged dim}`, or your own function.",
    )
    transform: Code | None = Field(None, title="module:function", description="Called per batch.")
    drop_last: bool = Field(False, title="bool", description="Whether a last batch that is not full is left out.")

    @classmethod
    def spelled_out(cls, value: object) -> object:
        return {"size": value} if isinstance(value, int) and not isinstance(value, bool) else value

    @classmethod
    def form(cls) -> str:
        return "a size or a mapping"

    @classmethod
    def example(cls) -> str:
        return "write 64, or {size: 64, shuffle: true}"


class LoaderSpec(Model):
    """What a model is fed."""

    noun: ClassVar[str] = "a loader"

    over: Texts = Field(
        title="dim or list of dims", description="What a sample is: one entry of it. Several: their product."
    )
    split: Text | None = Field(None, title="split/part", description="The samples that are used; default: all.")
    where: dict[str, PredicateSpec] = Field(
        {},
        title="mapping",
        description="Predicates by address: a value, a list, `present`, `absent`, or bounds as in `check`.",
    )
    window: dict[str, WindowSpec] = Field({}, title="mapping", description="Pieces of dims, by dim.")
    inputs: Tree = Field(
        title="address, list, mapping or input",
        description="What is taken; a batch mirrors it: tensor, named tuple, dict.",
    )
    targets: Tree | None = Field(
        None, title="as inputs", description="With targets a batch is the named tuple of both."
    )
    transform: Code | None = Field(None, title="module:function", description="Called per sample.")
    batch: BatchSpec = Field(
        default_factory=BatchSpec.model_construct,
        title="int or mapping",
        description="Size and order of batches; default: 1.",
    )
    doc: Doc = ""
