"""Patterns with captures: what they match, what they refuse, and that a match finds its file again."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from h5schema.vocabulary.patterns import Pattern, PatternError


@pytest.mark.parametrize(
    ("pattern", "path", "captures"),
    [
        ("{label}/{name}.jpg", "cat/1.jpg", {"label": "cat", "name": "1"}),
        ("{label}/{name}.jpg", "cat/old/1.jpg", None),
        ("{label}/{name}.jpg", "1.jpg", None),
        ("{label}/{name}.jpg", "cat/1xjpg", None),
        ("{name}.jpg", ".jpg", None),
        ("{digit:int}_{speaker}_{take:int}.wav", "0_a_b_007.wav", {"digit": 0, "speaker": "a_b", "take": 7}),
        ("{digit:int}.wav", "one.wav", None),
        ("{t:int}.csv", "-5.csv", {"t": -5}),
        ("{path:path}", "a/b/c.txt", {"path": "a/b/c.txt"}),
        ("{where:path}/x.npy", "a/b/x.npy", {"where": "a/b"}),
        ("{kind:cat|dog*}/{name}", "dogs/1", {"kind": "dogs", "name": "1"}),
        ("{kind:cat|dog*}/{name}", "cats/1", None),
        ("sub-{s}/sub-{s}_T1w.nii", "sub-01/sub-01_T1w.nii", {"s": "01"}),
        ("sub-{s}/sub-{s}_T1w.nii", "sub-01/sub-02_T1w.nii", None),
        ("a+b/{x}", "a+b/ü", {"x": "ü"}),
        ("{x}_{y}", "a_b_c", {"x": "a_b", "y": "c"}),
    ],
)
def test_match(pattern: str, path: str, captures: dict[str, object] | None) -> None:
    assert Pattern.parse(pattern).match(path) == captures


@pytest.mark.parametrize(
    ("pattern", "column", "word"),
    [
        ("", 0, "empty"),
        ("a/{name", 2, "never closed"),
        ("name}.jpg", 4, "without"),
        ("{a}{b}", 3, "where {a} ends"),
        ("x/*.jpg", 2, "stands for itself"),
        ("{}", 0, "without a name"),
        ("{1}", 0, "no name"),
        ("{a:}", 0, "after the `:`"),
        ("{a:x||y}", 0, "no capture"),
        ("{n:str}.jpg", 0, "`str`"),
        ("{a:int}/{a:path}", 8, "twice"),
        ("a\\{b}", 1, "backslash"),
    ],
)
def test_refused_at_the_character(pattern: str, column: int, word: str) -> None:
    with pytest.raises(PatternError) as caught:
        Pattern.parse(pattern)
    assert word in str(caught.value)
    assert caught.value.offset == column


def test_fill_names_what_is_missing() -> None:
    with pytest.raises(ValueError, match=r"no value for \{b\}"):
        Pattern.parse("{a}/{b}.json").fill({"a": 1})


_names = st.text("abcXYZ019 -.+é", min_size=1, max_size=8)


@given(label=_names, name=_names, take=st.integers(-(10**17), 10**17))
def test_what_is_filled_in_is_matched_again(label: str, name: str, take: int) -> None:
    pattern = Pattern.parse("{label}/{name}_{take:int}.wav")
    path = pattern.fill({"label": label, "name": name, "take": take})
    assert pattern.match(path) == {"label": label, "name": name, "take": take}


@given(st.text(max_size=30))
def test_any_text_is_a_pattern_or_an_error_of_ours(text: str) -> None:
    try:
        pattern = Pattern.parse(text)
    except PatternError as error:
        pattern, offset = None, error.offset
    else:
        offset = 0
    assert 0 <= offset <= len(text)
    if pattern is None:
        return
    assert pickle.loads(pickle.dumps(pattern)).text == text
    assert pattern.match("/") in (None, {}) or pattern.captures


def test_texts_keep_leading_zeros() -> None:
    pattern = Pattern.parse("{n:int}.jpg")
    assert pattern.match("007.jpg") == {"n": 7}
    texts = pattern.texts("007.jpg")
    assert texts is not None
    assert pattern.fill(texts) == "007.jpg"
