"""Parquet through pyarrow, which is imported when such a table is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from h5schema.errors import MissingExtraError, UsageError

from .source import Captured

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

_PIECE = 4096
"""Rows that are read at once."""
_FLOATS = {"halffloat": "float16", "float": "float32", "double": "float64"}
"""What pyarrow calls the dtypes of floats."""


class Table(NamedTuple):
    """A table that is being read.

    Attributes:
        columns: Names.
        rows: The number and the values of each.
        floats: The dtype of columns of floats, where the table says it.
    """

    columns: tuple[str, ...]
    rows: Iterable[tuple[int, Sequence[Captured]]]
    floats: Mapping[str, str] = {}


def parquet(path: Path, shown: str) -> Table:
    """A table of Parquet, without the columns of lists, structures and bytes. Times and decimals are texts.

    Raises:
        UsageError: It is none.
        MissingExtraError: pyarrow is not installed.
    """
    try:
        from pyarrow import ArrowException, types
        from pyarrow.parquet import ParquetFile
    except ModuleNotFoundError:
        raise MissingExtraError(
            "reading Parquet needs pyarrow", where=shown, do="pip install 'h5schema[tables]'"
        ) from None
    try:
        file = ParquetFile(path)
    except (OSError, ArrowException) as error:
        raise UsageError(
            f"it cannot be read as Parquet: {str(error).partition('. ')[0]}", where=shown, do="look at the file"
        ) from None
    held = (types.is_nested, types.is_binary, types.is_large_binary)
    columns = [field.name for field in file.schema_arrow if not any(holds(field.type) for holds in held)]
    floats = {field.name: _FLOATS[str(field.type)] for field in file.schema_arrow if types.is_floating(field.type)}
    return Table(tuple(columns), _rows(file, columns), floats)


def _rows(file: ParquetFile, columns: Sequence[str]) -> Iterator[tuple[int, Sequence[Captured]]]:
    number = 0
    for batch in file.iter_batches(batch_size=_PIECE, columns=columns):
        for record in batch.to_pylist():
            number += 1
            yield number, [_plain(record[column]) for column in columns]


def _plain(value: object) -> Captured:
    return value if value is None or isinstance(value, str | int | float) else str(value)
