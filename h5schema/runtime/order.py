"""Which sample comes when: pure functions of (seed, epoch, position), with no memory.

A shuffle is a keyed permutation, so index i of epoch e is computed directly: a billion
samples start at once, and training goes on in the middle of an epoch from three numbers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .spans import Rows

_ROUNDS = 6
_SMALL_BITS = 16
"""In a domain of so few bits, two more rounds are needed before no order is favoured."""
_LEAST_BITS = 6
"""In a domain of fewer bits no number of rounds would do."""
_AHEAD = 1 << 14
"""Positions that are permuted in one numpy call, at least: much work for one call, and little enough for the cache."""


def permute(positions: Rows, length: int, *, seed: int, epoch: int) -> Rows:
    """Where a shuffle of `length` samples puts them: a bijection of 0..length-1.

    A Feistel network over as many bits as hold `length`, in two halves that take turns, walked until it
    falls inside (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", CT-RSA 2002). Its round
    function is the 32-bit finaliser of MurmurHash3.

    Args:
        positions: int64 [n], each from 0 to length - 1.
        length: Number of samples.
        seed: Of the loader.
        epoch: Of the pass over the data.

    Returns:
        int64 [n], the sample at each position.
    """
    if length <= 1:
        return positions.copy()
    bits = max(_LEAST_BITS, (length - 1).bit_length())
    network = _Feistel(bits, _keys(seed, epoch, rounds=_ROUNDS if bits > _SMALL_BITS else _ROUNDS + 2))
    result = network.permute(positions)
    outside = np.flatnonzero(result >= length)
    while len(outside):
        result[outside] = network.permute(result[outside])
        outside = outside[result[outside] >= length]
    return result


def _keys(seed: int, epoch: int, *, rounds: int) -> NDArray[np.uint32]:
    digest = hashlib.blake2b(f"{seed}/{epoch}".encode(), digest_size=4 * rounds).digest()
    return np.frombuffer(digest, "<u4").astype(np.uint32)


class _Feistel:
    """A keyed permutation of 0..2^bits-1, computed in 32 bits: numpy multiplies those several at once.

    Args:
        bits: Of a value, up to 63.
        keys: One for each round.
    """

    def __init__(self, bits: int, keys: NDArray[np.uint32]) -> None:
        self._low = bits // 2
        self._masks = np.uint32((1 << self._low) - 1), np.uint32((1 << (bits - self._low)) - 1)
        self._keys = keys

    def permute(self, values: Rows) -> Rows:
        """Where each of some values goes: int64 [n]."""
        halves = [(values & int(self._masks[0])).astype(np.uint32), (values >> self._low).astype(np.uint32)]
        for turn, key in enumerate(self._keys):
            mixed = _mix(halves[turn % 2] ^ key)
            mixed &= self._masks[1 - turn % 2]
            halves[1 - turn % 2] ^= mixed
        result = halves[1].astype(np.int64)
        result <<= self._low
        result |= halves[0]
        return result


def _mix(values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """MurmurHash3's finaliser, in place."""
    shifted = values >> np.uint32(16)
    values ^= shifted
    values *= np.uint32(0x85EBCA6B)
    np.right_shift(values, np.uint32(13), out=shifted)
    values ^= shifted
    values *= np.uint32(0xC2B2AE35)
    np.right_shift(values, np.uint32(16), out=shifted)
    values ^= shifted
    return values


class BatchOrder:
    """Index arrays of the batches of one epoch after another.

    Args:
        length: Number of samples.
        size: Samples of a batch.
        shuffle: Whether each epoch has an order of its own.
        drop_last: Whether a last batch that is not full is left out.
        seed: Decides the shuffles.
    """

    def __init__(self, length: int, size: int, *, shuffle: bool, drop_last: bool, seed: int) -> None:
        self.length = length
        self.size = size
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.seed = seed
        self.epoch = 0

    def __len__(self) -> int:
        return self.length // self.size if self.drop_last else -(-self.length // self.size)

    def __iter__(self) -> Iterator[Rows]:
        for indices, _ in self.together(1):
            yield indices

    def together(self, count: int) -> Iterator[tuple[Rows, list[int]]]:
        """The batches of the next epoch, `count` at a time: their samples, and where each ends, after a first 0."""
        epoch = self.epoch
        self.epoch += 1
        stretch = count * max(1, _AHEAD // (count * self.size))
        for first in range(0, len(self), stretch):
            last = min(len(self), first + stretch)
            positions = np.arange(first * self.size, min(self.length, last * self.size), dtype=np.int64)
            if self.shuffle:
                positions = permute(positions, self.length, seed=self.seed, epoch=epoch)
            for start in range(0, len(positions), count * self.size):
                indices = positions[start : start + count * self.size]
                yield indices, [*range(0, len(indices), self.size), len(indices)]
