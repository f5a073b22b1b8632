"""Texts of a schema reach code as literals and docstrings of the same value."""

from __future__ import annotations

import ast
import inspect

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from h5schema.errors import H5SchemaError
from h5schema.render.literals import docstring, literal, name, string
from h5schema.render.printer import lay

from .drawn import json_values, texts


@given(texts)
@example('a"""b')
@example('ends with a quote"')
@example("ends with a backslash\\")
@example('"')
@example("\u202edrow\u202c")
def test_a_string_literal_is_the_text(text: str) -> None:
    printed = string(text)
    assert ast.literal_eval(printed) == text
    assert printed.isprintable()


@given(json_values)
def test_a_literal_has_the_value(value: object) -> None:
    assert ast.literal_eval(lay(literal(value))) == _lists(value)  # type: ignore[arg-type]


@given(texts.filter(lambda text: text.strip() != ""), st.sampled_from([0, 4]))
@example('a"""b', 4)
@example('"quoted"', 4)
@example('ends with """', 0)
@example("backslash\\", 4)
@example("first\n  second\n    third", 4)
def test_a_docstring_says_the_text(text: str, indent: int) -> None:
    body = docstring(text, indent)
    head = "class C:\n" if indent else ""
    found = ast.get_docstring(ast.parse(head + body).body[0] if indent else ast.parse(body))  # type: ignore[arg-type]
    # Long lines are wrapped; nothing but the kind of white space between words changes.
    assert (found or "").split() == inspect.cleandoc(text).split()
    assert body.replace("\n", "").isprintable()


def test_a_docstring_that_fits_is_left_as_it_is() -> None:
    text = "Summary.\n\n    indented\n\n- list\n- of two"
    assert ast.get_docstring(ast.parse(docstring(text, 0))) == text


@pytest.mark.parametrize("write", [string, lambda text: docstring(text, 0)])
def test_a_lone_surrogate_is_refused(write: object) -> None:
    with pytest.raises(H5SchemaError, match=r"U\+D800"):
        write("a\ud800")  # type: ignore[operator]


@pytest.mark.parametrize("text", ["class", "a b", "1a", "a;b", "e\u0301", "\uff58", "", "a\n", "a\u202e"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(H5SchemaError, match="cannot be a name"):
        name(text)


def _lists(value: object) -> object:
    if isinstance(value, tuple | list):
        return [_lists(item) for item in value]
    return {key: _lists(item) for key, item in value.items()} if isinstance(value, dict) else value
