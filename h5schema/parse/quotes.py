"""Texts without quotes that need some, and quotes that are not closed where their text ends."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

import yaml

from h5schema.errors import Problem
from h5schema.parse.source import Source
from h5schema.parse.words import quoted, shown

_BRACED = re.compile(r"\{[A-Za-z_]\w*(?::[^{}]*)?\}")
_ONE, _REST = _BRACED.pattern, r"[^\s,\[\]{}'\"]*"
_TEXTS_WITH_BRACES = (
    re.compile(rf"(?:(?<=[:\-\[,{{] )|(?<=[\[,{{]))(?:{_ONE}{_REST})+"),  # {label}/{name}.jpg
    re.compile(rf"(?:(?<=[\[,] )|(?<=\[)|(?<=: ))[\w./-]+{_ONE}{_REST}(?:{_ONE}{_REST})*"),  # labels/{name}.json
    re.compile(rf"(?<=: ){_ONE} +[^\s,\[\]{{}}:#][^,\[\]{{}}:#]*$"),  # {name} and more
)


def braces(source: Source, error: yaml.MarkedYAMLError, line: int, column: int) -> Problem | None:
    """`source: {label}/{name}.jpg`: a text with captures."""
    for pattern in _TEXTS_WITH_BRACES:
        for found in pattern.finditer(source.line(line)):
            text = found[0]
            if found.start() < column <= found.end() + 1 and not _BRACED.fullmatch(text):
                place = source.location(line, found.start() + 1, len(text))
                return source.problem(
                    "unquoted-braces",
                    f"without quotes YAML reads {{…}} in {shown(text)} as a mapping",
                    place,
                    f"quote it: {quoted(text)}",
                )
    return None


def reserved(source: Source, error: yaml.MarkedYAMLError, line: int, column: int) -> Problem | None:
    """A text that begins with a character that YAML keeps for itself."""
    mark = error.context_mark
    if mark is not None and error.context is not None and error.context.endswith(_MEANT_AS_TEXT):
        line, column = mark.line + 1, mark.column + 1
    text = rest_of_text(source, line, column)
    if text[:1] not in _RESERVED:
        return None
    place = source.location(line, column, len(text))
    return source.problem(
        "unquoted-text", f"a text that begins with {text[0]} needs quotes", place, f"write {quoted(text)}"
    )


_RESERVED = tuple("@`%|>&*!")
_MEANT_AS_TEXT = ("alias", "anchor", "block scalar", "tag")


def rest_of_text(source: Source, line: int, column: int) -> str:
    """What stands from a place on and was likely meant as one text."""
    before, rest = source.line(line)[: column - 1], source.line(line)[column - 1 :]
    rest = re.split(r"\s#", rest, maxsplit=1)[0]
    in_brackets = sum(map(before.count, "[{")) > sum(map(before.count, "]}"))
    return (re.split(r"[,\]}]", rest, maxsplit=1)[0] if in_brackets else rest).rstrip()


def quote(source: Source, error: yaml.MarkedYAMLError, line: int, column: int) -> Problem | None:
    """A quote that is opened and never closed."""
    if error.context is None or "quoted scalar" not in error.context or error.context_mark is None:
        return None
    mark = error.context_mark
    quote = source.line(mark.line + 1)[mark.column : mark.column + 1]
    if "escape" in (error.problem or ""):
        place = source.location(line, max(1, column - 1), 2)
        return source.problem(
            "bad-escape",
            "this escape means nothing in double quotes",
            place,
            "use single quotes, in which a backslash is a backslash",
        )
    place = source.location(mark.line + 1, mark.column + 1)
    return source.problem(
        "unclosed-quote",
        f"the quote {quote} that opens here is not closed",
        place,
        f"close it with {quote}; within single quotes a quote is written twice",
    )


def after_quote(source: Source, error: yaml.MarkedYAMLError, line: int, column: int) -> Problem | None:
    """`at: 'a'b`: text behind a closing quote."""
    before = source.line(line)[: column - 1].rstrip()
    rest = re.match(r"[^\s,\]}#:]+", source.line(line)[column - 1 :])
    if not before.endswith(("'", '"', "]", "}")) or rest is None:
        return None
    place = source.location(line, column, len(rest[0]))
    if (opening := _quote_above(source, line, len(before))) is not None:
        return opening
    if (closing := before[-1]) in "]}":
        if error.context is not None and "flow" in error.context:
            return None  # a comma is missing
        return source.problem(
            "after-bracket",
            f"something stands behind the closing {closing}",
            place,
            "delete it, or quote the whole text",
        )
    return source.problem(
        "after-quote",
        "something stands behind the closing quote",
        place,
        "put all of the text into the quotes; within single quotes a quote is written twice",
    )


def _quote_above(source: Source, line: int, column: int) -> Problem | None:
    """The quote that opens, in a line above, a text that is closed here: likely by the opening quote of another."""
    opened = next((start for start, end in _quoted_texts(source) if (end.line + 1, end.column) == (line, column)), None)
    if opened is None or opened.line + 1 == line:
        return None
    return source.problem(
        "unclosed-quote",
        f"the quote that opens here is closed in line {line}, where more text follows",
        source.location(opened.line + 1, opened.column + 1),
        "close it where its text ends; within single quotes a quote is written twice",
    )


def _quoted_texts(source: Source) -> Iterator[tuple[yaml.Mark, yaml.Mark]]:
    """Beginning and end of each quoted text, as far as the parser comes."""
    try:
        for token in cast("Iterator[yaml.Token]", cast("Any", yaml).scan(source.text, Loader=yaml.SafeLoader)):
            if isinstance(token, yaml.ScalarToken) and token.style in ("'", '"'):
                yield token.start_mark, token.end_mark
    except (yaml.YAMLError, ValueError, OverflowError):
        return


def colon(source: Source, error: yaml.MarkedYAMLError, line: int, column: int) -> Problem | None:
    """`doc: a: b`: a second colon in one line."""
    text = source.line(line)
    inner = re.search(r"(?:: +|[\[,] *)([^\s:,\[\]{}'\"]+)$", text[: column - 1])
    if text[column - 1 : column] == ":" and error.context is not None and "flow" in error.context and inner:
        return _needs_quotes(source, line, inner.start(1) + 1, rest_of_text(source, line, inner.start(1) + 1))
    found = re.match(r"(\s*(?:- )?[^:'\"#]+: +)([^'\"\[{].*?: .*|[^'\"\[{].*:)$", text)
    if found is None or column <= found.start(2) or column > len(text) + 1:
        return None
    return _needs_quotes(source, line, found.start(2) + 1, found[2].split(" #")[0].rstrip())


def _needs_quotes(source: Source, line: int, column: int, text: str) -> Problem:
    return source.problem(
        "colon-in-text",
        "a text that holds ': ' needs quotes, else it is a second key",
        source.location(line, column, len(text)),
        f"write {quoted(text)}, or put the inner key on a line of its own",
    )
