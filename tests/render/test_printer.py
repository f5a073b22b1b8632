"""The printer against ruff, on drawn code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from h5schema.render.imports import in_order
from h5schema.render.literals import literal
from h5schema.render.printer import Bracketed, Code, annotate, assign, call, class_head, from_import, subscript

from .drawn import identifiers, json_values

_class_names = st.from_regex(r"[A-Z][A-Za-z0-9]{0,70}", fullmatch=True).filter(
    lambda name: name not in ("None", "True")
)
_types = st.recursive(
    _class_names,
    lambda inner: st.lists(inner, min_size=1, max_size=3).map(lambda some: subscript("tuple", some)),
    max_leaves=5,
)
_values: st.SearchStrategy[Code] = st.recursive(
    json_values.map(literal),
    lambda inner: (
        st.lists(st.tuples(identifiers, inner), max_size=3, unique_by=lambda pair: pair[0]).map(
            lambda items: call("Call", items)
        )
        | st.lists(inner, min_size=1, max_size=3).map(
            lambda items: Bracketed("(", tuple(("", item) for item in items), ")", lone=",")
        )
    ),
    max_leaves=8,
)


def _formatted(source: str) -> str:
    return subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "-"],
        input=source,
        capture_output=True,
        check=True,
        text=True,
    ).stdout


@settings(max_examples=60, deadline=None)
@given(
    assignments=st.lists(st.tuples(identifiers, _values), max_size=8),
    fields=st.lists(st.tuples(identifiers, _types, st.booleans()), min_size=1, max_size=8),
    head=st.tuples(_class_names, _types),
    imported=st.sets(_class_names | identifiers, min_size=1, max_size=12),
)
def test_prints_what_ruff_would(
    assignments: list[tuple[str, Code]],
    fields: list[tuple[str, Code, bool]],
    head: tuple[str, Code],
    imported: set[str],
) -> None:
    lines = [from_import("h5schema.runtime", in_order(imported)), "", "", class_head(head[0], [head[1]])]
    lines += [assign(name, value, 4) for name, value in assignments]
    lines += [annotate(name, kind, 4, optional=optional) for name, kind, optional in fields]
    source = "\n".join(lines) + "\n"
    assert _formatted(source) == source


@settings(max_examples=60, deadline=None)
@given(
    st.sets(
        _class_names
        | identifiers
        | st.sampled_from(["RGB", "A", "A1", "B10", "B9", "b_1", "b1", "B01", "b001", "b00", "b0", "b010", "b0_b"]),
        min_size=2,
    )
)
def test_imports_are_in_the_order_that_ruff_wants(names: set[str]) -> None:
    source = from_import("h5schema.runtime", in_order(names)) + "\n"
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "I", "-q", "-"]
    done = subprocess.run(command, input=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_line_of_88_columns_is_kept_and_one_of_89_broken() -> None:
    kept = assign("x", call("f", [("", '"' + "a" * 79 + '"')]))
    assert (len(kept), kept.count("\n")) == (88, 0)
    broken = assign("x", call("f", [("", '"' + "a" * 80 + '"')]))
    assert broken == 'x = f(\n    "' + "a" * 80 + '",\n)'


def test_templates_lie_in_the_repository() -> None:
    from h5schema.render.templates import folder

    assert (folder() / "package" / "groups.py.jinja").is_file()
    assert Path(folder()).name == "templates"
