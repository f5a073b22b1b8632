"""`h5schema repack`, as it is typed."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
from PIL import Image

from .conftest import Command


def photos(folder: Path) -> Path:
    for i in range(6):
        path = folder / ("cat", "dog")[i % 2] / f"{i}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (32, 32), (i * 40, 10, 200)).save(path)
    return folder


def test_another_codec_and_back(h5schema: Command, schema: Path, tmp_path: Path) -> None:
    assert h5schema("extract", schema, photos(tmp_path / "in"), "-o", "photos.h5").returncode == 0
    with h5py.File(tmp_path / "photos.h5") as file:
        images, sources = file["image"][:], file[".h5schema/dims/photo/sources"][:]
    done = h5schema("repack", "photos.h5", "--codec", "default", "--level", "9", "-o", "small.h5")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("6 entries of photo; ")
    with h5py.File(tmp_path / "small.h5") as file:
        assert (file["image"].compression, file["image"].compression_opts) == ("gzip", 9)
        assert np.array_equal(file["image"][:], images)
        assert np.array_equal(file[".h5schema/dims/photo/sources"][:], sources), "an update still knows its sources"
    assert h5schema("repack", "small.h5").returncode == 0
    with h5py.File(tmp_path / "small.h5") as file:
        assert file["image"].chunks is None, "as its schema says"
        assert np.array_equal(file["image"][:], images)
    refused = h5schema("repack", "photos.h5", "-o", "small.h5")
    assert refused.returncode == 2
    assert "the file exists already" in refused.stderr
