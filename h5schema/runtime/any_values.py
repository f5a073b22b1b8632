"""Values of any dtype and shape, and the records that they are until they lie in nodes of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

AnyValue: TypeAlias = "NDArray[np.generic] | str | bytes"
"""An array of numbers, of any dtype and shape; a text; or bytes."""

TEXT, BYTES = "str", "bytes"
"""What a record's values are, besides numpy's dtypes."""
_NUMBERS = "biufc"


class Record(NamedTuple):
    """A value as bytes.

    Attributes:
        dtype: `str`, `bytes`, or numpy's dtype of numbers.
        shape: Of the array; () of a text or bytes.
        data: The values in C order, little-endian.
    """

    dtype: str
    shape: tuple[int, ...]
    data: bytes

    def encoded(self) -> bytes:
        """A line that says what it is, and the data."""
        said = [self.dtype, str(len(self.data)), *map(str, self.shape)]
        return " ".join(said).encode() + b"\n" + self.data

    def value(self) -> AnyValue:
        """What it stands for; an array cannot be written to."""
        if self.dtype == TEXT:
            return self.data.decode()
        if self.dtype == BYTES:
            return self.data
        return np.frombuffer(self.data, np.dtype(self.dtype)).reshape(self.shape)

    @property
    def is_array(self) -> bool:
        """Whether it is neither a text nor bytes."""
        return self.dtype not in (TEXT, BYTES)

    @property
    def array(self) -> NDArray[np.generic]:
        """The values as numbers."""
        return cast("NDArray[np.generic]", self.value())


def record_of(value: object, where: str) -> Record:
    """A value that a user gives, as a record.

    Raises:
        DataError: No dataset of HDF5 gives it back as it is.
    """
    if isinstance(value, str):
        return Record(TEXT, (), _of_text(value, where))
    if isinstance(value, bytes | bytearray | memoryview):
        return Record(BYTES, (), bytes(cast("bytes", value)))
    array = np.asarray(value)
    if array.dtype.kind not in _NUMBERS or array.dtype.itemsize > 16:
        said = f"an array of {array.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
        raise DataError(
            f"{said} is no array of numbers, no text and no bytes",
            where=where,
            do="give one of these; what is made of several is several entries",
        )
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return Record(little.dtype.str, little.shape, little.tobytes())


def records_in(stream: bytes) -> Iterator[Record]:
    """The records that lie end to end."""
    at = 0
    while at < len(stream):
        end = stream.index(b"\n", at)
        dtype, size, *shape = stream[at:end].decode().split(" ")
        at = end + 1 + int(size)
        yield Record(dtype, tuple(map(int, shape)), stream[end + 1 : at])


def only_record(encoded: bytes) -> Record:
    """The record that these bytes are."""
    return next(records_in(encoded))


def _of_text(text: str, where: str) -> bytes:
    try:
        encoded = text.encode()
    except UnicodeEncodeError:
        raise DataError("the text cannot be written as utf-8", where=where, do="give it as bytes") from None
    if encoded.endswith(b"\0"):
        raise DataError("the text ends with NUL, which HDF5 drops", where=where, do="give it as bytes")
    return encoded
