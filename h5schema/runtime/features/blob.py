"""Features whose entries are bytes."""

from __future__ import annotations

from typing import Unpack, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from ..blocks import Blobs
from ..kinds import Place
from ..spans import Rows
from .encoded import EncodedFeature
from .feature import Given


class Bytes(EncodedFeature[bytes, Blobs]):
    """Entries are bytes of any value: end to end, or at most `size` of them each.

    End to end every byte is kept. HDF5 fills fixed lengths up with NUL, and nobody could tell
    a NUL at the end from those, so there it is refused.

    Args:
        dims: Address of the open dim, or nothing: one value for the whole file.
        size: The most bytes of an entry; a longer one is refused.
    """

    __slots__ = ()

    word, noun, takes = "bytes", "value", "bytes"
    without_nul = "write `dtype: bytes` with a dim of entries, which keeps every byte, or uint8 with a dim of this size"
    block = Blobs

    def __init__(self, dims: str = "", *, size: int | None = None, **options: Unpack[Given]) -> None:
        super().__init__(dims, size, **options)

    def encode(self, entry: object, where: str) -> bytes:
        if isinstance(entry, np.ndarray):
            array = cast("NDArray[np.generic]", entry)
            entry = array.tobytes() if array.dtype == np.uint8 and array.ndim == 1 else array
        if not isinstance(entry, bytes | bytearray | memoryview):
            raise DataError(
                f"{entry!r} is {type(entry).__name__}, not bytes",
                where=where,
                do="encode it first, e.g. x.encode()" if isinstance(entry, str) else "give bytes, e.g. x.tobytes()",
            )
        return bytes(cast("bytes", entry))

    def expect(self, block: Blobs, path: str, rows: Rows | None, present: NDArray[np.bool_] | None) -> None:
        """See `EncodedFeature.expect`: any bytes will do."""

    def fixed(self, size: int) -> np.dtype[np.generic]:
        return np.dtype(f"S{size}")

    def placeholder(self, place: Place) -> object:
        return b""
