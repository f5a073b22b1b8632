"""What a loader gives a training loop with workers and with threads, beside other ways to feed PyTorch.

    python benchmarks/loading.py [--rounds 7] [--work rows,images] [--small] [--memory] [--busy 0.0]

Every contender is a DataLoader over the same samples, shuffled, with workers that live on from pass to pass; a pass is
timed from its first batch to its last. Contenders are interleaved, and medians are printed with the ratio to the
fastest peer within a round. `--busy` is what the loop does with each batch, in milliseconds, holding the GIL half of
the time, as a training loop in Python does. `--memory` prints the memory of this process after each of six epochs.

The peers, each with 2 workers:
- tensors: `TensorDataset` of the data in memory, torch's own sampling and collation
- array: `.npy` map, whole batches by `__getitems__`
- h5py: one sorted read a batch
- lmdb: raw bytes, batches put together by hand (if it is installed)
"""

from __future__ import annotations

import argparse
import importlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import h5py
import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset, TensorDataset

SCHEMA = """
h5schema: 1
name: {name}
version: 1.0.0
dims: {{row: {{size: open}}}}
features:
  x: {{dims: [row, {dims}], dtype: {dtype}}}
  label: {{dims: [row], dtype: int64}}
loaders:
  every: {{over: row, inputs: x, targets: label, batch: {{size: {size}, shuffle: true}}}}
"""


class Work(NamedTuple):
    """What is read."""

    name: str
    count: int
    shape: tuple[int, ...]
    dtype: str
    size: int


WORKS = {
    "rows": Work("rows", 100_000, (256,), "float32", 256),
    "images": Work("images", 20_000, (3, 64, 64), "uint8", 128),
}


class Whole(Dataset[Any]):
    """Reads whole batches."""

    def __init__(self, path: Path, opened: Callable[[Path], Any], labels: NDArray[np.int64]) -> None:
        self._path = path
        self._open = opened
        self._labels = labels
        self._data: tuple[int, Any] | None = None

    def __len__(self) -> int:
        return len(self._labels)

    def __getitems__(self, indices: list[int]) -> Any:
        if self._data is None or self._data[0] != os.getpid():
            self._data = os.getpid(), self._open(self._path)
        rows = np.asarray(indices)
        return torch.from_numpy(self._data[1](rows)), torch.from_numpy(self._labels[rows])


def _as_it_is(batch: Any) -> Any:
    return batch


def array(path: Path) -> Any:
    """Rows of a memory map."""
    mapped = np.load(path / "x.npy", mmap_mode="r")
    return lambda rows: np.take(mapped, rows, axis=0)


def sorted_rows(path: Path) -> Any:
    """Rows of a dataset, in one sorted selection."""
    dataset = h5py.File(path / "plain.h5")["x"]
    return lambda rows: dataset[np.sort(rows)]


def lmdb_rows(path: Path) -> Any:
    """Raw bytes by number."""
    import lmdb

    store = lmdb.open(str(path / "lmdb"), readonly=True, lock=False, readahead=False)
    like = np.load(path / "x.npy", mmap_mode="r")

    def read(rows: NDArray[np.int64]) -> Any:
        with store.begin(buffers=True) as transaction:
            found = [np.frombuffer(transaction.get(b"%d" % row), like.dtype) for row in rows.tolist()]
        return np.stack(found).reshape(len(rows), *like.shape[1:])

    return read


def made(work: Work, folder: Path) -> tuple[Any, Any, NDArray[np.int64]]:
    """The generated loaders, and the data."""
    dims = ", ".join(map(str, work.shape))
    schema = folder / f"{work.name}.yaml"
    schema.write_text(SCHEMA.format(name=work.name, dims=dims, dtype=work.dtype, size=work.size))
    subprocess.run(
        [sys.executable, "-m", "h5schema", "generate", str(schema), "-o", str(folder)], check=True, capture_output=True
    )
    sys.path.insert(0, str(folder))
    package = importlib.import_module(work.name)
    loaders = importlib.import_module(f"{work.name}.loaders")
    x = np.random.default_rng(0).integers(0, 255, (work.count, *work.shape)).astype(work.dtype)
    labels = np.arange(work.count)
    with getattr(package, f"{work.name.capitalize()}Writer").create(folder / "ours.h5") as w:
        w.row.extend({"x": x, "label": labels})
    np.save(folder / "x.npy", x)
    with h5py.File(folder / "plain.h5", "w") as file:
        file["x"] = x
    return loaders.every_loader, x, labels


