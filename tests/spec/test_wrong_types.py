"""A value of a wrong type at every key of every model: one problem, at the value, in our own words.

What is wrong is not listed here: the JSON Schema of the language decides, so this also holds the two together.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from h5schema import parse, spec

PLACES: dict[str, tuple[str, str]] = {
    "SchemaSpec": ("{KEY}", ""),
    "GroupSpec": ("groups: {g: {KEY}}", ""),
    "DimSpec": ("dims: {d: {KEY}}", ""),
    "IndexSpec": ("dims: {d: {index: {KEY}}}", ""),
    "FeatureSpec": ("features: {f: {KEY}}", "dtype: uint8"),
    "StoreSpec": ("features: {f: {dtype: uint8, store: {KEY}}}", ""),
    "CheckSpec": ("features: {f: {dtype: uint8, check: {KEY}}}", ""),
    "UseSpec": ("groups: {g: {use: {KEY}}}", "schema: x.yaml"),
    "SplitSpec": ("splits: {s: {KEY}}", "over: d, parts: {a: 0.5}"),
    "LoaderSpec": ("loaders: {l: {KEY}}", "over: d, inputs: f"),
    "InputSpec": ("loaders: {l: {over: d, inputs: {KEY}}}", "feature: f"),
    "BatchSpec": ("loaders: {l: {over: d, inputs: f, batch: {KEY}}}", ""),
    "SamplerSpec": ("loaders: {l: {over: d, inputs: f, batch: {sampler: {KEY}}}}", ""),
    "WindowSpec": ("loaders: {l: {over: d, inputs: f, window: {d: {KEY}}}}", ""),
    "FrameSpec": ("loaders: {l: {over: d, inputs: f, window: {d: {frame: {KEY}}}}}", "length: 1"),
}
INNER = {
    "a part": "splits: {s: {over: d, parts: {a: VALUE}}}",
    "a predicate": "loaders: {l: {over: d, inputs: f, where: {f: VALUE}}}",
    "an input": "loaders: {l: {over: d, inputs: {x: VALUE}}}",
    "an item of inputs": "loaders: {l: {over: d, inputs: [f, VALUE]}}",
    "an item of dims": "features: {f: {dtype: uint8, dims: [d, VALUE]}}",
    "an item of over": "groups: {g: {over: [d, VALUE]}}",
    "a size of str": "features: {f: {dtype: {str: VALUE}}}",
    "members": "features: {f: {dtype: {enum: VALUE}}}",
    "a member": "features: {f: {dtype: {enum: [a, VALUE]}}}",
    "a member's value": "features: {f: {dtype: {enum: {a: VALUE}}}}",
    "a dim": "dims: {d: VALUE}",
    "a feature": "features: {f: VALUE}",
    "a group": "groups: {g: VALUE}",
    "a split": "splits: {s: VALUE}",
    "a loader": "loaders: {l: VALUE}",
    "a window": "loaders: {l: {over: d, inputs: f, window: {d: VALUE}}}",
    "a range": "loaders: {l: {over: d, inputs: f, window: {d: {ranges: [[1, 2], VALUE]}}}}",
}
VALUES = ("null", "true", "7", "-1", "1.5", "'zz'", "''", "[]", "[1]", "[null]", "[[1]]", "{}", "{q: 1}")
HEAD = {"h5schema": "h5schema: 1", "name": "name: a", "version": "version: 1.0.0"}
FOREIGN = ("input should", "extra", "valid string", "validation", "type=", "pydantic", "tuple", "dict")
VALIDATOR = jsonschema.Draft202012Validator(spec.json_schema())


def texts() -> Iterator[tuple[str, str, str]]:
    """Name, schema with VALUE in it."""
    for model, (place, rest) in PLACES.items():
        for name, field in getattr(spec, model).model_fields.items():
            key = field.alias or name
            others = {item.partition(": ")[0]: item for item in rest.split(", ") if item}
            inside = ", ".join([f"{key}: VALUE", *(item for other, item in others.items() if other != key)])
            if model == "SchemaSpec":
                head = [line for other, line in HEAD.items() if other != key]
                yield f"{model}.{key}", "\n".join([*head, f"{key}: VALUE"]), key
            else:
                yield f"{model}.{key}", "\n".join([*HEAD.values(), place.replace("{KEY}", "{" + inside + "}")]), key
    for what, place in INNER.items():
        yield what, "\n".join([*HEAD.values(), place]), ""


CASES = {name: text for name, text, _ in texts()}


def data(node: parse.Node) -> Any:
    match node:
        case parse.Scalar():
            return node.value
        case parse.Mapping():
            return {key.text: data(value) for key, value in node.entries}
        case parse.Sequence():
            return [data(item) for item in node.items]


@pytest.mark.parametrize("name", CASES)
def test_one_problem_at_the_value(name: str) -> None:
    for value in VALUES:
        before, _, after = CASES[name].partition("VALUE")
        parsed = parse.load(before + value + after, "a.yaml")
        assert parsed.root is not None
        problems = spec.read(parsed).problems
        valid = VALIDATOR.is_valid(json.loads(json.dumps(data(parsed.root))))
        assert (not problems) == valid, (value, [str(problem) for problem in problems])
        if valid:
            continue
        rules = {problem.rule for problem in problems}
        assert len(problems) == 1 or rules <= {"missing-key", "unknown-key"}, (value, rules)
        start, line = len(before) - before.rfind("\n"), before.count("\n") + 1
        for problem in problems:
            assert problem.location.line == line
            inside = start <= problem.location.column < start + len(value)
            assert inside or problem.rule == "missing-key", (value, str(problem))  # that points at the key
            assert problem.help
            said = f"{problem.message} {problem.help}".lower()
            assert not [word for word in FOREIGN if word in said], said


def test_every_model_is_here() -> None:
    models = {name for name in spec.__all__ if hasattr(getattr(spec, name), "noun")}
    assert models - set(PLACES) == {
        "DtypeSpec",
        "ListSpec",
        "MapSpec",
        "PartSpec",
        "PredicateSpec",
    }  # without keys of their own
