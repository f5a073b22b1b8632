"""The tables of reserved names are what the runtime and the generated code really have."""

from __future__ import annotations

import pytest

from h5schema import runtime
from h5schema.runtime import File, Group, View, Writer
from h5schema.runtime.plots import KINDS
from h5schema.runtime.writing.view_writer import ViewWriter
from h5schema.vocabulary import reserved
from h5schema.vocabulary.plots import PLOTS


def _public(*classes: type) -> set[str]:
    named = {name for one in classes for name in dir(one)}
    annotated = {name for one in classes for base in one.__mro__ for name in vars(base).get("__annotations__", {})}
    return {name for name in named | annotated if not name.startswith("_")}


def test_file() -> None:
    on_instances = {name for name in vars(File("x.h5")) if not name.startswith("_")}
    assert _public(File, Writer) | on_instances == reserved.FILE


def test_group() -> None:
    on_instances = {name for name in vars(Group("x")) if not name.startswith("_")}
    assert _public(Group) | on_instances == reserved.GROUP


def test_view() -> None:
    slots = {name for name in View.__slots__ if not name.startswith("_")}
    assert _public(View, ViewWriter) | slots == reserved.VIEW


def test_kinds_of_plots() -> None:
    assert tuple(KINDS) == PLOTS


@pytest.mark.parametrize("name", [name for name in runtime.__all__ if name[0].isupper()])
def test_no_class_is_called_as_one_of_the_runtime(name: str) -> None:
    never_imported = {"Failure", "How", "Summary"}
    assert name in reserved.IN_MODULES | reserved.IN_VIEWS | never_imported
