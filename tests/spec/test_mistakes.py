"""One complaint for one mistake, all of them in one run, and nothing that merely follows."""

from __future__ import annotations

import pytest

from h5schema import parse, spec
from h5schema.errors import Problem
from h5schema.resolve import resolve

HEAD = "h5schema: 1\nname: a\nversion: 1.0.0\n"


def problems(body: str) -> tuple[Problem, ...]:
    return spec.read(parse.load(HEAD + body, "a.yaml")).problems


def only(body: str) -> tuple[str, str, str]:
    """Rule, token and help of the one problem."""
    parsed = parse.load(HEAD + body, "a.yaml")
    (problem,) = spec.read(parsed).problems
    return problem.rule, parsed.source.slice(problem.location), problem.help


@pytest.mark.parametrize(
    ("body", "token", "meant"),
    [
        ("feature: {}", "feature", "features"),
        ("groups: {g: {featurs: {}}}", "featurs", "features"),
        ("dims: {d: {sise: 4}}", "sise", "size"),
        ("dims: {d: {per: e, index: {lenghts: x}}}", "lenghts", "lengths"),
        ("features: {f: {dtype: uint8, Unit: s}}", "Unit", "unit"),
        ("features: {f: {dtyp: uint8}}", "dtyp", "dtype"),
        ("features: {f: {dtype: uint8, store: {codek: lzf}}}", "codek", "codec"),
        ("features: {f: {dtype: uint8, check: {mini: 2}}}", "mini", "min"),
        ("groups: {g: {use: {shema: x.yaml}}}", "shema", "schema"),
        ("splits: {s: {over: d, part: {a: 1}}}", "part", "parts"),
        ("splits: {s: {over: d, parts: {a: {maxx: 1}}}}", "maxx", "max"),
        ("loaders: {l: {over: d, input: f}}", "input", "inputs"),
        ("loaders: {l: {over: d, inputs: f, where: {g: {minn: 1}}}}", "minn", "min"),
        ("loaders: {l: {over: d, inputs: {feature: f, dtyp: uint8}}}", "dtyp", "dtype"),
        ("loaders: {l: {over: d, inputs: f, batch: {shufle: true}}}", "shufle", "shuffle"),
        ("loaders: {l: {over: d, inputs: f, window: {d: {lenght: 1}}}}", "lenght", "length"),
        ("loaders: {l: {over: d, inputs: f, window: {d: {frame: {length: 1, hopp: 1}}}}}", "hopp", "hop"),
        ("loaders: {l: {over: d, inputs: [f, {feature: g, window: {d: {shft: 1}}}]}}", "shft", "shift"),
    ],
)
def test_did_you_mean_at_every_level(body: str, token: str, meant: str) -> None:
    assert only(body) == ("unknown-key", token, f"did you mean '{meant}'?")


def test_a_key_like_no_other_is_told_the_keys() -> None:
    rule, token, help = only("dims: {d: {colour: red}}")
    assert (rule, token) == ("unknown-key", "colour")
    assert "size, per, source, ids" in help


@pytest.mark.parametrize(
    ("name", "rule", "help"),
    [
        ("class", "keyword-name", "class_id"),
        ("None", "keyword-name", "None_id"),
        ("a" * 41, "bad-name", "shorten"),
        ("1st", "bad-name", "`st`"),
        ("a_", "bad-name", "`a`"),
        ("_a", "bad-name", "`a`"),
        ("a__b", "bad-name", "`a_b`"),
        ("cell-type", "bad-name", "`cell_type`"),
        ("cell type", "bad-name", "`cell_type`"),
        ("größe", "bad-name", "`gro"),
        ("图像", "bad-name", "such as"),
        ("naïve", "bad-name", "`naive`"),
    ],
)
@pytest.mark.parametrize(
    "place", ["dims: {NAME: 4}", "features: {NAME: {dtype: uint8}}", "groups: {g: {groups: {NAME: {}}}}"]
)
def test_names_that_code_cannot_have(place: str, name: str, rule: str, help: str) -> None:
    found, token, advice = only(place.replace("NAME", name))
    assert (found, token) == (rule, name)
    assert help in advice


@pytest.mark.parametrize("name", ["a", "A1", "cell_type", "x2y", "a" * 40, "type", "y"])
def test_names_that_are_fine(name: str) -> None:
    assert problems(f"features: {{{name}: {{dtype: uint8}}}}") == ()


def test_several_mistakes_of_one_element() -> None:
    found = problems("features: {f: {dims: 5, unit: 1, at: , optional: 1, chekc: {}}}")
    assert [problem.rule for problem in found] == [
        "missing-key",
        "wrong-type",
        "number-as-text",
        "no-value",
        "wrong-type",
        "unknown-key",
    ]


