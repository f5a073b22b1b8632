"""What a loader reads in a second, beside h5py and beside the limit.

    python benchmarks/reading.py [--rounds 7] [--work rows,images,chunks,ragged,windows,csr]
                                 [--small]

Each work is one file on a memory file system (or the temporary folder), read through the generated loader's own
DataLoader, shuffled, in one process. Contenders are interleaved; the median of each is printed, and the median of its
ratio to the limit within a round. The limit takes the same rows from a memory map of an `.npy` file, without a loader.

The peers from h5py read through torch's DataLoader too, in the way that suits them best:
- h5py, sorted: one sorted fancy read a batch
- h5py, one by one: handles kept, one read a sample, torch's default collation
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import h5py
import hdf5plugin
import imagecodecs
import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler

from h5schema.runtime import SparseBlock

ROWS = """
h5schema: 1
name: rows
version: 1.0.0
dims: {row: {size: open}}
features:
  x: {dims: [row, 256], dtype: float32}
  label: {dims: [row], dtype: int64}
loaders:
  every: {over: row, inputs: x, targets: label, batch: {size: 256, shuffle: true}}
"""
IMAGES = """
h5schema: 1
name: images
version: 1.0.0
dims: {row: {size: open}}
features:
  x: {dims: [row, 3, 64, 64], dtype: uint8}
  label: {dims: [row], dtype: int64}
loaders:
  every: {over: row, inputs: x, targets: label, batch: {size: 128, shuffle: true}}
"""
SPARSE = """
h5schema: 1
name: counted
version: 1.0.0
dims: {row: {size: open}}
features:
  x: {dims: [row, 2000], dtype: float32, store: csr}
loaders:
  every: {over: row, inputs: x, batch: {size: 128, shuffle: true}}
"""
CHUNKS = IMAGES.replace("shuffle: true", "shuffle: chunks").replace("name: images", "name: chunks")
WINDOWS = """
h5schema: 1
name: recording
version: 1.0.0
dims: {time: {size: open}}
features:
  x: {dims: [time], dtype: float32}
loaders:
  every: {over: time, window: {time: {length: 4096, hop: 1024}}, inputs: x, batch: {size: 64, shuffle: true}}
"""
RAGGED = """
h5schema: 1
name: sequences
version: 1.0.0
dims: {row: {size: open}, time: {per: row}}
features:
  x: {dims: [row, time], dtype: int32}
loaders:
  every: {over: row, inputs: {x: x}, batch: {size: 64, shuffle: true}}
"""


class Contender(NamedTuple):
    """One way to read: a pass over all samples."""

    name: str
    one_pass: Callable[[], Iterable[Any]]


class Sorted(Dataset[Any]):
    """One sorted fancy read a batch, on a file of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with h5py.File(path) as file:
            self.length = len(file["x"])
        self.file: Any = None

    def __len__(self) -> int:
        return self.length

    def opened(self) -> tuple[Any, Any]:
        """The two datasets, kept from call to call."""
        if self.file is None:
            self.file = h5py.File(self.path)
            self.x, self.label = self.file["x"], self.file["label"]
        return self.x, self.label

    def __getitem__(self, indices: Any) -> Any:
        x, label = self.opened()
        rows = np.sort(indices)
        return torch.from_numpy(x[rows]), torch.from_numpy(label[rows])


class OneByOne(Sorted):
    """One read a sample."""

    def __getitem__(self, index: Any) -> Any:
        x, label = self.opened()
        return torch.from_numpy(x[index]), int(label[index])


def generated(schema: str, folder: Path) -> Any:
    """The package of a schema, made and imported."""
    name = schema.split("name: ")[1].split("\n")[0]
    (folder / f"{name}.yaml").write_text(schema, encoding="utf-8")
    command = [sys.executable, "-m", "h5schema", "generate", f"{name}.yaml", "-o", "."]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    sys.path.insert(0, str(folder))
    importlib.import_module(f"{name}.loaders")
    return importlib.import_module(name)


def relaid(path: Path, **options: Any) -> None:
    """Stores `/x` another way: the reader takes any layout."""
    with h5py.File(path, "r+") as file:
        values, scales = file["x"][:], [dict(dim)[""] if "" in dim else dim[0] for dim in file["x"].dims]
        del file["x"]
        made = file.create_dataset("x", data=values, **options)
        for dim, scale in zip(made.dims, scales, strict=True):
            dim.attach_scale(scale)


