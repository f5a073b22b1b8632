"""Which sample stands at each position of an epoch: pure functions of (seed, epoch, position)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Generic, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from .permutation import permute
from .spans import Rows

_BUCKETED = 64
"""Batches that are sorted by length together: more make less padding, fewer stay closer to the shuffle."""


class Turn(NamedTuple):
    """One pass over the data.

    Attributes:
        epoch: Its number.
        world: Processes that share it: each takes every `world`-th position.
    """

    epoch: int
    world: int = 1


class Sampler(Protocol):
    """Says which sample comes when.

    Attributes:
        window: Positions of a process that are best read together, a multiple of the batch; 0: as many as one likes.
    """

    window: int

    def count(self, epoch: int) -> int:
        """Number of positions of an epoch."""
        ...

    def at(self, positions: Rows, turn: Turn) -> Rows:
        """The samples at some positions: int64 [n]."""
        ...


KeyT = TypeVar("KeyT")
FoundT = TypeVar("FoundT")


class _Last(Generic[KeyT, FoundT]):
    """A function that remembers what it found last. Threads may compute the same twice, never another's.

    Args:
        function: Gives the same for the same key.
    """

    def __init__(self, function: Callable[[KeyT], FoundT]) -> None:
        self._function = function
        self._known: tuple[KeyT, FoundT] | None = None

    def __call__(self, key: KeyT) -> FoundT:
        known = self._known
        if known is None or known[0] != key:
            known = self._known = key, self._function(key)
        return known[1]


class InOrder:
    """Every sample once, as they are. Needs no memory.

    Args:
        length: Number of samples.
    """

    window = 0

    def __init__(self, length: int) -> None:
        self._length = length

    def count(self, epoch: int) -> int:
        return self._length

    def at(self, positions: Rows, turn: Turn) -> Rows:
        return positions


class Shuffled:
    """Every sample once, in an order of each epoch's own. Needs no memory.

    Args:
        length: Number of samples.
        seed: Decides the orders.
    """

    window = 0

    def __init__(self, length: int, seed: int) -> None:
        self._length = length
        self._seed = seed

    def count(self, epoch: int) -> int:
        return self._length

    def at(self, positions: Rows, turn: Turn) -> Rows:
        return permute(positions, self._length, seed=self._seed, epoch=turn.epoch)


class InChunks:
    """Every sample once: chunks in an order of each epoch's own, samples shuffled within a window of them.

    What a process reads together is one window, so that it decodes a chunk once, and at the border of a window
    twice. Needs 24 bytes a chunk.

    Args:
        edges: int64 [chunks + 1], the sample at which each chunk begins, and the number of samples.
        window: Samples of a window.
        seed: Decides the orders.
    """

    def __init__(self, edges: Rows, window: int, seed: int) -> None:
        self._edges = edges
        self._seed = seed
        self.window = window
        self._chunks = _Last(self._ordered)

    def count(self, epoch: int) -> int:
        return int(self._edges[-1])

    def at(self, positions: Rows, turn: Turn) -> Rows:
        starts, ends = self._chunks(turn.epoch)
        places = self._places(positions, turn)
        chunk = np.searchsorted(ends, places, side="right")
        return starts[chunk] + places

    def _ordered(self, epoch: int) -> tuple[Rows, Rows]:
        """Of each chunk in the order of an epoch: its first sample less its first place, and where its places end."""
        chunks = len(self._edges) - 1
        order = permute(np.arange(chunks, dtype=np.int64), chunks, seed=self._seed, epoch=epoch, what="/chunks")
        ends = np.cumsum(np.diff(self._edges)[order])
        return self._edges[order + 1] - ends, ends

    def _places(self, positions: Rows, turn: Turn) -> Rows:
        """Where in the chunks, end to end, each position is: those of one process are in one window of its own."""
        count, places = self.count(turn.epoch), np.empty_like(positions)
        shared = self.window * turn.world
        inside = positions % shared
        last = count - count % shared
        windows = np.where(positions < last, positions // shared * turn.world + inside % turn.world, -1)
        for window in np.unique(windows).tolist():
            chosen = np.flatnonzero(windows == window)
            begin, size, within = (
                (last, count - last, inside[chosen])
                if window < 0
                else (window * self.window, self.window, inside[chosen] // turn.world)
            )
            key = f"/window {window}"
            places[chosen] = begin + permute(within, size, seed=self._seed, epoch=turn.epoch, what=key)
        return places


class Bucketed:
    """Every sample once, in batches of samples of similar length. Needs the lengths of some batches at a time.

    A stretch of the shuffle is sorted by length and cut into batches, which come in an order by chance. What does not
    fill a batch is drawn before, so that it is no matter of length.

    Args:
        length: Number of samples.
        lengths: Gives the lengths of some samples.
        size: Samples of a batch.
        shuffle: Whether each epoch has an order of its own.
        seed: Decides the orders.
    """

    window = 0

    def __init__(self, length: int, lengths: Callable[[Rows], Rows], size: int, *, shuffle: bool, seed: int) -> None:
        self._base = Shuffled(length, seed) if shuffle else InOrder(length)
        self._lengths = lengths
        self._size = size
        self._shuffle = shuffle
        self._seed = seed
        self._stretches = _Last(self._stretch)

    def count(self, epoch: int) -> int:
        return self._base.count(epoch)

    def at(self, positions: Rows, turn: Turn) -> Rows:
        found = np.empty_like(positions)
        stretches, within = np.divmod(positions, self._size * turn.world * _BUCKETED)
        for stretch in np.unique(stretches).tolist():
            chosen = np.flatnonzero(stretches == stretch)
            found[chosen] = self._stretches((stretch, turn))[within[chosen]]
        return found

    def _stretch(self, key: tuple[int, Turn]) -> Rows:
        number, turn = key
        step = self._size * turn.world
        begin = number * step * _BUCKETED
        end = min(self.count(turn.epoch), begin + step * _BUCKETED)
        samples = self._base.at(np.arange(begin, end, dtype=np.int64), turn)
        steps = len(samples) // step
        full, rest = samples[: steps * step], samples[steps * step :]
        batches = full[np.argsort(self._lengths(full), kind="stable")].reshape(steps, step)
        if self._shuffle:
            numbers = np.arange(steps, dtype=np.int64)
            batches = batches[permute(numbers, steps, seed=self._seed, epoch=turn.epoch, what=f"/stretch {number}")]
        return np.concatenate([batches.reshape(-1), rest])


class Drawn:
    """Samples by their weights: one comes as often as its part of all weights says, rounded up or down by chance.

    An epoch has as many positions as there are samples; with equal weights each comes once. Needs 8 bytes a sample,
    16 if they are in an order of their own.

    Args:
        weights: float64 [samples], none below 0.
        seed: Decides the orders.
        order: int64 [samples], in which samples are laid out: those that follow each other are balanced as one; None:
            as they are.
    """

    window = 0

    def __init__(self, weights: NDArray[np.float64], seed: int, order: Rows | None = None) -> None:
        self._ends = np.cumsum(weights if order is None else weights[order])
        self._order = order
        self._seed = seed

    def count(self, epoch: int) -> int:
        return len(self._ends)

    def at(self, positions: Rows, turn: Turn) -> Rows:
        count = self.count(turn.epoch)
        strata = permute(positions, count, seed=self._seed, epoch=turn.epoch)
        points = (strata + _offset(self._seed, turn.epoch)) * (float(self._ends[-1]) / count)
        found = np.minimum(np.searchsorted(self._ends, points, side="right"), self._last)
        return found if self._order is None else self._order[found]

    @property
    def _last(self) -> int:
        """The last sample that has a weight: what was rounded up stays inside."""
        return int(np.searchsorted(self._ends, float(self._ends[-1]), side="left"))


def _offset(seed: int, epoch: int) -> float:
    """From 0 to 1: where in its stratum each draw of an epoch lies."""
    digest = hashlib.blake2b(f"{seed}/{epoch}/offset".encode(), digest_size=8).digest()
    return float((int.from_bytes(digest, "little") >> 11) * 2.0**-53)


class Given:
    """The samples that a function of the user's gives for each epoch. Needs 8 bytes a sample.

    Args:
        samples: Gives the samples of an epoch, in their order.
    """

    window = 0

    def __init__(self, samples: Callable[[int], Rows]) -> None:
        self._samples = _Last(samples)

    def count(self, epoch: int) -> int:
        return len(self._samples(epoch))

    def at(self, positions: Rows, turn: Turn) -> Rows:
        return self._samples(turn.epoch)[positions]
