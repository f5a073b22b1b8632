"""What `call: image` makes of real files: the way up that a viewer shows, and nothing lost in silence."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from h5schema.errors import DataError
from h5schema.extractors.image import load

ORIENTATION = 0x0112
UPRIGHT = np.zeros((20, 30, 3), np.uint8)
UPRIGHT[:10, :15] = (255, 0, 0)
UPRIGHT[:10, 15:] = (0, 255, 0)
UPRIGHT[10:, :15] = (0, 0, 255)
UPRIGHT[10:, 15:] = (255, 255, 255)
STORED = {
    1: UPRIGHT,
    2: UPRIGHT[:, ::-1],
    3: UPRIGHT[::-1, ::-1],
    4: UPRIGHT[::-1],
    5: UPRIGHT.swapaxes(0, 1),
    6: np.rot90(UPRIGHT),
    7: UPRIGHT[::-1, ::-1].swapaxes(0, 1),
    8: np.rot90(UPRIGHT, -1),
}
"""How a camera stores the upright picture, by the orientation that it notes: EXIF 2.32, 4.6.4."""


@pytest.mark.parametrize("suffix", ["jpg", "png", "tif", "webp"])
@pytest.mark.parametrize("orientation", STORED)
def test_the_way_up_that_exif_says(tmp_path: Path, orientation: int, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    options = {"jpg": {"quality": 100, "subsampling": 0}, "webp": {"lossless": True}}.get(suffix, {})
    Image.fromarray(np.ascontiguousarray(STORED[orientation])).save(path, exif=exif, **options)
    made = load(path)
    assert made.shape == (20, 30, 3)
    assert np.abs(made.astype(int) - UPRIGHT).max() <= (12 if suffix == "jpg" else 0)
    assert load(path, size=(10, 15)).shape == (10, 15, 3)


def _half(mode: str, alpha: int = 0) -> Image.Image:
    """A picture of two colors, whose right half has this alpha."""
    image = Image.new("RGBA", (4, 2), (10, 20, 30, 255))
    image.paste((200, 100, 50, alpha), (2, 0, 4, 2))
    return image if mode == "RGBA" else image.convert(mode)


def _keyed(path: Path, mode: str, transparency: bytes | int | tuple[int, int, int]) -> Path:
    """A PNG without an alpha channel, in which a color or some entries of the palette are transparent."""
    flat = _half("RGBA", 255).convert("RGB")
    made = flat.quantize(4) if mode == "P" else flat.convert(mode)
    made.save(path, transparency=transparency)
    return path


SAYS = (
    "{path}: the image is transparent in part, which mode RGB does not hold\n"
    "  help: in `params` give `background: [255, 255, 255]`, a color to lay it on, or `mode: RGBA` to keep it"
)


@pytest.mark.parametrize("alpha", [0, 1, 254])
@pytest.mark.parametrize("suffix", ["png", "tif", "webp"])
def test_transparency_is_not_dropped_in_silence(tmp_path: Path, suffix: str, alpha: int) -> None:
    path = tmp_path / f"a.{suffix}"
    _half("RGBA", alpha).save(path, **({"lossless": True, "exact": True} if suffix == "webp" else {}))
    with pytest.raises(DataError) as caught:
        load(path)
    assert str(caught.value) == SAYS.format(path=path)
    with pytest.raises(DataError, match="which mode L does not hold"):
        load(path, mode="L")
    assert load(path, mode="RGBA")[:, :, 3].tolist() == [[255, 255, alpha, alpha]] * 2
    laid = load(path, background=(255, 255, 255))
    assert laid[0, 0].tolist() == [10, 20, 30]
    wanted = [round(255 + (color - 255) * alpha / 255) for color in (200, 100, 50)]
    assert np.abs(laid[0, 3].astype(int) - wanted).max() <= 1


@pytest.mark.parametrize(
    ("mode", "transparency"), [("P", b"\x00\x80\xff\xff"), ("RGB", (10, 20, 30)), ("L", 18), ("P", 0)]
)
def test_a_transparent_color_is_transparency_too(
    tmp_path: Path, mode: str, transparency: bytes | int | tuple[int, int, int]
) -> None:
    path = _keyed(tmp_path / "a.png", mode, transparency)
    with pytest.raises(DataError, match="transparent in part"):
        load(path)
    assert load(path, mode="RGBA")[:, :, 3].min() < 255
    assert load(path, background=[0, 0, 0]).shape == (2, 4, 3)


def test_grey_with_transparency(tmp_path: Path) -> None:
    _half("LA", 100).save(tmp_path / "a.png")
    with pytest.raises(DataError, match="transparent in part"):
        load(tmp_path / "a.png", mode="L")
    assert load(tmp_path / "a.png", mode="LA")[0, :, 1].tolist() == [255, 255, 100, 100]


def test_an_alpha_channel_that_says_nothing_may_go(tmp_path: Path) -> None:
    for mode in ("RGBA", "LA"):
        _half(mode, 255).save(tmp_path / f"{mode}.png")
        assert load(tmp_path / f"{mode}.png").tolist() == np.asarray(_half(mode, 255).convert("RGB")).tolist()
    path = _keyed(tmp_path / "P.png", "P", b"\xff\xff\xff\xff")
    assert load(path)[0, 0].tolist() == [10, 20, 30]
    path = _keyed(tmp_path / "unused.png", "RGB", (1, 2, 3))
    assert load(path)[0, 3].tolist() == [200, 100, 50], "no pixel has the transparent color"
    gif = tmp_path / "a.gif"
    _half("RGBA", 255).convert("RGB").save(gif, transparency=200)
    assert load(gif).shape == (2, 4, 3)


def _png(path: Path, color_type: int, row: bytes) -> Path:
    """A PNG of 16 bits a channel, two pixels wide; Pillow writes none of several channels."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 1, 16, color_type, 0, 0, 0))
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0" + row)) + chunk(b"IEND", b""))
    return path


@pytest.mark.parametrize(
    ("color_type", "row", "says"),
    [(0, bytes(4), "16-bit I"), (2, bytes(12), "16-bit RGB"), (4, bytes(8), "16-bit"), (6, bytes(16), "16-bit RGBA")],
    ids=["grey", "color", "grey and alpha", "color and alpha"],
)
def test_sixteen_bits_do_not_become_eight(tmp_path: Path, color_type: int, row: bytes, says: str) -> None:
    path = _png(tmp_path / "deep.png", color_type, row)
    with pytest.raises(DataError, match=f"the image has {says}.* pixels, which 8 bits do not hold"):
        load(path)


def test_floats_do_not_become_eight_bits(tmp_path: Path) -> None:
    Image.fromarray(np.zeros((4, 4), np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(DataError, match="the image has F pixels"):
        load(tmp_path / "a.tif")


def test_what_the_system_says_is_no_damage(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the image cannot be read: No such file or directory") as caught:
        load(tmp_path / "nothing.png")
    assert caught.value.do == "look at the path and its permissions"
