"""Tables of one file, CSV or Parquet, through pyarrow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    import pyarrow

Column = NDArray[np.generic] | list[str]


def load(path: Path, *, column: str | None = None, floats: str = "float64") -> Column | Mapping[str, Column]:
    """Reads a table: CSV with a line of names, or Parquet if the name ends so.

    Args:
        path: Of the file.
        column: Which one; None: all, each for the feature of its name.
        floats: dtype of the columns with fractions in a CSV file, to which its decimals are rounded.

    Returns:
        A column: an array [rows], of texts a list; or a mapping of all by name.

    Raises:
        DataError: It is no table, lacks the column, or a cell is empty.
        MissingExtraError: pyarrow is not installed.
    """
    try:
        from pyarrow import ArrowException
    except ModuleNotFoundError:
        raise MissingExtraError("reading tables needs pyarrow", do="pip install 'h5schema[tables]'") from None
    try:
        table = _parquet(path, column) if path.suffix.lower() == ".parquet" else _csv(path, floats)
    except (OSError, ArrowException) as error:
        raise DataError(
            f"the table cannot be read: {str(error).partition('. ')[0]}",
            where=str(path),
            do="look at the file, or leave it out of the pattern",
        ) from None
    names = table.column_names
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataError(f"two columns are called {twice!r}", where=str(path), do="rename one of them")
    if column is None:
        return {name: _values(table, name, path) for name in names}
    if column not in names:
        raise DataError(
            f"there is no column {column!r}", where=str(path), do=f"it has {', '.join(names) or 'no columns'}"
        )
    return _values(table, column, path)


def _csv(path: Path, floats: str) -> pyarrow.Table:
    import pyarrow
    from pyarrow import csv

    table = csv.read_csv(path, convert_options=csv.ConvertOptions(strings_can_be_null=False))
    if floats == "float64":
        return table
    narrow = {field.name: pyarrow.float32() for field in table.schema if pyarrow.types.is_floating(field.type)}
    return csv.read_csv(path, convert_options=csv.ConvertOptions(strings_can_be_null=False, column_types=narrow))


def _parquet(path: Path, column: str | None) -> pyarrow.Table:
    from pyarrow import parquet

    file = parquet.ParquetFile(path)
    known = [field.name for field in file.schema_arrow]
    return file.read(columns=[column] if column in known else None)


def _values(table: pyarrow.Table, name: str, path: Path) -> Column:
    column = table.column(name)
    if column.null_count:
        row = next(row for row, value in enumerate(column.to_pylist()) if value is None)
        raise DataError(
            f"column {name!r} has an empty cell in row {row}",
            where=str(path),
            do="fill it, or read the table with a function of your own, which says what empty cells mean",
        )
    values = column.to_numpy()
    return [str(value) for value in column.to_pylist()] if values.dtype == object else values
