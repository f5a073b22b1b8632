"""Names of classes, each of them once: the last name if it is alone, else the whole address, else with its kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, TypeVar

from .draft import Path
from .identifiers import camel

ClassKind = Literal["Group", "Entry", "Enum", "Loader", "View"]
KeyT = TypeVar("KeyT", bound=Hashable)


class Wanted(NamedTuple):
    """A class that needs a name.

    Attributes:
        key: What it is for.
        names: Of the address; the last one is tried alone first.
        kind: Comes after a name that is taken otherwise.
        path: Where in the YAML the name is given.
    """

    key: str
    names: tuple[str, ...]
    kind: ClassKind
    path: Path

    def candidates(self) -> Iterator[str]:
        """Names in the order in which they are tried."""
        always = self.kind if self.kind in ("Group", "Entry", "View") else ""
        yield camel(self.names[-1]) + always
        yield camel(*self.names) + always
        yield camel(*self.names) + always + self.kind


class Clash(NamedTuple):
    """Two classes that no rule tells apart: the later one, the earlier one, and the name that both wanted."""

    later: Wanted
    earlier: Wanted
    name: str


def name_classes(wanted: Sequence[Wanted], taken: Collection[str]) -> tuple[Mapping[str, str], tuple[Clash, ...]]:
    """A name for each class, by key.

    Args:
        wanted: The classes.
        taken: Names that none of them may have.

    Returns:
        The names, and the classes for which there is none.
    """
    names = settle({one.key: tuple(one.candidates()) for one in wanted}, taken)
    return names, tuple(_clashes(wanted, names))


def settle(choices: Mapping[KeyT, Sequence[str]], taken: Collection[str] = ()) -> Mapping[KeyT, str]:
    """One of the names to choose from for each key: the first that is free.

    Where several want one name, all of them take a longer one, so that the names do not depend on the order
    in the schema. When no choice is left, names may be equal.
    """
    step = dict.fromkeys(choices, 0)
    while True:
        names = {key: choices[key][step[key]] for key in choices}
        count = Counter(names.values())
        longer = [
            key
            for key, name in names.items()
            if (count[name] > 1 or name in taken) and step[key] + 1 < len(choices[key])
        ]
        if not longer:
            return names
        for key in longer:
            step[key] += 1


def _clashes(wanted: Sequence[Wanted], names: Mapping[str, str]) -> Iterator[Clash]:
    first: dict[str, Wanted] = {}
    for one in wanted:
        name = names[one.key]
        if name in first:
            yield Clash(one, first[name], next(one.candidates()))
        first.setdefault(name, one)