def test_mistakes_in_all_sections() -> None:
    body = (
        "dims: {photo: {source: 5}, row: none}\n"
        "features:\n  f: {dims: [photo], dtype: uint9}\n  g: {dims: [row], dtype: uint8, nope: 1}\n"
        "splits: {s: {over: photo, parts: {a: true}}}\n"
        "loaders: {l: {over: photo, inputs: f, batch: many}}\n"
    )
    assert [(problem.location.line, problem.rule) for problem in problems(body)] == [
        (4, "number-as-text"),
        (4, "wrong-type"),
        (6, "unknown-dtype"),
        (7, "unknown-key"),
        (8, "wrong-type"),
        (9, "wrong-type"),
    ]


def test_who_refers_to_a_broken_element_is_not_blamed() -> None:
    body = (
        "dims: {photo: {source: 5}}\n"
        "features:\n  f: {dims: [photo], dtype: uint9}\n  g: {dims: [foto], dtype: uint8}\n"
        "splits: {s: {over: photo, parts: {a: true}}}\n"
        "loaders: {l: {over: photo, split: s/a, inputs: f}}\n"
    )
    reading = spec.read(parse.load(HEAD + body, "a.yaml"))
    assert reading.poisoned == {("dims", "photo"), ("features", "f", "dtype"), ("splits", "s")}
    rules = [problem.rule for problem in resolve(reading, "a.yaml").problems]
    assert rules == ["number-as-text", "unknown-dtype", "unknown-dim", "wrong-type"]


def test_a_broken_head_does_not_hide_the_rest() -> None:
    reading = spec.read(parse.load("h5schema: 2\nname: 1a\nversion: 1.0\nfeatures: {f: {dtype: uint9}}\n", "a.yaml"))
    assert [problem.rule for problem in reading.problems] == [
        "bad-language",
        "bad-name",
        "number-as-text",
        "unknown-dtype",
    ]


def test_what_the_head_lacks() -> None:
    found = spec.read(parse.load("features: {}\n", "a.yaml")).problems
    assert [problem.help for problem in found] == ["add h5schema: 1", "add name: <identifier>", "add version: <x.y.z>"]


@pytest.mark.parametrize(
    ("text", "what"),
    [("- a\n- b\n", "a list"), ("[a]\n", "a list"), ("hello\n", "the text 'hello'"), ("5\n", "the number 5")],
)
def test_a_schema_is_a_mapping(text: str, what: str) -> None:
    (problem,) = spec.read(parse.load(text, "a.yaml")).problems
    assert (problem.rule, problem.message) == ("wrong-type", f"a schema is a mapping, not {what}")
    assert problem.help == "begin with h5schema: 1"


@pytest.mark.parametrize(
    ("written", "help"),
    [
        ("1.10", "1.10.0"),
        ("1", "1.0.0"),
        ("1.0", "1.0.0"),
        ("v1.2.3", "1.2.3"),
        ("1.02.3", "1.2.3"),
        ("'1.2'", "1.2.0"),
    ],
)
def test_versions(written: str, help: str) -> None:
    (problem,) = spec.read(parse.load(f"h5schema: 1\nname: a\nversion: {written}\n", "a.yaml")).problems
    assert problem.help in (f"write version: {help}", f"write {help}")


@pytest.mark.parametrize(
    "body",
    [
        "dims: {d: {source: {name}}}",
        "dims: {d: {ids: {name}}}",
        "features: {f: {dtype: str, from: {label}}}",
        "features: {f: {dtype: str, from: [a, {label}]}}",
        "features: {f: {dtype: str, at: {a:path}}}",
        "groups: {g: {at: {demo}}}",
    ],
)
def test_a_capture_without_quotes(body: str) -> None:
    rule, token, help = only(body)
    assert (rule, token) == ("unquoted-braces", body[body.rindex("{") : body.index("}") + 1])
    assert help == f"quote it: '{token}'"


def test_a_value_in_braces_where_a_mapping_belongs_is_no_capture() -> None:
    assert only("features: {f: {dtype: str, params: {a: 1}, unit: {a: 1}}}")[0] == "wrong-type"


@pytest.mark.parametrize("match", ["(", "[\\UFFFFFFFF]", "(" * 5000 + ")" * 5000])
def test_what_is_no_regular_expression(match: str) -> None:
    rule, token, help = only(f"features: {{f: {{dtype: str, check: {{match: '{match}'}}}}}}")
    assert (rule, token) == ("bad-expression", f"'{match}'")
    assert "backslash" in help
