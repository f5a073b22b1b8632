"""The sources that a table or a function names one by one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from h5schema.errors import UsageError
from h5schema.vocabulary.dtypes import NUMBERS, keeps_values
from h5schema.vocabulary.patterns import Pattern
from h5schema.vocabulary.suggest import closest

from ..pieces import pieces
from .bases import Bases
from .roots import Root
from .rows import Rows
from .source import Captured, Sources
from .texts import TextsMade


class Need(NamedTuple):
    """What a feature, or an id, is made of.

    Attributes:
        address: Of the feature.
        captures: Names.
        file: Whether it is handed the file of the entry.
        dtype: Of the feature, if a capture is its value.
    """

    address: str
    captures: tuple[str, ...] = ()
    file: bool = False
    dtype: str = ""


class Entry(NamedTuple):
    """One source, as a table or a function names it.

    Attributes:
        id: Of the entry; None: its number.
        file: Path of its file, from `base`; None: it has none.
        base: A folder or the beginning of a URL.
        values: Of the captures.
        number: Of the line, or in the order of the function.
    """

    id: str | None
    file: str | None
    base: Root
    values: Sequence[Captured]
    number: int


class Block(NamedTuple):
    """The entries of one table, or of one call of a function.

    Attributes:
        table: What names them.
        names: Of their captures.
        has_files: Whether each has a file.
        entries: In order.
        floats: The dtype of captures that are floats, where it is known.
    """

    table: str
    names: tuple[str, ...]
    has_files: bool
    entries: Iterable[Entry]
    floats: Mapping[str, str] = {}


def gathered(blocks: Iterable[Block], template: Pattern | None, needs: Sequence[Need]) -> Sources:
    """All entries.

    Raises:
        UsageError: Something is made of a capture, or of a file, that they do not have.
    """
    ids, files, values, bases = TextsMade(), TextsMade(), TextsMade(), Bases()
    tables: list[str] = []
    names: tuple[str, ...] = ()
    by_file = template is None
    for block in blocks:
        names = names if tables else block.names
        _expect_known(block, names, needs)
        for some in pieces(block.entries):
            first = len(ids)
            for at, one in enumerate(some, first):
                bases.add(at, one.base)
            ids.add([str(at) if one.id is None else one.id for at, one in enumerate(some, first)])
            files.add([one.file or "" for one in some])
            by_file = by_file and all(one.id == one.file for one in some)
            values.add([json.dumps([len(tables), one.number, *one.values]) for one in some])
        tables.append(block.table)
    made = template or (None if by_file else ids.done())
    return Sources(files.done(), bases, Rows(names, tables, values.done()), made)


def _expect_known(block: Block, names: tuple[str, ...], needs: Sequence[Need]) -> None:
    if block.names != names:
        raise UsageError(
            f"its columns are {_listed(block.names)}; those before were {_listed(names)}",
            where=block.table,
            do="give tables of the same columns",
        )
    for need in needs:
        for name in need.captures:
            if name not in names:
                near = closest(name, names)
                raise UsageError(
                    f"there is no {name!r}, of which {need.address} is made",
                    where=block.table,
                    do=f"did you mean {{{near}}}?" if near else f"there are {_listed(names)}",
                )
            _expect_held(block, name, need)
        if need.file and not block.has_files:
            raise UsageError(
                f"it names no files, and {need.address} is made of the file of its entry",
                where=block.table,
                do=f"add a column `path`, or hand {need.address} a column: from: '{{{names[0] if names else 'name'}}}'",
            )


def _expect_held(block: Block, name: str, need: Need) -> None:
    """Refuses floats that a feature would round."""
    dtype = block.floats.get(name, need.dtype)
    if need.dtype in NUMBERS and NUMBERS[need.dtype].kind == "float" and not keeps_values(dtype, need.dtype):
        raise UsageError(
            f"{name!r} is {dtype}, and {need.address} is {need.dtype}, which does not hold every value of that",
            where=block.table,
            do=f"give {need.address} the dtype {dtype}, or store the column as {need.dtype}",
        )


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"
