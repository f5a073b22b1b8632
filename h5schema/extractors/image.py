"""Images through Pillow: JPEG, PNG and whatever else it reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError, MissingExtraError


def load(path: Path, *, mode: str = "RGB", size: tuple[int, int] | list[int] | None = None) -> NDArray[np.uint8]:
    """Decodes an image.

    Args:
        path: Of the file.
        mode: Pillow's mode of the result: `RGB`, `L` (grey), `RGBA`.
        size: (height, width) to resample to, with antialiasing; None: as it is.

    Returns:
        uint8 [height, width, channels], or [height, width] for one channel.

    Raises:
        DataError: The file is no image, or is damaged.
        MissingExtraError: Pillow is not installed.
    """
    try:
        from PIL import Image, UnidentifiedImageError
    except ModuleNotFoundError:
        raise MissingExtraError("reading images needs Pillow", do="pip install 'h5schema[images]'") from None
    try:
        with Image.open(path) as opened:
            if opened.mode.startswith(("I", "F")):
                raise DataError(
                    f"the image has {opened.mode} pixels, which 8 bits do not hold",
                    where=str(path),
                    do="read it with a function of your own, which says how its values become uint8 (or uint16)",
                )
            image = opened.convert(mode)
    except UnidentifiedImageError:
        raise DataError(
            "this is no image that Pillow reads", where=str(path), do="look at the file, or leave it out of the pattern"
        ) from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataError(
            f"the image does not decode: {error}", where=str(path), do="the file is damaged; get it again"
        ) from None
    if size is not None:
        image = image.resize((size[1], size[0]), Image.Resampling.LANCZOS)
    return np.asarray(image, np.uint8)
