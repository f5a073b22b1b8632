"""Chunks follow the data: a small file is small, a large one has chunks of the usual size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import xarray
from blank import declare
from everything import Everything
from everything.examples import entry, equal, name_of, write

from h5schema.runtime import Array, Axis, IdAxis, Ragged, RaggedAxis, Scalar, Text

Reader, Creator = declare(
    clip=IdAxis(dict),
    time=RaggedAxis(per="clip"),
    wave=Ragged(np.float32, "clip time"),
    frames=Ragged(np.float32, "clip time 40"),
    speaker=Text("clip"),
    image=Array(np.uint8, "clip 32 32 3"),
    chosen=Array(np.uint8, "clip 100", chunk=100_000),
)


def clips(count: int) -> Any:
    """So many short clips."""
    lengths = [10 + i for i in range(count)]
    return [f"clip {i}" for i in range(count)], {
        "wave": [np.full(n, n, np.float32) for n in lengths],
        "frames": [np.full((n, 40), n, np.float32) for n in lengths],
        "speaker": [f"speaker {n}" for n in lengths],
        "image": np.zeros((count, 32, 32, 3), np.uint8),
        "chosen": np.zeros((count, 100), np.uint8),
    }


def size_of(path: Path) -> tuple[int, int]:
    """Bytes of the file, and of its values."""
    with h5py.File(path) as file:
        return path.stat().st_size, sum(file[name].nbytes for name in ("wave", "frames", "speaker", "image"))


def test_twelve_clips_take_what_they_need(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    ids, blocks = clips(12)
    with Creator.create(path) as w:
        for start in range(0, 12, 3):
            w.clip.extend(ids[start : start + 3], {name: block[start : start + 3] for name, block in blocks.items()})
    size, values = size_of(path)
    assert size < values + 100_000 + 80_000, "the chosen chunk is as large as was asked for"
    with h5py.File(path) as file:
        assert all(file[name].chunks is None for name in ("wave", "frames", "speaker", "image")), "in one piece"
        assert file["chosen"].chunks == (1000, 100)
    with Reader(path) as f:
        f.verify()
        assert [len(one) for one in f.frames] == [10 + i for i in range(12)]
        assert f.speaker[11] == "speaker 21"
    with xarray.open_dataset(path, engine="h5netcdf") as opened:
        assert opened["image"].dims[0] == "clip"
        assert opened["wave"].load().dims == ("wave.values",)


def test_every_kind_of_feature_in_a_small_file(tmp_path: Path) -> None:
    assert write(tmp_path / "a.h5", 5).stat().st_size < 300_000


@pytest.mark.parametrize("look", ["commit", "read", "list the ids", "hdf5"])
def test_looking_before_the_end(tmp_path: Path, look: str) -> None:
    """Whoever looks early does not change how the file is at the end."""
    path = tmp_path / "a.h5"
    ids, blocks = clips(12)
    with Creator.create(path) as w:
        w.clip.extend(ids[:2], {name: block[:2] for name, block in blocks.items()})
        match look:
            case "commit":
                w.commit()
            case "read":
                assert w.frames[1].shape == (11, 40)
            case "list the ids":
                assert list(w.clip) == ids[:2]
            case _:
                assert w.hdf5()["image"].shape == (2, 32, 32, 3)
        w.clip.extend(ids[2:], {name: block[2:] for name, block in blocks.items()})
    with Reader(path) as f:
        f.verify()
        assert list(f.clip) == ids
        assert [one.tolist() for one in f.wave] == [one.tolist() for one in blocks["wave"]]
        assert f.hdf5()["image"].chunks is None
        assert f.hdf5()["image"].dims[0][0].name == "/clip"


def test_a_large_file_has_the_usual_chunks(tmp_path: Path) -> None:
    reader, writer = declare(row=Axis(dict), x=Array(np.float32, "row 256"), y=Scalar(np.int64, "row"))
    values = np.random.default_rng(0).random((9000, 256), np.float32)
    with writer.create(tmp_path / "a.h5") as w:
        for start in range(0, 9000, 700):
            part = values[start : start + 700]
            w.row.extend({"x": part, "y": np.arange(start, start + len(part))})
    with reader(tmp_path / "a.h5") as f:
        f.verify()
        assert np.array_equal(f.x[:], values)
        assert np.array_equal(f.y[:], np.arange(9000))
        assert f.hdf5()["x"].chunks == (1024, 256)
        assert f.hdf5()["y"].chunks == (8192,)


def test_many_features_do_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from h5schema.runtime.writing import datasets

    monkeypatch.setattr(datasets, "_WAITING_BYTES", 50_000)
    features = {f"x{i}": Array(np.uint8, "row 1000") for i in range(30)}
    reader, writer = declare(row=Axis(dict), **features)
    rows = np.random.default_rng(0).integers(0, 255, (40, 1000)).astype(np.uint8)
    with writer.create(tmp_path / "a.h5") as w:
        for row in rows:
            w.row.extend(dict.fromkeys(features, row[None]))
    with reader(tmp_path / "a.h5") as f:
        f.verify()
        assert all(np.array_equal(getattr(f, name)[:], rows) for name in features)
        assert f.hdf5()["x0"].shape == (40, 1000)


def test_a_buffer_that_is_used_again(tmp_path: Path) -> None:
    reader, writer = declare(row=Axis(dict), x=Array(np.int32, "row 4"))
    buffer = np.zeros((2, 4), np.int32)
    with writer.create(tmp_path / "a.h5") as w:
        for i in range(50):
            buffer[:] = i
            w.row.extend({"x": buffer})
    with reader(tmp_path / "a.h5") as f:
        assert f.x[:].tolist() == [[i // 2] * 4 for i in range(100)]


def test_no_entries_at_all(tmp_path: Path) -> None:
    with Everything(write(tmp_path / "a.h5", 0)) as f:
        f.verify()
        assert len(f.sample) == 0
    with Everything(write(tmp_path / "b.h5", 1)) as f:
        assert equal(f.sample[name_of(0)], entry(0))
