"""The transpose of a matrix, in little memory: its rows, some at a time, from those of the matrix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryFile

import numpy as np

from ..blocks import SparseBlock
from ..spans import Rows, offsets_of

Blocks = Callable[[], Iterator[SparseBlock[np.generic]]]
"""The rows of a matrix, some at a time; it may be asked for them twice."""

TOGETHER_BYTES = 64 << 20
"""Of elements, and where they stand, that are in memory."""


def transposed(blocks: Blocks, columns: int, folder: Path) -> Iterator[SparseBlock[np.generic]]:
    """The columns of a matrix, as the rows of its transpose, some at a time.

    Elements are sorted into runs of columns that fit into memory; where these are several, they wait on the disk.

    Args:
        blocks: The rows of the matrix.
        columns: How many there are.
        folder: For what does not fit into memory.
    """
    counts, rows = np.zeros(columns, np.int64), 0
    dtype: np.dtype[np.generic] = np.dtype(np.uint8)
    for block in blocks():
        counts += np.bincount(block.indices, minlength=columns)
        rows += len(block)
        dtype = block.values.dtype
    element = np.dtype([("column", np.int64), ("row", np.int64), ("value", dtype)])
    cuts = _cuts(counts, rows, element.itemsize)
    ends = offsets_of(counts)[cuts]
    with TemporaryFile(dir=folder) as file:
        there = ends[:-1].copy()
        for some in _elements(blocks, element):
            order = np.argsort(some["column"], kind="stable")
            parts = np.searchsorted(some["column"][order], cuts)
            for number, (first, last) in enumerate(pairwise(parts.tolist())):
                if last > first:
                    file.seek(int(there[number]) * element.itemsize)
                    file.write(some[order[first:last]].tobytes())
                    there[number] += last - first
        for number, (first, last) in enumerate(pairwise(cuts.tolist())):
            file.seek(int(ends[number]) * element.itemsize)
            size = int(ends[number + 1] - ends[number])
            found = np.frombuffer(file.read(size * element.itemsize), element)
            found = found[np.argsort(found["column"], kind="stable")]  # rows rise already
            yield SparseBlock(
                np.ascontiguousarray(found["value"]),
                np.ascontiguousarray(found["row"]),
                offsets_of(counts[first:last]),
                rows,
            )


def _elements(blocks: Blocks, element: np.dtype[np.void]) -> Iterator[np.ndarray[tuple[int], np.dtype[np.void]]]:
    """The elements of a matrix, each with its row and column."""
    row = 0
    for block in blocks():
        some = np.empty(len(block.values), element)
        some["column"], some["row"], some["value"] = block.indices, block.rows + row, block.values
        row += len(block)
        yield some


def _cuts(counts: Rows, rows: int, element_bytes: int) -> Rows:
    """Where runs of columns begin and end; each has one column at least."""
    cuts, size, most = [0], 0, max(1, TOGETHER_BYTES // element_bytes)
    for column, count in enumerate((counts + 1).tolist()):
        if size and size + count > most:
            cuts.append(column)
            size = 0
        size += count
    return np.array([*cuts, len(counts)] if len(counts) else [0], np.int64)
