"""A file written anew holds the same, without gaps, stored as is wanted."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest
from blank import declare
from everything import Everything, EverythingWriter
from everything.examples import entry, equal, name_of, write

from h5schema.errors import FileError, TargetExistsError, UsageError
from h5schema.runtime import Array, Axis
from h5schema.runtime.repacking import Storing, repack

TEXT = "h5schema: 1\n"


def expect_everything(path: Path, count: int) -> None:
    with Everything(path) as f:
        f.verify()
        assert [str(one) for one in f.sample] == [name_of(i) for i in range(count)]
        for i in range(count):
            assert equal(f.sample[name_of(i)], entry(i)), i
        assert (f.title[()], f.gain[()], f.vector[()].tolist()) == ("Everything, grün\n", 1.5, [1, 2, 3])
        assert [one["loss"] for one in f.step] == [float(i) for i in range(2 * count)]


@pytest.mark.parametrize(
    "storing",
    [
        Storing(),
        Storing(codec="default"),
        Storing(codec="zstd", level=5, chunk=5000),
        Storing(layout="chunked", chunk=700),
        Storing(layout="contiguous"),
    ],
)
def test_everything_is_the_same(tmp_path: Path, storing: Storing) -> None:
    done = repack(EverythingWriter, write(tmp_path / "a.h5", 24), tmp_path / "b.h5", text=TEXT, storing=storing)
    assert done.entries["sample"] == 24
    assert done.after == (tmp_path / "b.h5").stat().st_size
    expect_everything(tmp_path / "b.h5", 24)
    with h5py.File(tmp_path / "b.h5") as file:
        assert file["trace"].compression == {"default": "gzip", "zstd": "unknown"}.get(storing.codec or "")
        assert (file["trace"].chunks is None) == (storing.codec is None and storing.layout != "chunked")
        assert file[".h5schema/schema"][()] == TEXT.encode()


@pytest.mark.parametrize("said", ["none", "default", "zstd"])
@pytest.mark.parametrize("stored", ["none", "default", "zstd"])
def test_a_copy_with_another_codec_can_be_changed(tmp_path: Path, said: str, stored: str) -> None:
    reader, writer = declare(row=Axis(dict), x=Array(np.int32, "row 5", codec=said))
    values = np.arange(200, dtype=np.int32).reshape(40, 5)
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"x": values[:30]})
    repack(writer, tmp_path / "a.h5", tmp_path / "b.h5", text=TEXT, storing=Storing(codec=stored, layout="chunked"))
    with writer.edit(tmp_path / "b.h5") as w:
        w.row.extend({"x": values[30:]})
        w.x[3] = values[0]
    with reader(tmp_path / "b.h5") as f:
        f.verify()
        assert f.x[:].tolist() == [*values[:3].tolist(), values[0].tolist(), *values[4:].tolist()]


def test_in_place(tmp_path: Path) -> None:
    """Gaps of an edited file are closed, and nothing is left beside it."""
    reader, writer = declare(row=Axis(dict), x=Array(np.float32, "row 1000", codec="default"))
    values = np.random.default_rng(0).integers(0, 9, (300, 1000)).astype(np.float32)
    with writer.create(tmp_path / "a.h5") as w:
        w.row.extend({"x": values[:10]})
    for at in range(10, 300, 29):
        with writer.edit(tmp_path / "a.h5") as w:
            w.row.extend({"x": values[at : at + 29]})
    before = (tmp_path / "a.h5").stat().st_size
    done = repack(writer, tmp_path / "a.h5", text=TEXT)
    assert done.before == before
    assert done.after <= before
    with reader(tmp_path / "a.h5") as f:
        assert np.array_equal(f.x[:], values)
        f.verify()
    assert os.listdir(tmp_path) == ["a.h5"]


def test_a_damaged_file_is_not_taken_over(tmp_path: Path) -> None:
    path = write(tmp_path / "a.h5", 8)
    with h5py.File(path, "r+") as file:
        file["label"][3] = (int(file["label"][3]) + 1) % 3
    before = path.read_bytes()
    with pytest.raises(FileError, match="not what was written"):
        repack(EverythingWriter, path, text=TEXT)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.h5"]


def test_what_is_refused(tmp_path: Path) -> None:
    path, other = write(tmp_path / "a.h5", 3), write(tmp_path / "b.h5", 3)
    with pytest.raises(TargetExistsError):
        repack(EverythingWriter, path, other, text=TEXT)
    with pytest.raises(UsageError, match="would replace the one that is read"):
        repack(EverythingWriter, path, path, text=TEXT, overwrite=True)
    with pytest.raises(UsageError, match="one piece"):
        repack(EverythingWriter, path, text=TEXT, storing=Storing(codec="default", layout="contiguous"))
    with pytest.raises(FileError, match="there is no such file"):
        repack(EverythingWriter, tmp_path / "none.h5", text=TEXT)
    assert sorted(os.listdir(tmp_path)) == ["a.h5", "b.h5"]
