"""Images through Pillow: JPEG (see `jpeg`), PNG and whatever else it reads."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError, MissingExtraError

from . import jpeg

if TYPE_CHECKING:
    from PIL import Image as Pillow


def load(
    path: Path,
    *,
    mode: str = "RGB",
    size: tuple[int, int] | list[int] | None = None,
    background: tuple[int, int, int] | list[int] | None = None,
) -> NDArray[np.uint8]:
    """Decodes an image, the way up that its EXIF orientation says.

    Args:
        path: Of the file.
        mode: Pillow's mode of the result: `RGB`, `L` (grey), `RGBA`.
        size: (height, width) to resample to, with antialiasing; None: as it is.
        background: (red, green, blue) on which a transparent image is laid; None: a mode without
            transparency refuses it.

    Returns:
        uint8 [height, width, channels], or [height, width] for one channel.

    Raises:
        DataError: The file is no image, is damaged, or holds what the mode does not.
        MissingExtraError: Pillow is not installed.
    """
    pixels = jpeg.pixels_of(path) if mode == "RGB" else None
    if pixels is not None and size is None:
        return pixels
    image = _opened(path, str(path), mode, background) if pixels is None else _pillow().fromarray(pixels)
    if size is not None:
        image = image.resize((size[1], size[0]), _pillow().Resampling.LANCZOS)
    return np.asarray(image, np.uint8)


def load_whole(path: Path) -> NDArray[np.generic]:
    """Decodes an image as it is, the way up that its EXIF orientation says.

    Args:
        path: Of the file.

    Returns:
        [height, width], or [height, width, channels] if it has several: uint8, or what its pixels are. Of palettes and
        bitmaps the colors; of several frames the first.

    Raises:
        DataError: The file is no image, is damaged, or has several channels of 16 bits.
        MissingExtraError: Pillow is not installed.
    """
    pixels = jpeg.pixels_of(path)
    return np.asarray(_opened(path, str(path), None, None)) if pixels is None else pixels


def decode(encoded: bytes, dtype: str, shape: tuple[int | None, ...], where: str) -> NDArray[np.uint8]:
    """Decodes an image in memory, as `load` does a file.

    Args:
        encoded: Its bytes.
        dtype: `uint8`.
        shape: Of the result, whose sizes may be None: [height, width] is grey, with a last axis of 3 or 4 RGB or RGBA.
        where: For errors.

    Returns:
        uint8 [height, width, channels], or [height, width].

    Raises:
        DataError: These bytes are no image, are damaged, or hold what so many channels do not.
        MissingExtraError: Pillow is not installed.
    """
    mode, file = _MODES[shape[2] if len(shape) > 2 else None], BytesIO(encoded)
    pixels = jpeg.pixels_of(file) if mode == "RGB" else None
    return np.asarray(_opened(file, where, mode, None), np.uint8) if pixels is None else pixels


def unlike(encoded: bytes, shape: tuple[int | None, ...], where: str) -> str:
    """What an image in memory has that arrays of a shape have not; "": it is decoded as it is.

    Args:
        encoded: Its bytes.
        shape: See `decode`.
        where: For errors.

    Raises:
        DataError: These bytes are no image.
        MissingExtraError: Pillow is not installed.
    """
    wanted = _MODES[shape[2] if len(shape) > 2 else None]
    own = _mode_of(encoded, where)
    return "" if own == wanted else f"the image is {_said(own)}, and the dims say {_said(wanted)}"


def encode(array: NDArray[np.generic], form: str, quality: int | None, where: str) -> bytes:
    """Encodes an image.

    Args:
        array: uint8 [height, width, 3 or 4], or [height, width].
        form: `jpeg` or `png`.
        quality: Of JPEG, 1 to 100.
        where: For errors.

    Raises:
        DataError: The form does not hold such an image: one of JPEG has no alpha channel, and none is empty.
        MissingExtraError: Pillow is not installed.
    """
    encoded = BytesIO()
    options = {} if quality is None else {"quality": quality}
    try:
        _pillow().fromarray(array).save(encoded, form.upper(), **options)
    except (OSError, ValueError, SystemError) as error:
        raise DataError(
            f"an image {list(array.shape)} is not encoded as {form.upper()}: {error}",
            where=where,
            do="store it in another way",
        ) from None
    return encoded.getvalue()


_MODES = {None: "L", 3: "RGB", 4: "RGBA"}
_WORDS = {
    "1": "black and white",
    "L": "grey, without an axis of channels",
    "LA": "grey with alpha",
    "P": "one with a palette",
    "RGB": "RGB, of 3 channels",
    "RGBA": "RGBA, of 4 channels",
    "CMYK": "CMYK, of 4 channels",
}
"""What is said of Pillow's modes."""


