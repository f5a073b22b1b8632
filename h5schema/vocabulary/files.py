"""Forms in which entries are kept as files are: how each is known, and what it holds. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class FileForm(NamedTuple):
    """A form of file.

    Attributes:
        begins: The first bytes of every such file.
        module: Of the functions that encode and decode it.
        call: The word for `call` whose sources may be such files.
        dtypes: Of the arrays that it holds.
        axes: How many an array of it may have.
        channels: How long a third one may be.
        example: Of dims, for messages.
        loses: Whether encoding loses something, so that a `quality` is needed.
    """

    begins: bytes
    module: str
    call: str
    dtypes: tuple[str, ...]
    axes: tuple[int, ...]
    channels: tuple[int, ...]
    example: str
    loses: bool = False


_IMAGE = "[image, height, width, 3]"

FILE_FORMS: Mapping[str, FileForm] = {
    "jpeg": FileForm(
        b"\xff\xd8\xff", "h5schema.extractors.image", "image", ("uint8",), (2, 3), (3,), _IMAGE, loses=True
    ),
    "png": FileForm(b"\x89PNG\r\n\x1a\n", "h5schema.extractors.image", "image", ("uint8",), (2, 3), (3, 4), _IMAGE),
    "flac": FileForm(b"fLaC", "h5schema.extractors.audio", "audio", ("float32", "int16"), (1,), (3,), "[clip, time]"),
}
"""By the word of the language."""
