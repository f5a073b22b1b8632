"""From what a user gives to an array of exactly the feature's dtype and shape, or an error.

numpy and HDF5 both convert in silence: 300 becomes 44, 1e300 becomes inf, a row of one
becomes a row of three. Every value passes here before it is written, so none of that happens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError
from h5schema.vocabulary.dtypes import NUMBERS, Number, keeps_values

_PLAIN = (bool, int, float, complex)


def fit(value: object, dtype: str, where: str) -> NDArray[np.generic]:
    """`value` as an array of `dtype`, every value kept.

    An array has a dtype of its own, so it must be one whose every value `dtype` can
    hold. Plain Python numbers have none: each is taken if it fits, and a float is
    rounded to the nearest, as numpy does with literals.

    Raises:
        DataError: The value is no number, or would change.
    """
    expect_unmasked(value, where)
    if isinstance(value, np.ndarray | np.generic):
        return _fit_array(np.asarray(cast("NDArray[np.generic]", value)), dtype, where)
    if isinstance(value, _PLAIN):
        return _fit_plain(np.asarray(value), value, dtype, where)
    if isinstance(value, list | tuple):
        return _fit_list(cast("Sequence[object]", value), dtype, where)
    if hasattr(value, "__array__"):
        return _fit_array(array_of(value, where), dtype, where)
    raise DataError(
        f"{type(value).__name__} is not a number or an array of {dtype}",
        where=where,
        do=f"give a numpy array of {dtype}, or Python numbers",
    )


def expect_unmasked(value: object, where: str) -> None:
    """Refuses an array that hides some of its values."""
    if isinstance(value, np.ma.MaskedArray):
        raise DataError(
            "the array is masked, and its mask would be lost", where=where, do="fill it, or give two features"
        )


def array_of(value: object, where: str) -> NDArray[np.generic]:
    """What another library makes numpy's array of: a tensor, a column.

    Raises:
        DataError: It makes none: the tensor is part of a computation, on a GPU, or of a dtype that numpy has not.
    """
    try:
        return np.asarray(value)
    except (RuntimeError, TypeError, ValueError) as error:
        raise DataError(
            f"numpy makes no array of this {type(value).__name__}: {error}",
            where=where,
            do="give a numpy array; of a tensor that is x.detach().cpu().numpy(), of a bfloat16 one "
            "x.detach().cpu().float().numpy()",
        ) from None


def _fit_array(array: NDArray[np.generic], dtype: str, where: str) -> NDArray[np.generic]:
    name = array.dtype.newbyteorder("=").name
    if name not in NUMBERS:
        raise DataError(f"the values have dtype {array.dtype}, which is not {dtype}", where=where, do=_convert(dtype))
    if name == "bool" and dtype != "bool":
        raise _no_bools(dtype, where)
    if not keeps_values(name, dtype):
        raise DataError(
            f"the values are {name}, and {dtype} does not hold every value of {name}",
            where=where,
            do=_convert(dtype) + ", after looking whether they fit",
        )
    return array.astype(dtype, copy=False)


def _fit_list(value: Sequence[object], dtype: str, where: str) -> NDArray[np.generic]:
    """A list has the dtype of what is in it: arrays as arrays, plain numbers by their values."""
    leaves = leaves_of(value)
    if any(isinstance(leaf, np.ndarray | np.generic) for leaf in leaves):
        parts = [fit(item, dtype, where) for item in value]
        if any(part.shape != parts[0].shape for part in parts):
            raise DataError("the items of the list differ in shape", where=where, do="give one array")
        return np.stack(parts)
    for leaf in leaves:
        if not isinstance(leaf, _PLAIN):
            raise DataError(f"{leaf!r} is not a number", where=where, do=f"give a numpy array of {dtype}")
    try:
        wide = np.array(value, dtype=object)
    except ValueError:
        raise DataError("the lists are not of equal lengths", where=where, do="give one array") from None
    if not leaves:
        return np.empty(np.asarray(value).shape, dtype)
    shape = np.shape(wide)
    if len(leaves) != wide.size:
        raise DataError("the lists are not of equal lengths", where=where, do="give one array")
    flat = [_fit_plain(np.asarray(leaf), leaf, dtype, where) for leaf in leaves]
    return np.array(flat, dtype=dtype).reshape(shape)


def leaves_of(value: object) -> list[object]:
    """What is in lists of lists."""
    if not isinstance(value, list | tuple):
        return [value]
    return [leaf for item in cast("Sequence[object]", value) for leaf in leaves_of(item)]


def _fit_plain(array: NDArray[np.generic], value: object, dtype: str, where: str) -> NDArray[np.generic]:
    """One Python number, taken if `dtype` holds it."""
    kind = NUMBERS[dtype].kind
    if kind == "bool":
        if not isinstance(value, bool):
            raise DataError(f"{value!r} is not true or false", where=where, do="give a bool")
        return array
    if isinstance(value, bool):
        raise _no_bools(dtype, where)
    if kind in ("int", "uint"):
        if not isinstance(value, int):
            raise DataError(f"{value!r} is not a whole number", where=where, do=_convert(dtype))
        low, high = integer_range(dtype)
        if not low <= value <= high:
            raise DataError(f"{value} does not fit {dtype} ({low} to {high})", where=where, do="choose a wider dtype")
        return np.array(value, dtype)
    if isinstance(value, complex) and kind == "float":
        raise DataError(f"{value!r} is complex, and {dtype} is real", where=where, do="choose complex64 or complex128")
    assert isinstance(value, int | float | complex)
    return _round_to(value, dtype, where)


def _round_to(value: complex, dtype: str, where: str) -> NDArray[np.generic]:
    try:
        with np.errstate(over="ignore"):
            fitted = np.array(value, dtype)
    except OverflowError:
        raise DataError(f"{value} does not fit {dtype}", where=where, do="choose a wider dtype") from None
    if _overflows(np.asarray(complex(value)), fitted.astype(np.complex128)):
        raise DataError(f"{value} would become infinite as {dtype}", where=where, do="choose a wider dtype")
    if isinstance(value, int) and int(complex(fitted[()]).real) != value:
        raise DataError(f"{value} would become {fitted[()]} as {dtype}", where=where, do="choose a wider dtype")
    return fitted


def integer_range(dtype: str) -> tuple[int, int]:
    """Smallest and largest value of an integer dtype."""
    number = NUMBERS[dtype]
    return (0 if number.kind == "uint" else -(2**number.digits)), 2**number.digits - 1


def _no_bools(dtype: str, where: str) -> DataError:
    """numpy takes True for 1, and so for the member of an enum whose value is 1."""
    return DataError(
        f"true and false are no values of {dtype}",
        where=where,
        do=f"if 1 and 0 are meant, give x.astype({dtype!r}); if true and false are, the schema says `dtype: bool`",
    )


def _convert(dtype: str) -> str:
    return f"convert them yourself, e.g. x.astype({dtype!r})"


def has_shape(array: NDArray[np.generic], shape: tuple[int | None, ...]) -> bool:
    """Whether an array has a shape; None stands for any length."""
    found = array.shape
    return len(found) == len(shape) and all(n is None or n == m for n, m in zip(shape, found, strict=True))


def expect_shape(array: NDArray[np.generic], shape: tuple[int | None, ...], where: str) -> None:
    """Refuses any other shape, also one that numpy would broadcast; None stands for any length."""
    if not has_shape(array, shape):
        wanted = ", ".join("any length" if n is None else str(n) for n in shape)
        raise DataError(
            f"the shape is {list(array.shape)}, not [{wanted}]",
            where=where,
            do="give exactly this shape: nothing is broadcast, cut or padded",
        )


def as_loaded(array: NDArray[np.generic], dtype: str, where: str) -> NDArray[np.generic]:
    """`array` in the dtype that a loader asks for, by the rules of value-keeping casts.

    A float may be rounded to a narrower float, unless a finite value would become
    infinite. Every other value must stay what it is.

    Raises:
        DataError: A value would change.
    """
    stored = array.dtype.name
    if stored == dtype:
        return array
    if keeps_values(stored, dtype):
        return _cast(array, dtype)
    old, new = NUMBERS[stored], NUMBERS[dtype]
    if old.kind == "complex" and new.kind != "complex":
        cast, changed = array, np.ones(array.shape, bool)
    else:
        with np.errstate(all="ignore"):
            cast = _cast(array, dtype)
            changed = _overflows(array, cast) if _rounds(old, new) else _differs(array, cast, old, new)
    if changed.any():
        value = array[tuple(np.argwhere(changed)[0])] if array.ndim else array[()]
        raise DataError(f"{value} of {stored} changes as {dtype}", where=where, do="load a wider dtype")
    return cast


def _cast(array: NDArray[np.generic], dtype: str) -> NDArray[np.generic]:
    """numpy's own cast; bfloat16, which numpy has not, as the float32 that are equal."""
    if dtype != "bfloat16":
        return array.astype(dtype)
    from .bfloat16 import rounded  # rarely

    return rounded(array)


def _rounds(old: Number, new: Number) -> bool:
    return old.kind in ("float", "complex") and new.kind in ("float", "complex")


def _overflows(array: NDArray[np.generic], cast: NDArray[np.generic]) -> NDArray[np.bool_]:
    """Where a finite value, or a part of a complex one, became infinite."""
    if not np.iscomplexobj(array):
        grown: NDArray[np.bool_] = np.isinf(cast) & ~np.isinf(array)
        return grown
    return _overflows(np.real(array), np.real(cast)) | _overflows(np.imag(array), np.imag(cast))


def _differs(array: NDArray[np.generic], cast: NDArray[np.generic], old: Number, new: Number) -> NDArray[np.bool_]:
    """Where a cast changed a value: seen on the way back, or by its sign, or because it left the range of integers."""
    real = np.real(cast)
    differs: NDArray[np.bool_] = (real.astype(array.dtype) != array) | (np.less(real, 0) != np.less(array, 0))
    if old.kind in ("int", "uint") and new.kind in ("float", "complex"):
        differs |= np.greater_equal(real, 2.0**old.digits) | np.isinf(real)
    if old.kind == "float" and new.kind in ("int", "uint"):
        differs |= np.greater_equal(array, 2.0**new.digits)
    return differs
