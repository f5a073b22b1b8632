"""The language as JSON Schema and as a page for people, from the same models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from pydantic_core import PydanticUndefined

from .base import Model
from .conditions import BOUNDS, CheckSpec
from .dims import DimSpec, IndexSpec
from .features import FeatureSpec
from .loaders import BatchSpec, FrameSpec, InputSpec, LoaderSpec, SamplerSpec, WindowSpec
from .schema import GroupSpec, SchemaSpec, SplitSpec, UseSpec, schema_model
from .storage import StoreSpec

_PAGES: tuple[tuple[str, type[Model]], ...] = (
    ("Top level", SchemaSpec),
    ("Group", GroupSpec),
    ("Dim", DimSpec),
    ("Feature", FeatureSpec),
    ("Store", StoreSpec),
    ("Check", CheckSpec),
    ("Split", SplitSpec),
    ("Loader", LoaderSpec),
    ("Input", InputSpec),
    ("Batch", BatchSpec),
    ("Sampler", SamplerSpec),
    ("Window", WindowSpec),
    ("Frame", FrameSpec),
    ("Index", IndexSpec),
    ("Use", UseSpec),
)

_SHORT_FORMS: dict[type[Model], str] = {
    DimSpec: "`40` is `{size: 40}`, `open` is `{size: open}`.",
    StoreSpec: "A word alone is a kind or a codec; no word is both.",
    InputSpec: "An address alone is `{feature: address}`.",
    BatchSpec: "`64` is `{size: 64}`.",
    SamplerSpec: "One of these; `module:function` is `{call: module:function}`.",
    UseSpec: "A path alone is `{schema: path}`.",
    SplitSpec: "A part is a number (its share), a list (values of `by`, or ids), bounds (as in Check), or the address of a feature.",
    LoaderSpec: "A predicate in `where` is a value, a list of values, `present`, `absent`, or bounds (as in Check).",
}


def json_schema() -> dict[str, object]:
    """JSON Schema (2020-12) of the language; editors complete and check from it."""
    made = schema_model().model_json_schema(by_alias=True)
    made["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    made["title"] = "h5schema"
    return cast("dict[str, object]", _with_bounds(made))


def _with_bounds(part: object) -> object:
    if part == BOUNDS:
        return {"$ref": "#/$defs/CheckSpec"}
    if isinstance(part, dict):
        known = cast("dict[str, object]", part)
        if {"type": "null"} in cast("list[object]", known.get("anyOf", [])):
            return _with_bounds(_not_null(known))
        return {_any_of_models(key, inner): _with_bounds(inner) for key, inner in known.items()}
    if isinstance(part, list):
        return [_with_bounds(inner) for inner in cast("list[object]", part)]
    return part


def _any_of_models(key: str, forms: object) -> str:
    """An input is one of three models, told apart by its form; to a validator of JSON that is `anyOf`."""
    return "anyOf" if key == "oneOf" and "$ref" in str(forms) else key


def _not_null(part: dict[str, object]) -> dict[str, object]:
    """A key is left out, never null."""
    forms = [form for form in cast("list[object]", part["anyOf"]) if form != {"type": "null"}]
    rest = {key: value for key, value in part.items() if key not in ("anyOf", "default")}
    return {**cast("dict[str, object]", forms[0]), **rest} if len(forms) == 1 else {"anyOf": forms, **rest}


def reference() -> str:
    """The Markdown page of all keys."""
    lines = [
        "# The keys of the language",
        "",
        "Made from the models in `h5schema/spec`; a test keeps them equal. What they mean together is in [the language](language.md); some keys",
        "are checked but [come later](language.md#coming-later).",
    ]
    for title, model in _PAGES:
        lines += ["", f"## {title}", "", _summary(model), "", "| key | type | default | meaning |", "|---|---|---|---|"]
        lines += list(_rows(model))
    return "\n".join(lines) + "\n"


def _summary(model: type[Model]) -> str:
    return " ".join(filter(None, ((model.__doc__ or "").strip(), _SHORT_FORMS.get(model, ""))))


def _rows(model: type[Model]) -> Iterator[str]:
    inherited = GroupSpec.model_fields if model is SchemaSpec else {}
    for name, field in model.model_fields.items():
        if name in inherited:
            continue
        default = "required" if field.is_required() else _default(field.default)
        description = (field.description or "").replace("|", "\\|")
        yield f"| `{field.alias or name}` | {(field.title or 'text').replace('|', chr(92) + '|')} | {default} | {description} |"
    if inherited:
        yield "| | | | and all keys of a group |"


def _default(value: object) -> str:
    if value is None or value is PydanticUndefined or value in ({}, (), ""):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
