"""Chance of loaders: numbers that depend on seed, epoch and position only, so that every worker draws the same."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .spans import Rows

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


class Drawn(NamedTuple):
    """Some samples as chance sees them.

    Attributes:
        seed: Of the loader.
        epoch: Of the pass over the data.
        positions: int64 [n], of the samples in the order of the epoch.
    """

    seed: int
    epoch: int
    positions: Rows

    def below(self, bounds: Rows, what: str) -> Rows:
        """A number for each sample, every one from 0 to its bound less one equally likely: int64 [n].

        Args:
            bounds: int64 [n], each at least 1.
            what: Is drawn; other things are drawn apart.
        """
        key = hashlib.blake2b(f"{self.seed}/{self.epoch}/{what}".encode(), digest_size=8).digest()
        mixed = _splitmix(self.positions.astype(np.uint64) * _GOLDEN + np.frombuffer(key, "<u8"))
        return ((mixed >> np.uint64(11)) * 2.0**-53 * bounds).astype(np.int64)

    def generator(self, index: int) -> np.random.Generator:
        """The generator of one of the samples: `numpy.random.default_rng([seed, epoch, position])`."""
        return np.random.default_rng([self.seed % 2**64, self.epoch, int(self.positions[index])])


def _splitmix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", 2014)."""
    values = (values ^ (values >> np.uint64(30))) * _FIRST
    values = (values ^ (values >> np.uint64(27))) * _SECOND
    return values ^ (values >> np.uint64(31))
