"""Whatever is in the file: problems, in our words and in places of the file, and never an exception."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from h5schema import parse, spec
from h5schema.resolve import resolve

ROOT = Path(__file__).resolve().parent.parent.parent
FILES = [
    ROOT / "schemas" / "photos.yaml",
    *sorted((ROOT / "tests" / "cases").glob("*/schema.yaml")),
    *sorted((ROOT / "tests" / "spec" / "language_cases").glob("*.yaml")),
]
TEXTS = [text for file in FILES if len(text := file.read_text(encoding="utf-8")) < 3000]
FOREIGN = (
    "while scanning",
    "while parsing",
    "expected <",
    "found character",
    "could not find expected",
    "mapping values",
    "block mapping",
    "input should",
    "valid string",
    "pydantic",
    "extra inputs",
    "<map>",
    "<input>",
    "[key]",
    "object at 0x",
)
QUICK = settings(deadline=None, max_examples=200, derandomize=True, suppress_health_check=list(HealthCheck))


def judge(text: str) -> None:
    parsed = parse.load(text, "a.yaml")
    problems = resolve(spec.read(parsed), "a.yaml").problems
    shown = "\n".join(map(str, problems))
    shown.encode("utf-8")
    for problem in problems:
        place = problem.location
        assert 1 <= place.line <= len(parsed.source.lines)
        line = parsed.source.line(place.line)
        assert 1 <= place.column <= len(line) + 1
        assert place.width >= 1
        assert place.column - 1 + place.width <= max(len(line), place.column)
        assert problem.text == line
        said = f"{problem.message} {problem.help}"
        ours = said.lower()
        assert not [word for word in FOREIGN if word in ours and word not in text.lower()], said
        assert len(said) < 1000
    keys = [(problem.rule, problem.message, problem.location) for problem in problems]
    assert len(set(keys)) == len(keys), shown
    if parsed.root is None:
        assert problems


WORDS = st.sampled_from(
    [
        *("h5schema: 1", "name: a", "version: 1.0.0", "dims:", "features:", "loaders:", "groups:", "splits:"),
        *(
            "  d: open",
            "  f: {dtype: uint8}",
            "  l: {over: d, inputs: f}",
            "    over: d",
            "{c}",
            "{c}/{d}.jpg",
            "<<: *a",
        ),
        *(
            "- a",
            "? ",
            ": ",
            "{",
            "}",
            "[",
            "]",
            "&a ",
            "*a",
            "!t ",
            "'",
            '"',
            "#",
            "@",
            "%",
            "---",
            "...",
            ">",
            "|",
            ",",
        ),
        *("no", "012", "null", "~", "\t", "  ", "\\", "\r\n", "\ufeff", "图"),
    ]
)


@QUICK
@given(st.text(max_size=200))
@example("? ")
@example("dims: {p: {source: '{label}\n\n/{nam e'}}")
@example("a: &a\n  - *a\n")
@example("%")
@example('a: "\\ud800"\n')
@example('name: "\\u001b[31m"\n')
def test_any_text(text: str) -> None:
    judge(text)


@QUICK
@given(st.lists(st.tuples(WORDS, st.sampled_from(["", " ", "\n", "\n  "])), max_size=30))
def test_any_tokens(tokens: list[tuple[str, str]]) -> None:
    judge("".join(word + end for word, end in tokens))


@QUICK
@given(st.binary(max_size=100))
def test_any_bytes(data: bytes) -> None:
    resolve(spec.read(parse.load(data, "a.yaml")), "a.yaml")


@st.composite
def broken(draw: st.DrawFn) -> str:
    """A schema with one or two slips of the hand."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 2))):
        at = draw(st.integers(0, max(0, len(text) - 1)))
        lines = text.split("\n")
        row = text.count("\n", 0, at)
        match draw(st.integers(0, 6)):
            case 0:
                text = text[:at] + text[at + 1 :]
            case 1:
                text = text[:at] + text[at : at + 1] + text[at:]
            case 2:
                text = text[:at] + draw(st.sampled_from("{}[]:,'\"-#&*!|>%@`? \t\n0a_\\")) + text[at + 1 :]
            case 3:
                text = "\n".join(lines[:row] + lines[row + 1 :])
            case 4:
                text = "\n".join([*lines[: row + 1], *lines[row:]])
            case 5:
                lines[row] = "  " + lines[row]
                text = "\n".join(lines)
            case _:
                end = at + draw(st.integers(1, 12))
                text = text[:at] + draw(WORDS) + text[end:]
    return text


@settings(QUICK, max_examples=500)
@given(broken())
def test_broken_schemas(text: str) -> None:
    judge(text)