def batches(count: int, size: int) -> Iterator[NDArray[np.int64]]:
    """A shuffled pass."""
    order = np.random.default_rng().permutation(count)
    for start in range(0, count, size):
        yield order[start : start + size]


def taken(folder: Path, arrays: dict[str, NDArray[Any]], size: int) -> Contender:
    """The limit: `take` on memory maps of the same rows."""
    maps: list[NDArray[Any]] = []
    for name, values in arrays.items():
        np.save(folder / f"{name}.npy", values)
        maps.append(np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")))
    count = len(maps[0])

    def one_pass() -> Iterator[Any]:
        for rows in batches(count, size):
            yield tuple(values.take(rows, axis=0) for values in maps)

    return Contender("limit: take from a memory map", one_pass)


def decoded(name: str, path: Path) -> Contender:
    """The limit of compressed data: the same decoder over the same chunks in two threads, results thrown away."""
    whole = np.fromfile(path, np.uint8)
    chunks: list[NDArray[np.uint8]] = []
    with h5py.File(path) as file:
        file["x"].id.chunk_iter(lambda at: chunks.append(whole[at.byte_offset : at.byte_offset + at.size]))
        size = int(np.prod(file["x"].chunks)) * file["x"].dtype.itemsize

    def half(part: list[NDArray[np.uint8]]) -> None:
        for chunk in part:
            imagecodecs.zstd_decode(chunk, out=size)

    def one_pass() -> Iterator[Any]:
        with ThreadPoolExecutor(2) as threads:
            yield list(threads.map(half, (chunks[::2], chunks[1::2])))

    return Contender(f"limit: decoding {name}", one_pass)


def over(name: str, module: Any, path: Path) -> Contender:
    """Our loader."""
    loader = next(getattr(module.loaders, found) for found in dir(module.loaders) if found.endswith("_loader"))(path)
    return Contender(name, lambda: loader)


def by_h5py(name: str, loader: DataLoader[Any]) -> Contender:
    """A peer."""
    return Contender(name, lambda: loader)


def dense(
    schema: str, values: NDArray[Any], size: int, layouts: dict[str, dict[str, Any]], folder: Path, rounds: int
) -> None:
    """Rows of one shape, with a label."""
    module = generated(schema, folder)
    label = np.random.default_rng(1).integers(0, 10, len(values))
    contenders = [taken(folder, {"x": values, "label": label}, size)]
    writer = getattr(module, f"{module.__name__.capitalize()}Writer")
    for name, options in layouts.items():
        path = folder / f"{name}.h5"
        with writer.create(path) as new:
            for start in range(0, len(values), 1000):
                new.row.extend({"x": values[start : start + 1000], "label": label[start : start + 1000]})
        if options:
            relaid(path, **options)
        if "compression" in options:
            contenders.append(decoded(name, path))
        contenders.append(over(f"h5schema, {name}", module, path))
        if "compression" in options and options["chunks"][0] == 1:
            contenders.append(by_h5py(f"h5py, one by one, {name}", DataLoader(OneByOne(path), size, shuffle=True)))
    plain = folder / "plain.h5"
    with h5py.File(plain, "w") as file:
        file["x"], file["label"] = values, label
    some = Sorted(plain)
    every = DataLoader(some, sampler=BatchSampler(RandomSampler(some), size, drop_last=False), batch_size=None)
    contenders += [
        by_h5py("h5py, sorted", every),
        by_h5py("h5py, one by one", DataLoader(OneByOne(plain), size, shuffle=True)),
    ]
    race(contenders, len(values), rounds)


def ragged(count: int, folder: Path, rounds: int) -> None:
    """Sequences, lognormal around 200, end to end."""
    module = generated(RAGGED, folder)
    rng = np.random.default_rng(0)
    lengths = np.maximum(1, rng.lognormal(np.log(200), 0.5, count).astype(np.int64))
    values = rng.integers(0, 30_000, int(lengths.sum())).astype(np.int32)
    starts = np.cumsum(lengths) - lengths
    path = folder / "sequences.h5"
    with module.SequencesWriter.create(path) as new:
        for first in range(0, count, 1000):
            last = min(count, first + 1000)
            new.row.extend({"x": [values[starts[i] : starts[i] + lengths[i]] for i in range(first, last)]})
    np.save(folder / "values.npy", values)
    flat = np.asarray(np.load(folder / "values.npy", mmap_mode="r"))

    def gathered() -> Iterator[Any]:
        for rows in batches(count, 64):
            begins, sizes = starts[rows], lengths[rows]
            bounds = zip(begins.tolist(), (begins + sizes).tolist(), strict=True)
            yield np.concatenate([flat[a:b] for a, b in bounds]), sizes

    def padded() -> Iterator[Any]:
        for rows in batches(count, 64):
            begins, sizes = starts[rows], lengths[rows]
            block = np.zeros((len(rows), int(sizes.max())), np.int32)
            for i, (a, n) in enumerate(zip(begins.tolist(), sizes.tolist(), strict=True)):
                block[i, :n] = flat[a : a + n]
            yield block, sizes

    class Entries(Dataset[Any]):
        def __init__(self) -> None:
            self.file = h5py.File(path)
            self.x = self.file["x"]

        def __len__(self) -> int:
            return count

        def __getitem__(self, index: int) -> Any:
            return torch.from_numpy(self.x[starts[index] : starts[index] + lengths[index]])

    one_by_one = DataLoader(Entries(), batch_size=64, shuffle=True, collate_fn=list)
    plans = {"padded": padded, "packed": gathered}
    for form, limit in plans.items():
        loader = of_form(module, form).loader(path)
        race(
            [
                Contender(f"limit: {form} from a memory map", limit),
                Contender(f"h5schema, {form}", lambda loader=loader: loader),
                Contender("h5py, entry by entry", lambda: one_by_one),
            ],
            count,
            rounds,
        )


def windows(count: int, folder: Path, rounds: int) -> None:
    """Windows of 4096 values, out of one signal."""
    module, length, hop, size = generated(WINDOWS, folder), 4096, 1024, 64
    values = np.random.default_rng(0).random(count, np.float32)
    np.save(folder / "values.npy", values)
    flat = np.asarray(np.load(folder / "values.npy", mmap_mode="r"))
    samples = (count - length) // hop + 1

    def sliced() -> Iterator[Any]:
        for positions in batches(samples, size):
            block = np.empty((len(positions), length), np.float32)
            for i, at in enumerate((positions * hop).tolist()):
                block[i] = flat[at : at + length]
            yield torch.from_numpy(block)

    class Windows(Dataset[Any]):
        def __init__(self, path: Path) -> None:
            self.file = h5py.File(path)
            self.x = self.file["x"]

        def __len__(self) -> int:
            return samples

        def __getitem__(self, index: int) -> Any:
            return torch.from_numpy(self.x[index * hop : index * hop + length])

    contenders = [Contender("limit: slices of a memory map", sliced)]
    layouts: dict[str, dict[str, Any]] = {"contiguous": {"chunks": None}, "chunks of 65536": {"chunks": (1 << 16,)}}
    for name, options in layouts.items():
        path = folder / f"{name}.h5"
        with module.RecordingWriter.create(path) as new:
            for start in range(0, count, 1 << 20):
                new.time.extend({"x": values[start : start + (1 << 20)]})
        relaid(path, **options)
        contenders.append(over(f"h5schema, {name}", module, path))
        one_by_one = DataLoader(Windows(path), batch_size=size, shuffle=True)
        contenders.append(Contender(f"h5py, {name}", lambda one_by_one=one_by_one: one_by_one))
    race(contenders, samples, rounds)


def sparse(count: int, folder: Path, rounds: int) -> None:
    """Rows of 2000 elements, of which 5 % are stored, made dense."""
    module, width, size = generated(SPARSE, folder), 2000, 128
    rng = np.random.default_rng(0)
    lengths = rng.binomial(width, 0.05, count)
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    indices = np.concatenate([np.sort(rng.choice(width, n, replace=False)) for n in lengths.tolist()]).astype(np.int32)
    data = rng.random(len(indices), np.float32)
    path = folder / "counted.h5"
    with module.CountedWriter.create(path) as new:
        for first in range(0, count, 1000):
            bounds = indptr[first : first + 1001]
            part = slice(int(bounds[0]), int(bounds[-1]))
            new.row.extend({"x": SparseBlock(data[part], indices[part].astype(np.int64), bounds - bounds[0], width)})
    for name, values in (("data", data), ("indices", indices)):
        np.save(folder / f"{name}.npy", values)
    stored, places = (np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in ("data", "indices"))

    def densified() -> Iterator[Any]:
        for rows in batches(count, size):
            bounds = list(zip(indptr[rows].tolist(), indptr[rows + 1].tolist(), strict=True))
            dense = np.zeros(len(rows) * width, np.float32)
            firsts = np.repeat(np.arange(len(rows)) * width, lengths[rows])
            dense[firsts + np.concatenate([places[a:b] for a, b in bounds])] = np.concatenate(
                [stored[a:b] for a, b in bounds]
            )
            yield torch.from_numpy(dense.reshape(len(rows), width))

    class Entries(Dataset[Any]):
        def __init__(self) -> None:
            self.file = h5py.File(path)
            self.data, self.indices = self.file["x/data"], self.file["x/indices"]

        def __len__(self) -> int:
            return count

        def __getitem__(self, index: int) -> Any:
            row, part = np.zeros(width, np.float32), slice(*indptr[index : index + 2].tolist())
            row[self.indices[part]] = self.data[part]
            return torch.from_numpy(row)

    one_by_one = DataLoader(Entries(), batch_size=size, shuffle=True)
    loader = module.loaders.Every.loader(path)
    contenders = [
        Contender("limit: from a memory map, made dense", densified),
        Contender("h5schema", lambda: loader),
        Contender("h5py, row by row", lambda: one_by_one),
    ]
    race(contenders, count, rounds)


def of_form(module: Any, form: str) -> Any:
    """The loader with its entries in another form."""
    from h5schema.runtime import Plan, Take
    from h5schema.runtime.plan import Batch

    class Other(module.loaders.Every):
        plan = Plan("row", Take("x", form="packed" if form == "packed" else "pad"), batch=Batch(64, shuffle=True))

    return Other


def race(contenders: list[Contender], count: int, rounds: int) -> None:
    """Every contender in every round; the first round warms up."""
    rates: dict[str, list[float]] = {one.name: [] for one in contenders}
    for _ in range(rounds + 1):
        for one in contenders:
            start = time.perf_counter()
            batch = None
            for batch in one.one_pass():  # noqa: B007  # a batch lives until the next one is there, as in training
                pass
            rates[one.name].append(count / (time.perf_counter() - start))
            del batch
    limit = rates[contenders[0].name][1:]
    for name, found in rates.items():
        ratio = median(a / b for a, b in zip(found[1:], limit, strict=True))
        print(f"  {name:<36} {median(found[1:]):>12,.0f} samples/s  {ratio:7.3f} of the limit", flush=True)


def main() -> None:
    """The tables in docs/benchmarks.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--work", default="rows,images,chunks,ragged,windows,csr")
    parser.add_argument("--small", action="store_true", help="a twentieth of the samples, to see that it runs")
    given = parser.parse_args()
    rounds: int = given.rounds
    scale = 20 if given.small else 1
    rng = np.random.default_rng(0)
    memory = Path("/dev/shm")
    for work in given.work.split(","):
        with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as made:
            folder = Path(made)
            print(f"{work}:")
            match work:
                case "rows":
                    values = rng.standard_normal((100_000 // scale, 256)).astype(np.float32)
                    layouts: dict[str, dict[str, Any]] = {
                        "contiguous": {"chunks": None},
                        "as written": {},
                        "chunks of 64": {"chunks": (64, 256)},
                    }
                    dense(ROWS, values, 256, layouts, folder, rounds)
                case "images" | "chunks":
                    small = rng.integers(0, 255, (20_000 // scale, 3, 16, 16)).astype(np.uint8)
                    pictures = small.repeat(4, axis=2).repeat(4, axis=3)
                    zstd = dict(hdf5plugin.Zstd())
                    layouts = {
                        "contiguous": {"chunks": None},
                        "as written": {},
                        "zstd, chunks of one": {"chunks": (1, 3, 64, 64), **zstd},
                    }
                    if work == "chunks":
                        layouts = {"zstd, chunks of 64": {"chunks": (64, 3, 64, 64), **zstd}}
                    dense(IMAGES if work == "images" else CHUNKS, pictures, 128, layouts, folder, rounds)
                case "windows":
                    windows(50_000_000 // scale, folder, rounds)
                case "csr":
                    sparse(50_000 // scale, folder, rounds)
                case _:
                    ragged(50_000 // scale, folder, rounds)


if __name__ == "__main__":
    main()
