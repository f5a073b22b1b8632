"""JPEG by libjpeg-turbo itself (simplejpeg): the pixels that Pillow makes, sooner; what it cannot do, Pillow does."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

_BEGINS = b"\xff\xd8\xff"
_SAYS_MORE = (b"Exif", b"http://ns.adobe.com/xap/")
"""What stands before an orientation."""
_ORIENTATION = 0x0112
_TURNED = range(2, 9)


def pixels_of(file: Path | BytesIO) -> Pixels | None:
    """Decodes a JPEG of three colors that is stored upright.

    Args:
        file: Its path, or its bytes.

    Returns:
        uint8 [height, width, 3]; None: it is another image, it is damaged, or simplejpeg is not installed, or would
        make other pixels than Pillow.
    """
    if not _is_equal():
        return None
    encoded = _encoded(file)
    return None if encoded is None or _is_turned(encoded) else _decoded(encoded)


def _encoded(file: Path | BytesIO) -> bytes | None:
    """The bytes of a JPEG."""
    if isinstance(file, BytesIO):
        held = file.getvalue()
        return held if held.startswith(_BEGINS) else None
    try:
        with file.open("rb") as opened:
            begin = opened.read(len(_BEGINS))
            return begin + opened.read() if begin == _BEGINS else None
    except OSError:  # Pillow says why
        return None


def _is_turned(encoded: bytes) -> bool:
    if not any(word in encoded for word in _SAYS_MORE):
        return False
    from PIL import Image

    try:
        with Image.open(BytesIO(encoded)) as image:
            return image.getexif().get(_ORIENTATION, 1) in _TURNED
    except (OSError, SyntaxError, ValueError):
        return True


def _decoded(encoded: bytes) -> Pixels | None:
    from PIL import Image
    from simplejpeg import decode_jpeg, decode_jpeg_header

    try:
        height, width, colors, _ = decode_jpeg_header(encoded)
        if colors != "YCbCr" or height * width > (Image.MAX_IMAGE_PIXELS or 0):
            return None
        return decode_jpeg(encoded, "RGB")  # strict: it refuses what Pillow passes over
    except ValueError:
        return None


@functools.cache
def _is_equal() -> bool:
    """Whether simplejpeg is there, and its pixels are those of the Pillow that is there: both bring a decoder along."""
    if not all(map(find_spec, ("PIL", "simplejpeg"))):
        return False
    from PIL import Image

    for encoded in _drawn():
        pixels = _decoded(encoded)
        if pixels is None or not np.array_equal(np.asarray(Image.open(BytesIO(encoded)), np.uint8), pixels):
            return False
    return True


def _drawn() -> Iterator[bytes]:
    """Images of every subsampling, in one pass and progressive."""
    from PIL import Image
    from simplejpeg import encode_jpeg

    noise = np.random.default_rng(0).integers(0, 256, (45, 61, 3)).astype(np.uint8)
    picture = Image.fromarray(noise[:7, :7]).resize((61, 45), Image.Resampling.BICUBIC)
    for image in (picture, Image.fromarray(noise)):
        for subsampling in range(3):
            encoded = BytesIO()
            image.save(encoded, "JPEG", quality=80, subsampling=subsampling, progressive=subsampling > 1)
            yield encoded.getvalue()
    yield from (encode_jpeg(np.array(picture), 80, "RGB", rare) for rare in ("440", "411"))
