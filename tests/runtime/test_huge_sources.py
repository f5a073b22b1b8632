"""An entry that is nearly as large as the memory: it is there once. What a function may still change is copied."""

from __future__ import annotations

import importlib
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from h5schema import pipeline
from h5schema.runtime import How

SCHEMA = """\
h5schema: 1
name: huge
version: 1.0.0
dims:
  clip: {{source: '{{number:int}}.npy'}}
  time: {{per: clip}}
features:
  x: {{dims: {dims}, dtype: float32, call: {call}}}
"""
TOOLS = """\
import functools
import numpy as np

BUFFER = np.empty(5, np.float32)
WIDE = np.empty((3, 5), np.float32)


def made(path):
    return np.load(path)

def filled(path):
    BUFFER[:] = np.load(path)
    return BUFFER

def viewed(path):
    WIDE[1] = np.load(path)
    return WIDE[1]

def named(path):
    BUFFER[:] = np.load(path)
    return {"x": BUFFER}

NAMED = {}

def kept(path):
    NAMED["x"] = NAMED.get("x", np.empty(5, np.float32))
    NAMED["x"][:] = np.load(path)
    return NAMED

@functools.lru_cache
def _cached():
    return np.empty(5, np.float32)

def cached(path):
    _cached()[:] = np.load(path)
    return _cached()
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    before = set(sys.modules)
    (tmp_path / "in").mkdir()
    (tmp_path / "huge_tools.py").write_text(TOOLS)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("huge"):
            del sys.modules[name]


def extract(folder: Path, dims: str, call: str) -> Callable[[], Any]:
    """Makes a package; what it returns makes `huge.h5`."""
    (folder / "huge.yaml").write_text(SCHEMA.format(dims=dims, call=call))
    pipeline.generate([folder / "huge.yaml"], folder)
    run = importlib.import_module("huge.extract").extraction.run
    return partial(run, [folder / "in"], folder / "huge.h5", sync=False, how=How(workers=0, progress="none"))


@pytest.mark.parametrize("call", ["huge_tools:made", "numpy"])
@pytest.mark.parametrize("dims", ["[clip, time]", "[clip, 8000000]"], ids=["ragged", "fixed"])
def test_a_huge_entry_takes_its_own_size_once(folder: Path, dims: str, call: str) -> None:
    whole = np.arange(8_000_000, dtype=np.float32)
    np.save(folder / "in/0.npy", whole)
    run = extract(folder, dims, call)
    tracemalloc.start()
    try:
        run()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 1.3 * whole.nbytes
    with h5py.File(folder / "huge.h5") as file:
        assert np.array_equal(file["x"][()].reshape(-1), whole)


@pytest.mark.parametrize("call", ["filled", "viewed", "named", "kept", "cached"])
@pytest.mark.parametrize("dims", ["[clip, time]", "[clip, 5]"], ids=["ragged", "fixed"])
def test_an_array_that_a_function_fills_again_is_copied(folder: Path, dims: str, call: str) -> None:
    values = np.arange(35, dtype=np.float32).reshape(7, 5)
    for number, one in enumerate(values):
        np.save(folder / f"in/{number}.npy", one)
    extract(folder, dims, f"huge_tools:{call}")()
    with h5py.File(folder / "huge.h5") as file:
        assert np.array_equal(file["x"][()].reshape(7, 5), values)
