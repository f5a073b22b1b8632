"""What loaders of other packages read in a second, from a file of the same samples.

    pip install torch lmdb datasets pylance zarr webdataset litdata h5torch mosaicml-streaming matplotlib
    python benchmarks/peers.py [--works rows,images,ragged] [--rounds 3] [--plot docs/benchmarks-reading.svg]

In an environment of its own, because some of them want other versions of much. A peer that is not installed is named
and left out. Every contender is given a few seconds in each round, one after the other, shuffled, in one process, over
files in memory that were read before; the median of its samples per second is printed, and of its ratio to ours. Each
peer is used as its own documentation has it, with whole batches where it offers them.
"""

from __future__ import annotations

import argparse
import importlib
import json
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import h5py
import numpy as np
import torch
from numpy.typing import NDArray
from reading import IMAGES, RAGGED, ROWS, OneByOne, Sorted, batches, generated, relaid
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler

Array = NDArray[Any]
Passes = Callable[[], Iterable[Any]]


class Work(NamedTuple):
    """Samples of one shape with a label, or sequences of different lengths without.

    Attributes:
        title: What it is.
        schema: Of ours.
        batch: Samples of a batch.
        x: One array a sample.
        label: Of each sample; None: there is none.
    """

    title: str
    schema: str
    batch: int
    x: Array | list[Array]
    label: Array | None


class Batches(Dataset[Any]):
    """A dataset that reads whole batches, by a list of positions."""

    def __init__(self, count: int, read: Callable[[list[int]], Any]) -> None:
        self.count = count
        self.read = read

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Any:
        return self.read([index])

    def __getitems__(self, indices: list[int]) -> Any:
        return self.read(indices)


def whole(work: Work, read: Callable[[list[int]], Any]) -> Passes:
    """torch's DataLoader over a dataset that reads whole batches."""
    loader = DataLoader(Batches(len(work.x), read), batch_size=work.batch, shuffle=True, collate_fn=_as_it_is)
    return lambda: loader


def _as_it_is(batch: Any) -> Any:
    return batch


def limit(work: Work, folder: Path) -> Passes:
    """`take` on memory maps of `.npy` files, without a loader."""
    if isinstance(work.x, list):
        return _limit_of_sequences(work.x, folder, work.batch)
    maps: list[Array] = []
    for name, values in (("x", work.x), ("label", work.label)):
        assert values is not None
        np.save(folder / f"{name}.npy", values)
        maps.append(np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")))

    def one_pass() -> Iterator[Any]:
        for rows in batches(len(work.x), work.batch):
            yield tuple(values.take(rows, axis=0) for values in maps)

    return one_pass


def _limit_of_sequences(entries: list[Array], folder: Path, batch: int) -> Passes:
    np.save(folder / "values.npy", np.concatenate(entries))
    flat = np.asarray(np.load(folder / "values.npy", mmap_mode="r"))
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in entries])])

    def one_pass() -> Iterator[Any]:
        for rows in batches(len(entries), batch):
            bounds = zip(offsets[rows].tolist(), offsets[rows + 1].tolist(), strict=True)
            yield np.concatenate([flat[a:b] for a, b in bounds])

    return one_pass


def ours(work: Work, folder: Path) -> Passes:
    """The generated loader, over contiguous data."""
    module = generated(work.schema, folder)
    path = folder / "ours.h5"
    with getattr(module, f"{module.__name__.capitalize()}Writer").create(path) as new:
        for start in range(0, len(work.x), 1000):
            part = slice(start, start + 1000)
            label = {} if work.label is None else {"label": work.label[part]}
            new.row.extend({"x": work.x[part], **label})
    if isinstance(work.x, list):
        from h5schema.runtime import Plan, Take
        from h5schema.runtime.plan import Batch

        class Packed(module.loaders.Every):  # type: ignore[misc]
            plan = Plan("row", Take("x", form="packed"), batch=Batch(work.batch, shuffle=True))

        loader = Packed.loader(path)
    else:
        relaid(path, chunks=None)
        loader = module.loaders.every_loader(path)
    return lambda: loader


def h5py_sorted(work: Work, folder: Path) -> Passes:
    """One sorted fancy read a batch; of sequences, one read for each, in sorted order."""
    path = _plain(work, folder)
    if isinstance(work.x, list):
        offsets = np.concatenate([[0], np.cumsum([len(one) for one in work.x])]).tolist()
        values = h5py.File(path)["x"]
        return whole(work, lambda rows: [torch.from_numpy(values[offsets[i] : offsets[i + 1]]) for i in sorted(rows)])
    some = Sorted(path)
    loader = DataLoader(some, sampler=BatchSampler(RandomSampler(some), work.batch, drop_last=False), batch_size=None)
    return lambda: loader


