"""Shuffles without memory: a keyed permutation, of which every place is computed directly."""

from __future__ import annotations

import hashlib
from math import isqrt

import numpy as np
from numpy.typing import NDArray

from .spans import Rows

_ROUNDS = 6
_MORE_ROUNDS = (1 << 12, 12), (1 << 16, 8)
"""Up to so many samples, so many rounds are needed before no order is favoured."""
_LEAST = 8
"""With a side shorter than this no number of rounds would do."""
_SHORT = 1 << 16
"""Sides up to this are multiplied in 32 bits."""


def permute(positions: Rows, length: int, *, seed: int, epoch: int, what: str = "") -> Rows:
    """Where a shuffle of `length` samples puts them: a bijection of 0..length-1.

    A generalised Feistel network over a table that is nearly square and holds `length`, walked until it falls inside
    (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", CT-RSA 2002). Its round function multiplies as the
    32-bit finaliser of MurmurHash3 does.

    Args:
        positions: int64 [n], each from 0 to length - 1.
        length: Number of samples, at most 2^62.
        seed: Of the loader.
        epoch: Of the pass over the data.
        what: Is permuted, where that is something else than all samples; other things have other orders.

    Returns:
        int64 [n], the sample at each position.
    """
    if length <= 1:
        return positions.copy()
    rounds = next((rounds for most, rounds in _MORE_ROUNDS if length <= most), _ROUNDS)
    network = _Feistel(length, _keys(f"{seed}/{epoch}{what}", rounds))
    if length < _LEAST**2:  # most places are outside: those inside, in their order, are a shuffle too
        order = network.permute(np.arange(_LEAST**2))
        return order[order < length][positions]
    result = network.permute(positions)
    outside = np.flatnonzero(result >= length)
    while len(outside):
        result[outside] = network.permute(result[outside])
        outside = outside[result[outside] >= length]
    return result


def _keys(key: str, rounds: int) -> NDArray[np.uint32]:
    digest = hashlib.blake2b(key.encode(), digest_size=4 * rounds).digest()
    return np.frombuffer(digest, "<u4").astype(np.uint32)


class _Feistel:
    """A keyed permutation of the places of a table, in which less than a row is too many.

    Places are computed in 32 bits, because numpy multiplies those several at once.

    Args:
        length: Places that are wanted.
        keys: One for each round.
    """

    def __init__(self, length: int, keys: NDArray[np.uint32]) -> None:
        width = max(_LEAST, isqrt(length - 1) + 1)
        self._width = width
        self._sides = max(_LEAST, -(-length // width)), width
        self._keys = keys

    def permute(self, places: Rows) -> Rows:
        """Where each of some places goes: int64 [n]."""
        rows = places // self._width
        halves = [rows.astype(np.uint32), (places - rows * self._width).astype(np.uint32)]
        for turn, key in enumerate(self._keys):
            side = np.uint32(self._sides[turn % 2])
            moved = halves[turn % 2]
            moved += _below(side, halves[1 - turn % 2] ^ key)
            np.minimum(moved, moved - side, out=moved)  # less than nothing is a large number
        result = halves[0].astype(np.int64)
        result *= self._width
        result += halves[1]
        return result


def _below(side: np.uint32, values: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """A number below `side` for each value, which depends on all of its bits; in place."""
    values *= np.uint32(0x85EBCA6B)
    values ^= values >> np.uint32(15)
    values *= np.uint32(0xC2B2AE35)
    if side > _SHORT:
        return ((values * np.uint64(side)) >> np.uint64(32)).astype(np.uint32)
    values >>= np.uint32(16)
    values *= side
    values >>= np.uint32(16)
    return values
