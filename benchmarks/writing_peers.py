"""What the writer is compared with: limits, whose results are thrown away, and how others do the same work."""

from __future__ import annotations

import os
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.pool import Pool
from pathlib import Path
from typing import Any

import h5py
import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Encode = Callable[[NDArray[np.uint8]], bytes]
Bytes = NDArray[np.uint8]

_H5MAPPER = Path(__file__).with_name("writing_h5mapper.py")


def timed(work: Callable[[], object]) -> float:
    """Seconds of a call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def two() -> Pool:
    """Two processes that are ready, so their start-up is not counted."""
    pool = get_context("fork").Pool(2)
    pool.map(_ready, range(2), chunksize=1)
    return pool


def _ready(number: int) -> int:
    return number


# Limits.


def image_of(path: str) -> Bytes:
    """Pillow's pixels of a file."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def _decode(path: str) -> None:
    image_of(path)


def decoding(paths: Sequence[str]) -> float:
    """Pillow in two processes."""
    with two() as pool:
        return timed(lambda: pool.map(_decode, paths, chunksize=16))


def _lzf(group: Sequence[str]) -> None:
    imagecodecs.lzf_encode(np.stack(list(map(image_of, group))))


def _zstd(group: Sequence[str]) -> None:
    imagecodecs.zstd_encode(np.stack(list(map(image_of, group))), level=3)


def coding(paths: Sequence[str], codec: str, rows: int) -> float:
    """Pillow and a codec over chunks of so many images, in two processes."""
    groups = [paths[at : at + rows] for at in range(0, len(paths), rows)]
    with two() as pool:
        return timed(lambda: pool.map(_lzf if codec == "lzf" else _zstd, groups, chunksize=4))


def raw(size: int, target: Path) -> float:
    """So many bytes written by one process from memory, and one fsync."""
    block = os.urandom(1 << 20)

    def work() -> None:
        handle = os.open(target, os.O_RDWR | os.O_CREAT)
        for _ in range(size >> 20):
            os.write(handle, block)
        os.fsync(handle)
        os.close(handle)

    return timed(work)


# Data2H5's way.


class Data2H5:
    """The pattern of `converter.py` of RSKothari/Data2H5, written anew; it reads with imageio, which reads with Pillow.

    A pool reads eight sources at a time, results come back through the pipe, and each becomes a dataset of one lzf
    chunk. The bound method is what the pool is sent, so the list of all sources goes along with every task.
    """

    def __init__(self, folder: Path, target: Path, paths: Sequence[str], read: Callable[[str], Bytes]) -> None:
        self.folder = folder
        self.target = target
        self.valid = [os.path.relpath(path, folder) for path in paths]
        self.read = read

    def read_function(self, name: str) -> tuple[str, Bytes]:
        """What a worker does."""
        return name, self.read(os.path.join(self.folder, name))

    def read_write(self, pool: Pool) -> None:
        """The whole work."""
        with h5py.File(self.target, "a") as file:
            for first in range(0, len(self.valid), 8):
                for name, data in pool.map(self.read_function, self.valid[first : first + 8]):
                    _log_sample(file, name, data)

    def alone(self) -> None:
        """The same layout, without the pool and what it is sent."""
        with h5py.File(self.target, "a") as file:
            for name in self.valid:
                _log_sample(file, *self.read_function(name))


def _log_sample(file: h5py.File, name: str, data: Bytes) -> None:
    file.create_dataset(name, data.shape, data=data, dtype=str(data.dtype), chunks=data.shape, compression="lzf")


def bytes_of(path: str) -> Bytes:
    """A file as it is."""
    with open(path, "rb") as file:
        return np.frombuffer(file.read(), np.uint8)


def data2h5(folder: Path, target: Path, paths: Sequence[str], read: Callable[[str], Bytes]) -> float:
    """Data2H5's way with two processes that are ready."""
    with two() as pool:
        return timed(lambda: Data2H5(folder, target, paths, read).read_write(pool))


def data2h5_layout(folder: Path, target: Path, paths: Sequence[str], read: Callable[[str], Bytes]) -> float:
    """Data2H5's layout, a dataset for each source, written in one process."""
    return timed(Data2H5(folder, target, paths, read).alone)


def data2h5_entries(path: Path) -> Iterator[Bytes]:
    """What it wrote, in the order of the names."""
    names: list[str] = []
    with h5py.File(path) as file:
        file.visititems(lambda name, found: names.append(name) if isinstance(found, h5py.Dataset) else None)
        for name in sorted(names):
            yield file[name][()]


# h5mapper.


def h5mapper(python: str, target: Path, paths: Sequence[str], parallelism: str) -> float:
    """h5mapper's `create` in its own Python; it says how long the call took, without start-up."""
    command = [python, str(_H5MAPPER), str(target), parallelism]
    done = subprocess.run(command, input="\n".join(paths), capture_output=True, text=True, check=True, timeout=3600)
    return float(done.stdout.split()[-1])


def h5mapper_entries(path: Path) -> Iterator[Bytes]:
    """What it wrote, in the order in which the sources were given."""
    with h5py.File(path) as file:
        yield from file["image/__arr__"]


# Bytes as they are.


def tar(folder: Path, target: Path) -> float:
    """Python's tarfile, and one fsync."""

    def work() -> None:
        with target.open("wb") as file:
            with tarfile.open(fileobj=file, mode="w") as made:
                for path in listed(folder):
                    made.add(path, os.path.relpath(path, folder))
            file.flush()
            os.fsync(file.fileno())

    return timed(work)


def tar_entries(path: Path) -> Iterator[Bytes]:
    """What it wrote."""
    with tarfile.open(path) as made:
        for member in made:
            found = made.extractfile(member)
            assert found is not None
            yield np.frombuffer(found.read(), np.uint8)


def listed(folder: Path) -> Iterator[str]:
    """All files, sorted."""
    for inner in sorted(entry.path for entry in os.scandir(folder)):
        yield from sorted(entry.path for entry in os.scandir(inner))


def bare_loop(folder: Path, target: Path) -> float:
    """Lists, opens and reads each file, and writes all with one `create_dataset`."""

    def work() -> None:
        whole: list[bytes] = []
        for path in listed(folder):
            with open(path, "rb") as file:
                whole.append(file.read())
        with h5py.File(target, "w") as made:
            made.create_dataset("data", data=np.frombuffer(b"".join(whole), np.uint8))

    return timed(work)


def bare_entries(path: Path, size: int) -> Iterator[Bytes]:
    """What it wrote, of sources of one size."""
    with h5py.File(path) as made:
        yield from made["data"][()].reshape(-1, size)


# Samples by hand.


def h5py_appending(target: Path, samples: Iterable[Any], chunk: int) -> float:
    """One sample after the other: the dataset grows by one row."""

    def work() -> None:
        with h5py.File(target, "w") as made:
            x = made.create_dataset("x", (0, 256), np.float32, maxshape=(None, 256), chunks=(chunk, 256))
            for at, sample in enumerate(samples):
                x.resize(at + 1, axis=0)
                x[at] = sample

    return timed(work)
