"""The schemas that the language must be able to say, and the short forms in them."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from h5schema import parse, spec
from tests.spec.test_reference import data

CASES = sorted((Path(__file__).parent / "language_cases").glob("*.yaml"))
HEAD = "h5schema: 1\nname: a\nversion: 1.0.0\n"


def read(body: str) -> spec.SchemaSpec:
    reading = spec.read(parse.load(HEAD + body, "a.yaml"))
    assert reading.problems == ()
    assert reading.poisoned == frozenset()
    return reading.schema


@pytest.mark.parametrize("file", CASES, ids=[file.stem for file in CASES])
def test_read_without_a_problem(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    reading = spec.read(parse.load(text, file.name))
    assert reading.problems == ()
    assert reading.schema.name == file.stem
    jsonschema.Draft202012Validator(spec.json_schema()).validate(data(text))


def test_all_of_them_are_here() -> None:
    assert len(CASES) == 18


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("dims: {d: 40}", "dims: {d: {size: 40}}"),
        ("dims: {d: open}", "dims: {d: {size: open}}"),
        ("dims: {d: {}}", "dims: {d: open}"),
        ("dims: {d: {per: e}}", "dims: {d: {per: [e]}}"),
        ("groups: {g: {over: d}}", "groups: {g: {over: [d]}}"),
        ("groups: {g: {use: b.yaml}}", "groups: {g: {use: {schema: b.yaml}}}"),
        ("groups: {g: {store: table}}", "groups: {g: {store: {kind: table}}}"),
        ("features: {f: {dtype: uint8, store: zstd}}", "features: {f: {dtype: uint8, store: {codec: zstd}}}"),
        ("features: {f: {dtype: uint8, store: csr}}", "features: {f: {dtype: uint8, store: {kind: csr}}}"),
        ("features: {f: {dtype: uint8, from: g}}", "features: {f: {dtype: uint8, from: [g]}}"),
        ("features: {f: {dtype: {enum: [a, b]}}}", "features: {f: {dtype: {enum: {a: 0, b: 1}}}}"),
        (
            "features: {f: {dtype: uint8, store: {chunk: 64KiB}}}",
            "features: {f: {dtype: uint8, store: {chunk: 65536}}}",
        ),
        ("splits: {s: {over: d, parts: {a: 0.5}}}", "splits: {s: {over: [d], parts: {a: 0.5}}}"),
        ("loaders: {l: {over: d, inputs: f}}", "loaders: {l: {over: [d], inputs: {feature: f}}}"),
        ("loaders: {l: {over: d, inputs: [f, g]}}", "loaders: {l: {over: d, inputs: [{feature: f}, {feature: g}]}}"),
        ("loaders: {l: {over: d, inputs: {x: f}}}", "loaders: {l: {over: d, inputs: {x: {feature: f}}}}"),
        ("loaders: {l: {over: d, inputs: f, batch: 64}}", "loaders: {l: {over: d, inputs: f, batch: {size: 64}}}"),
        ("loaders: {l: {over: d, inputs: f}}", "loaders: {l: {over: d, inputs: f, batch: 1}}"),
        (
            "loaders: {l: {over: d, inputs: f, where: {g: 1}}}",
            "loaders: {l: {over: d, inputs: f, where: {g: [1]}}}",
        ),
    ],
)
def test_a_short_form_is_its_long_form(short: str, long: str) -> None:
    assert read(short) == read(long)


def test_forms_of_predicates_and_parts() -> None:
    schema = read(
        "splits: {s: {over: d, parts: {a: 1, b: 0.5, c: [x, 2], e: {max: 3}, f: mask/train}}}\n"
        "loaders: {l: {over: d, inputs: f, where: {a: present, b: absent, c: false, e: [x, y], f: {min: 1}}}}\n"
    )
    parts = schema.splits["s"].parts
    assert (parts["a"].share, parts["b"].share, parts["c"].values) == (1, 0.5, ("x", 2))
    assert parts["e"].check is not None
    assert (parts["e"].check.max, parts["f"].feature) == (3, "mask/train")
    where = schema.loaders["l"].where
    assert (where["a"].present, where["b"].present) == (True, False)
    assert (where["c"].values, where["e"].values) == ((False,), ("x", "y"))
    assert where["f"].check is not None
    assert where["f"].check.min == 1


def test_mappings_keep_the_order_of_the_file() -> None:
    schema = read("features: {z: {dtype: uint8}, a: {dtype: {enum: {z: 5, a: 2}}}, m: {dtype: str}}")
    assert list(schema.features) == ["z", "a", "m"]
    assert schema.features["a"].dtype.members == (("z", 5), ("a", 2))
