"""`bench`: it measures the loaders of a file, and says what to write. How fast they are is not asked here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from h5schema import pipeline

from .conftest import REPOSITORY, Command

pytest.importorskip("torch", reason="loaders need torch: pip install 'h5schema[torch]'")
Image = pytest.importorskip("PIL.Image")

FAST = ("--seconds", "0.05")
PHOTOS = """\
h5schema: 1
name: drawn
version: 1.0.0
dims:
  photo: {source: '{label}/{name}.png'}
features:
  image: {dims: [photo, 8, 8, 3], dtype: uint8, call: image}
  label: {dims: [photo], dtype: {enum: [cat, dog]}, from: '{label}'}
  name: {dims: [photo], dtype: str, from: '{name}'}
loaders:
  train: {over: photo, inputs: image, targets: label, batch: {size: 4, shuffle: true}}
  look: {over: photo, inputs: [image, name, {feature: photo, as: id}], batch: 3}
"""
MANY = """\
h5schema: 1
name: many
version: 1.0.0
dims: {row: open}
features:
  x: {dims: [row, 1024], dtype: float32, store: STORE}
loaders:
  train: {over: row, inputs: x, batch: {size: 64, shuffle: true}}
"""
ENTRIES = 40_000
"""Of `MANY`: 156 MiB, more than the cache of decoded chunks holds; they are all alike, so the file is small."""


@pytest.fixture
def photos(h5schema: Command, tmp_path: Path) -> Path:
    """A file of twelve pictures."""
    for number in range(12):
        path = tmp_path / "pictures" / ("cat", "dog")[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (8, 8), (number * 20, 9, 9)).save(path)
    (tmp_path / "drawn.yaml").write_text(PHOTOS)
    done = h5schema("extract", "drawn.yaml", "pictures", "-o", "drawn.h5")
    assert done.returncode == 0, done.stderr
    return tmp_path / "drawn.h5"


def written(folder: Path, store: str, entries: int = ENTRIES) -> Path:
    """A file of `MANY`."""
    (folder / "many.yaml").write_text(MANY.replace("STORE", store))
    pipeline.generate([folder / "many.yaml"], folder)
    code = (
        f"import numpy as np; from many import ManyWriter; x = np.ones(({entries // 10}, 1024), np.float32)\n"
        "with ManyWriter.create('many.h5') as w:\n    for _ in range(10): w.row.extend({'x': x})"
    )
    subprocess.run(
        [sys.executable, "-c", code], cwd=folder, check=True, timeout=120, env={"PYTHONPATH": f"{REPOSITORY}:."}
    )
    return folder / "many.h5"


def figures(h5schema: Command, *arguments: str) -> dict[str, Any]:
    done = h5schema("bench", *arguments, *FAST, "--format", "json")
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def test_every_loader_has_its_table(h5schema: Command, photos: Path) -> None:
    done = h5schema("bench", "drawn.h5", *FAST)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert "train: 12 samples of photo, 193 B each, shuffled, batches of 4" in lines
    assert "look: 12 samples of photo, 193 B each, in order, batches of 3" in lines
    assert max(map(len, lines)) <= 80
    for begin in (
        "  h5schema  ",
        "  h5py, one read a batch  ",
        "  h5py, one read a sample  ",
        "  limit: rows in memory  ",
        "  image    contiguous  past HDF5  ",
        "  label    contiguous  past HDF5  ",
        "  name     contiguous  past HDF5  ",
    ):
        assert any(line.startswith(begin) for line in lines), begin
    assert lines.count("  nothing to change") == 2
    assert sorted(path.name for path in photos.parent.iterdir()) == ["drawn.h5", "drawn.yaml", "pictures"]


def test_programs_get_numbers(h5schema: Command, photos: Path) -> None:
    record = figures(h5schema, "drawn.h5")
    train, look = record["loaders"]
    assert (train["name"], train["samples"], train["batch"], train["shuffle"]) == ("train", 12, 4, True)
    assert (look["name"], look["shuffle"]) == ("look", False)
    for loader in (train, look):
        assert len(loader["rates"]) == 4
        for rate in loader["rates"]:
            assert rate["samples_per_second"] > 0
            assert rate["of_limit"] > 0
        assert loader["rates"][-1]["of_limit"] == 1
        assert all(feature["microseconds"] > 0 for feature in loader["features"])
        assert loader["advice"] == []
    assert [feature["address"] for feature in look["features"]] == ["image", "name"]


def test_loaders_of_the_schema_as_it_is_today(h5schema: Command, photos: Path, tmp_path: Path) -> None:
    (tmp_path / "new.yaml").write_text(PHOTOS + "  other: {over: photo, inputs: {feature: image, dtype: float32}}\n")
    (other,) = figures(h5schema, "drawn.h5", "--schema", "new.yaml", "--loader", "other")["loaders"]
    (image,) = other["features"]
    assert (other["name"], image["dtype"]) == ("other", "float32")
    assert image["converting"] >= 0


@pytest.mark.parametrize("store", ["{codec: default, level: 1, chunk: 1MiB}", "{codec: lzf, chunk: 1MiB}"])
def test_large_compressed_chunks_and_a_shuffled_loader(h5schema: Command, tmp_path: Path, store: str) -> None:
    written(tmp_path, store)
    (advice,) = figures(h5schema, "many.h5")["loaders"][0]["advice"]
    assert advice["feature"] == "x"
    assert advice["reason"].startswith("a chunk of 1.0 MiB is decoded whole")
    codec = "lzf" if "lzf" in store else "default"
    level = ", level: 1" if "level" in store else ""
    first, second = advice["write"]
    assert first == f"store: {{codec: {codec}, chunk: 4KiB{level}}}"
    assert second.startswith("store: none    # 156.2 MiB in place of ")
    for line in advice["write"]:
        (tmp_path / "many.yaml").write_text(MANY.replace("store: STORE}", line.partition("#")[0].strip() + "}"))
        assert h5schema("lint", "many.yaml").stdout == "no findings\n", line


@pytest.mark.parametrize(
    ("store", "entries"), [("none", ENTRIES), ("{codec: default, chunk: 1MiB}", 4000)], ids=["no codec", "in the cache"]
)
def test_nothing_to_change(h5schema: Command, tmp_path: Path, store: str, entries: int) -> None:
    written(tmp_path, store, entries)
    lines = h5schema("bench", "many.h5", *FAST).stdout.splitlines()
    assert lines[-2:] == ["  nothing to change", ""]


def test_what_only_hdf5_reads(h5schema: Command, tmp_path: Path) -> None:
    written(tmp_path, "none", 4000)
    with h5py.File(tmp_path / "many.h5", "r+") as file:
        file.move("x", "elsewhere")
        layout = h5py.VirtualLayout((4000, 1024), np.float32)
        layout[:] = h5py.VirtualSource(file["elsewhere"])
        file.create_virtual_dataset("x", layout)
    (loader,) = figures(h5schema, "many.h5")["loaders"]
    (advice,) = loader["advice"]
    assert loader["features"][0]["storage"]["why_h5py"] == "virtual"
    assert advice["reason"].startswith("it is read through h5py (virtual): ")
    assert advice["write"][0].startswith("store: none")


def test_decoders_that_are_not_installed(h5schema: Command, tmp_path: Path) -> None:
    written(tmp_path, "{codec: default, chunk: 1MiB}", 4000)
    done = without(tmp_path, "imagecodecs", "many.h5", *FAST)
    assert (done.returncode, done.stderr) == (0, "")
    assert "chunks of 256 entries, shuffle + deflate  by h5py: needs" in done.stdout
    assert "pip install 'h5schema[codecs]'" in done.stdout


def without(folder: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`bench` where a module is not installed."""
    code = f"import sys; sys.modules[{module!r}] = None; from h5schema.cli import main; sys.exit(main(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", code, "bench", *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(REPOSITORY), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_without_torch(photos: Path, tmp_path: Path) -> None:
    done = without(tmp_path, "torch", "drawn.h5")
    assert (done.returncode, done.stdout) == (2, "")
    assert "loaders need PyTorch, which is not installed\n  help: pip install 'h5schema[torch]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["drawn.h"], "error: drawn.h: there is no such file\n  help: did you mean drawn.h5?\n"),
        (["drawn.yaml"], "error: drawn.yaml: this is not an HDF5 file\n"),
        (["drawn.h5", "--loader", "trian"], "error: there is no loader 'trian'\n  help: did you mean 'train'?\n"),
        (["drawn.h5", "--seconds", "0"], "error: --seconds is 0\n  help: give a number above 0\n"),
        (["drawn.h5", "--seconds", "nan"], "error: --seconds is nan\n  help: give a number above 0\n"),
    ],
)
def test_wrong_use(h5schema: Command, photos: Path, arguments: list[str], says: str) -> None:
    done = h5schema("bench", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(says)


def test_a_schema_without_loaders(h5schema: Command, tmp_path: Path) -> None:
    written(tmp_path, "none", 10)
    (tmp_path / "many.yaml").write_text(MANY.partition("loaders:")[0].replace("STORE", "none"))
    done = h5schema("bench", "many.h5", "--schema", "many.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: many.yaml: the schema has no loaders, so there is nothing to measure\n")


def test_a_loader_without_a_batch(h5schema: Command, photos: Path, tmp_path: Path) -> None:
    loader = "  full: {over: photo, inputs: image, batch: {size: 100, drop_last: true}}\n"
    (tmp_path / "new.yaml").write_text(PHOTOS.partition("  train:")[0] + loader)
    done = h5schema("bench", "drawn.h5", "--schema", "new.yaml")
    assert (done.returncode, done.stdout) == (2, "")
    assert "the loader full has no batch: its 12 samples do not fill one of 100" in done.stderr


def test_a_damaged_file(h5schema: Command, photos: Path) -> None:
    with h5py.File(photos, "r+") as file:
        del file["label"]
    done = h5schema("bench", "drawn.h5")
    assert (done.returncode, done.stdout) == (2, "")
    assert "drawn.h5: /label: the dataset is missing" in done.stderr
