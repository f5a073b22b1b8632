"""Texts that would exhaust a reader: each ends in one problem, at once."""

from __future__ import annotations

from h5schema import parse


def rule(text: str) -> str:
    (problem,) = parse.load(text, "a.yaml").problems
    assert len(str(problem)) < 1000
    return problem.rule


def test_deep_lists() -> None:
    assert rule("a: " + "[" * 100_000) == "too-deep"
    assert rule("a: " + "{b: " * 100_000) == "too-deep"


def test_deep_lists_closed() -> None:
    assert rule("a: " + "[" * 100_000 + "]" * 100_000) == "too-deep"


def test_deep_blocks() -> None:
    assert rule("".join(" " * depth + "a:\n" for depth in range(1_000))) == "too-deep"


def test_depth_by_aliases() -> None:
    levels = ["k0: &a0 " + "[" * 60 + "]" * 60]
    levels += [f"k{n}: &a{n} " + "[" * 60 + f"*a{n - 1}" + "]" * 60 for n in range(1, 30)]
    assert rule("\n".join(levels)) == "too-deep"


def test_many_laughs() -> None:
    levels = ["k0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"k{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 10) + "]" for n in range(1, 30)]
    assert rule("\n".join(levels)) == "alias-bomb"


def test_long_number_like_texts() -> None:
    assert parse.load("a: 1" + "_" * 200_000 + "x\nb: " + "9" * 200_000 + "\n", "a.yaml").problems == ()


def test_a_long_text_before_a_mistake() -> None:
    assert rule("a: " + "x" * 100_000 + ": y\n") == "colon-in-text"
    assert rule("a: [" + "{b}, " * 20_000 + "\n") == "unclosed-bracket"