def h5py_one_by_one(work: Work, folder: Path) -> Passes:
    """One read a sample, torch's own collation."""
    if isinstance(work.x, list):
        return _one_dataset_each(work, folder)
    loader = DataLoader(OneByOne(_plain(work, folder)), batch_size=work.batch, shuffle=True)
    return lambda: loader


def _one_dataset_each(work: Work, folder: Path) -> Passes:
    """One HDF5 dataset a sequence, as many a blog has it."""
    with h5py.File(folder / "each.h5", "w") as file:
        for i, one in enumerate(work.x):
            file[str(i)] = one
    kept = h5py.File(folder / "each.h5")
    return whole(work, lambda rows: [torch.from_numpy(kept[str(i)][()]) for i in rows])


def _plain(work: Work, folder: Path) -> Path:
    path = folder / "plain.h5"
    if not path.exists():
        with h5py.File(path, "w") as file:
            file["x"] = np.concatenate(work.x) if isinstance(work.x, list) else work.x
            if work.label is not None:
                file["label"] = work.label
    return path


def lmdb(work: Work, folder: Path) -> Passes:
    """Raw bytes under the position, put into batches by hand."""
    library = importlib.import_module("lmdb")
    size = sum(one.nbytes for one in work.x) if isinstance(work.x, list) else work.x.nbytes
    target = library.open(str(folder / "lmdb"), map_size=4 * size + (64 << 20), sync=False)
    with target.begin(write=True) as put:
        for i in range(len(work.x)):
            label = b"" if work.label is None else work.label[i].tobytes()
            put.put(i.to_bytes(8, "big"), label + np.ascontiguousarray(work.x[i]).tobytes())
    target.close()
    kept = library.open(str(folder / "lmdb"), readonly=True, lock=False, readahead=False)
    dtype, shape, ragged = work.x[0].dtype, work.x[0].shape, isinstance(work.x, list)

    def read(rows: list[int]) -> Any:
        with kept.begin(buffers=True) as get:
            found = [get.get(i.to_bytes(8, "big")) for i in rows]
            if ragged:
                return torch.from_numpy(np.concatenate([np.frombuffer(one, dtype) for one in found]))
            x = np.empty((len(rows), *shape), dtype)
            for into, one in zip(x, found, strict=True):
                into[...] = np.frombuffer(one, dtype, offset=8).reshape(shape)
            labels = np.array([np.frombuffer(one, np.int64, 1)[0] for one in found])
        return torch.from_numpy(x), torch.from_numpy(labels)

    return whole(work, read)


def _table(work: Work) -> Any:
    """The samples as a table of Arrow."""
    arrow = importlib.import_module("pyarrow")
    if isinstance(work.x, list):
        offsets = np.concatenate([[0], np.cumsum([len(one) for one in work.x])]).astype(np.int32)
        return arrow.table({"x": arrow.ListArray.from_arrays(offsets, np.concatenate(work.x))})
    flat = arrow.FixedSizeListArray.from_arrays(arrow.array(work.x.reshape(-1)), int(np.prod(work.x.shape[1:])))
    return arrow.table({"x": flat, "label": work.label})


def hugging_face(work: Work, folder: Path) -> Passes:
    """Hugging Face datasets, of Arrow files, in torch's format."""
    library = importlib.import_module("datasets")
    library.disable_progress_bars()
    library.Dataset(_table(work)).save_to_disk(str(folder / "arrow"))
    kept = library.load_from_disk(str(folder / "arrow")).with_format("numpy" if isinstance(work.x, list) else "torch")
    return whole(work, lambda rows: kept[rows])


def lance(work: Work, folder: Path) -> Passes:
    """Lance: `take` of a batch."""
    library = importlib.import_module("lance")
    kept = library.write_dataset(_table(work), str(folder / "lance"))
    shape = work.x[0].shape

    def read(rows: list[int]) -> Any:
        found = kept.take(rows)
        if isinstance(work.x, list):
            return torch.tensor(found["x"].combine_chunks().flatten().to_numpy())
        x = found["x"].combine_chunks().flatten().to_numpy().reshape(len(rows), *shape)
        return torch.tensor(x), torch.tensor(found["label"].to_numpy())  # Arrow's memory is read-only

    return whole(work, read)


