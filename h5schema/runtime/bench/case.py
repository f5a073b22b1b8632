"""What every contender reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ..order import BatchOrder
from ..plan import Take
from ..reader import Reader
from ..spans import Rows


class Case(NamedTuple):
    """The samples of a loader, and how they come.

    Attributes:
        reader: Of the file.
        takes: What is taken of each feature that has entries, by address.
        rows: Of the samples: int64 [samples].
        order: Of the batches.
        together: Batches that the loader reads together.
        sample_bytes: Stored bytes of a sample, on average.
        seconds: For each contender.
    """

    reader: Reader
    takes: Mapping[str, Take]
    rows: Rows
    order: BatchOrder
    together: int
    sample_bytes: int
    seconds: float

    @property
    def samples(self) -> int:
        """Of one pass."""
        return len(self.order) * self.order.size if self.order.drop_last else len(self.rows)

    def drawn(self, size: int) -> Iterator[Rows]:
        """Index arrays of `size` samples, one pass in the loader's way."""
        order = self.order
        return iter(BatchOrder(order.sampler, size, drop_last=False, seed=order.seed))
