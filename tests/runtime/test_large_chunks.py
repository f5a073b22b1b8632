"""Chunks of hundreds of KiB, made by workers, are those that one process makes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import h5py
import pytest

from h5schema import pipeline
from h5schema.runtime import How

SCHEMA = """\
h5schema: 1
name: large_chunks
version: 1.0.0
dims: {part: {source: '{name}.txt'}}
features:
  noise: {dims: [part, 300, 200], dtype: float64, call: large_chunks_tools:noise, store: {codec: default}}
  waves: {dims: [part, 300, 200], dtype: int16, call: large_chunks_tools:waves, store: {codec: lzf, chunk: 400KiB}}
"""
TOOLS = """\
import os, signal
import numpy as np
def noise(path):
    if path.stem == "7" and not path.with_suffix(".seen").exists():
        path.with_suffix(".seen").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return np.random.default_rng(int(path.stem)).normal(size=(300, 200))
def waves(path):
    return (np.sin(np.arange(60_000).reshape(300, 200) / (2 + int(path.stem))) * 30_000).astype("i2")
"""


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    (tmp_path / "schema.yaml").write_text(SCHEMA)
    (tmp_path / "large_chunks_tools.py").write_text(TOOLS)
    (tmp_path / "in").mkdir()
    for number in range(25):
        (tmp_path / "in" / f"{number}.txt").write_text("")
    pipeline.generate([tmp_path / "schema.yaml"], tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in [name for name in sys.modules if name.startswith("large_chunks")]:
        monkeypatch.delitem(sys.modules, name)
    from large_chunks.extract import extraction  # type: ignore[import-not-found]

    return extraction


def chunks(path: Path) -> dict[str, list[tuple[int, bytes]]]:
    """Every chunk as it lies in the file, and its filter mask."""
    with h5py.File(path) as file:
        return {
            name: [
                file[name].id.read_direct_chunk(file[name].id.get_chunk_info(number).chunk_offset)
                for number in range(file[name].id.get_num_chunks())
            ]
            for name in ("noise", "waves")
        }


def test_chunks_of_workers_are_those_of_one_process(job: Any, tmp_path: Path) -> None:
    """Also where a worker dies with some of them; and nothing of it is left open."""
    (tmp_path / "in/7.seen").touch()
    job.run([tmp_path / "in"], tmp_path / "alone.h5", how=How(workers=0))
    (tmp_path / "in/7.seen").unlink()
    before = len(os.listdir("/proc/self/fd"))
    summary = job.run([tmp_path / "in"], tmp_path / "two.h5", how=How(workers=2, memory=4 << 20))
    assert not summary.failures
    assert (tmp_path / "in/7.seen").exists()
    assert len(os.listdir("/proc/self/fd")) == before
    made = chunks(tmp_path / "two.h5")
    assert made == chunks(tmp_path / "alone.h5")
    assert max(len(encoded) for _, encoded in made["noise"]) > 400_000
