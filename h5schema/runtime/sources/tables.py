"""Tables as sources: each row is an entry; the column `path` names its file, the others are captures."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from h5schema.errors import UsageError
from h5schema.vocabulary.sources import TABLES
from h5schema.vocabulary.suggest import closest

from .gathered import Block, Entry
from .given import not_there
from .parquet import Table, parquet
from .remote import below, is_url, remote
from .roots import Folder, Root
from .source import Captured

_FILE = "path"
"""The column that names files."""


def tables(given: Sequence[str | Path], name: str) -> Iterator[Block]:
    """The table of that name in each folder or URL that was given; a file that was given is the table itself.

    Raises:
        UsageError: It is not there, or is no table.
        MissingExtraError: Reading it needs a library that is not installed.
    """
    for one in map(str, given):
        base, file = _place(one, name)
        shown = str(base.path(file))
        with base.local(file) as local:
            read = parquet(local, shown) if name.endswith(".parquet") else _csv(local, shown)
            captures = tuple(column for column in read.columns if column != _FILE)
            yield Block(shown, captures, _FILE in read.columns, _entries(read, base, file, shown), read.floats)


def _place(given: str, name: str) -> tuple[Root, str]:
    folder, _, file = name.rpartition("/")
    if is_url(given):
        is_table = given.partition("::")[0].endswith(TABLES)
        return remote(given, 1) if is_table else (below(given, folder), file)
    if os.path.isfile(given):
        return Folder(os.path.dirname(given) or "."), os.path.basename(given)
    if not os.path.isdir(given):
        raise not_there(Path(given))
    inner = os.path.join(given, folder) if folder else given
    if not os.path.isfile(os.path.join(inner, file)):
        near = closest(file, os.listdir(inner) if os.path.isdir(inner) else [])
        raise UsageError(
            f"there is no table {name} in it",
            where=given,
            do=f"did you mean {near}?" if near else "give the folder in which the table lies, or the table itself",
        )
    return Folder(inner), file


def _entries(read: Table, base: Root, file: str, table: str) -> Iterator[Entry]:
    at = read.columns.index(_FILE) if _FILE in read.columns else None
    for number, values in read.rows:
        if at is None:
            yield Entry(None, file, base, values, number)
            continue
        path = values[at]
        if not isinstance(path, str) or not path:
            raise UsageError(
                f"the column `{_FILE}` is empty"
                if path in (None, "")
                else f"the column `{_FILE}` holds {path!r}, no text",
                where=f"{table}, {number}",
                do="name the file of the row, or take the row out",
            )
        root, relative = remote(path, None) if is_url(path) else (base, path)
        yield Entry(path, relative, root, [*values[:at], *values[at + 1 :]], number)


def _csv(path: Path, shown: str) -> Table:
    """A table in text; its first line names the columns."""
    rows = _lines(path, shown)
    first = next(rows, None)
    columns = [] if first is None else first[1]
    if not columns or "" in columns or len(set(columns)) < len(columns):
        raise UsageError(
            f"its first line names the columns, and is {','.join(columns)!r}",
            where=shown,
            do="give each column a name of its own",
        )
    return Table(tuple(columns), _of_width(rows, len(columns), shown))


def _lines(path: Path, shown: str) -> Iterator[tuple[int, list[str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as text:
            reader = csv.reader(text, strict=True)
            for row in reader:
                if row:
                    yield reader.line_num, row
    except UnicodeDecodeError as error:
        raise UsageError(f"it is no UTF-8: {error.reason}", where=shown, do="store it as UTF-8") from None
    except csv.Error as error:
        raise UsageError(f"it is no table: {error}", where=shown, do="mend the table") from None
    except OSError as error:
        raise UsageError(f"it cannot be read: {error.strerror}", where=shown, do="look at its permissions") from None


def _of_width(
    rows: Iterable[tuple[int, list[str]]], width: int, shown: str
) -> Iterator[tuple[int, Sequence[Captured]]]:
    for number, row in rows:
        if len(row) != width:
            raise UsageError(
                f"the row has {len(row)} values, and there are {width} columns",
                where=f"{shown}, {number}",
                do="mend the row; a value with a comma in it stands in quotes",
            )
        yield number, row
