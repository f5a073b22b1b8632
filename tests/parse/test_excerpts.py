"""The source line under a message, and the caret under the token."""

from __future__ import annotations

import pytest

from h5schema import parse
from h5schema.errors import Location, Problem, UsageError


def excerpt(text: str) -> tuple[str, str]:
    _, line, caret, *_ = str(parse.load(text, "a.yaml").problems[0]).splitlines()
    return line, caret


def test_caret_under_the_token() -> None:
    assert excerpt("a: 1\nb: 2020-01-01\n") == ("  2 | b: 2020-01-01", "    |    ^^^^^^^^^^")


def test_wide_and_combining_characters_before_the_token() -> None:
    line, caret = excerpt("图e\u0301: no\n")
    assert line == "  1 | 图e\u0301: no"
    assert caret == "    |      ^^"  # two columns for the first, none for the accent


def test_a_wide_token() -> None:
    assert excerpt("图: 1\n图: 2\n")[1] == "    | ^^"


def test_tabs_before_the_token_stay_tabs() -> None:
    problem = Problem("r", "m", Location("a.yaml", 1, 3, 2), "\t\tno")
    assert str(problem).splitlines()[1:] == ["  1 | \t\tno", "    | \t\t^^"]


def test_a_long_line_is_cut_around_the_token() -> None:
    text = "a: [" + ", ".join(f"x{n}" for n in range(600)) + ", no, " + ", ".join(f"y{n}" for n in range(600)) + "]\n"
    line, caret = excerpt(text)
    assert len(line) < 180
    assert line[6] == line[-1] == "…"
    start = caret.index("^")
    assert line[start : start + 2] == "no"


def test_the_beginning_of_a_long_line_is_kept() -> None:
    line, caret = excerpt("a: no # " + "x" * 1000)
    assert line.startswith("  1 | a: no # xxx")
    assert caret == "    |    ^^"


def test_a_token_longer_than_the_line_that_is_shown() -> None:
    line, caret = excerpt("a: !" + "x" * 5000 + " y\n")
    assert len(line) < 180
    assert len(caret) <= len(line)


def test_nothing_reaches_the_terminal_that_acts_on_it() -> None:
    line, caret = excerpt("a: b\u202e \x1b[31mred\n")
    assert line == "  1 | a: b\\u202e \\x1b[31mred"
    assert line[caret.index("^") :].startswith("\\x1b[31m")
    assert caret.count("^") == len("\\x1b")
    said = str(Problem("r", "the text '\x1b]0;x\x07\u202e\n'", Location("a.yaml", 1, 1), "a\ud800", "\x9b1m"))
    assert said.replace("\n", "").isprintable()
    assert "'\\x1b]0;x\\x07\\u202e\\n'" in said
    assert "help: \\x9b1m" in said
    said.encode("utf-8")


def test_other_errors_are_harmless_too() -> None:
    said = str(UsageError("it fails\nsecond line", where="a\x1b[31m.yaml", do="look\u202e"))
    assert said == "a\\x1b[31m.yaml: it fails\nsecond line\n  help: look\\u202e"


@pytest.mark.parametrize(
    ("data", "place", "message"),
    [
        (b"\x89HDF\r\n\x1a\n\0\0\0\x08\x1b[31m", (2, 1), "this is not text: it holds the byte 0x1a"),
        (b"a: b\n\0\x1b[31m", (2, 1), "this is not text: it holds the byte 0x00"),
        (b"\x01\xff", (1, 1), "this is not text: it holds the byte 0x01"),
        ("a: b\nc: d\n".encode("utf-16-le"), (1, 1), "the file is not UTF-8 text (it looks like UTF-16)"),
    ],
)
def test_bytes_that_are_no_text_are_not_quoted(data: bytes, place: tuple[int, int], message: str) -> None:
    (problem,) = parse.load(data, "a.yaml").problems
    assert (problem.location.line, problem.location.column, problem.message) == (*place, message)
    assert str(problem).count("\n") == 1
    assert problem.help
