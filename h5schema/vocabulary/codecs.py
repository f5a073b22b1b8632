"""The codecs that a schema can name, and what their levels mean. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

EXTRA = "h5schema[codecs]"
"""What pip is told to install for codecs that HDF5 does not have, and for encoders and decoders beside it."""


class Codec(NamedTuple):
    """What is known of a codec before anything is written.

    Attributes:
        level: Where none is named; None: it has no levels.
        least: Its lowest level.
        most: Its highest level.
        plugin: Whether HDF5 needs hdf5plugin for it, to write and to read.
    """

    level: int | None = None
    least: int = 0
    most: int = 0
    plugin: bool = False

    def refuses(self, level: int) -> str:
        """What is wrong with a level, to be said after 'the codec has'; nothing: ''."""
        if self.level is None:
            return "no levels"
        return "" if self.least <= level <= self.most else f"no level {level}"

    @property
    def levels(self) -> str:
        """Its levels, for messages."""
        return f"{self.least} to {self.most}"


CODECS: Mapping[str, Codec] = {
    "none": Codec(),
    "default": Codec(4, 0, 9),
    "lzf": Codec(),
    "zstd": Codec(3, 1, 22, plugin=True),
    "lz4": Codec(plugin=True),
    "blosc2": Codec(5, 0, 9, plugin=True),
}
