"""Samples of a loader: found when they are asked for, drawn alike in every process."""

from __future__ import annotations

import time
import tracemalloc
from pathlib import Path

import h5py
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="loaders need torch")

from blank import declare  # noqa: E402

from h5schema.runtime import Axis, Batch, Plan, Position, Scalar, Take  # noqa: E402
from h5schema.runtime.chance import Drawn  # noqa: E402
from h5schema.runtime.chosen import Within  # noqa: E402
from h5schema.runtime.products import Product  # noqa: E402
from h5schema.runtime.torch import Loader  # noqa: E402
from h5schema.runtime.windows import Places  # noqa: E402

BILLION = 10**9

Reader, Writer = declare(row=Axis(dict), x=Scalar(np.uint8, "row", layout="chunked"))


@pytest.fixture
def billion(tmp_path: Path) -> Path:
    """A file that has a billion entries, of which nothing is stored."""
    path = tmp_path / "a.h5"
    with Writer.create(path) as w:
        w.row.extend({"x": np.zeros(3, np.uint8)})
    with h5py.File(path, "r+") as file:
        del file["x"]
        file.create_dataset("x", (BILLION,), np.uint8, chunks=(1 << 24,), maxshape=(None,))
        file["row"].resize(BILLION, 0)
        file["/.h5schema/dims/row/commits"][-1] = BILLION
    return path


class Samples(Loader[torch.Tensor]):
    """All rows."""

    file = Reader
    plan = Plan(over="row", sample={"x": Take("x"), "row": Position("row")}, batch=Batch(256, shuffle=True))


def test_a_billion_samples_begin_at_once(billion: Path) -> None:
    next(iter(Samples.loader(billion, limit=1000)))  # what a process does once
    taken = []
    for seed in range(10):
        began = time.process_time()  # what other processes do meanwhile is not meant
        loader = Samples.loader(billion, seed=seed)
        first = next(iter(loader))
        taken.append(time.process_time() - began)
    assert len(loader.dataset) == BILLION
    assert first["row"].max() > BILLION // 2
    assert min(taken) < 0.01, taken
    tracemalloc.start()
    try:
        loader = Samples.loader(billion, seed=9)
        next(iter(loader))
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_chance_is_a_function_of_seed_epoch_and_position() -> None:
    positions = np.arange(100_000)
    drawn = Drawn(3, 1, positions).below(np.full(100_000, 10), "jitter")
    part = Drawn(3, 1, positions[50_000:50_010]).below(np.full(10, 10), "jitter")
    assert drawn[50_000:50_010].tolist() == part.tolist()
    assert abs(np.bincount(drawn, minlength=10) - 10_000).max() < 500
    others = (Drawn(4, 1, positions), "jitter"), (Drawn(3, 2, positions), "jitter"), (Drawn(3, 1, positions), "at")
    for other, what in others:
        assert abs((other.below(np.full(100_000, 10), what) == drawn).mean() - 0.1) < 0.01
    assert Drawn(-1, 0, positions).generator(7).random() == Drawn(-1, 0, positions[7:]).generator(0).random()


def test_a_billion_windows_are_arithmetic() -> None:
    lengths = np.full(1000, 2_000_000)
    tracemalloc.start()
    try:
        began = time.process_time()
        samples = Within("time", "clip", np.arange(1000), lengths, Places(hop=2, low=-3, high=5, jitter=1))
        assert len(samples) == 1000 * ((2_000_000 - 5) // 2 - 2 + 1)
        wanted = np.array([0, len(samples) - 1, len(samples) // 2])
        chosen = samples.at(wanted, Drawn(0, 0, wanted))
        assert time.process_time() - began < 0.01
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    assert chosen.at["clip"].tolist() == [0, 999, 500]
    assert (chosen.at["time"] >= 3).all()
    assert (chosen.at["time"] + 5 <= 2_000_000).all()


def test_every_combination_is_arithmetic() -> None:
    samples = Product({"cell": 100_000, "gene": np.array([3, 1, 4])})
    assert len(samples) == 300_000
    indices = np.array([0, 1, 3, 299_999])
    at = samples.at(indices, Drawn(0, 0, indices)).at
    assert at["cell"].tolist() == [0, 0, 1, 99_999]
    assert at["gene"].tolist() == [3, 1, 3, 4]