def _said(mode: str) -> str:
    return _WORDS.get(mode, mode)


def _pillow() -> ModuleType:
    try:
        from PIL import Image
    except ModuleNotFoundError:
        raise MissingExtraError("reading images needs Pillow", do="pip install 'h5schema[images]'") from None
    return Image


def _mode_of(encoded: bytes, where: str) -> str:
    """Pillow's mode of an image, of which no pixel is decoded."""
    pillow = _pillow()
    try:
        with pillow.open(BytesIO(encoded)) as opened:
            return str(opened.mode)
    except (OSError, SyntaxError, ValueError, pillow.DecompressionBombError) as error:
        raise DataError(
            f"the image does not decode: {error}", where=where, do="the file is damaged; get it again"
        ) from None


def _opened(file: Path | BytesIO, where: str, mode: str | None, background: Sequence[int] | None) -> Pillow.Image:
    """An image in a mode; None: in its own."""
    _pillow()
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(file) as opened:
            if mode is not None or not opened.mode.startswith(("I", "F")):
                _expect_eight_bits(opened, where)
            ImageOps.exif_transpose(opened, in_place=True)
            mode = mode or _own_mode(opened)
            return _flat(opened, mode, background, where).convert(mode)
    except UnidentifiedImageError:
        raise DataError(
            "this is no image that Pillow reads", where=where, do="look at the file, or leave it out of the pattern"
        ) from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, OSError) and error.strerror:  # said by the system, not by the decoder
            raise DataError(
                f"the image cannot be read: {error.strerror}", where=where, do="look at the path and its permissions"
            ) from None
        raise DataError(
            f"the image does not decode: {error}", where=where, do="the file is damaged; get it again"
        ) from None


def _expect_eight_bits(image: Pillow.Image, where: str) -> None:
    """Refuses what Pillow would narrow: the mode says so, or, for several channels, only how they are packed."""
    wide = any(";16" in str(tile[3]) for tile in getattr(image, "tile", ()))
    if wide or image.mode.startswith(("I", "F")):
        raise DataError(
            f"the image has {'16-bit ' if wide else ''}{image.mode.partition(';')[0]} pixels, which 8 bits do not hold",
            where=where,
            do="read it with a function of your own, which says how its values become uint8 (or uint16)",
        )


def _flat(image: Pillow.Image, mode: str, background: Sequence[int] | None, where: str) -> Pillow.Image:
    """The image as the mode can hold it: without transparency, or with it if the mode has it too."""
    if not image.mode.endswith(("A", "a")) and "transparency" not in image.info:
        return image
    from PIL import Image

    image = image.convert("RGBA")
    if background is not None:
        return Image.alpha_composite(Image.new("RGBA", image.size, (*background, 255)), image)
    if not mode.endswith("A") and image.getchannel("A").getextrema() != (255, 255):
        raise DataError(
            f"the image is transparent in part, which mode {mode} does not hold",
            where=where,
            do="in `params` give `background: [255, 255, 255]`, a color to lay it on, or `mode: RGBA` to keep it",
        )
    return image


def _own_mode(image: Pillow.Image) -> str:
    """The mode in which an image has its values as numbers."""
    if image.mode in ("P", "PA"):
        return "RGBA" if image.mode == "PA" or "transparency" in image.info else "RGB"
    return "L" if image.mode == "1" else image.mode
