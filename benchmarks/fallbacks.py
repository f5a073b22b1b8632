"""What goes through h5py, beside h5py with kept datasets.

    python benchmarks/fallbacks.py [--rounds 15]

Some data are HDF5's to read: virtual and external datasets, filters that are not known here, compact data, files in
memory. A batch of 128 rows is read by our carrier; by h5py in one sorted fancy read, put into the asked order; and by
h5py row by row. Contenders are interleaved; a ratio above 1 means that we are faster than the faster of h5py's ways.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import h5py
import hdf5plugin
import numpy as np
from numpy.typing import NDArray

from h5schema.runtime.carrier import DirectCarrier
from h5schema.runtime.spans import Spans

Rows = NDArray[np.int64]
SIZE = 128
COUNT = 4096


def virtual(folder: Path, values: NDArray[Any]) -> Path:
    """Rows of four other files."""
    path = folder / "virtual.h5"
    layout = h5py.VirtualLayout(values.shape, values.dtype)
    quarter = len(values) // 4
    for i in range(4):
        part = values[i * quarter : (i + 1) * quarter]
        with h5py.File(folder / f"part{i}.h5", "w") as file:
            file["x"] = part
        layout[i * quarter : (i + 1) * quarter] = h5py.VirtualSource(f"part{i}.h5", "x", part.shape)
    with h5py.File(path, "w") as file:
        file.create_virtual_dataset("x", layout)
    return path


def stored(name: str, rows: int | None = None, **options: Any) -> Callable[[Path, NDArray[Any]], Path]:
    """One dataset in one file, in chunks of so many rows."""

    def made(folder: Path, values: NDArray[Any]) -> Path:
        path = folder / f"{name}.h5"
        with h5py.File(path, "w") as file:
            chunks = None if rows is None else (rows, *values.shape[1:])
            file.create_dataset("x", data=values, chunks=chunks, **options)
        return path

    return made


def external(folder: Path, values: NDArray[Any]) -> Path:
    """Raw bytes in a file of their own."""
    path = folder / "external.h5"
    with h5py.File(path, "w") as file:
        raw = str(folder / "raw.bin")
        file.create_dataset("x", data=values, external=[(raw, 0, values.nbytes)])
    return path


def compact(folder: Path, values: NDArray[Any]) -> Path:
    """At most 64 kB, in the dataset's own header."""
    path = folder / "compact.h5"
    few = values[: (48 << 10) // values[0].nbytes]
    dcpl = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    dcpl.set_layout(h5py.h5d.COMPACT)
    with h5py.File(path, "w") as file:
        file.create_dataset("x", few.shape, few.dtype, dcpl=dcpl)[...] = few
    return path


LAYOUTS: dict[str, tuple[Callable[[Path, NDArray[Any]], Path], dict[str, Any]]] = {
    "virtual": (virtual, {}),
    "external": (external, {}),
    "compact": (compact, {}),
    "unknown filter, chunks of one": (stored("bitshuffled", 1, **hdf5plugin.Bitshuffle()), {}),
    "unknown filter, chunks of 64": (stored("bitshuffled", 64, **hdf5plugin.Bitshuffle()), {}),
    "in memory, contiguous": (stored("plain"), {"driver": "core", "backing_store": False}),
    "in memory, chunks of 64": (stored("chunked", 64), {"driver": "core", "backing_store": False}),
    "in memory, gzip, chunks of 64": (stored("zipped", 64, compression="gzip"), {"driver": "core"}),
}
SHAPES: dict[str, tuple[int, ...]] = {"float32[256]": (256,), "float32[4]": (4,), "float32[3,32,32]": (3, 32, 32)}


def race(path: Path, options: dict[str, Any], values: NDArray[Any], rounds: int) -> tuple[float, dict[str, float]]:
    """Microseconds of a batch of ours, and of each of h5py's ways."""
    rng = np.random.default_rng(0)
    with h5py.File(path, **options) as ours, h5py.File(path, **options) as theirs:
        carrier = DirectCarrier(ours, path)
        kept = theirs["x"]
        count = len(kept)

        def by_carrier(rows: Rows) -> NDArray[Any]:
            return carrier.fetch((Spans("x", rows),))[0]

        def fancy(rows: Rows) -> NDArray[Any]:
            unique, back = np.unique(rows, return_inverse=True)
            return np.asarray(kept[unique])[back]

        def one_by_one(rows: Rows) -> NDArray[Any]:
            return np.stack([kept[row] for row in rows.tolist()])

        works = {"ours": by_carrier, "fancy": fancy, "one by one": one_by_one}
        times: dict[str, list[float]] = {name: [] for name in works}
        for _ in range(3 * (rounds + 2)):
            for name in rng.permutation(list(works)).tolist():  # who comes after whom matters, too
                rows = rng.integers(0, count, SIZE)  # others for each: the last one's are in the processor's cache
                start = time.perf_counter()
                found = works[name](rows)
                times[name].append(1e6 * (time.perf_counter() - start))
                assert np.array_equal(found, values[rows])
        assert not carrier.direct()
    medians = {name: median(taken[6:]) for name, taken in times.items()}
    return medians.pop("ours"), medians


def main() -> None:
    """The table in docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds: int = parser.parse_args().rounds
    memory = Path("/dev/shm")
    for shape_name, shape in SHAPES.items():
        values = np.random.default_rng(0).integers(0, 99, (COUNT, *shape)).astype(np.float32)
        print(f"{shape_name}, 128 rows, µs a batch:")
        for name, (make, options) in LAYOUTS.items():
            with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as made:
                ours, theirs = race(make(Path(made), values), options, values, rounds)
            best = min(theirs.values())
            said = ", ".join(f"h5py {way} {taken:,.0f}" for way, taken in theirs.items())
            print(f"  {name:<32} ours {ours:>9,.0f}, {said}: {best / ours:5.2f} x", flush=True)


if __name__ == "__main__":
    main()