def zarr(work: Work, folder: Path) -> Passes:
    """zarr 3: a batch by its positions, out of uncompressed chunks of 64 samples."""
    if isinstance(work.x, list):
        return _zarr_sequences(work.x, work, folder)
    library = importlib.import_module("zarr")
    root = library.open_group(str(folder / "zarr"), mode="w")
    shape = work.x.shape
    root.create_array("x", shape=shape, dtype=work.x.dtype, chunks=(64, *shape[1:]), compressors=None)[...] = work.x
    assert work.label is not None
    root.create_array("label", shape=(shape[0],), dtype=np.int64, compressors=None)[...] = work.label
    x, label = root["x"], root["label"]
    return whole(
        work, lambda rows: (torch.from_numpy(x.oindex[np.sort(rows)]), torch.from_numpy(label.oindex[np.sort(rows)]))
    )


def _zarr_sequences(entries: list[Array], work: Work, folder: Path) -> Passes:
    library = importlib.import_module("zarr")
    flat = np.concatenate(entries)
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in entries])]).tolist()
    kept = library.create_array(
        str(folder / "zarr"), shape=flat.shape, dtype=flat.dtype, chunks=(65536,), compressors=None
    )
    kept[...] = flat
    return whole(work, lambda rows: [torch.from_numpy(kept[offsets[i] : offsets[i + 1]]) for i in rows])


def webdataset(work: Work, folder: Path) -> Passes:
    """webdataset: a tar file, read in order through a shuffle of 1000."""
    library = importlib.import_module("webdataset")
    path = folder / "samples.tar"
    with library.TarWriter(str(path)) as target:
        for i in range(len(work.x)):
            label = {} if work.label is None else {"cls": int(work.label[i])}
            target.write({"__key__": f"{i:08}", "npy": work.x[i], **label})
    names = ("npy",) if work.label is None else ("npy", "cls")

    def one_pass() -> Iterable[Any]:
        found = library.WebDataset(str(path), shardshuffle=False).shuffle(1000).decode().to_tuple(*names)
        collate = list if isinstance(work.x, list) else None
        return DataLoader(found, batch_size=work.batch, collate_fn=collate)

    return one_pass


def h5torch(work: Work, folder: Path) -> Passes:
    """h5torch: the samples as the central object, labels along it."""
    library = importlib.import_module("h5torch")
    path = str(folder / "h5torch.h5")
    with library.File(path, "w") as file:
        if isinstance(work.x, list):
            file.register(work.x, "central", mode="vlen")
        else:
            file.register(work.x, "central")
            file.register(work.label, 0, name="label")
    collate = list if isinstance(work.x, list) else None
    loader = DataLoader(library.Dataset(path), batch_size=work.batch, shuffle=True, collate_fn=collate)
    return lambda: loader


def litdata(work: Work, folder: Path) -> Passes:
    """litdata: optimized chunks, its own loader."""
    library = importlib.import_module("litdata")
    writer = importlib.import_module("litdata.streaming.writer").BinaryWriter
    target = folder / "litdata"
    made = writer(str(target), chunk_bytes="64MB")
    for i in range(len(work.x)):
        made[i] = {"x": work.x[i], **({} if work.label is None else {"label": int(work.label[i])})}
    made.done()
    made.merge()
    data = library.StreamingDataset(str(target), shuffle=True)
    collate = list if isinstance(work.x, list) else None
    loader = library.StreamingDataLoader(data, batch_size=work.batch, shuffle=True, collate_fn=collate)
    return lambda: loader


def mosaicml(work: Work, folder: Path) -> Passes:
    """mosaicml-streaming: MDS shards on this machine."""
    library = importlib.import_module("streaming")
    columns = {"x": "ndarray", **({} if work.label is None else {"label": "int"})}
    with library.MDSWriter(out=str(folder / "mds"), columns=columns, size_limit=1 << 26) as target:
        for i in range(len(work.x)):
            target.write({"x": work.x[i], **({} if work.label is None else {"label": int(work.label[i])})})
    data = library.StreamingDataset(local=str(folder / "mds"), shuffle=True, batch_size=work.batch)
    collate = list if isinstance(work.x, list) else None
    loader = DataLoader(data, batch_size=work.batch, collate_fn=collate)
    return lambda: loader


PEERS: dict[str, tuple[str, Callable[[Work, Path], Passes]]] = {
    "limit: memory map, no loader": ("numpy", limit),
    "h5schema": ("h5schema", ours),
    "LMDB": ("lmdb", lmdb),
    "h5py, sorted": ("h5py", h5py_sorted),
    "h5py, one by one": ("h5py", h5py_one_by_one),
    "litdata": ("litdata", litdata),
    "Hugging Face datasets": ("datasets", hugging_face),
    "Lance": ("lance", lance),
    "zarr": ("zarr", zarr),
    "webdataset": ("webdataset", webdataset),
    "mosaicml-streaming": ("streaming", mosaicml),
    "h5torch": ("h5torch", h5torch),
}
"""By name: the module it needs, and what makes its file and its loader."""


