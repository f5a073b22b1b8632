"""Where the time and the bytes of a run go."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import h5py

from ..model import Model
from ..opening import open_hdf5
from .pipeline import Pipeline
from .summary import Coded, Spent

_BY_WORKERS: tuple[str, ...] = ("load", "derive", "check", "compress", "write")
_BY_CALLER: tuple[str, ...] = ("find", "place", "commit", "finish")


class Spending:
    """Where the time of a run goes; it begins when this is made."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._workers = 0
        self._available = 0.0
        self._by_workers: dict[str, float] = dict.fromkeys(_BY_WORKERS, 0.0)
        self._by_caller: dict[str, float] = dict.fromkeys(_BY_CALLER, 0.0)

    @property
    def seconds(self) -> float:
        """Of the run so far."""
        return time.monotonic() - self._start

    @contextmanager
    def on(self, word: str) -> Generator[None]:
        """What the one who has the file does in here."""
        start = time.monotonic()
        try:
            yield
        finally:
            self._by_caller[word] += time.monotonic() - start

    @contextmanager
    def work(self, size: int, pipeline: Pipeline) -> Generator[None]:
        """What so many workers do in here; 0: the one who has the file does it."""
        start, commit = time.monotonic(), self._by_caller["commit"]
        yield
        seconds = time.monotonic() - start
        committing = self._by_caller["commit"] - commit
        self._by_caller["place"] += max(0.0, seconds - committing - pipeline.waited)
        self._available += size * seconds if size else pipeline.waited
        self._workers = max(self._workers, size)

    def add(self, seconds: Mapping[str, float]) -> None:
        """What a batch took of the workers."""
        for word, took in seconds.items():
            self._by_workers[word] += took

    def spent(self) -> Spent:
        """All of it."""
        return Spent(self._workers, self._available, dict(self._by_workers), dict(self._by_caller))


def coded(target: Path, model: Model) -> Coded | None:
    """What the codecs made of the values in a file; None: no feature has one."""
    paths = [
        part.path
        for address, feature in model.features.items()
        if feature.options.codec != "none" and model.places[address].lead is not None
        for part in model.stored(address)
        if part.data and not part.nodes
    ]
    if not paths:
        return None
    with open_hdf5(target) as file:
        datasets = [cast("h5py.Dataset", file[path]) for path in paths]
        return Coded(sum(one.nbytes for one in datasets), sum(one.id.get_storage_size() for one in datasets))
