"""Values of any dtype and shape, and the records that they are until they lie in nodes of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple, Protocol, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from .bfloat16 import BITS, to_bits, widened
from .values import array_of, expect_unmasked, leaves_of

AnyValue: TypeAlias = NDArray[np.generic] | str | bytes
"""An array of numbers, of any dtype and shape; a text; or bytes."""

TEXT, BYTES, BFLOAT16 = "str", "bytes", "bfloat16"
"""What a record's values are, besides numpy's dtypes."""
_NUMBERS = "biufc"
_MOST_DIMS = 32
"""Of a dataset of HDF5."""


class Record(NamedTuple):
    """A value as bytes.

    Attributes:
        dtype: `str`, `bytes`, `bfloat16`, or numpy's dtype of numbers.
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
        """What it stands for; an array cannot be written to. Of bfloat16 it is the float32 that are equal."""
        if self.dtype == TEXT:
            return self.data.decode()
        if self.dtype == BYTES:
            return self.data
        if self.dtype == BFLOAT16:
            wide = np.asarray(widened(self.stored))
            wide.flags.writeable = False
            return wide
        return self.stored

    @property
    def is_array(self) -> bool:
        """Whether it is neither a text nor bytes."""
        return self.dtype not in (TEXT, BYTES)

    @property
    def stored(self) -> NDArray[np.generic]:
        """The array as it lies in the file: of bfloat16 its bits."""
        dtype = BITS if self.dtype == BFLOAT16 else np.dtype(self.dtype)
        return np.frombuffer(self.data, dtype).reshape(self.shape)

    @property
    def array(self) -> NDArray[np.generic]:
        """The values as numbers."""
        return cast("NDArray[np.generic]", self.value())


def record_of(value: object, where: str) -> Record:
    """A value that a user gives, as a record.

    Raises:
        DataError: No dataset of HDF5 gives it back as it is.
    """
    if isinstance(value, Record):
        return value
    if isinstance(value, str):
        return Record(TEXT, (), _of_text(value, where))
    if isinstance(value, bytes | bytearray | memoryview):
        return Record(BYTES, (), bytes(cast("bytes", value)))
    expect_unmasked(value, where)
    is_list = isinstance(value, list | tuple)
    array = _of_list(cast("Sequence[object]", value), where) if is_list else array_of(_in_memory(value), where)
    _expect_dims(array, where)
    if array.dtype.name == BFLOAT16:  # of ml_dtypes
        return Record(BFLOAT16, array.shape, array.view(np.uint16).astype("<u2", copy=False).tobytes())
    if _is_bfloat16(value):
        return Record(BFLOAT16, array.shape, to_bits(array).tobytes())
    if not is_number(array.dtype):
        said = f"an array of {array.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
        raise DataError(
            f"{said} is no array of numbers, no text and no bytes",
            where=where,
            do="give one of these; what is made of several is several entries",
        )
    little = array.astype(array.dtype.newbyteorder("<"), copy=False)
    return Record(little.dtype.str, little.shape, little.tobytes())


def is_number(dtype: np.dtype[np.generic]) -> bool:
    """Whether arrays of a dtype are arrays of numbers."""
    return dtype.kind in _NUMBERS and dtype.itemsize <= 16


def _expect_dims(array: NDArray[np.generic], where: str) -> None:
    if array.ndim > _MOST_DIMS:
        what = f"the array has {array.ndim} dims, and a dataset of HDF5 at most {_MOST_DIMS}"
        raise DataError(what, where=where, do="reshape it")


def _in_memory(value: object) -> object:
    """A tensor without its computation, in the memory that numpy sees; bfloat16 as the float32 that are equal."""
    if not (hasattr(value, "detach") and hasattr(value, "cpu")):
        return value
    with suppress(RuntimeError):  # it has no data: numpy will say so
        tensor = cast("_Tensor", value).detach().cpu()
        return tensor.float() if _is_bfloat16(value) else tensor
    return value


def _is_bfloat16(value: object) -> bool:
    return str(getattr(value, "dtype", "")) == "torch.bfloat16"


class _Tensor(Protocol):
    """What tensors of torch can; torch itself is not imported."""

    def detach(self) -> _Tensor: ...

    def cpu(self) -> _Tensor: ...

    def float(self) -> _Tensor: ...


def _of_list(value: Sequence[object], where: str) -> NDArray[np.generic]:
    """A list as an array of its values: of True and 2, or 2**53 + 1 and 0.5, numpy would make one of others."""
    leaves = leaves_of(value)
    for leaf in leaves:
        expect_unmasked(leaf, where)
    try:
        array: NDArray[np.generic] = np.asarray(value)
    except ValueError:
        raise DataError("the lists are not of equal lengths", where=where, do="give one array") from None
    whole = bool(leaves) and all(isinstance(leaf, int) for leaf in leaves)
    kept = all(_is_kept(leaf, array.dtype) for leaf in leaves) and not (whole and array.dtype.kind in "fc")
    if array.dtype.kind in _NUMBERS and not kept:
        raise DataError(
            f"the list has values of several kinds, which numpy would change to {array.dtype}",
            where=where,
            do="give one array, or several entries",
        )
    return array


def _is_kept(leaf: object, dtype: np.dtype[np.generic]) -> bool:
    """Whether a number, or an array, is the same in a dtype that numpy chose for several."""
    if isinstance(leaf, np.ndarray | np.generic):
        return bool(cast("NDArray[np.generic]", leaf).dtype == dtype)
    if isinstance(leaf, bool) or dtype.kind == "b":
        return isinstance(leaf, bool) and dtype.kind == "b"
    return not isinstance(leaf, int) or int(np.real(np.array(leaf, dtype)).item()) == leaf


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
