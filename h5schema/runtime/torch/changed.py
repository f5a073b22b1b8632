"""Samples one by one, for functions that change them, and the batch of what these return."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from ..blocks import RaggedBlock
from ..plan import Fields
from ..spans import offsets_of
from ..transforms import Transform
from .forms import from_numpy, tensor


class Column(NamedTuple):
    """One input of the samples of a batch.

    Attributes:
        values: Of each sample.
        collate: Makes of such values what a batch holds.
    """

    values: Sequence[object]
    collate: Callable[[Sequence[object]], object]


Columns: TypeAlias = "Column | tuple[Fields, list[Columns]] | Mapping[str, Columns]"
"""The inputs of the samples of a batch, as the plan mirrors them."""


def sample_at(columns: Columns, index: int) -> object:
    """One sample, as the plan mirrors it."""
    if isinstance(columns, Column):
        return columns.values[index]
    if isinstance(columns, tuple):
        fields, items = columns
        return fields.made(*[sample_at(item, index) for item in items])
    return {name: sample_at(item, index) for name, item in columns.items()}


def batch_of(columns: Columns, samples: Sequence[object], changed: Transform) -> object:
    """The batch of samples that a function returned.

    Raises:
        UserCodeError: One of them is not made as it should be.
    """
    if isinstance(columns, Column):
        return columns.collate(samples)
    if isinstance(columns, tuple):
        fields, items = columns
        names = list(fields.items)
        parts = zip(*[_in_order(sample, names, changed) for sample in samples], strict=True)
        return fields.made(*[batch_of(item, part, changed) for item, part in zip(items, parts, strict=True)])
    known = [_by_name(sample, list(columns), changed) for sample in samples]
    return {name: batch_of(item, [sample[name] for sample in known], changed) for name, item in columns.items()}


_AS_GIVEN = "return a sample as it was given, with other values"


def _by_name(sample: object, names: Sequence[str], changed: Transform) -> Mapping[str, object]:
    known = _mapping(sample)
    if known is None or set(known) != set(names):
        raise changed.wrong(f"it returns {_said(sample)}, not a dict of {', '.join(names)}", _AS_GIVEN)
    return known


def _in_order(sample: object, names: Sequence[str], changed: Transform) -> Sequence[object]:
    known = _sequence(sample)
    if known is None or len(known) != len(names):
        raise changed.wrong(f"it returns {_said(sample)}, not a tuple of {', '.join(names)}", _AS_GIVEN)
    return known


def _said(value: object) -> str:
    named, several = _mapping(value), _sequence(value)
    if named is not None:
        return f"a dict of {', '.join(map(str, named))}"
    return f"a {type(value).__name__}" + ("" if several is None else f" of {len(several)}")


def _mapping(value: object) -> Mapping[str, object] | None:
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else None


def _sequence(value: object) -> Sequence[object] | None:
    return cast("Sequence[object]", value) if isinstance(value, tuple | list) else None


def stacked(values: Sequence[object], changed: Transform, address: str) -> object:
    """Values of one shape as a tensor."""
    arrays = [array_of(value, changed, address) for value in values]
    unlike = next((array for array in arrays if array.shape != arrays[0].shape), None)
    if unlike is not None:
        raise changed.wrong(
            f"{address}: shapes {list(arrays[0].shape)} and {list(unlike.shape)} do not make one batch",
            "return arrays of one shape",
        )
    return tensor(np.stack(arrays))


def array_of(value: object, changed: Transform, address: str) -> NDArray[np.generic]:
    """What a function returned, as an array of numbers."""
    try:
        made = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:  # lists of several lengths; a tensor with a gradient
        why = str(error).partition("\n")[0]
        raise changed.wrong(f"{address}: what it returns is no array: {why}", "return an array of numbers") from None
    if made.dtype.kind not in "biufc":
        raise changed.wrong(f"{address}: it returns {made.dtype}, of which there is no tensor", "return numbers")
    return made


def end_to_end(values: Sequence[object], changed: Transform, address: str) -> RaggedBlock[np.generic]:
    """Values of different lengths as a block."""
    arrays = [array_of(value, changed, address) for value in values]
    unlike = next((array for array in arrays if not array.ndim or array.shape[1:] != arrays[0].shape[1:]), None)
    if unlike is not None:
        raise changed.wrong(
            f"{address}: arrays of shapes {list(arrays[0].shape)} and {list(unlike.shape)} cannot lie end to end",
            "return arrays that differ in their first dim alone",
        )
    joined: NDArray[np.generic] = np.concatenate(arrays)
    return RaggedBlock(joined, offsets_of(np.fromiter(map(len, arrays), np.int64, len(arrays))))


def numbers(values: Sequence[object]) -> object:
    """Whole numbers as a tensor."""
    return from_numpy(np.array(values, np.int64))
