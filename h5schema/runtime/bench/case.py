"""What every contender reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ..chance import Drawn
from ..chosen import Chosen, Samples
from ..order import BatchOrder
from ..plan import Take
from ..projections import Projection
from ..reader import Reader
from ..spans import Rows


class Case(NamedTuple):
    """The samples of a loader, and how they come.

    Attributes:
        reader: Of the file.
        takes: What is taken of features that have entries: by address, and a number where one is taken again.
        seen: How each of these is seen from a sample.
        sampled: Where the samples are.
        order: Of the batches.
        together: Batches that the loader reads together.
        sample_bytes: Stored bytes of a sample, on average.
        seconds: For each contender.
    """

    reader: Reader
    takes: Mapping[str, Take]
    seen: Mapping[str, Projection]
    sampled: Samples
    order: BatchOrder
    together: int
    sample_bytes: int
    seconds: float

    @property
    def samples(self) -> int:
        """Of one pass."""
        return len(self.order) * self.order.size if self.order.drop_last else len(self.sampled)

    def at(self, samples: Rows) -> Chosen:
        """Where some samples are."""
        return self.sampled.at(samples, Drawn(0, 0, samples))

    def drawn(self, size: int) -> Iterator[Rows]:
        """Index arrays of `size` samples, one pass in the loader's way."""
        order = self.order
        return iter(BatchOrder(order.sampler, size, drop_last=False, seed=order.seed))
