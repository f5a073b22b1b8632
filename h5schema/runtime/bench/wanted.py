"""What a loader takes out of the file, as rows of datasets: what the contenders read, each in its own way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..features import EncodedFeature
from ..reader import Reader
from ..spans import Asked, Rows

_LIMIT_BYTES = 256 << 20
"""Memory of the limit: of a larger feature it takes the first samples again and again."""


class Wanted(NamedTuple):
    """The rows of one dataset that samples take.

    Attributes:
        address: Of the feature.
        path: Of its dataset.
        starts: int64 [samples], the first row of each.
        lengths: int64 [samples], how many rows; 1: the sample is one row.
        decode: What makes an entry of the bytes of its rows; None: the rows are the entry.
        dtype, shape: Of one row.
    """

    address: str
    path: str
    starts: Rows
    lengths: Rows | int
    decode: Callable[[bytes], object] | None
    dtype: np.dtype[np.generic]
    shape: tuple[int, ...]


def wanted(reader: Reader, name: str, asked: Asked, samples: int) -> Wanted:
    """What samples take of a feature that has entries: what its kind asks for, up to the values.

    Args:
        reader: Of the file.
        name: Of what is taken.
        asked: What is read for all of them; of a window of entries all of these.
        samples: How many there are.
    """
    feature, place = reader.model.features[asked.address], reader.model.places[asked.address]
    carrier, (_, rows, part, _) = reader.carrier(), asked.row_by_row()
    each = max(1, len(rows) // max(1, samples))
    rows = rows[::each]
    reading = feature.reading(place, rows) if part is None else feature.reading_part(place, rows, part)
    spans = next(reading)
    while spans[0].path != place.path:
        spans = reading.send(carrier.fetch(spans))
    reading.close()
    dtype, shape = carrier.form(place.path)
    decode = feature.decoded if isinstance(feature, EncodedFeature) else None
    lengths = spans[0].lengths if each == 1 else np.full(samples, each, np.int64)
    return Wanted(name, place.path, spans[0].starts, lengths, decode, dtype, (shape or (0,))[1:])


class Limit:
    """The limit: the same rows of arrays of the same sizes, taken from memory.

    Args:
        taken: What samples take.
        sample_bytes: Of all of it, on average.
    """

    def __init__(self, taken: Sequence[Wanted], sample_bytes: int) -> None:
        self.samples = min(len(taken[0].starts), max(1, _LIMIT_BYTES // max(1, sample_bytes)))
        self._dense = [_filled(one, self.samples) for one in taken if isinstance(one.lengths, int)]
        self._ragged = [_ends(one.lengths[: self.samples]) for one in taken if not isinstance(one.lengths, int)]
        ragged = [one for one in taken if not isinstance(one.lengths, int)]
        self._values = [_filled(one, int(ends[-1])) for one, ends in zip(ragged, self._ragged, strict=True)]

    def take(self, samples: Rows) -> list[NDArray[np.generic]]:
        """The rows of some samples, each dataset's end to end."""
        found = [values.take(samples, axis=0) for values in self._dense]
        for values, ends in zip(self._values, self._ragged, strict=True):
            bounds = zip(ends[samples].tolist(), ends[samples + 1].tolist(), strict=True)
            found.append(np.concatenate([values[a:b] for a, b in bounds]))
        return found


def _filled(one: Wanted, rows: int) -> NDArray[np.generic]:
    """Memory that is really there: of zeros the system would keep one page."""
    return np.ones((rows, *one.shape), one.dtype)


def _ends(lengths: Rows) -> Rows:
    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
