"""Shuffles without memory: a keyed permutation, of which every place is computed directly."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from .spans import Rows

_ROUNDS = 6
_SMALL_BITS = 16
"""In a domain of so few bits, two more rounds are needed before no order is favoured."""
_LEAST_BITS = 6
"""In a domain of fewer bits no number of rounds would do."""


def permute(positions: Rows, length: int, *, seed: int, epoch: int, what: str = "") -> Rows:
    """Where a shuffle of `length` samples puts them: a bijection of 0..length-1.

    A Feistel network over as many bits as hold `length`, in two halves that take turns, walked until it
    falls inside (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", CT-RSA 2002). Its round
    function is the 32-bit finaliser of MurmurHash3.

    Args:
        positions: int64 [n], each from 0 to length - 1.
        length: Number of samples.
        seed: Of the loader.
        epoch: Of the pass over the data.
        what: Is permuted, where that is something else than all samples; other things have other orders.

    Returns:
        int64 [n], the sample at each position.
    """
    if length <= 1:
        return positions.copy()
    bits = max(_LEAST_BITS, (length - 1).bit_length())
    network = _Feistel(bits, _keys(f"{seed}/{epoch}{what}", _ROUNDS if bits > _SMALL_BITS else _ROUNDS + 2))
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
