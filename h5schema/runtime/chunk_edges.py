"""Which samples lie in one chunk of a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast

import h5py
import numpy as np

from h5schema.vocabulary.layout import BLOCK_BYTES

from .any_reader import AnyReader
from .spans import Rows

if TYPE_CHECKING:
    from .reader import Reader


def samples_by_chunk(
    reader: AnyReader, weights: Mapping[str, int], length: int, rows_of: Callable[[str, Rows], Rows]
) -> Rows:
    """The sample at which each chunk begins, and the number of samples: int64 [chunks + 1].

    The chunks are those of the feature that most is read of.

    Args:
        reader: Of the file.
        weights: Stored bytes of a sample in each feature, by address.
        length: Number of samples, which lie in the order of the file.
        rows_of: Gives the rows of some samples in a dim.
    """
    address = max(weights, key=lambda one: weights[one], default=None)
    lead = None if address is None else reader.model.places[address].lead
    if address is None or lead is None or not length:
        return np.unique(np.array([0, length], np.int64))
    return np.unique(
        np.append(_first_at(_edges(reader, address, lead), length, lambda at: rows_of(lead, at)), [0, length])
    )


def _edges(reader: AnyReader, address: str, lead: str) -> Rows:
    """The first entry of each chunk: int64 [chunks]."""
    edges, before = list[Rows](), 0
    for file in reader.each():
        count = file.length(lead)
        edges.append(np.arange(before, before + count, _entries_of_chunk(file, address), dtype=np.int64))
        before += count
    return np.concatenate(edges)


def _entries_of_chunk(reader: Reader, address: str) -> int:
    """About how many entries are in a chunk; in a dataset without chunks, in as many bytes as one would have."""
    feature, place, _ = reader.compared(address)
    dataset = cast("h5py.Dataset", reader.hdf5()[feature.stored(place)[0].path])
    row_bytes = dataset.dtype.itemsize * int(np.prod(dataset.shape[1:], dtype=np.int64))
    chunk_bytes = BLOCK_BYTES if dataset.chunks is None else dataset.chunks[0] * row_bytes
    return max(1, chunk_bytes // max(1, reader.entry_bytes(address)))


def _first_at(edges: Rows, length: int, rows_at: Callable[[Rows], Rows]) -> Rows:
    """The first sample whose row is at least each edge: a binary search for all of them at a time."""
    low, high = np.zeros_like(edges), np.full_like(edges, length)
    while (searched := low < high).any():
        middle = (low + high)[searched] // 2
        before = rows_at(middle) < edges[searched]
        low[searched] = np.where(before, middle + 1, low[searched])
        high[searched] = np.where(before, high[searched], middle)
    return low
