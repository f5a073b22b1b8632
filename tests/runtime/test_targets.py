"""What is read is never written over: the target is no source, by whatever name."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from blank import declare

from h5schema.errors import FileError, TargetExistsError, UsageError
from h5schema.runtime import Array, Axis, Call, Extraction, IdAxis, Scalar, optional

Reader, Creator = declare(run=IdAxis(dict), signal=Array(np.int64, "run 3"), labels=optional(Array(np.int64, "run 3")))


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder of HDF5 files, which an extraction reads, and of their labels."""
    folder = tmp_path / "runs"
    (folder / "labels").mkdir(parents=True)
    for name in ("a.h5", "b.h5", "labels/a.h5"):
        with h5py.File(folder / name, "w") as file:
            file["signal"] = np.arange(3)
    return folder


def extract(runs: Path, target: Path, **options: Any) -> Any:
    """Reads the folder into one file."""
    extraction = Extraction(
        Creator,
        sources={"run": "{name}.h5"},
        features={
            "signal": Call("run_tools:read"),
            "labels": Call("run_tools:read", source="labels/{name}.h5"),
        },
    )
    return extraction.run([runs], target, **options)


def content(folder: Path) -> dict[Path, bytes]:
    """Every file below a folder."""
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def link(make: Callable[[Path, Path], None], runs: Path, name: str) -> Path:
    """Another name of a file of the folder."""
    other = runs.parent / "other.h5"
    make(runs / name, other)
    return other


@pytest.mark.parametrize("name", ["b.h5", "labels/a.h5"])
@pytest.mark.parametrize("make", [None, os.symlink, os.link], ids=["itself", "symlink", "hard link"])
def test_the_target_is_a_source(runs: Path, name: str, make: Any) -> None:
    target = runs / name if make is None else link(make, runs, name)
    before = content(runs.parent)
    with pytest.raises(UsageError) as caught:
        extract(runs, target, overwrite=True)
    assert f"{target}: the target would replace the source {runs / name}" in str(caught.value)
    assert "choose another name for the target" in str(caught.value)
    with pytest.raises((UsageError, TargetExistsError)):
        extract(runs, target)
    assert content(runs.parent) == before


def test_a_relative_name_of_a_source(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(runs)
    before = content(runs.parent)
    with pytest.raises(UsageError, match="the target would replace the source"):
        extract(runs, Path("../runs/./b.h5"), overwrite=True)
    assert content(runs.parent) == before


def test_the_name_of_the_unfinished_file_is_a_source(runs: Path) -> None:
    """`c.h5` is written as `c.h5.partial` until it is complete."""
    (runs / "a.h5").rename(runs / "c.h5")
    os.link(runs / "c.h5", runs.parent / "c.h5.partial")
    before = content(runs.parent)
    with pytest.raises(UsageError, match=r"would replace the source .*/runs/c\.h5 \(the same file as .*c\.h5\.partial"):
        extract(runs, runs.parent / "c.h5")
    assert content(runs.parent) == before


def test_what_is_no_unfinished_file_is_not_emptied(tmp_path: Path) -> None:
    precious = tmp_path / "a.h5.partial"
    precious.write_text("notes of a user")
    with pytest.raises(UsageError, match=r"a\.h5\.partial: this is no HDF5 file, so it is not replaced"):
        Creator.create(tmp_path / "a.h5")
    assert precious.read_text() == "notes of a user"


@pytest.mark.parametrize("left", [b"", b"\0" * 5000, b"\x89HDF\r\n\x1a\n" + b"x" * 100])
def test_a_leftover_of_a_killed_run_is_replaced(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "a.h5.partial").write_bytes(left)
    with Creator.create(tmp_path / "a.h5") as w:
        w.run["x"] = {"signal": [1, 2, 3]}
    assert [path.name for path in tmp_path.iterdir()] == ["a.h5"]


def test_a_link_to_nothing_says_where_the_file_is_made(tmp_path: Path) -> None:
    (tmp_path / "a.h5").symlink_to(tmp_path / "far" / "real.h5")
    with pytest.raises(FileError, match="the folder is not there"):
        Creator.create(tmp_path / "a.h5")
    assert os.listdir(tmp_path) == ["a.h5"]


def test_a_target_beside_its_sources_is_no_source(runs: Path) -> None:
    """An earlier result is replaced, when it is asked for, though it lies in the folder that is read."""
    target = runs / "results" / "all.h5"
    target.parent.mkdir()
    for _ in range(2):
        assert extract(runs, target, overwrite=True).entries == {"run": 2}
    with Reader(target) as f:
        assert f.signal[:].tolist() == [[0, 1, 2]] * 2
        assert f.labels[0].tolist() == [0, 1, 2]


def test_a_copy_in_place_of_what_is_read(tmp_path: Path) -> None:
    """By hand a file may be read while its successor is written: it is replaced when that is complete."""
    path = tmp_path / "a.h5"
    with Creator.create(path) as w:
        w.run["x"] = {"signal": [1, 2, 3]}
    with Reader(path) as f, Creator.create(path, overwrite=True) as w:
        for name, entry in f.run.items():
            w.run[name.upper()] = entry
    with Reader(path) as f:
        assert list(f.run) == ["X"]


def test_devices_pipes_and_links(tmp_path: Path) -> None:
    """No device or pipe is replaced; a link stays one, and the file is made where it leads."""
    reader, writer = declare(row=Axis(dict), x=Scalar(np.int64, "row"))
    os.mkfifo(tmp_path / "pipe.h5")
    for target in (tmp_path / "pipe.h5", Path("/dev/null")):
        for overwrite in (True, False):
            with pytest.raises((UsageError, TargetExistsError)):
                writer.create(target, overwrite=overwrite)
        assert not target.is_file()
    (tmp_path / "far").mkdir()
    (tmp_path / "near.h5").symlink_to("far/real.h5")
    for count in (1, 2):
        with writer.create(tmp_path / "near.h5", overwrite=count > 1) as w:
            w.row.extend({"x": np.arange(count)})
        assert (tmp_path / "near.h5").is_symlink()
        with reader(tmp_path / "far" / "real.h5") as f:
            assert len(f.row) == count
    assert sorted(os.listdir(tmp_path / "far")) == ["real.h5"]
