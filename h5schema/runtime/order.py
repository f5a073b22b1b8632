"""Which samples make which batch of which epoch: a pure function of (seed, epoch, position).

Nothing of an order is remembered, so training goes on in the middle of an epoch from two numbers,
and every process knows its share without a word to the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .chance import Drawn
from .samplers import InOrder, Sampler, Shuffled, Turn
from .shares import Share
from .spans import Rows

_AHEAD = 1 << 14
"""Positions that are put in order in one numpy call, at least: much work for one call, little enough for the cache."""


class Indices(np.ndarray[Any, np.dtype[np.int64]]):
    """The samples of one batch, which know where in which epoch they stand, also in another process.

    Attributes:
        drawn: The samples as chance sees them; None: they are a part of others, or made of them.
    """

    drawn: Drawn | None = None

    @classmethod
    def of(cls, samples: Rows, drawn: Drawn | None) -> Indices:
        """These samples."""
        made = samples.view(cls)
        made.drawn = drawn
        return made

    def __reduce__(self) -> tuple[Callable[[Rows, Drawn | None], Indices], tuple[Rows, Drawn | None]]:
        return Indices.of, (np.asarray(self), self.drawn)


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
    """Index arrays of the batches of an epoch; each pass over it is the next one.

    Args:
        sampler: Says which sample stands at each position.
        size: Samples of a batch.
        drop_last: Whether a last batch that is not full is left out.
        seed: Of the loader.

    Attributes:
        epoch: Whose batches come when it is iterated next.
    """

    def __init__(self, sampler: Sampler, size: int, *, drop_last: bool, seed: int) -> None:
        self.sampler = sampler
        self.size = size
        self.drop_last = drop_last
        self.seed = seed
        self.epoch = 0

    def __len__(self) -> int:
        return self.batches(Share(), self.epoch)

    def __iter__(self) -> Iterator[Indices]:
        """The batches of an epoch; the next pass is the next one, as it is with a loader."""
        return _Pass(self)

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


class _Pass(Iterator[Indices]):
    """One pass over an order, which torchdata's `StatefulDataLoader` may go on with.

    It is that of an epoch once its first batch is asked for: DataLoaders make some that they do not use.

    Args:
        order: Of the batches.
    """

    def __init__(self, order: BatchOrder) -> None:
        self._order = order
        self._given = 0
        self._epoch: int | None = None
        self._batches: Iterator[Together] = iter(())

    def __next__(self) -> Indices:
        if self._epoch is None:
            self._begin(self._order.epoch, 0)
        together = next(self._batches)
        self._given += 1
        return Indices.of(together.indices, together.drawn())

    def _begin(self, epoch: int, start: int) -> None:
        self._epoch, self._given = epoch, start
        self._batches = self._order.together(1, epoch, Share(), start)
        self._order.set_epoch(epoch + 1)

    def state_dict(self) -> dict[str, int]:
        """Of which epoch how many batches were given."""
        return {"epoch": self._order.epoch if self._epoch is None else self._epoch, "batch": self._given}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """It goes on with the batch after these, and the order with the epoch after this one."""
        self._begin(state["epoch"], state["batch"])


def plain(length: int, size: int, *, shuffle: bool, drop_last: bool, seed: int) -> BatchOrder:
    """An order in which every sample comes once: shuffled, or as they are."""
    return BatchOrder(Shuffled(length, seed) if shuffle else InOrder(length), size, drop_last=drop_last, seed=seed)