def works(scale: int) -> dict[str, Work]:
    """The samples, made when they are needed."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((100_000 // scale, 256)).astype(np.float32)
    images = rng.integers(0, 255, (20_000 // scale, 3, 64, 64)).astype(np.uint8)
    lengths = np.maximum(1, rng.lognormal(np.log(200), 0.5, 50_000 // scale).astype(np.int64))
    flat, ends = rng.integers(0, 30_000, int(lengths.sum())).astype(np.int32), np.cumsum(lengths)
    sequences = [flat[a:b] for a, b in pairwise([0, *ends.tolist()])]
    return {
        "rows": Work("float32[256] + label, batch 256", ROWS, 256, rows, rng.integers(0, 10, len(rows))),
        "images": Work("uint8[3, 64, 64] + label, batch 128", IMAGES, 128, images, rng.integers(0, 10, len(images))),
        "ragged": Work("sequences of int32, batch 64", RAGGED, 64, sequences, None),
    }


def rate(one: Passes, batch: int, seconds: float) -> float:
    """Samples per second; a pass ends where its time does."""
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        for _ in one():
            count += batch
            if time.perf_counter() - start > seconds:
                break
    return count / (time.perf_counter() - start)


def race(work: Work, rounds: int, seconds: float) -> dict[str, float]:
    """The median of each, and of its ratio to ours, printed; those that are not installed, named."""
    contenders: dict[str, Passes] = {}
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as made:
        for name, (module, make) in PEERS.items():
            if find_spec(module) is None:
                print(f"  {name}: {module} is not installed", flush=True)
                continue
            folder = Path(made) / module / name.partition(":")[0].replace(" ", "_").replace(",", "")
            folder.mkdir(parents=True)
            try:
                contenders[name] = make(work, folder)
            except (ImportError, RuntimeError, TypeError, ValueError, OSError) as error:
                print(f"  {name}: does not work here ({type(error).__name__}: {error})"[:200], flush=True)
        rates: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(rounds + 1):
            for name, one in contenders.items():
                rates[name].append(rate(one, work.batch, seconds))
    for name, found in rates.items():
        ratio = median(a / b for a, b in zip(rates["h5schema"][1:], found[1:], strict=True))
        print(f"  {name:<32} {median(found[1:]):>12,.0f} samples/s   ours is {ratio:8.2f} times as fast", flush=True)
    return {name: median(found[1:]) for name, found in rates.items()}


def plot(found: dict[str, dict[str, float]], target: Path) -> None:
    """One panel of bars for each work, on one logarithmic scale."""
    pyplot = importlib.import_module("matplotlib.pyplot")
    figure, panels = pyplot.subplots(1, len(found), figsize=(5.2 * len(found), 4.2), squeeze=False)
    for panel, (title, rates) in zip(panels[0], found.items(), strict=True):
        ordered = sorted(rates.items(), key=lambda one: one[1])
        names = [name for name, _ in ordered]
        colors = ["#c8553d" if name == "h5schema" else "#b0b0b0" if "limit" in name else "#4f6d8f" for name in names]
        bars = panel.barh(names, [value for _, value in ordered], color=colors)
        panel.bar_label(bars, [f"{value:,.0f}" for _, value in ordered], padding=3, fontsize=8)
        panel.set_xscale("log")
        panel.set_xlim(right=30 * max(rates.values()))
        panel.set_title(title, fontsize=10, loc="left")
        panel.set_xlabel("samples per second")
        panel.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(target, metadata={"Date": None} if target.suffix == ".svg" else {})


def main() -> None:
    """The tables in docs/benchmarks.md, and the plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--works", default="rows,images,ragged")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.5)
    parser.add_argument("--small", action="store_true", help="a twentieth of the samples, to see that it runs")
    parser.add_argument("--plot", type=Path, default=None)
    parser.add_argument("--save", type=Path, default=None, help="the medians as JSON, beside those that are there")
    given = parser.parse_args()
    found: dict[str, dict[str, float]] = (
        json.loads(given.save.read_text()) if given.save and given.save.exists() else {}
    )
    for name in given.works.split(","):
        work = works(20 if given.small else 1)[name]
        print(f"{name}: {work.title}")
        found[work.title] = race(work, given.rounds, given.seconds)
    if given.save:
        given.save.write_text(json.dumps(found, indent=1))
    if given.plot:
        plot(found, given.plot)


if __name__ == "__main__":
    main()
