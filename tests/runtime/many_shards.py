"""Reads many files as one with few descriptors: `python many_shards.py FILES DESCRIPTORS`."""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parent / "packages"))
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from blank import declare

from h5schema.runtime import Array, IdAxis, Scalar
from h5schema.runtime.spans import Asked

Part, PartWriter = declare(
    row=IdAxis(dict), image=Array(np.float32, "row 8"), label=Scalar(np.int64, "row"), scale=Scalar(np.float64, "")
)
EACH = 3


def write(path: Path, number: int) -> Path:
    """File number `number`."""
    with PartWriter.create(path) as w:
        w.scale = 0.5
        labels = EACH * number + np.arange(EACH)
        images = np.repeat(labels[:, None], 8, axis=1).astype(np.float32)
        w.row.extend([f"id/{i}" for i in labels], {"image": images, "label": labels})
    return path


def main(folder: Path, count: int, descriptors: int) -> None:
    paths = [write(folder / f"{number:05}.h5", number) for number in range(count)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    size = EACH * count
    start = time.perf_counter()
    with Part(paths) as f, Part(paths[::-1]) as other:
        took = time.perf_counter() - start
        rng = np.random.default_rng(0)
        rows = rng.integers(0, size, 500)
        label, image = f.bound.reader.read_together([Asked("label", rows), Asked("image", rows)])
        assert np.array_equal(label, rows)
        assert np.array_equal(image[:, 3], rows)
        assert other.label.read(rows).tolist() == [EACH * (count - 1 - i // EACH) + i % EACH for i in rows.tolist()]
        assert [f.row.row(f"id/{i}") for i in (0, size - 1, size // 2)] == [0, size - 1, size // 2]
        assert f.label[:].tolist() == list(range(size))
        used = len(os.listdir("/proc/self/fd"))
        assert used < descriptors * 3 // 4, used
    print(f"{count} files, {size} entries; looked into twice in {took:.1f} s, {1000 * took / 2 / count:.2f} ms a file")


if __name__ == "__main__":
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # so many files are written faster there
    with TemporaryDirectory(dir=memory) as made:
        main(Path(made), int(sys.argv[1]), int(sys.argv[2]))
