"""The source line under a message, and the caret under the token."""

from __future__ import annotations

from h5schema import parse
from h5schema.errors import Location, Problem


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
    said = str(parse.load("a: \x1b[31mred\n", "a.yaml").problems[0])
    assert "\x1b" not in said
    said = str(Problem("r", "the text '\x1b]0;x\x07\u202e'", Location("a.yaml", 1, 1), "a\ud800"))
    assert said.replace("\n", "").isprintable()
    said.encode("utf-8")
