"""Windows of dims of one size: crops of images, bands of spectra, also beside windows of a ragged dim."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="loaders need torch")

from h5schema import pipeline  # noqa: E402
from h5schema.errors import UsageError  # noqa: E402
from h5schema.runtime import Window  # noqa: E402

SCHEMA = """\
h5schema: 1
name: crops
version: 1.0.0
dims: {photo: open, height: 9, width: 12, time: {per: photo}, band: 6, day: open}
features:
  image: {dims: [photo, height, width, 3], dtype: int16}
  depth: {dims: [photo, height, width], dtype: float32, optional: true}
  label: {dims: [photo, width], dtype: {enum: [sky, sea]}}
  sound: {dims: [photo, time, band], dtype: int32}
  rain:  {dims: [photo, day, band], dtype: int32}
  hour:  {dims: [day], dtype: int8}
loaders:
  random:
    over: photo
    window: {height: {length: 4, at: random}, width: {length: 5, at: random, step: 2}}
    inputs: {image: image, depth: {feature: depth, fill: -1}, label: label, photo: photo}
    batch: {size: 4, shuffle: true}
  middle:
    over: photo
    window: {height: {length: 4, at: center}, width: {length: 12, frame: {length: 3}}}
    inputs: {image: image, wide: {feature: label, window: {width: {frame: {length: 4, hop: 2}}}}}
    batch: 10
  bands:
    over: time
    window: {time: {length: 3, hop: 1}, band: {length: 2, at: random}}
    inputs: {sound: sound, photo: photo, at: time}
    batch: 5
  padded: {over: photo, window: {width: {length: 16, at: center, edge: pad}}, inputs: label, batch: 10}
  cells:
    over: [photo, day]
    window: {band: {length: 3, at: center}}
    inputs: {rain: rain, photo: photo, day: day}
    batch: 7
"""
PHOTOS, DAYS = 7, 3
IMAGES = np.arange(PHOTOS * 9 * 12 * 3, dtype=np.int16).reshape(PHOTOS, 9, 12, 3)
LABELS = (np.arange(PHOTOS * 12).reshape(PHOTOS, 12) % 5 % 2).astype(np.uint8)
RAIN = np.arange(PHOTOS * DAYS * 6, dtype=np.int32).reshape(PHOTOS, DAYS, 6)


def sound(photo: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    return np.arange((photo + 2) * 6, dtype=np.int32).reshape(-1, 6) + 1000 * photo


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("crops")
    (folder / "crops.yaml").write_text(SCHEMA, encoding="utf-8")
    pipeline.generate([folder / "crops.yaml"], folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        package = importlib.import_module("crops")
        with package.CropsWriter.create(folder / "data.h5", lengths={"photo": PHOTOS, "day": DAYS}) as w:
            w.day.extend({"hour": np.zeros(DAYS, np.int8)})
            for photo in range(PHOTOS):
                w.photo.append(
                    {
                        "image": IMAGES[photo],
                        "depth": None if photo == 3 else IMAGES[photo, :, :, 0].astype(np.float32),
                        "label": LABELS[photo],
                        "sound": sound(photo),
                        "rain": RAIN[photo],
                    }
                )
        yield folder / "data.h5"
        for name in [name for name in sys.modules if name.partition(".")[0] == "crops"]:
            del sys.modules[name]


@pytest.fixture
def loaders(path: Path) -> ModuleType:
    return importlib.import_module("crops.loaders")


def test_M13_crops_at_one_random_place_of_all_inputs(loaders: ModuleType, path: Path) -> None:
    places = set()
    loader = loaders.random_loader(path, seed=3)
    for batch in [*loader, *loader]:
        for image, depth, label, photo in zip(*(batch[k] for k in ("image", "depth", "label", "photo")), strict=True):
            assert image.shape == (4, 5, 3)
            top, left = divmod(int(image[0, 0, 0]) - int(IMAGES[photo, 0, 0, 0]), 36)
            rows, columns = slice(top, top + 4), slice(left // 3, left // 3 + 9, 2)
            assert np.array_equal(image, IMAGES[photo, rows, columns])
            assert np.array_equal(label, LABELS[photo, columns])
            assert np.array_equal(depth, np.full((4, 5), -1) if photo == 3 else IMAGES[photo, rows, columns, 0])
            places.add((top, left // 3))
    assert len(places) > 6
    assert {top for top, _ in places} <= set(range(6))
    assert {left for _, left in places} <= set(range(4))


def test_M13_pieces_of_dims_in_the_middle_in_frames_and_padded(loaders: ModuleType, path: Path) -> None:
    (batch,) = loaders.middle_loader(path)
    assert np.array_equal(batch["image"], IMAGES[:, 2:6].reshape(PHOTOS, 4, 4, 3, 3))
    assert np.array_equal(batch["wide"], np.stack([LABELS[:, i : i + 4] for i in range(0, 9, 2)], 1))
    (padded,) = loaders.padded_loader(path)
    assert np.array_equal(padded, np.pad(LABELS, ((0, 0), (0, 4))))
    (repeated,) = loaders.padded_loader(path, window={"width": Window(edge="repeat", at="start")})
    assert np.array_equal(repeated, np.pad(LABELS, ((0, 0), (0, 4)), mode="edge"))


def test_M13_T8_beside_windows_and_over_several_dims(loaders: ModuleType, path: Path) -> None:
    bands = set()
    for batch in loaders.bands_loader(path, seed=1):
        for piece, photo, at in zip(batch["sound"], batch["photo"], batch["at"], strict=True):
            band = int(piece[0, 0]) % 1000 % 6
            assert np.array_equal(piece, sound(int(photo))[at : at + 3, band : band + 2])
            bands.add(band)
    assert bands == set(range(5))
    for batch in loaders.cells_loader(path):
        assert np.array_equal(batch["rain"], RAIN[batch["photo"], batch["day"], 1:4])


def test_a_window_that_does_not_fit_is_said_at_the_call(loaders: ModuleType, path: Path) -> None:
    with pytest.raises(UsageError, match="a window of 10 values does not fit height, which has 9"):
        loaders.random_loader(path, window={"height": Window(length=10)})
