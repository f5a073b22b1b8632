"""What each codec makes of the user's own values: how little, and how fast."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import NamedTuple, cast
from uuid import uuid4

import h5py
import numpy as np
from numpy.typing import NDArray

from .codecs import Encoder, creation

Rows = NDArray[np.generic]


class Measured(NamedTuple):
    """What a codec makes of a sample, on one thread.

    Attributes:
        ratio: Bytes before, to bytes after.
        encode: MB (of values) a second, the median of the chunks.
        decode: The same, by plain h5py.
    """

    codec: str
    ratio: float
    encode: float
    decode: float


def measured(codecs: Sequence[str], rows: Rows, chunk_rows: int) -> list[Measured]:
    """Measures codecs, each at its own level, on the user's values.

    Args:
        codecs: Words of the language.
        rows: A sample of a dataset; some whole chunks say most.
        chunk_rows: Rows of a chunk.
    """
    return [_measured(codec, rows, chunk_rows) for codec in codecs]


def _measured(codec: str, rows: Rows, chunk_rows: int) -> Measured:
    chunk = (chunk_rows, *rows.shape[1:])
    parts = [rows[first : first + chunk_rows] for first in range(0, len(rows), chunk_rows)]
    encoder = Encoder(codec, None, rows.dtype, chunk)
    encoder.encode(parts[0])  # the first one pays for imports
    with h5py.File(uuid4().hex, "w", driver="core", backing_store=False, rdcc_nbytes=0) as file:
        make = cast("Callable[..., h5py.Dataset]", file.create_dataset)
        dataset = make("sample", rows.shape, rows.dtype, chunks=chunk, **creation(codec, None, rows.dtype))
        sizes: list[int] = []
        encode: list[float] = []
        decode: list[float] = []
        for number, part in enumerate(parts):
            start = perf_counter()
            mask, data = encoder.encode(part)
            encode.append(perf_counter() - start)
            sizes.append(len(data))
            dataset.id.write_direct_chunk((number * chunk_rows, *[0] * (rows.ndim - 1)), data, mask)
        del dataset  # HDF5 forgets the mask of the chunk it looked up last when the dataset is closed
        dataset = cast("h5py.Dataset", file["sample"])
        for number in range(len(parts)):
            start = perf_counter()
            dataset[number * chunk_rows : (number + 1) * chunk_rows]
            decode.append(perf_counter() - start)
    size = parts[0].nbytes / 1e6
    return Measured(codec, rows.nbytes / sum(sizes), size / statistics.median(encode), size / statistics.median(decode))
