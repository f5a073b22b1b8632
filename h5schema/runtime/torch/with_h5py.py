"""How people read HDF5 for PyTorch without us: the contenders that a loader is compared with."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, cast

import h5py
import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler, SequentialSampler

from ..bench.wanted import Wanted
from ..order import BatchOrder

_PROBES = 3


class OneByOne(Dataset[Any]):
    """One read for each sample and feature; handles of the datasets are kept."""

    def __init__(self, file: h5py.File, taken: Sequence[Wanted]) -> None:
        self._taken = [(one, cast("h5py.Dataset", file[one.path])) for one in taken]
        self._length = len(taken[0].starts)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> Mapping[str, object]:
        return {one.address: _entry(one, dataset, index) for one, dataset in self._taken}

    def loader(self, order: BatchOrder, size: int) -> DataLoader[Any]:
        """As most people write it."""
        return DataLoader(
            self, batch_size=size, shuffle=order.shuffle, drop_last=order.drop_last, collate_fn=self._collate
        )

    def seconds(self) -> float:
        """Of one sample."""
        taken: list[float] = []
        for index in np.linspace(0, len(self) - 1, _PROBES).astype(int).tolist():
            start = time.perf_counter()
            _ = self[index]
            taken.append(time.perf_counter() - start)
        return min(taken)

    def _collate(self, samples: Sequence[Mapping[str, object]]) -> dict[str, Any]:
        """torch's own collation; entries of different lengths stay a list."""
        together = {one.address: [sample[one.address] for sample in samples] for one, _ in self._taken}
        dense = {one.address for one, _ in self._taken if isinstance(one.lengths, int)}
        collate = cast("Any", torch).utils.data.default_collate  # torch leaves its argument untyped
        return {address: collate(items) if address in dense else items for address, items in together.items()}


class BySortedBatch(Dataset[Any]):
    """One read for each batch and feature, of sorted rows: what h5py does best."""

    def __init__(self, file: h5py.File, taken: Sequence[Wanted]) -> None:
        self._taken = [(one, cast("h5py.Dataset", file[one.path])) for one in taken]
        self._length = len(taken[0].starts)

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, indices: Sequence[int]) -> Mapping[str, object]:
        samples = np.sort(np.asarray(indices, np.int64))
        return {one.address: _entries(one, dataset, samples) for one, dataset in self._taken}

    def loader(self, order: BatchOrder, size: int) -> DataLoader[Any]:
        """Batches are indices, as torch's documentation has it for datasets that read many samples at once."""
        sampler = RandomSampler(self) if order.shuffle else SequentialSampler(self)
        return DataLoader(self, sampler=BatchSampler(sampler, size, order.drop_last), batch_size=None)


def _entry(one: Wanted, dataset: h5py.Dataset, index: int) -> object:
    start = int(one.starts[index])
    value = dataset[start if isinstance(one.lengths, int) else slice(start, start + int(one.lengths[index]))]
    return torch.as_tensor(np.asarray(value)) if one.decode is None else one.decode(bytes(value))


def _entries(one: Wanted, dataset: h5py.Dataset, samples: NDArray[np.int64]) -> object:
    rows = one.starts[samples]
    if isinstance(one.lengths, int):
        distinct, back = np.unique(rows, return_inverse=True)  # of samples in one entry it is the same
        follows = int(distinct[-1] - distinct[0]) == len(distinct) - 1
        values = dataset[int(distinct[0]) : int(distinct[-1]) + 1] if follows else dataset[distinct]
        values = values if len(distinct) == len(rows) else values[back]
        return torch.as_tensor(values) if one.decode is None else [one.decode(bytes(value)) for value in values]
    bounds = zip(rows.tolist(), (rows + one.lengths[samples]).tolist(), strict=True)
    parts = [dataset[begin:end] for begin, end in bounds]
    return torch.as_tensor(np.concatenate(parts)) if one.decode is None else [one.decode(bytes(part)) for part in parts]
