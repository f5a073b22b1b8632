"""Contenders that read side by side: each has its turn in every round, so that what disturbs one disturbs all."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

ROUNDS = 5


class Contender(NamedTuple):
    """One way to read.

    Attributes:
        name: Of the way.
        steps: Endless; each step reads some samples and says how many.
    """

    name: str
    steps: Iterator[int]


def race(contenders: Sequence[Contender], seconds: float) -> Mapping[str, list[float]]:
    """Samples per second of every contender in each round; a round before these warms up.

    Args:
        contenders: Who takes part.
        seconds: For each of them, all rounds together. One step is always done; slow ones have fewer rounds.
    """
    rates: dict[str, list[float]] = {one.name: [] for one in contenders}
    end = time.perf_counter() + seconds * len(contenders)
    for number in range(ROUNDS + 1):
        for one in contenders:
            rate = _turn(one.steps, seconds / (ROUNDS + 1))
            if number:
                rates[one.name].append(rate)
        if number and time.perf_counter() > end:
            break
    return rates


def _turn(steps: Iterator[int], seconds: float) -> float:
    start, samples, passed = time.perf_counter(), 0, 0.0
    while not samples or passed < seconds:
        samples += next(steps)
        passed = time.perf_counter() - start
    return samples / passed


def endless(one_pass: Callable[[], Iterable[object]], *, samples: int, size: int, together: int = 1) -> Iterator[int]:
    """Steps of a contender that goes over its samples in one pass after the other.

    Args:
        one_pass: Gives the batches of a pass.
        samples: Of a pass.
        size: Of a batch; the last one of a pass may be smaller.
        together: Batches of one step: those that come out of one read.
    """
    while True:
        left = samples
        for number, _batch in enumerate(one_pass(), 1):  # a batch lives until the next one is there, as in training
            if number % together == 0:
                yield min(left, together * size)
                left -= together * size
        if left > 0:
            yield left
