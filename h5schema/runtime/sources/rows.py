"""What a table or a function says of each source, kept as text until it is asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple, cast

from h5schema.errors import DataError
from h5schema.vocabulary.sources import CapturedKind

from .source import Captured, Captures
from .texts import Texts

_WHOLE = re.compile(r"([+-]?[0-9]+)(\.0*)?")
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


class Row(NamedTuple):
    """What is known of one source.

    Attributes:
        names: Of the columns.
        values: In each.
        table: That says so, or the function.
        number: Of the line, or of what the function yielded.
    """

    names: tuple[str, ...]
    values: tuple[Captured, ...]
    table: str
    number: int

    def match(self, path: str, /) -> Mapping[str, Captured]:
        """Column by column."""
        return dict(zip(self.names, self.values, strict=True))

    def texts(self, path: str, /) -> Mapping[str, str]:
        """The same as text."""
        return {name: "" if value is None else str(value) for name, value in self.match(path).items()}

    def value(self, path: str, name: str, kind: CapturedKind, /) -> Captured:
        """One value as a feature wants it; nothing in it is nothing.

        Raises:
            DataError: It is not of that kind.
        """
        value = self.match(path)[name]
        if kind == "" or value is None:
            return value
        if value == "" and kind != "str":
            return None
        meant, form = _KINDS[kind]
        made = form(value)
        if made is None:
            raise DataError(
                f"{name!r} is {value!r}, which is not {meant}",
                where=self.shown(Path(path)),
                do="mend the table, give the feature another dtype, or a `call` that makes its value",
            )
        return made

    def shown(self, path: Path, /) -> str:
        """The table and the number of its row."""
        return f"{self.table}, {self.number}"

    @property
    def mark(self) -> int:
        """Another number for other values."""
        return int.from_bytes(blake2b(repr((self.names, self.values)).encode(), digest_size=7).digest())


def _whole(value: Captured) -> int | None:
    if isinstance(value, str):
        found = _WHOLE.fullmatch(value.strip())
        return None if found is None else int(found[1])
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return None if isinstance(value, bool) else value


def _number(value: Captured) -> float | None:
    if isinstance(value, str):
        try:
            return None if "_" in value else float(value)
        except ValueError:
            return None
    return None if isinstance(value, bool) else value


def _truth(value: Captured) -> bool | None:
    return value if isinstance(value, bool) else _TRUTH.get(str(value).strip().lower())


def _text(value: Captured) -> str | None:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else None


_KINDS: Mapping[str, tuple[str, Callable[[Captured], Captured]]] = {
    "int": ("a whole number", _whole),
    "float": ("a number", _number),
    "bool": ("true or false", _truth),
    "str": ("a text", _text),
}


class Rows:
    """What is known of many sources."""

    def __init__(self, names: tuple[str, ...], tables: Sequence[str], values: Texts) -> None:
        self.names = names
        self._tables = tables
        self._values = values

    def part(self, first: int, last: int) -> Sequence[Captures]:
        """Of the sources from `first` to before `last`."""
        rows: list[Captures] = []
        for text in self._values.part(first, last):
            table, number, *values = cast("list[int]", json.loads(text))
            rows.append(Row(self.names, tuple(values), self._tables[table], number))
        return rows
