"""Arrays and texts of one dtype that are datasets of their own, at the paths that their ids fill in."""

from __future__ import annotations

import zlib
from io import BytesIO
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from making import Made, extracted, generated
from PIL import Image

from h5schema.errors import DataError, FileError, UsageError
from h5schema.runtime import ShapedBlock
from h5schema.runtime.repacking import Storing, repack

RNG = np.random.default_rng(11)
SCHEMA = """\
h5schema: 1
name: in_nodes
version: 1.0.0
dims:
  clip: {ids: true}
  time: {per: clip}
  height: {per: clip}
  width: {per: clip}
features:
  wave: {dims: [clip, time], dtype: float32, at: 'signals/{clip}', unit: V}
  thumb: {dims: [clip, 4, 3], dtype: uint8, at: 'thumbs/{clip}/thumb', optional: true}
  image: {dims: [clip, height, width, 3], dtype: uint8, at: 'images/{clip:path}', store: {codec: default}}
  note: {dims: [clip], dtype: str, at: 'notes/{clip}.txt', optional: true}
  label: {dims: [clip], dtype: int32}
  other: {dims: [clip, time], dtype: int16}
groups:
  deep:
    at: 'deep/{clip}'
    over: clip
    features:
      x: {dims: [clip, 2], dtype: float64}
loaders:
  padded: {over: clip, inputs: {wave: wave, image: image, x: deep/x, label: label}, batch: 4}
  listed: {over: clip, where: {note: present}, inputs: {wave: {feature: wave, as: list}, note: note}, batch: 4}
  pieces: {over: time, window: {time: {length: 5}}, inputs: {wave: wave, other: other}, batch: 4}
"""
IDS = [f"clip {number}" for number in range(10)]
LENGTHS = [7, 0, 23, 5, 12, 30, 1, 9, 4, 18]


def entry(number: int) -> dict[str, Any]:
    length = LENGTHS[number]
    return {
        "wave": RNG.normal(size=length).astype(np.float32),
        "other": np.arange(length, dtype=np.int16),
        "thumb": None if number % 3 == 0 else RNG.integers(0, 256, (4, 3), np.uint8),
        "image": RNG.integers(0, 256, (number, 2 * number, 3), np.uint8),
        "note": None if number % 4 == 1 else f"nöte {number}",
        "label": number,
        "deep": {"x": np.array([number, 0.5])},
    }


ENTRIES = [entry(number) for number in range(10)]


