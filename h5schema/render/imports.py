"""The imports of a module, in the order that `ruff check` and isort ask for."""

from __future__ import annotations

import re
import sys
from collections import defaultdict

from .printer import from_import

_DIGITS = re.compile(r"(\d+)")


class Imports:
    """Collects what a module needs; `text` is the block below its docstring.

    h5schema counts as third-party: that is what it is where generated code lives.
    """

    def __init__(self) -> None:
        self._modules: dict[str, str] = {}
        self._names: dict[str, set[str]] = defaultdict(set)

    def module(self, module: str, alias: str) -> None:
        """`import module as alias`."""
        self._modules[module] = alias

    def name(self, module: str, *names: str) -> None:
        """`from module import name`."""
        self._names[module].update(names)

    @property
    def text(self) -> str:
        """All imports; none from `__future__`, with which a TypedDict compiles each annotation at import."""
        sections: dict[int, list[str]] = defaultdict(list)
        for module in sorted(self._modules):
            sections[_section(module)].append(f"import {module} as {self._modules[module]}")
        for module in sorted(self._names):
            sections[_section(module)].append(from_import(module, in_order(self._names[module])))
        blocks = ["\n".join(sections[key]) for key in sorted(sections)]
        return "\n\n".join(blocks)


def in_order(names: set[str]) -> list[str]:
    """Constants, classes, then the rest; numbers in names count as numbers."""
    return sorted(names, key=_member)


def _member(name: str) -> tuple[int, list[tuple[int, int, str]], list[tuple[int, int, str]]]:
    kind = 0 if len(name) > 1 and name.isupper() else 1 if name[:1].isupper() else 2
    return kind, _natural(name.lower()), _natural(name)


def _natural(text: str) -> list[tuple[int, int, str]]:
    """Digits count as numbers; after a leading zero they are compared one by one, as those of a fraction."""
    parts = _DIGITS.split(text)
    return [_run(part) if part.isdigit() else (1, 0, part) for part in parts if part]


def _run(digits: str) -> tuple[int, int, str]:
    return (0, 0, digits) if digits.startswith("0") else (0, int(digits), "")


def _section(module: str) -> int:
    if module.startswith("."):
        return 2
    return 0 if module.partition(".")[0] in sys.stdlib_module_names else 1
