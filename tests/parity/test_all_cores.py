"""Every core loads and derives, without a word from the user (D4)."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import pytest

from h5schema import cli

SCHEMA = """
h5schema: 1
name: cores_of_all
version: 1.0.0
dims: {file: {source: '{name}.txt'}}
features:
  loaded: {dims: [file], dtype: int64, call: 'cores_of_all_io:loaded'}
  derived: {dims: [file, 4000], dtype: int64, from: loaded, call: 'cores_of_all_io:derived', store: default}
"""
FUNCTIONS = """
import os, time
import numpy as np

def loaded(path):
    time.sleep(0.05)
    return os.getpid()

def derived(loaded):
    return np.full(4000, os.getpid())
"""


def test_D4_every_core_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cores = len(os.sched_getaffinity(0))
    (tmp_path / "cores.yaml").write_text(SCHEMA)
    (tmp_path / "cores_of_all_io.py").write_text(FUNCTIONS)
    (tmp_path / "texts").mkdir()
    for number in range(30 * cores):
        (tmp_path / "texts" / f"{number}.txt").touch()
    monkeypatch.chdir(tmp_path)
    assert cli.main(["extract", "cores.yaml", "texts", "-o", "a.h5"]) == 0
    with h5py.File("a.h5") as file:
        loaded, derived = file["loaded"][:], file["derived"][:]
    assert len(set(loaded)) == cores
    assert os.getpid() not in loaded
    assert (derived == loaded[:, None]).all()