def same(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(same(found[key], one) for key, one in wanted.items())
    if isinstance(wanted, np.ndarray):
        return found.dtype == wanted.dtype and np.array_equal(found, wanted)
    return type(found) is type(wanted) and found == wanted


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    made = generated(tmp_path_factory.mktemp("in_nodes"), SCHEMA)
    with made.groups.InNodesWriter.create(made.path) as w:
        for name, one in zip(IDS[:6], ENTRIES, strict=False):
            w.clip[name] = one
        assert same(w.clip[IDS[2]], ENTRIES[2])
    with made.groups.InNodesWriter.edit(made.path) as w:
        for name, one in zip(IDS[6:], ENTRIES[6:], strict=True):
            w.clip[name] = one
    return made


def expect_all(reader: Any, path: Path) -> None:
    with reader(path) as f:
        f.verify()
        assert list(f.clip) == IDS
        for name, one in zip(IDS, ENTRIES, strict=True):
            assert same(f.clip[name], one), name


def test_what_was_written_is_read(made: Made) -> None:
    expect_all(made.groups.InNodes, made.path)


def test_D2_every_entry_is_a_dataset_for_plain_h5py(made: Made) -> None:
    with h5py.File(made.path) as file:
        for name, one in zip(IDS, ENTRIES, strict=True):
            assert np.array_equal(file[f"signals/{name}"][:], one["wave"])
            assert file[f"signals/{name}"].attrs["unit"] == "V"
            assert np.array_equal(file[f"images/{name}"][:], one["image"])
            assert file[f"deep/{name}/x"][:].tolist() == one["deep"]["x"].tolist()
            assert (f"thumbs/{name}/thumb" in file) == (one["thumb"] is not None)
            assert (f"notes/{name}.txt" in file) == (one["note"] is not None)
        assert file["notes/clip 0.txt"].asstr()[()] == "nöte 0"
        assert file["images/clip 2"].compression == "gzip"


def test_rows_slices_parts_and_values(made: Made) -> None:
    with made.groups.InNodes(made.path) as f:
        some = f.image.read(np.array([3, 0, 3]))
        assert isinstance(some, ShapedBlock)
        assert [one.shape for one in some] == [(3, 6, 3), (0, 0, 3), (3, 6, 3)]
        assert f.wave[2:5].lengths.tolist() == LENGTHS[2:5]
        assert np.array_equal(f.wave["clip 2", 3:9], ENTRIES[2]["wave"][3:9])
        whole = np.concatenate([one["wave"] for one in ENTRIES])
        assert np.array_equal(f.wave.values[5:80], whole[5:80])
        assert f.thumb[0:4].present.tolist() == [False, True, True, False]
        with pytest.raises(DataError, match="no part is read"):
            f.image["clip 4", 0:1]


def test_batches(made: Made) -> None:
    loaders = made.loaders
    first = next(iter(loaders.padded_loader(made.path)))
    assert first["wave"].lengths.tolist() == LENGTHS[:4]
    assert first["image"].values.shape == (4, 3, 6, 3)
    assert first["x"][:, 0].tolist() == [0, 1, 2, 3]
    notes = [note for batch in loaders.listed_loader(made.path) for note in batch["note"]]
    assert notes == [one["note"] for one in ENTRIES if one["note"] is not None]
    pieces = np.concatenate([batch["wave"].numpy() for batch in loaders.pieces_loader(made.path)])
    wanted = [
        one["wave"][at : at + 5] for one, length in zip(ENTRIES, LENGTHS, strict=True) for at in range(0, length - 4, 5)
    ]
    assert np.array_equal(pieces, np.stack(wanted))


def test_copies_and_changes(made: Made, tmp_path: Path) -> None:
    reader, writer = made.groups.InNodes, made.groups.InNodesWriter
    repack(writer, made.path, tmp_path / "copy.h5", text="", storing=Storing(codec="zstd"))
    expect_all(reader, tmp_path / "copy.h5")
    with writer.edit(tmp_path / "copy.h5") as w:
        w.clip.rename("clip 2", "other")
        w.note["clip 0"], w.thumb["clip 3"] = "changed", np.ones((4, 3), np.uint8)
        del w.clip["clip 3"]
        with pytest.raises(UsageError, match="cannot be changed yet"):
            w.wave["other", 0:2] = [1, 2]
        with pytest.raises(DataError, match=r"it does not fit {clip} in /signals/{clip}"):
            w.clip["a/b"] = ENTRIES[0]
    with reader(tmp_path / "copy.h5") as f:
        f.verify()
        assert same(f.clip["other"], ENTRIES[2])
        assert "clip 3" not in f.clip
        assert same(f.clip["clip 9"], ENTRIES[9])
        assert f.note["clip 0"] == "changed"
    with h5py.File(tmp_path / "copy.h5") as file:
        assert "signals/clip 3" not in file
        assert "notes/other.txt" in file


@pytest.mark.parametrize(
    ("node", "value", "what"),
    [
        ("signals/clip 2", np.zeros(23), "a node is float64, not float32"),
        ("signals/clip 2", np.zeros((23, 1), "f4"), "a node is <f4 [23, 1]"),
        ("thumbs/clip 2/thumb", np.zeros((3, 4), "u1"), "a node is |u1 [3, 4]"),
        ("notes/clip 2.txt", np.zeros(3), "a node is <f8 [3], and no text"),
    ],
)
def test_nodes_that_another_program_changed_are_refused(
    made: Made, tmp_path: Path, node: str, value: np.ndarray, what: str
) -> None:
    path = tmp_path / "changed.h5"
    repack(made.groups.InNodesWriter, made.path, path, text="")
    with h5py.File(path, "r+") as file:
        del file[node]
        file[node] = value
    with made.groups.InNodes(path) as f:
        with pytest.raises(DataError) as refused:
            f.clip["clip 2"]
        assert refused.value.what == what
        with pytest.raises((FileError, DataError)):
            f.verify()


def test_lengths_that_are_not_those_of_the_nodes_are_found(made: Made, tmp_path: Path) -> None:
    path = tmp_path / "changed.h5"
    repack(made.groups.InNodesWriter, made.path, path, text="")
    with h5py.File(path, "r+") as file:
        lengths = file[".h5schema/dims/height/lengths"]
        lengths[3] = 2
        stored = file[".h5schema/checksums/.h5schema/dims/height/lengths"]
        stored[0] = zlib.crc32(lengths[:].tobytes())
    with made.groups.InNodes(path) as f, pytest.raises(FileError) as found:
        f.verify()
    assert found.value.where.endswith("/images/clip 3")


PICTURES = """\
h5schema: 1
name: spread_pictures
version: 1.0.0
dims:
  image: {source: '{path:path}.png'}
  height: {per: image}
  width: {per: image}
features:
  pixels: {dims: [image, height, width, 3], dtype: uint8, call: image, at: '/{image:path}'}
loaders:
  all: {over: image, inputs: {feature: pixels, as: list}}
"""


def test_D2_a_folder_of_images_in_the_spread_storage(tmp_path: Path) -> None:
    pixels = {f"foo/boo/image_{n:04}.png": RNG.integers(0, 256, (n + 2, 3, 3), np.uint8) for n in range(5)}
    sources: dict[str, bytes] = {}
    for name, one in pixels.items():
        file = BytesIO()
        Image.fromarray(one).save(file, "PNG")
        sources[name] = file.getvalue()
    made = extracted(tmp_path, PICTURES, "", sources)
    with h5py.File(made.path) as file:
        assert all(np.array_equal(file[name][:], one) for name, one in pixels.items())
    with made.groups.SpreadPictures(made.path) as f:
        f.verify()
        assert all(np.array_equal(f.pixels[name], one) for name, one in pixels.items())
