"""A generated loader beside what people write by hand, and beside the limit.

    python benchmarks/loader.py [--photos 20000] [--rounds 5]

Random photos of uint8[32, 32, 3] with a label, batches of 64, shuffled, one process, warm cache. Rounds are
interleaved; the median of each contender and of the ratio within a round is printed.

The peers, each on the file that suits it best:
- usual: handles opened late and kept, one read a sample, on two contiguous datasets, torch's default collation
- sorted: one sorted fancy read a batch, on the same file (h5py wants increasing indices)
- limit: `take` of whole batches from an array in memory
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import h5py
import numpy as np
import torch
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "generated_examples"))

BATCH = 64


class Usual(Dataset[Any]):
    """One read a sample."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.images: Any = None
        with h5py.File(path) as file:
            self.length = len(file["image"])

    def _open(self) -> None:
        if self.images is None:
            file = h5py.File(self.path)
            self.images, self.labels = file["image"], file["label"]

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Any:
        self._open()
        return torch.from_numpy(self.images[index]).float(), int(self.labels[index])


class Sorted(Usual):
    """One sorted fancy read a batch."""

    def __getitem__(self, indices: Any) -> Any:
        self._open()
        rows = np.sort(indices)
        return torch.from_numpy(self.images[rows]).float(), torch.from_numpy(self.labels[rows].astype(np.int64))


def limit(images: Any, labels: Any) -> Iterator[Any]:
    """Whole batches from memory."""
    order = torch.randperm(len(images))
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        yield images[rows].float(), labels[rows]


def main() -> None:
    """The table in docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    from photos import PhotosWriter
    from photos.loaders import Train

    class Every(Train):
        """All photos, not only those of a split."""

        plan = replace(Train.plan, split=None)

    count: int = given.photos
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, 32, 32, 3), np.uint8)
    labels = rng.integers(0, 10, count, np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        ours, usual = Path(folder) / "ours.h5", Path(folder) / "usual.h5"
        with PhotosWriter.create(ours) as writer:
            for start in range(0, count, 1000):
                part = slice(start, start + 1000)
                ids = [f"{n:06d}" for n in range(count)[part]]
                writer.photo.extend(ids, {"image": images[part], "label": labels[part]})
        with h5py.File(usual, "w") as file:
            file["image"], file["label"] = images, labels
        one = DataLoader(Usual(usual), batch_size=BATCH, shuffle=True)
        some = Sorted(usual)
        many = DataLoader(some, sampler=BatchSampler(RandomSampler(some), BATCH, drop_last=False), batch_size=None)
        loader = Every.loader(ours, batch_size=BATCH, shuffle=True)
        in_memory = torch.from_numpy(images), torch.from_numpy(labels.astype(np.int64))
        contenders: dict[str, Callable[[], Iterable[Any]]] = {
            "usual: h5py, one read a sample": lambda: one,
            "sorted: h5py, one fancy read a batch": lambda: many,
            "h5schema": lambda: loader,
            "limit: take from memory": lambda: limit(*in_memory),
        }
        rates: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(given.rounds + 1):
            for name, one_pass in contenders.items():
                start = time.perf_counter()
                seen = sum(len(batch[1]) for batch in one_pass())
                rates[name].append(seen / (time.perf_counter() - start))
        base = rates["usual: h5py, one read a sample"][1:]
        for name, found in rates.items():
            ratio = median(a / b for a, b in zip(found[1:], base, strict=True))
            print(f"{name:<40} {median(found[1:]):>12,.0f} samples/s  {ratio:7.1f} x", flush=True)


if __name__ == "__main__":
    main()
