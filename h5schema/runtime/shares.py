"""Which samples of an epoch are whose, where several processes train together: arithmetic only."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .spans import Rows


class Share(NamedTuple):
    """What one of several processes takes of an epoch: every `world`-th position, from `rank` on.

    So all of them together read at each step what one process with a batch of `world` times the size would read.
    Every position is taken once, and all have the same number of batches: in the last ones some have a sample less.
    Only where a process would have no sample for its last batch (with batches of one, or fewer samples than processes)
    positions from the front of the epoch are taken once more, fewer than `world` of them.

    Attributes:
        rank: Of this process, from 0.
        world: Number of processes.
    """

    rank: int = 0
    world: int = 1

    def batches(self, length: int, size: int, *, drop_last: bool) -> int:
        """Number of batches, the same for every rank.

        Args:
            length: Positions of an epoch.
            size: Samples of a batch.
            drop_last: Whether a last batch that is not full is left out, of all ranks.
        """
        if drop_last:
            return length // self.world // size
        return _parts(_parts(length, self.world), size)

    def ends(self, length: int, size: int, first: int, last: int, *, drop_last: bool) -> list[int]:
        """Where batches `first` to `last` (exclusive) begin in what this rank takes, and where the last ends."""
        batches = self.batches(length, size, drop_last=drop_last)
        own = batches * size if drop_last else max(0, _parts(length - self.rank, self.world))
        short = own == (batches - 1) * size  # others have one sample more, and with it one batch more
        if short and (size == 1 or batches == 1):
            own += 1
        before_last = own - 1 if batches else 0
        return [
            min(own, number * size) if number == batches else min(before_last, number * size)
            for number in range(first, last + 1)
        ]

    def positions(self, first: int, last: int, length: int) -> Rows:
        """The positions `first` to `last` (exclusive) of what this rank takes."""
        found = np.arange(self.rank + first * self.world, self.rank + last * self.world, self.world, dtype=np.int64)
        return found if not len(found) or found[-1] < length else found % length


def _parts(length: int, size: int) -> int:
    """How many parts of a size a length has, the last one included that is not full."""
    return (length + size - 1) // size
