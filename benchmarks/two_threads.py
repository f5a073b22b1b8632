"""What two threads read from one reader, beside one thread.

    python benchmarks/two_threads.py [--rounds 15]

Batches of 128 images, shuffled, read with `reader.x.read(rows)`: each thread reads its own half of them from the
one reader. Contenders are interleaved; the ratio is the median of the ratios within a round. The limit of each is the
same work without us: `take` on a memory map, or the decoder alone, in one thread and in two.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any

import h5py
import hdf5plugin
import imagecodecs
import numpy as np
from numpy.typing import NDArray
from reading import IMAGES, generated, relaid

Rows = NDArray[np.int64]
SIZE = 128
PASSES = 10


def seconds(work: Callable[[Sequence[Rows]], object], batches: Sequence[Rows], threads: int) -> float:
    """Of all batches, each read once."""
    shares = [batches[i::threads] for i in range(threads)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(int, range(threads)))  # the threads are there
        start = time.perf_counter()
        list(pool.map(work, shares))
        return time.perf_counter() - start


def race(works: dict[str, Callable[[Sequence[Rows]], object]], count: int, rounds: int) -> None:
    """One thread and two in turn."""
    rng = np.random.default_rng(0)
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in works}
    for _ in range(rounds + 1):
        orders = [rng.permutation(count) for _ in range(PASSES)]
        batches = [order[start : start + SIZE] for order in orders for start in range(0, count, SIZE)]
        for name, work in works.items():
            found[name].append((seconds(work, batches, 1), seconds(work, batches, 2)))
    for name, pairs in found.items():
        one, two = (PASSES * count / median(pair[i] for pair in pairs[1:]) for i in (0, 1))
        ratio = median(a / b for a, b in pairs[1:])
        print(f"  {name:<44} {one:>10,.0f} → {two:>10,.0f} images/s   {ratio:5.2f} x", flush=True)


def reads(view: Any) -> Callable[[Sequence[Rows]], object]:
    """Ours."""

    def work(batches: Sequence[Rows]) -> None:
        for rows in batches:
            view.read(rows)

    return work


def decoding_alone(module: Any, path: Path) -> Any:
    """A view whose chunks are decoded by the thread that reads: it was first used where there was one core."""
    every = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(every)})
    view = module.Images(path).x
    for _ in range(10):  # HDF5 reads until it pays to look where the chunks lie
        view.read(np.arange(SIZE))
    os.sched_setaffinity(0, every)
    return view


def takes(values: NDArray[Any]) -> Callable[[Sequence[Rows]], object]:
    """The limit of what is not compressed."""

    def work(batches: Sequence[Rows]) -> None:
        for rows in batches:
            values.take(rows, axis=0)

    return work


def decodes(path: Path) -> Callable[[Sequence[Rows]], object]:
    """The limit of zstd."""
    whole = np.fromfile(path, np.uint8)
    chunks: list[NDArray[np.uint8]] = []
    with h5py.File(path) as file:
        file["x"].id.chunk_iter(lambda at: chunks.append(whole[at.byte_offset : at.byte_offset + at.size]))
        size = int(np.prod(file["x"].chunks))

    def work(batches: Sequence[Rows]) -> None:
        for rows in batches:
            for row in rows.tolist():
                imagecodecs.zstd_decode(chunks[row], out=size)

    return work


def main() -> None:
    """The table in docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds: int = parser.parse_args().rounds
    memory = Path("/dev/shm")
    rng = np.random.default_rng(0)
    count = 10_000
    pictures = rng.integers(0, 255, (count, 3, 16, 16)).astype(np.uint8).repeat(4, axis=2).repeat(4, axis=3)
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as made:
        folder = Path(made)
        module = generated(IMAGES, folder)
        works: dict[str, Callable[[Sequence[Rows]], object]] = {}
        np.save(folder / "x.npy", pictures)
        works["limit: take from a memory map"] = takes(np.asarray(np.load(folder / "x.npy", mmap_mode="r")))
        layouts: dict[str, dict[str, Any]] = {
            "contiguous": {"chunks": None},
            "chunks of 64": {"chunks": (64, 3, 64, 64)},
            "zstd, chunks of one": {"chunks": (1, 3, 64, 64), **hdf5plugin.Zstd()},
        }
        for name, options in layouts.items():
            path = folder / f"{name}.h5"
            with module.ImagesWriter.create(path) as new:
                new.row.extend({"x": pictures, "label": np.zeros(count, np.int64)})
            relaid(path, **options)
            if "zstd" in name:
                works["limit: decoding zstd"] = decodes(path)
                works["h5schema, zstd, each thread decodes its own"] = reads(decoding_alone(module, path))
            works[f"h5schema, {name}"] = reads(module.Images(path).x)
        race(works, count, rounds)


if __name__ == "__main__":
    main()
