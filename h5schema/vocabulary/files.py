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
        loses: Whether encoding loses something, so that a `quality` is needed.
    """

    begins: bytes
    module: str
    call: str
    dtypes: tuple[str, ...]
    axes: tuple[int, ...]
    loses: bool = False


FILE_FORMS: Mapping[str, FileForm] = {
    "jpeg": FileForm(b"\xff\xd8\xff", "h5schema.extractors.image", "image", ("uint8",), (2, 3), loses=True),
    "png": FileForm(b"\x89PNG\r\n\x1a\n", "h5schema.extractors.image", "image", ("uint8",), (2, 3)),
    "flac": FileForm(b"fLaC", "h5schema.extractors.audio", "audio", ("float32", "int16"), (1,)),
}
"""By the word of the language."""
