"""Which samples make which batch of which epoch: a pure function of (seed, epoch, position).

Nothing of an order is remembered, so training goes on in the middle of an epoch from two numbers,
and every process knows its share without a word to the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .chance import Drawn
from .samplers import InOrder, Sampler, Shuffled, Turn
from .shares import Share
from .spans import Rows

_AHEAD = 1 << 14
"""Positions that are put in order in one numpy call, at least: much work for one call, little enough for the cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Together:
    """The samples of batches that are read together.

    Attributes:
        indices: int64 [samples], of all batches, one after the other.
        ends: Where each batch ends, after a first 0.
        seed: Of the loader.
        epoch: Of the pass over the data.
        first: Position of the first sample in the order of the epoch.
        stride: From the position of one sample to that of the next: how many processes share the epoch in turn.
    """

    indices: Rows
    ends: list[int]
    seed: int = 0
    epoch: int = 0
    first: int = 0
    stride: int = 1

    def drawn(self) -> Drawn:
        """The samples as chance sees them."""
        positions = self.first + self.stride * np.arange(len(self.indices), dtype=np.int64)
        return Drawn(self.seed, self.epoch, positions)


class BatchOrder:
    """Index arrays of the batches of an epoch.

    Args:
        sampler: Says which sample stands at each position.
        size: Samples of a batch.
        drop_last: Whether a last batch that is not full is left out.
        seed: Of the loader.

    Attributes:
        epoch: Whose batches come when it is iterated.
    """

    def __init__(self, sampler: Sampler, size: int, *, drop_last: bool, seed: int) -> None:
        self.sampler = sampler
        self.size = size
        self.drop_last = drop_last
        self.seed = seed
        self.epoch = 0

    def __len__(self) -> int:
        return self.batches(Share(), self.epoch)

    def __iter__(self) -> Iterator[Rows]:
        for together in self.together(1, self.epoch, Share()):
            yield together.indices

    @property
    def shuffle(self) -> bool:
        """Whether samples come in any order."""
        return not isinstance(self.sampler, InOrder)

    def set_epoch(self, epoch: int) -> None:
        """Whose batches come next."""
        self.epoch = epoch

    def batches(self, share: Share, epoch: int) -> int:
        """Number of batches of a share of an epoch."""
        return share.batches(self.sampler.count(epoch), self.size, drop_last=self.drop_last)

    def together(self, count: int, epoch: int, share: Share, start: int = 0) -> Iterator[Together]:
        """The batches of a share of an epoch.

        Args:
            count: Batches that are read together; where they begin does not depend on `start`.
            epoch: Of the pass over the data.
            share: Of this process.
            start: Batches that are left out.
        """
        length, batches = self.sampler.count(epoch), self.batches(share, epoch)
        stretch = count * max(1, _AHEAD // (count * self.size))
        turn = Turn(epoch, share.world)
        for first in range(start - start % stretch, batches, stretch):
            begin, end = max(start, first), min(batches, first + stretch)
            ends = share.ends(length, self.size, begin, end, drop_last=self.drop_last)
            indices = self.sampler.at(share.positions(ends[0], ends[-1], length), turn)
            for batch in range(begin - begin % count, end, count):
                yield self._part(
                    indices, ends[max(batch, begin) - begin : batch + count - begin + 1], ends[0], turn, share
                )

    def _part(self, indices: Rows, ends: list[int], offset: int, turn: Turn, share: Share) -> Together:
        first, last = ends[0], ends[-1]
        return Together(
            indices[first - offset : last - offset],
            [end - first for end in ends],
            self.seed,
            turn.epoch,
            share.rank + first * share.world,
            share.world,
        )


def plain(length: int, size: int, *, shuffle: bool, drop_last: bool, seed: int) -> BatchOrder:
    """An order in which every sample comes once: shuffled, or as they are."""
    return BatchOrder(Shuffled(length, seed) if shuffle else InOrder(length), size, drop_last=drop_last, seed=seed)
