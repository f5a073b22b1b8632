"""Features over several open dims, extracted: the dim that an entry runs along comes first, whatever happens."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from assorted import differences

from h5schema import pipeline
from h5schema.errors import UsageError
from h5schema.runtime import How
from h5schema.runtime.extracting.endings import StoppedError

SCHEMA = """\
h5schema: 1
name: two_open_dims
version: 1.0.0
dims:
  cell: {source: 'cells/{name}.npy', ids: '{name}'}
  gene: {source: 'genes/{name}.txt', ids: '{name}'}
features:
  x: {dims: [cell, gene], dtype: float32, store: {kind: csr, codec: zstd}, call: numpy}
  twice: {dims: [cell, gene], dtype: float32, from: x, call: two_open_tools:twice}
  rare: {dims: [cell, gene], dtype: float32, from: x, call: two_open_tools:rare, optional: true}
  by_gene: {dims: [gene, cell], dtype: float32, store: csr, from: x, call: transpose}
  symbol: {dims: [gene], dtype: str, call: text}
"""
TOOLS = """\
import os
import numpy as np

def twice(x):
    if os.path.exists("stop"):
        with open("stop", "a") as calls:
            calls.write(".")
        if os.path.getsize("stop") == 20:
            os.remove("stop")
            raise KeyboardInterrupt
    return np.asarray(x) * 2

def rare(x):
    return x if np.asarray(x).sum() > 25 else None
"""
CELLS, GENES = 40, 12


@pytest.fixture
def matrix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The sources, in the folder in which the test is."""
    rng = np.random.default_rng(0)
    x = np.where(rng.random((CELLS, GENES)) < 0.4, rng.integers(1, 9, (CELLS, GENES)), 0).astype(np.float32)
    for folder in ("cells", "genes"):
        (tmp_path / "in" / folder).mkdir(parents=True)
    for i, row in enumerate(x):
        np.save(tmp_path / f"in/cells/c{i:02}.npy", row)
    for i in range(GENES):
        (tmp_path / f"in/genes/g{i:02}.txt").write_text(f"symbol {i}")
    (tmp_path / "two_open_tools.py").write_text(TOOLS)
    (tmp_path / "s.yaml").write_text(SCHEMA)
    pipeline.generate([tmp_path / "s.yaml"], tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield x
    for name in [one for one in sys.modules if one.split(".")[0] in ("two_open_dims", "two_open_tools")]:
        del sys.modules[name]


def extract(output: str, **options: Any) -> Any:
    from two_open_dims.extract import extraction  # type: ignore[import-not-found]

    how = How(workers=options.pop("workers", 0), commit_every=0)
    return extraction.run(["in"], output, how=how, **options)


def expect(path: str, x: Any) -> None:
    from two_open_dims import TwoOpenDims  # type: ignore[import-not-found]

    with TwoOpenDims(path) as f:
        assert np.array_equal(f.x[:].dense(), x)
        assert np.array_equal(f.twice[:], 2 * x)
        assert np.array_equal(f.by_gene[:].dense(), x.T)
        assert [one is None for one in f.rare] == [row.sum() <= 25 for row in x]
        assert f.symbol["g03"] == "symbol 3"
        f.verify()


def test_T2_the_same_with_any_workers_and_stopped(matrix: Any, tmp_path: Path) -> None:
    extract("a.h5")
    expect("a.h5", matrix)
    extract("b.h5", workers=2)
    assert differences(tmp_path / "a.h5", tmp_path / "b.h5") == []
    Path("stop").touch()
    with pytest.raises(StoppedError, match=r"stopped after [23]\d of 52 sources"):
        extract("c.h5")
    extract("c.h5")
    assert differences(tmp_path / "a.h5", tmp_path / "c.h5") == []


def test_entries_along_others_that_came_since(matrix: Any, tmp_path: Path) -> None:
    Path("stop").touch()
    with pytest.raises(StoppedError, match="stopped after"):
        extract("a.h5")
    Path("in/genes/z.txt").write_text("one more")
    with pytest.raises(UsageError, match="sources of gene came since the run was stopped"):
        extract("a.h5")
    Path("in/genes/z.txt").unlink()
    extract("b.h5")
    with pytest.raises(UsageError, match="such a file is not brought up to date"):
        extract("b.h5", update=True)


def test_a_row_of_another_length_is_a_failure(matrix: Any) -> None:
    np.save("in/cells/c07.npy", np.zeros(5, np.float32))
    summary = extract("a.h5")
    assert "the shape is [5], not [12]" in str(summary.failures[0])
    expect("a.h5", np.delete(matrix, 7, axis=0))
