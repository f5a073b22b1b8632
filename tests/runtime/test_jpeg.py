"""JPEG that simplejpeg decodes: the pixels are Pillow's, and what it cannot do, Pillow does."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from h5schema.errors import DataError
from h5schema.extractors import image, jpeg

simplejpeg = pytest.importorskip("simplejpeg", reason="a faster decoder: pip install 'h5schema[jpeg]'")


def drawn(rng: np.random.Generator, size: tuple[int, int], rough: bool = True) -> Image.Image:
    noise = Image.fromarray(rng.integers(0, 256, (*(size if rough else (5, 5)), 3)).astype(np.uint8))
    return noise if rough else noise.resize(size[::-1], Image.Resampling.BICUBIC)


def encoded(picture: Image.Image, **options: object) -> bytes:
    file = BytesIO()
    picture.save(file, "JPEG", **options)
    return file.getvalue()


def by_pillow(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(data)).convert("RGB"))


def test_it_is_used_here() -> None:
    assert jpeg.pixels_of(BytesIO(encoded(drawn(np.random.default_rng(0), (9, 7))))) is not None


def test_real_photos_have_the_same_pixels(shared: Path) -> None:
    paths = sorted((shared / "data/photos").rglob("*.jpg"))[::7]
    assert len(paths) > 100
    for path in paths:
        pixels = jpeg.pixels_of(path)
        assert pixels is not None
        assert np.array_equal(pixels, by_pillow(path.read_bytes())), path


@pytest.mark.parametrize("subsampling", ["444", "422", "420", "440", "411"])
def test_drawn_photos_have_the_same_pixels(subsampling: str) -> None:
    rng = np.random.default_rng(int(subsampling))
    for number in range(40):
        height, width = (int(side) for side in rng.integers(1, 70, 2))
        picture = drawn(rng, (height, width), rough=number % 2 == 0)
        data = simplejpeg.encode_jpeg(np.array(picture), int(rng.integers(1, 101)), "RGB", subsampling)
        if number % 4 == 0 and subsampling in ("444", "422", "420"):
            options = {"restart_marker_blocks": number % 3, "progressive": True, "optimize": True}
            data = encoded(picture, subsampling=("444", "422", "420").index(subsampling), **options)
        pixels = jpeg.pixels_of(BytesIO(data))
        assert pixels is not None
        assert np.array_equal(pixels, by_pillow(data)), (height, width)


def test_other_images_are_left_to_pillow(tmp_path: Path) -> None:
    picture = drawn(np.random.default_rng(1), (8, 9))
    turned = Image.Exif()
    turned[0x0112] = 6
    upright = Image.Exif()
    upright[0x010F] = "a camera"
    xmp = b'<x xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="3"/>'
    for data in (
        encoded(picture.convert("L")),
        encoded(picture.convert("CMYK")),
        encoded(picture, exif=turned),
        encoded(picture, xmp=xmp),
        encoded(picture, quality=90)[:-40],
        b"\xff\xd8\xff",
        b"",
    ):
        assert jpeg.pixels_of(BytesIO(data)) is None
    data = encoded(picture, exif=upright)
    assert np.array_equal(jpeg.pixels_of(BytesIO(data)), by_pillow(data))  # type: ignore[arg-type]
    assert jpeg.pixels_of(tmp_path / "none.jpg") is None
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    assert jpeg.pixels_of(tmp_path / "a.png") is None


def test_an_image_that_pillow_thinks_too_large_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    data = BytesIO(encoded(drawn(np.random.default_rng(1), (20, 20))))
    assert jpeg.pixels_of(data) is not None
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 399)
    assert jpeg.pixels_of(data) is None


def test_damaged_photos_are_what_pillow_makes_of_them() -> None:
    rng = np.random.default_rng(3)
    whole = [encoded(drawn(rng, (31, 45), rough=False), subsampling=n % 3, progressive=n > 2) for n in range(6)]
    decoded = refused = 0
    for number in range(600):
        data = bytearray(whole[number % 6])
        for at in rng.integers(0, len(data), 1 + number % 2):
            data[at] = rng.integers(256)
        pixels = jpeg.pixels_of(BytesIO(data))
        if pixels is None:
            refused += 1
            continue
        decoded += 1
        assert np.array_equal(pixels, by_pillow(bytes(data)))
    assert min(decoded, refused) > 50


def test_words_of_errors_are_those_without_it(tmp_path: Path) -> None:
    (tmp_path / "cut.jpg").write_bytes(encoded(drawn(np.random.default_rng(1), (30, 30)))[:-200])
    with pytest.raises(DataError, match="the image does not decode: image file is truncated"):
        image.load(tmp_path / "cut.jpg")
    with pytest.raises(DataError, match="the image cannot be read: No such file"):
        image.load(tmp_path / "none.jpg")


def test_sizes_and_modes_are_made_of_the_same_pixels(tmp_path: Path) -> None:
    picture = drawn(np.random.default_rng(1), (33, 21), rough=False)
    (tmp_path / "a.jpg").write_bytes(data := encoded(picture))
    pillow = Image.open(BytesIO(data))
    resized = np.asarray(pillow.resize((10, 12), Image.Resampling.LANCZOS))
    assert np.array_equal(image.load(tmp_path / "a.jpg", size=(12, 10)), resized)
    assert np.array_equal(image.load(tmp_path / "a.jpg", mode="L"), np.asarray(pillow.convert("L")))
    assert np.array_equal(image.load_whole(tmp_path / "a.jpg"), np.asarray(pillow))
    assert np.array_equal(image.decode(data, "uint8", (None, None, 3), "here"), np.asarray(pillow))
