"""bfloat16 as a dtype of features: float32 to the user, if nothing is lost; its bits in the file and in a batch."""

from __future__ import annotations

from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError

from .bfloat16 import BITS, is_exact, rounded, to_bits, widened
from .number_types import NumberType, Values
from .values import fit


class BFloat16(NumberType):
    """Floats of 8 bits of exponent and 8 of significand, as models are trained with.

    An array is taken if each of its values is a bfloat16, and a tensor of bfloat16 as it is; plain Python floats are
    rounded to the nearest, as they are for every float.
    """

    def __init__(self, name: str) -> None:
        super().__init__("float32")
        self.name = name
        self.file = BITS
        self.loaded = name

    def fit(self, value: object, where: str) -> Values:
        """See `NumberType`."""
        if isinstance(value, float | int) and not isinstance(value, bool | np.generic):
            return self._rounded(fit(value, "float64", where), value, where)
        if isinstance(value, list | tuple):
            return self._fit_list(list(cast("list[object]", value)), where)
        array = fit(_wide(value), "float32", where)
        exact = is_exact(array)
        if not exact.all():
            wrong = array[np.unravel_index(int(np.argmin(exact)), array.shape)]
            raise DataError(
                f"{wrong!s} is no bfloat16: it would be rounded",
                where=where,
                do="round it yourself, e.g. x.astype(ml_dtypes.bfloat16), or choose float32",
            )
        return array

    def _rounded(self, wide: Values, value: float, where: str) -> Values:
        near = rounded(wide)
        if np.isinf(near) and not np.isinf(wide):
            raise DataError(f"{value} would become infinite as bfloat16", where=where, do="choose a wider dtype")
        if isinstance(value, int) and int(near) != value:
            raise DataError(f"{value} would become {near} as bfloat16", where=where, do="choose a wider dtype")
        return near

    def _fit_list(self, value: list[object], where: str) -> Values:
        parts = [self.fit(one, where) for one in value]
        if any(part.shape != parts[0].shape for part in parts):
            raise DataError("the items of the list differ in shape", where=where, do="give one array")
        return np.stack(parts) if parts else np.empty(0, np.float32)

    def to_file(self, values: Values) -> Values:
        """See `NumberType`."""
        return to_bits(values)

    def from_file(self, rows: Values) -> NDArray[np.float32]:
        """See `NumberType`."""
        return widened(rows)


class _Tensor(Protocol):
    """What tensors of torch can; torch itself is not imported."""

    def detach(self) -> _Tensor: ...

    def cpu(self) -> _Tensor: ...

    def float(self) -> _Tensor: ...


def _wide(value: object) -> object:
    """A tensor of bfloat16, which numpy has not, as the float32 that are equal."""
    if str(getattr(value, "dtype", "")) != "torch.bfloat16":
        return value
    return cast("_Tensor", value).detach().cpu().float()
