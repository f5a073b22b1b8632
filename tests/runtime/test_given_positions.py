"""Positions as loaders give them, and many ids at once, choose entries for reading, writing and loading."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blank import declare

from h5schema.errors import DataError
from h5schema.runtime import Batch, IdAxis, Plan, Position, Scalar, Take

torch = pytest.importorskip("torch", reason="loaders need torch")
from h5schema.runtime.torch import Loader  # noqa: E402

COUNT = 3000


@pytest.fixture
def files(tmp_path: Path) -> tuple[Any, Any, Path]:
    reader, writer = declare(row=IdAxis(dict), x=Scalar(np.float32, "row"), y=Scalar(np.float32, "row"))
    with writer.create(tmp_path / "a.h5") as w:
        values = np.arange(COUNT, dtype=np.float32)
        w.row.extend([f"id {i}" for i in range(COUNT)], {"x": values, "y": np.zeros(COUNT, np.float32)})
    return reader, writer, tmp_path / "a.h5"


def loader_of(reader: Any) -> Any:
    plan = Plan(over="row", sample={"x": Take("x"), "row": Position("row")}, batch=Batch(100, shuffle=True))
    return type("Rows", (Loader,), {"file": reader, "plan": plan, "__module__": __name__})


def test_M14_results_go_back_by_the_positions_of_a_batch(files: tuple[Any, Any, Path]) -> None:
    reader, writer, path = files
    found = [(batch["row"], batch["x"] * 2) for batch in loader_of(reader).loader(path, seed=1)]
    with writer.edit(path) as w:
        for rows, doubled in found:
            w.y[rows] = doubled
    with reader(path) as f:
        assert np.array_equal(f.y[:], 2 * np.arange(COUNT, dtype=np.float32))
        assert f.y[torch.tensor([5, -1])].tolist() == [10, 2 * COUNT - 2]


def test_T5_subsets_of_tensors(files: tuple[Any, Any, Path]) -> None:
    reader, _, path = files
    rows = loader_of(reader)
    assert len(rows(path, subset=torch.tensor([7, 3]))) == 2
    assert len(rows(path, subset=torch.arange(COUNT) % 3 == 0)) == COUNT // 3
    with pytest.raises(DataError, match="a mask of shape"):
        rows(path, subset=torch.tensor([True]))


@pytest.mark.parametrize("many", [3, COUNT - 1])
def test_T5_many_ids_at_once(files: tuple[Any, Any, Path], many: int) -> None:
    reader, _, path = files
    wanted = [int(i) for i in np.random.default_rng(0).permutation(COUNT)[:many]]
    ids = [f"id {i}" for i in wanted]
    with reader(path) as f:
        assert f.x[ids].tolist() == wanted
        assert f.x[[*ids, ids[0]]].tolist() == [*wanted, wanted[0]]
        with pytest.raises(DataError, match="'id none'"):
            _ = f.x[[*ids, "id none"]]
    start = time.process_time()
    assert len(loader_of(reader)(path, subset=ids)) == many
    assert time.process_time() - start < 0.3  # one by one they took a second
    with pytest.raises(DataError, match="is given twice"):
        loader_of(reader)(path, subset=[*ids, ids[0]])