def contenders(work: Work, folder: Path) -> dict[str, Any]:
    """Every way to read, by name."""
    every, x, labels = made(work, folder)
    ours = folder / "ours.h5"
    lives = {"persistent_workers": True, "multiprocessing_context": "fork"}

    def whole(opened: Callable[[Path], Any], workers: int = 2) -> Any:
        more: dict[str, Any] = lives if workers else {}
        return DataLoader(
            Whole(folder, opened, labels),
            batch_size=work.size,
            shuffle=True,
            num_workers=workers,
            collate_fn=_as_it_is,
            **more,
        )

    found = {
        "ours, alone": every(ours),
        "ours, 1 thread": every(ours, threads=1),
        "ours, 2 threads": every(ours, threads=2),
        "ours, 2 workers": every(ours, workers=2, **lives),
        "peer: array, alone": whole(array, 0),
        "peer: tensors, 2 workers": DataLoader(
            TensorDataset(torch.from_numpy(x), torch.from_numpy(labels)),
            batch_size=work.size,
            shuffle=True,
            num_workers=2,
            **lives,
        ),
        "peer: array, 2 workers": whole(array),
        "peer: h5py, 2 workers": whole(sorted_rows),
    }
    if importlib.util.find_spec("lmdb") is not None:
        _write_lmdb(folder, x)
        found["peer: lmdb, 2 workers"] = whole(lmdb_rows)
    return found


def _write_lmdb(folder: Path, x: NDArray[Any]) -> None:
    import lmdb

    store = lmdb.open(str(folder / "lmdb"), map_size=2 * x.nbytes + (64 << 20))
    with store.begin(write=True) as transaction:
        for row, value in enumerate(x):
            transaction.put(b"%d" % row, value.tobytes())
    store.close()


def rate(batches: Iterable[Any], size: int, busy: float) -> float:
    """Samples a second of one pass, the first fetch left out."""
    count, start = 0, 0.0
    for number, _batch in enumerate(batches):
        if number == 16:
            start = time.perf_counter()
        count += number > 16
        if busy:
            work(busy)
    return count * size / (time.perf_counter() - start)


def work(milliseconds: float) -> None:
    """What a training loop does: half of it in Python, half of it in torch, which drops the GIL."""
    end = time.perf_counter() + milliseconds / 2000
    while time.perf_counter() < end:
        pass
    time.sleep(milliseconds / 2000)


def race(work: Work, rounds: int, busy: float) -> None:
    """Every contender in every round."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name:
        ways = contenders(work, Path(name))
        rates: dict[str, list[float]] = {way: [] for way in ways}
        for number in range(rounds + 1):
            for way, batches in ways.items():
                one = rate(batches, work.size, busy)
                if number:
                    rates[way].append(one)
    best = [max(rates[way][i] for way in rates if way.endswith("2 workers") and way[0] == "p") for i in range(rounds)]
    print(f"{work.name}: {work.count:,} x {work.dtype}{list(work.shape)}, batch {work.size}, {busy} ms a batch")
    for way, own in rates.items():
        ratio = median(a / b for a, b in zip(own, best, strict=True))
        cost = 1000 * work.size / median(own)
        print(f"  {way:<28} {median(own):>12,.0f} samples/s  {cost:7.3f} ms a batch  {ratio:6.2f} x", flush=True)


def memory(work: Work) -> None:
    """Of this process, after each epoch, without what is mapped from files."""
    with tempfile.TemporaryDirectory() as name:
        every, *_ = made(work, Path(name))
        for how in ({}, {"threads": 2}, {"workers": 2}):
            loader, after = every(Path(name) / "ours.h5", **how), []
            for _ in range(6):
                for _batch in loader:
                    pass
                pages = Path("/proc/self/statm").read_text().split()
                after.append((int(pages[1]) - int(pages[2])) * 4096 / 2**20)
            print(f"  {how!s:<16} MiB after each epoch: {', '.join(f'{one:.1f}' for one in after)}")


def main() -> None:
    """Runs what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--work", default="rows,images")
    parser.add_argument("--busy", type=float, default=0.0)
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--memory", action="store_true")
    given = parser.parse_args()
    for name in given.work.split(","):
        one = WORKS[name]._replace(count=WORKS[name].count // (10 if given.small else 1))
        if given.memory:
            memory(one)
        else:
            race(one, given.rounds, given.busy)


if __name__ == "__main__":
    main()
