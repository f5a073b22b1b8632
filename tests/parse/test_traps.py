"""What people write that YAML reads otherwise, or not at all: one problem each, on the token, with the way out."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from typing import TypeAlias

import pytest

from h5schema import parse


@dataclass(frozen=True)
class Trap:
    """A text with «marks» around the token that is complained of."""

    text: str
    rule: str
    help: str

    @property
    def clean(self) -> str:
        return self.text.replace("«", "").replace("»", "")

    @property
    def line(self) -> int:
        return self.text[: self.text.index("«")].replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1

    @property
    def column(self) -> int:
        before = self.text[: self.text.index("«")]
        return len(before) - max(before.rfind("\n"), before.rfind("\r"))

    @property
    def token(self) -> str:
        return self.text.partition("«")[2].partition("»")[0]


Named: TypeAlias = dict[str, Trap]

SYNTAX: Named = {
    "duplicate key": Trap("a: 1\n«a»: 2\n", "duplicate-key", "keep one"),
    "duplicate key in braces": Trap("a: {b: 1, «b»: 2}\n", "duplicate-key", "keep one"),
    "tab for indentation": Trap("a:\n«\t»b: 1\n", "tab", "use spaces"),
    "tab behind spaces": Trap("a:\n  «\t\t»b: 1\n", "tab", "use spaces"),
    "tab in brackets": Trap("a: {\n«\t»b: 1}\n", "tab", "use spaces"),
    "tab behind a colon": Trap("a:«\t»b\n", "tab", "write a space"),
    "tab behind a dash": Trap("a:\n  -«\t»b: 1\n", "tab", "write a space"),
    "unclosed quote": Trap("a: «'»b\nc: d\n", "unclosed-quote", "close it with '"),
    "unclosed double quote": Trap('a: {x: «"»b, y: 2}\nc: d\n', "unclosed-quote", 'close it with "'),
    "quote closed by the next one": Trap("a: «'»b\nc: d\ne: {f: '{g}.jpg'}\n", "unclosed-quote", "where its text ends"),
    "quote in braces closed by the next one": Trap(
        "a: {b: «'»c}\nd: {e: f, g: 'h'}\n", "unclosed-quote", "where its text ends"
    ),
    "double quote closed by the next one": Trap('a: ["b", «"»c]\nd: ["e"]\n', "unclosed-quote", "where its text ends"),
    "apostrophe": Trap("a: 'it'«s'»\n", "after-quote", "a quote is written twice"),
    "text behind quote": Trap("a: {b: 'c' «d»}\n", "after-quote", "into the quotes"),
    "unclosed bracket": Trap("a: «[»b, c\nd: e\n", "unclosed-bracket", "close it with ]"),
    "unclosed brace": Trap("a: «{»b: 1\nd: e\n", "unclosed-bracket", "close it with }"),
    "unclosed to the end": Trap("a: «{»b: 1", "unclosed-bracket", "close it with }"),
    "closed in a comment": Trap("a: {b: «{»c: #}}, d: '{'}\n", "unclosed-bracket", "close it with }"),
    "wrong bracket": Trap("a: {b: [1, 2«}»\nd: e\n", "wrong-bracket", "close it with ] first"),
    "bracket too many": Trap("a: [b]«]»\n", "unopened-bracket", "delete it"),
    "text behind bracket": Trap("a: [b] «c»\n", "after-bracket", "quote the whole text"),
    "missing comma": Trap("a: {b: {c: 1} «d»: 2}\n", "missing-comma", "separate items with commas"),
    "missing comma before a key": Trap("a: {b: 1 «c»: 2}\n", "missing-comma", "separate items with commas"),
    "empty item": Trap("a: [b,«,» c]\n", "empty-item", "delete it"),
    "colon in a text": Trap("doc: «see: the thing»\n", "colon-in-text", "write 'see: the thing'"),
    "colon in a list": Trap("a:\n  - doc: «b: c»\n", "colon-in-text", "write 'b: c'"),
    "colon in braces": Trap("a: {doc: «b: c»}\n", "colon-in-text", "write 'b: c'"),
    "colon and quote": Trap("doc: «it's: so»\n", "colon-in-text", "write 'it''s: so'"),
    "no colon": Trap("name: a\n«version 1.0.0»\n", "no-colon", "write version: 1.0.0"),
    "no space behind colon": Trap("«name:photos»\nversion: 1.0.0\n", "no-colon", "write name: photos"),
    "no space behind a key": Trap("a:\n  «b:»{c: d, e: f}\n", "no-space", "write `b: ...`"),
    "deeper than its neighbour": Trap("a:\n  b: 1\n    «c:» 2\n", "indentation", "begin in one column"),
    "too deep a line": Trap("a:\n  b: 1\n   «c:» 2\n", "indentation", "begin in one column"),
    "too shallow a line": Trap("a:\n    b: 1\n  «c:» 2\n", "indentation", "begin in one column"),
    "list among keys": Trap("a:\n  b: 1\n  «-» c\n", "indentation", "items of one list"),
    "list behind a key": Trap("dims: «- photo»\n", "list-on-line", "write [photo]"),
    "escape": Trap('a: "x«\\d»"\n', "bad-escape", "use single quotes"),
    "escape beyond all characters": Trap('a: "\\\\UFFFFFFFF"\nb: "x«\\UFFFFFFFF»"\n', "bad-escape", "single quotes"),
    "a quote, and such an escape below": Trap(
        "a: {b: 'c' «d»}\ne: \"\\UFFFFFFFF\"\n", "after-quote", "into the quotes"
    ),
    "escape of half a character": Trap('a: «"x\\uD800"»\n', "bad-escape", "the character itself"),
    "escapes of two halves": Trap('a: «"\\uD83D\\uDE00"»\n', "bad-escape", "write \\U0001f600"),
    "braces": Trap("a: «{b}.jpg»\n", "unquoted-braces", "'{b}.jpg'"),
    "braces, several": Trap("a: «{b}/{c}_{d:int}.jpg»\n", "unquoted-braces", "'{b}/{c}_{d:int}.jpg'"),
    "braces in braces": Trap("a: {b: «{c}/{d:path}.jpg», e: 1}\n", "unquoted-braces", "'{c}/{d:path}.jpg'"),
    "braces in a list": Trap("a: [«{b}/{c}.jpg», x]\n", "unquoted-braces", "'{b}/{c}.jpg'"),
    "braces of a list item": Trap("a:\n  - «{b}/{c}.jpg»\n", "unquoted-braces", "'{b}/{c}.jpg'"),
    "braces with alternatives": Trap("a: «{x:a|b*}.jpg»\n", "unquoted-braces", "'{x:a|b*}.jpg'"),
    "braces behind text": Trap("a: {b: «labels/{c}.json»}\n", "unquoted-braces", "'labels/{c}.json'"),
    "braces and words": Trap("a: «{x} y.jpg»\n", "unquoted-braces", "'{x} y.jpg'"),
    "at": Trap("a: «@x»\n", "unquoted-text", "write '@x'"),
    "at in braces": Trap("a: {at: «@x», b: c}\n", "unquoted-text", "write '@x'"),
    "backtick": Trap("a: «`x`»\n", "unquoted-text", "write '`x`'"),
    "percent": Trap("unit: «%»\n", "unquoted-text", "write '%'"),
    "star": Trap("a: «*.jpg»\n", "unquoted-text", "write '*.jpg'"),
    "ampersand": Trap("a: «& b»  # c\n", "unquoted-text", "write '& b'"),
    "greater": Trap("a: «>= 5»\n", "unquoted-text", "write '>= 5'"),
    "pipe": Trap("a: «|x»\n", "unquoted-text", "write '|x'"),
    "tag": Trap("a: «!!str» 12\n", "tag", "delete it"),
    "tag of a mapping": Trap("a: «!m» {b: 1}\n", "tag", "delete it"),
    "merge key": Trap("a: &x {b: 1}\nc:\n  «<<»: *x\n", "merge-key", "alias"),
    "two documents": Trap("a: 1\n«---»\nb: 2\n", "several-documents", "file of its own"),
    "text behind the end": Trap("a: 1\n«...»\nb: 2\n", "several-documents", "delete this line"),
    "directive": Trap("«%YAML» 2.0\n---\na: 1\n", "directive", "delete this line"),
    "recursive alias": Trap("a: &x [1, «*x»]\n", "recursive-alias", "write the value out"),
    "unknown alias": Trap("a: &foo 1\nb: «*fo»\n", "unknown-alias", "did you mean *foo?"),
    "unknown alias, meant as text": Trap("b: «*zzz»\n", "unknown-alias", "'*zzz'"),
    "number as a key": Trap("«1»: a\n", "key-not-text", "quote the key: '1'"),
    "truth as a key": Trap("«true»: a\n", "key-not-text", "quote the key: 'true'"),
    "list as a key": Trap("«[a]»: b\n", "key-not-text", "such as 'name'"),
    "no as a key": Trap("«no»: a\n", "ambiguous-scalar", "quote the key: 'no'"),
    "windows line ends": Trap("a: 1\r\nb: «no»\r\n", "ambiguous-scalar", "'no'"),
    "old line ends": Trap("a: 1\rb: «no»\r", "ambiguous-scalar", "'no'"),
    "wide characters": Trap("图像: «no»\n", "ambiguous-scalar", "'no'"),
    "behind an anchor": Trap("a: &x «no»\n", "ambiguous-scalar", "'no'"),
    "bom": Trap("\ufeffa: 1\n«a»: 2\n", "duplicate-key", "keep one"),
    "NUL": Trap("a: b«\0»\n", "bad-character", "delete it"),
    "escape character": Trap("a: b\n c«\x1b»\n", "bad-character", "\\u001b"),
}

AMBIGUOUS = {
    **dict.fromkeys(("no", "No", "NO", "off", "Off", "OFF"), "write false, or quote it"),
    **dict.fromkeys(("yes", "Yes", "YES", "on", "On", "ON"), "write true, or quote it"),
    "012": "write 12 if",
    "-012": "write -12 if",
    "12:30": "digits alone",
    "12:30:45": "digits alone",
    "1_000": "write 1000 if",
    "0o17": "write 15",
    "0b11": "write 3 if",
    "2020-01-01": "quote it: '2020-01-01'",
    "2020-01-01T00:00:00": "quote it",
    "=": "quote it: '='",
}
TRAPS: Named = {
    **SYNTAX,
    **{word: Trap(f"a: «{word}»\n", "ambiguous-scalar", help) for word, help in AMBIGUOUS.items()},
}


@pytest.mark.parametrize("name", TRAPS)
def test_one_problem_on_the_token(name: str) -> None:
    trap = TRAPS[name]
    problems = parse.load(trap.clean, "a.yaml").problems
    assert [problem.rule for problem in problems] == [trap.rule]
    (problem,) = problems
    assert (problem.location.line, problem.location.column) == (trap.line, trap.column)
    assert parse.Source("a.yaml", trap.clean).slice(problem.location) == trap.token
    assert trap.help in problem.help
    assert str(problem).startswith(f"a.yaml:{problem.location.line}:{problem.location.column}: error[{trap.rule}]: ")


@pytest.mark.parametrize("name", TRAPS)
def test_no_words_of_the_parser(name: str) -> None:
    said = str(parse.load(TRAPS[name].clean, "a.yaml").problems[0]).lower()
    for words in ("while scanning", "while parsing", "expected <", "found character", "mapping values", "token"):
        assert words not in said


def test_the_same_words_without_libyaml() -> None:
    with_libyaml = _all_said("")
    assert with_libyaml == _all_said("import yaml; vars(yaml).pop('CSafeLoader', None); ")
    assert with_libyaml.count("error[") == len(TRAPS)


def _all_said(first: str) -> str:
    program = (
        first
        + "from h5schema import parse; from tests.parse.test_traps import TRAPS; "
        + ("print(*(p for t in TRAPS.values() for p in parse.load(t.clean, 'a.yaml').problems), sep='\\n\\n')")
    )
    done = subprocess.run([sys.executable, "-X", "utf8", "-c", program], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("text", ["", "  \n\n", "# only\n# comments\n", "---\n", "~\n", "\ufeff"])
def test_nothing_in_the_file(text: str) -> None:
    parsed = parse.load(text, "a.yaml")
    assert parsed.root is None
    assert [problem.rule for problem in parsed.problems] == ["empty-file"]
    assert "h5schema init" in parsed.problems[0].help


@pytest.mark.parametrize(
    ("data", "place", "words"),
    [
        ("a: ä\n".encode("utf-16"), (1, 1), "UTF-16"),
        (b"\xfe\xff" + "a: b\n".encode("utf-16-be"), (1, 1), "UTF-16"),
        ("a: 1\nb: ä\n".encode("latin-1"), (2, 4), "byte 0xe4"),
    ],
)
def test_other_encodings(data: bytes, place: tuple[int, int], words: str) -> None:
    (problem,) = parse.load(data, "a.yaml").problems
    assert (problem.rule, problem.location.line, problem.location.column) == ("not-utf8", *place)
    assert words in problem.message
    assert "UTF-8" in problem.help


def test_texts_that_are_no_traps() -> None:
    text = (
        "a: http://x.y\nb: y\nc: n\nd: 1e-3\ne: .5\nf: 0xff\ng: kernel:0\nh: '{x}/{y}.jpg'\ni: labels/x\nj: _\n"
        "k: a b-c\nl: 1.0.0\nm: [_, 10, ...]\nn: 'no'\no: \"2020-01-01\"\np: 64KiB\nq: |\n  a: b\n  {c}\n"
    )
    parsed = parse.load(text, "a.yaml")
    assert parsed.problems == ()
    assert isinstance(parsed.root, parse.Mapping)
    values = {key.value: node.value for key, node in parsed.root.entries if isinstance(node, parse.Scalar)}
    assert values == {
        "a": "http://x.y",
        "b": "y",
        "c": "n",
        "d": 0.001,
        "e": 0.5,
        "f": 255,
        "g": "kernel:0",
        "h": "{x}/{y}.jpg",
        "i": "labels/x",
        "j": "_",
        "k": "a b-c",
        "l": "1.0.0",
        "n": "no",
        "o": "2020-01-01",
        "p": "64KiB",
        "q": "a: b\n{c}\n",
    }


def test_several_traps_in_one_run() -> None:
    problems = parse.load("a: no\nb: 012\na: 1\n1: x\nc: !t y\n", "a.yaml").problems
    assert [problem.rule for problem in problems] == [
        "ambiguous-scalar",
        "ambiguous-scalar",
        "duplicate-key",
        "key-not-text",
        "tag",
    ]
