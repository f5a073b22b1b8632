"""Nodes and files of others whose names have an `@`."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from .conftest import Generate


def test_an_at_in_braces_is_part_of_the_name(generate: Generate, tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        for name in ("demo_1", "demo_@1"):
            file[f"data/{name}/x"] = np.arange(len(name))
            file[f"data/{name}"].attrs["model"] = name
            file[f"data/{name}/t"] = np.array([(1, 2.0)], [("a", "i4"), ("b", "f8")])
    package = generate("""
        name: with_at
        bind: plain
        dims: {demo: open, step: {per: demo}}
        groups:
          data:
            at: 'data/{demo:demo_*}'
            over: demo
            features:
              x:     {dims: [demo, step], dtype: int64}
              model: {dtype: str, at: '@model'}
              b:     {dims: [demo, 1], dtype: float64, at: t/b}
    """)
    with package.WithAt(path) as found:
        assert sorted(found.demo) == ["demo_1", "demo_@1"]
        assert found.data.x["demo_@1"].tolist() == list(range(7))
        assert found.data.model["demo_@1"] == "demo_@1"
        assert found.data.b[:].tolist() == [[2.0], [2.0]]


def test_an_at_in_the_name_of_a_file(generate: Generate, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in ("a@b.h5", "c.h5"):
        with h5py.File(tmp_path / "in" / name, "w") as file:
            file["x"] = np.ones(3)
            file["x"].attrs["rate"] = 2.0
    package = generate("""
        name: files_with_at
        bind: plain
        dims: {session: {source: '{name}.h5'}, time: {per: session}}
        features:
          x:    {dims: [session, time], dtype: float64}
          rate: {dims: [session], dtype: float64, at: 'x@rate'}
    """)
    with package.FilesWithAt(tmp_path / "in") as found:
        assert found.x["a@b.h5"].tolist() == [1, 1, 1]
        assert found.rate[:].tolist() == [2, 2]
