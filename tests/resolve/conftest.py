"""Schemas given as text."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from h5schema import parse, spec
from h5schema.resolve import Resolved, resolve

Read = Callable[[str], Resolved]


@pytest.fixture
def read() -> Read:
    """Resolves the rest of a schema, after its first three lines."""

    def resolved(rest: str, head: str = "h5schema: 1\nname: photos\nversion: 1.0.0\n") -> Resolved:
        return resolve(spec.read(parse.load(head + rest, "schema.yaml")), "schema.yaml")

    return resolved
