"""Names in code: legal, stable, and told apart."""

from __future__ import annotations

import keyword
import unicodedata
from enum import IntEnum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from h5schema.resolve.identifiers import camel, member
from h5schema.vocabulary import reserved


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("cat", "cat"),
        ("Cat", "Cat"),
        ("traffic light", "traffic_light"),
        ("class", "class_"),
        ("name", "name_"),
        ("mro", "mro_"),
        ("C", "C"),
        ("C++", "C_plus_plus"),
        ("C#", "C_sharp"),
        ("0", "n0"),
        ("-1", "minus_1"),
        ("10-20", "n10_20"),
        ("café", "café"),
        ("cafe\u0301", "café"),
        ("Größe x", "Größe_x"),
        ("猫", "猫"),
        ("हिन्दी", "हिन्दी"),
        ("٣", "n٣"),
        ("ﬁle №2", "file_No2"),
        ("m²", "m2"),
        ("½", "n1_2"),
        ("\uff43\uff4c\uff41\uff53\uff53", "class_"),
        ("__init__", "init"),
        ("_sunder_", "sunder"),
        ("?", "question_mark"),
        ("..", "full_stop_full_stop"),
        ("🦆", "duck"),
        ("\0", "u0000"),
        ("!\u0301", "ń"),
        ("{{ x }}", "x"),
    ],
)
def test_members(text: str, identifier: str) -> None:
    assert member(text) == identifier


@given(st.text(min_size=1, max_size=20))
def test_any_text_gives_a_member_that_enum_takes(text: str) -> None:
    identifier = member(text)
    assert identifier.isidentifier()
    assert identifier == unicodedata.normalize("NFKC", identifier), "as Python reads it"
    assert not keyword.iskeyword(identifier)
    made = IntEnum("Made", {identifier: 3})  # type: ignore[misc]
    assert [one.name for one in made] == [identifier]
    assert int(made[identifier]) == 3


@given(st.from_regex(r"[A-Za-z][A-Za-z0-9_]*", fullmatch=True))
def test_an_identifier_stays_unless_python_has_it(text: str) -> None:
    taken = keyword.iskeyword(text) or text in reserved.MEMBER
    assert member(text) == (f"{text}_" if taken else text)


def test_reserved_members_are_what_int_enum_has() -> None:
    public = {name for name in dir(IntEnum) + dir(IntEnum("One", {"one": 1}).one) if not name.startswith("_")}
    assert public - {"one"} <= reserved.MEMBER | {"real", "imag"}


@pytest.mark.parametrize(
    ("names", "class_name"),
    [(("log_mel",), "LogMel"), (("X",), "X"), (("robot0_eef_pos",), "Robot0EefPos"), (("a", "b_c"), "ABC")],
)
def test_camel(names: tuple[str, ...], class_name: str) -> None:
    assert camel(*names) == class_name
