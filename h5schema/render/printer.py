"""Lays out Python as `ruff format` would, with no formatter installed.

Generated code needs four shapes only: calls, collections, subscripts and annotations.
Something in brackets stands on one line if it fits, else with one item a line and a
comma after the last; such a comma is what makes a formatter keep the lines apart.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeAlias

WIDTH = 88
INDENT = 4


class Bracketed(NamedTuple):
    """Something in brackets.

    Attributes:
        opening: Up to and with the opening bracket: `Array(`, `tuple[`, `{`.
        items: What stands before each item (`check=`, `"key": `), and the item.
        closing: The closing bracket.
        lone: What follows a single item on one line: the comma that makes a tuple.
        comma: Whether the last of many lines may end with a comma; in `list[X]` it would make a tuple of X.
        open: One item a line even where one line would do.
    """

    opening: str
    items: tuple[tuple[str, Code], ...]
    closing: str
    lone: str = ""
    comma: bool = True
    open: bool = False


Code: TypeAlias = "str | Bracketed"
"""Python text that cannot be broken, or something in brackets."""


def call(function: str, arguments: Iterable[tuple[str, Code]], *, open: bool = False) -> Bracketed:
    """`function(a, name=b)`; the name of a positional argument is empty."""
    items = tuple((f"{name}=" if name else "", value) for name, value in arguments)
    return Bracketed(f"{function}(", items, ")", open=open)


def subscript(generic: str, parameters: Sequence[Code]) -> Bracketed:
    """`generic[A, B]`."""
    return Bracketed(f"{generic}[", tuple(("", each) for each in parameters), "]", comma=len(parameters) > 1)


def flat(code: Code) -> str:
    """On one line, however long."""
    if isinstance(code, str):
        return code
    lone = code.lone if len(code.items) == 1 else ""
    return code.opening + ", ".join(before + flat(item) for before, item in code.items) + lone + code.closing


def fits(line: str) -> bool:
    """Whether a line is narrow enough for any formatter.

    How wide a character beyond ASCII is, tables of Unicode disagree on; it counts two
    columns. A line that is broken too early stays broken, thanks to its last comma.
    """
    return (len(line) if line.isascii() else sum(1 if c.isascii() else 2 for c in line)) <= WIDTH


def lay(code: Code, indent: int = 0, before: str = "", after: str = "") -> str:
    """The lines of `code` between two texts, all of them indented."""
    margin = " " * indent
    if isinstance(code, str):
        return margin + before + code + after
    if not code.items or not _opened(code):
        line = margin + before + flat(code) + after
        # The comma of a tuple of one keeps no lines apart, so its width must be the true one.
        if not code.items or (_true_width(line) <= WIDTH if code.lone and len(code.items) == 1 else fits(line)):
            return line
    comma = "," if code.comma else ""
    inner = [lay(item, indent + INDENT, name, comma) for name, item in code.items]
    return "\n".join([margin + before + code.opening, *inner, margin + code.closing + after])


def assign(target: str, code: Code, indent: int = 0) -> str:
    """`target = code`; a name or number that is too far right goes into parentheses."""
    if isinstance(code, str):
        margin, inner = " " * indent, " " * (indent + INDENT)
        line, start = f"{margin}{target} = {code}", f"{margin}{target} = ("
        # No comma keeps these lines apart, so the widths must be the true ones.
        if _true_width(line) > WIDTH and _true_width(start) <= WIDTH and _true_width(inner + code) <= WIDTH:
            return f"{start}\n{inner}{code}\n{margin})"
        return line
    return lay(code, indent, f"{target} = ")


def annotate(name: str, code: Code, indent: int = 0, *, optional: bool = False) -> str:
    """`name: code`, or `name: code | None`."""
    margin, inner = " " * indent, " " * (indent + INDENT)
    union = flat(code) + (" | None" if optional else "")
    if fits(f"{margin}{name}: {union}"):
        return f"{margin}{name}: {union}"
    if not optional and not isinstance(code, str):
        return lay(code, indent, f"{name}: ")
    if optional and not fits(inner + union):
        union = f"{lay(code, indent + INDENT).lstrip()}\n{inner}| None"
    return f"{margin}{name}: (\n{inner}{union}\n{margin})"


def from_import(module: str, names: Sequence[str]) -> str:
    """`from module import a, b`."""
    line = f"from {module} import {', '.join(names)}"
    if fits(line):
        return line
    return "\n".join([f"from {module} import (", *(f"    {name}," for name in names), ")"])


def class_head(name: str, bases: Sequence[Code]) -> str:
    """`class name(bases):`."""
    return lay(call(f"class {name}", [("", base) for base in bases]), after=":")


def _opened(code: Code) -> bool:
    return not isinstance(code, str) and (code.open or any(_opened(item) for _, item in code.items))


def _true_width(line: str) -> int:
    if line.isascii():
        return len(line)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)
