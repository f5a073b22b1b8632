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
_AHEAD = 1 << 16
"""Positions that are permuted in one numpy call, at least; a batch alone is too little work for one."""


def permute(positions: Rows, length: int, *, seed: int, epoch: int) -> Rows:
    """Where a shuffle of `length` samples puts them: a bijection of 0..length-1.

    A balanced Feistel network over the smallest even number of bits that holds `length`,
    walked until it falls inside (Black and Rogaway, "Ciphers with Arbitrary Finite
    Domains", CT-RSA 2002). Its round function is the finaliser of MurmurHash3.

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
    half = max(1, ((length - 1).bit_length() + 1) // 2)
    keys = _keys(seed, epoch)
    result = _feistel(positions.astype(np.uint64), half, keys)
    outside = np.flatnonzero(result >= length)
    while len(outside):
        result[outside] = _feistel(result[outside], half, keys)
        outside = outside[result[outside] >= length]
    return result.astype(np.int64)


def _keys(seed: int, epoch: int) -> list[np.uint64]:
    digest = hashlib.blake2b(f"{seed}/{epoch}".encode(), digest_size=8 * _ROUNDS).digest()
    return list(np.frombuffer(digest, "<u8"))


def _feistel(values: NDArray[np.uint64], half: int, keys: list[np.uint64]) -> NDArray[np.uint64]:
    mask = np.uint64((1 << half) - 1)
    left, right = values >> np.uint64(half), values & mask
    for key in keys:
        left, right = right, left ^ (_mix(right ^ key) & mask)
    return (left << np.uint64(half)) | right


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    values = (values ^ (values >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
    values = (values ^ (values >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
    return values ^ (values >> np.uint64(33))


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
        epoch = self.epoch
        self.epoch += 1
        count = len(self)
        together = max(1, _AHEAD // self.size)
        for first in range(0, count, together):
            last = min(count, first + together)
            positions = np.arange(first * self.size, min(self.length, last * self.size), dtype=np.int64)
            if self.shuffle:
                positions = permute(positions, self.length, seed=self.seed, epoch=epoch)
            for start in range(0, len(positions), self.size):
                yield positions[start : start + self.size]
