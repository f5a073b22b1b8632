"""Why a text is not YAML, in our own words.

The parser says where it stopped; what is wrong is found by a look at the text around
that place, because the words of a parser speak of its own state ("expected <block end>").
Each suspicion is a function, asked in turn from the most to the least telling.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import TypeAlias

import yaml

from h5schema.errors import Problem
from h5schema.parse.quotes import after_quote, braces, colon, quote, reserved, rest_of_text
from h5schema.parse.source import Source
from h5schema.parse.words import shown

Suspicion: TypeAlias = Callable[[Source, yaml.MarkedYAMLError, int, int], Problem | None]
"""Gets the text, the error, and the line and column (from 1) where the parser stopped."""


def explain(source: Source, error: Exception) -> Problem:
    """One problem for what stopped the parser."""
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return _no_character(source) or source.problem(
            "bad-yaml", "this cannot be read as YAML", source.location(1, 1), _LOOK
        )
    line, column = error.problem_mark.line + 1, error.problem_mark.column + 1
    while line > 1 and not source.line(line).strip():  # stopped at the end: speak of the last line with text
        line -= 1
        column = len(source.line(line)) + 1
    for suspect in _SUSPICIONS:
        found = suspect(source, error, line, column)
        if found is not None:
            return found
    return source.problem("bad-yaml", "this cannot be read as YAML", source.location(line, column), _LOOK)


_LOOK = "look at the quotes, brackets and indentation of this line and of the one before it"


def _no_character(source: Source) -> Problem | None:
    """`"\\UFFFFFFFF"`: the one mistake of which the parser does not say where it is."""
    for number, line in enumerate(source.lines, 1):
        for found in re.finditer(r"(?<!\\)(?:\\\\)*(\\U([0-9a-fA-F]{8}))", line):
            if int(found[2], 16) > sys.maxunicode:
                return source.problem(
                    "bad-escape",
                    "this escape stands for no character: the last one is U+10FFFF",
                    source.location(number, found.start(1) + 1, len(found[1])),
                    "write the character itself, or use single quotes, in which a backslash is a backslash",
                )
    return None


def _tab(source: Source, error: yaml.MarkedYAMLError, line: int, column: int) -> Problem | None:
    for number in dict.fromkeys((line, max(1, line - 1))):
        indent = re.match(r" *(\t+)", source.line(number))
        if indent:
            place = source.location(number, indent.start(1) + 1, len(indent[1]))
            return source.problem("tab", "YAML is not indented with tabs", place, "use spaces: two for each level")
    tabs = re.match(r"\t+", source.line(line)[column - 1 :])
    if tabs is None:
        return None
    place = source.location(line, column, len(tabs[0]))
    return source.problem("tab", "a tab stands here, where YAML knows only spaces", place, "write a space")


def _document(source: Source, error: yaml.MarkedYAMLError, line: int, column: int) -> Problem | None:
    """What only files of several documents have: a directive, or text behind the end."""
    if (directive := re.match(r"%\S*", source.line(line))) is not None:
        place = source.location(line, 1, len(directive[0]))
        return source.problem(
            "directive", f"a schema has no directives such as {shown(directive[0])}", place, "delete this line"
        )
    for number in range(line - 1, 0, -1):
        if source.line(number).startswith("..."):
            place = source.location(number, 1, 3)
            return source.problem(
                "several-documents", "'...' ends the schema, and more stands below", place, "delete this line"
            )
        if source.line(number).strip():
            break
    return None


def _list_on_line(source: Source, error: yaml.MarkedYAMLError, line: int, column: int) -> Problem | None:
    """`dims: - a`: a list that begins behind its key."""
    found = re.match(r"-(?: +(.*))?$", rest_of_text(source, line, column))
    if found is None or not source.line(line)[: column - 1].rstrip().endswith(":"):
        return None
    return source.problem(
        "list-on-line",
        "a list with '-' cannot begin behind its key",
        source.location(line, column, len(found[0])),
        f"write [{shown(found[1])}], or begin the next line with '- {shown(found[1])}'" if found[1] else "write []",
    )


def _comma(source: Source, error: yaml.MarkedYAMLError, line: int, column: int) -> Problem | None:
    """A comma with nothing before it."""
    if source.line(line)[column - 1 : column] != ",":
        return None
    return source.problem(
        "empty-item", "nothing stands before this comma", source.location(line, column), "delete it, or quote a text"
    )


_BRACKETS = re.compile(r"""(?<![^\s\[{,])(?:'[^']*'|"(?:\\.|[^"\\])*")|(?:^|(?<=\s))\#.*|[\[\]{}]""", re.MULTILINE)


def _last_open(source: Source) -> Problem | None:
    """The last bracket of the text that nothing closes; quotes and comments hold none."""
    opened: list[int] = []
    for found in _BRACKETS.finditer(source.text):
        if found[0] in "[{":
            opened.append(found.start())
        elif found[0] in "]}" and opened:
            opened.pop()
    if not opened:
        return None
    before = Source(source.file, source.text[: opened[-1]]).lines
    opening = source.text[opened[-1]]
    closing = {"[": "]", "{": "}"}[opening]
    place = source.location(len(before), len(before[-1]) + 1)
    return source.problem(
        "unclosed-bracket", f"the {opening} that opens here is not closed", place, f"close it with {closing}"
    )


def _bracket(source: Source, error: yaml.MarkedYAMLError, line: int, column: int) -> Problem | None:
    """A bracket that is not closed, or a comma that is missing in it."""
    if error.context is None or "flow" not in error.context or error.context_mark is None:
        return None
    mark = error.context_mark
    opening = source.line(mark.line + 1)[mark.column : mark.column + 1]
    if not opening:  # the parser has lost it, too
        return _last_open(source)
    closing = {"[": "]", "{": "}"}.get(opening, "]")
    at_end = line > mark.line + 1 or column > len(source.line(line).rstrip())
    rest = source.line(line)[column - 1 :]
    if at_end or not rest.strip():
        place = source.location(mark.line + 1, min(mark.column + 1, len(source.line(mark.line + 1))))
        return source.problem(
            "unclosed-bracket", f"the {opening} that opens here is not closed", place, f"close it with {closing}"
        )
    if rest[0] in "]}":
        return source.problem(
            "wrong-bracket",
            f"this {rest[0]} does not close the {opening} in line {mark.line + 1}, column {mark.column + 1}",
            source.location(line, column),
            f"close it with {closing} first",
        )
    key = re.search(r"(?<= )[^\s,\[\]{}:]+$", source.line(line)[: column - 1]) if rest[0] == ":" else None
    token = key or re.match(r"[^\s,\[\]{}:]+|.", rest)
    place = source.location(line, key.start() + 1 if key else column, len(token[0]) if token else 1)
    return source.problem(
        "missing-comma",
        f"before this a comma or {closing} is missing",
        place,
        f"separate items with commas, and close with {closing}",
    )


def _closing(source: Source, error: yaml.MarkedYAMLError, line: int, column: int) -> Problem | None:
    """A closing bracket that nothing opened."""
    token = source.line(line)[column - 1 : column]
    if token not in ("]", "}"):
        return None
    return source.problem(
        "unopened-bracket",
        f"nothing opened the {token} here",
        source.location(line, column),
        "delete it, or open it before",
    )


def _no_space(source: Source, error: yaml.MarkedYAMLError, line: int, column: int) -> Problem | None:
    """`train:{over: photo}`: a key and its value without a space between them."""
    found = re.match(r"\s*(?:- )?([A-Za-z_]\w*:)[^\s]", source.line(line))
    if found is None or column <= found.end(1):
        return None
    place = source.location(line, found.start(1) + 1, len(found[1]))
    return source.problem(
        "no-space", f"no space stands behind `{shown(found[1])}`", place, f"write `{shown(found[1])} ...`"
    )


def _no_colon(source: Source, error: yaml.MarkedYAMLError, line: int, column: int) -> Problem | None:
    """A line that is neither `key: value` nor part of a list."""
    for number in dict.fromkeys((line, max(1, line - 1))):
        text = source.line(number)
        bare = text.split(" #")[0].strip()
        if not bare or ": " in bare or bare.endswith(":") or bare.startswith(("-", "#", "{", "[", "]", "}")):
            continue
        place = source.location(number, len(text) - len(text.lstrip()) + 1, len(bare))
        key, _, value = bare.partition(":") if ":" in bare else bare.partition(" ")
        return source.problem(
            "no-colon",
            "this line has no ': ' between a key and a value",
            place,
            f"write {shown(key)}: {shown(value.strip()) or '...'}",
        )
    return None


def _indentation(source: Source, error: yaml.MarkedYAMLError, line: int, column: int) -> Problem | None:
    """A line that stands deeper or less deep than its neighbours."""
    text = source.line(line)
    here = len(text) - len(text.lstrip())
    above = [one for one in source.lines[: line - 1] if one.strip() and not one.lstrip().startswith("#")]
    depths = sorted({len(one) - len(one.lstrip()) for one in above})
    at_key = re.fullmatch(r"\s*[^\s:]+", text[: column - 1]) and text[column - 1 : column] == ":"
    if not above or (text[: column - 1].strip() and here in depths and not at_key):
        return None
    fits = ", ".join(map(str, depths[:6]))
    token = re.match(r"[^\s:]+:?", text[here:])
    place = source.location(line, here + 1, len(token[0]) if token else 1)
    if here in depths:
        return source.problem(
            "indentation",
            "this line does not go on with what stands above it",
            place,
            "keys of one mapping begin in one column; items of one list begin with '- ' in one column",
        )
    return source.problem(
        "indentation",
        f"this line is indented by {here} space{'s'[: here != 1]}, which fits no line above it",
        place,
        f"keys of one mapping begin in one column; the lines above are indented by {fits}",
    )


_SUSPICIONS: tuple[Suspicion, ...] = (
    _tab,
    quote,
    _document,
    braces,
    after_quote,
    reserved,
    _list_on_line,
    _comma,
    _no_space,
    colon,
    _bracket,
    _closing,
    _no_colon,
    _indentation,
)
