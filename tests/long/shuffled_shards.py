"""A shuffled loader over many files with few descriptors: `python shuffled_shards.py FILES DESCRIPTORS`."""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "runtime" / "packages"))
sys.path.insert(0, str(Path(__file__).parents[2]))

import numpy as np
from blank import declare

from h5schema.runtime import Array, Axis, Batch, Plan, Scalar, Take
from h5schema.runtime.torch import Loader

Part, PartWriter = declare(row=Axis(dict), x=Array(np.float32, "row 64"), y=Scalar(np.int64, "row"))
EACH = 20


class Rows(Loader[Any]):
    """Batches of 64."""

    file = Part
    plan = Plan(over="row", sample={"x": Take("x"), "y": Take("y")}, batch=Batch(64, shuffle=True))


def write(path: Path, number: int) -> Path:
    """File number `number`."""
    y = np.arange(EACH * number, EACH * number + EACH)
    with PartWriter.create(path) as w:
        w.row.extend({"x": np.repeat(y[:, None], 64, axis=1).astype(np.float32), "y": y})
    return path


def main(folder: Path, count: int, descriptors: int) -> None:
    paths = [write(folder / f"{number:05}.h5", number) for number in range(count)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    loader = Rows.loader(paths, seed=0)
    for epoch in range(3):
        start, found, most = time.process_time(), 0, 0
        for batch in loader:
            assert (batch["x"] == batch["y"][:, None]).all()
            found += len(batch["y"])
            most = max(most, len(os.listdir("/proc/self/fd")))
        assert found == EACH * count
        assert most < descriptors * 3 // 4, most
        took = time.process_time() - start
        memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10) - before
        print(
            f"epoch {epoch}: {found} samples, {found / took:,.0f} in a second of processor; "
            f"{most} descriptors, {memory} MiB more",
            flush=True,
        )


if __name__ == "__main__":
    shared = "/dev/shm" if Path("/dev/shm").is_dir() else None  # so many files are written faster there
    with TemporaryDirectory(dir=shared) as made:
        main(Path(made), int(sys.argv[1]), int(sys.argv[2]))
