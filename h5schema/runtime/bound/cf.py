"""The convention of CF: packed values, values that mean that there is none, dates, texts as arrays of characters."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from h5schema.errors import DataError, FileError
from h5schema.vocabulary.dtypes import date_unit

from ..bfloat16 import is_bits
from ..features import EncodedFeature
from ..model import AnyFeature
from ..node_paths import is_attribute
from .columns import Characters, Column, Converted, Values
from .dates import SAID, dated
from .masked import Known, Masked, Unmixed, missing_in
from .nodes import Nodes

_MISSING = ("_FillValue", "missing_value")
_PACKED = ("scale_factor", "add_offset")
_WHOLE = 2**53


def column_of(nodes: Nodes, path: str, feature: AnyFeature) -> Column | None:
    """What lies at a path, decoded: `scale_factor`, `add_offset`, `_FillValue`, `missing_value`, `_Unsigned`, dates."""
    column = nodes.column(path)
    if column is None or is_attribute(path):
        return column
    if isinstance(feature, EncodedFeature):
        is_longer = len(column.shape or ()) > len(feature.dims.split())
        return Characters(column) if column.dtype == np.dtype("S1") and is_longer else column
    if column.dtype.kind not in "iuf" or is_bits(column.dtype):
        return column
    where, said = f"{nodes.name}: {path}", nodes.attributes(path, (*_MISSING, *_PACKED, "_Unsigned"))
    column, stored = _with_sign(column, said), column.dtype
    missing = _missing(said, stored, column.dtype)
    decoded = _decoded(column, missing, feature, _packed(said, where), where)
    may_stand = decoded.dtype.kind == "f"
    if date_unit(feature.dtype) is not None:
        none = missing if decoded is column else missing[:0]  # else they are NaN already
        return _masked(dated(decoded, feature.dtype, nodes.attributes(path, SAID), where, none), column, missing)
    if len(missing) and not may_stand:
        decoded = Unmixed(decoded, missing, where)
    return _masked(decoded, column, missing, may_stand=may_stand)


def _masked(decoded: Column, column: Column, missing: Values, *, may_stand: bool = True) -> Column:
    return Masked(decoded, Known(column, missing), may_stand=may_stand) if len(missing) else decoded


def _with_sign(column: Column, said: Mapping[str, object]) -> Column:
    """Whole numbers as `_Unsigned` says that they are, whatever HDF5 says."""
    word = str(said.get("_Unsigned", "")).lower()
    kind = {("i", "true"): "u", ("u", "false"): "i"}.get((column.dtype.kind, word))
    if kind is None:
        return column
    other = np.dtype(f"{column.dtype.str[0]}{kind}{column.dtype.itemsize}")
    return Converted(column, other, lambda values: values.view(other))


def _missing(said: Mapping[str, object], stored: np.dtype[np.generic], shown: np.dtype[np.generic]) -> Values:
    """The values that mean none; what no value of the column can be is not one."""
    found = [np.empty(0, shown)]
    for given in (np.asarray(said[key]).reshape(-1) for key in _MISSING if key in said):
        found.append(_of_dtype(given, shown))
        if stored != shown:
            found.append(_of_dtype(given, stored).view(shown))
    return np.concatenate(found)


def _of_dtype(values: Values, dtype: np.dtype[np.generic]) -> Values:
    """Those of some values that are the same in a dtype."""
    if values.dtype.kind not in "iuf":
        return np.empty(0, dtype)
    with np.errstate(all="ignore"):
        cast = values.astype(dtype)
    same = np.equal(cast, values)
    if dtype.kind == "f":
        return cast[same | np.not_equal(values, values)]
    limits = np.iinfo(dtype.name)
    inside = np.greater_equal(values, limits.min) & np.less_equal(values, limits.max)
    return cast[same & inside]


def _packed(said: Mapping[str, object], where: str) -> dict[str, Values]:
    """The factor and the offset that there are."""
    found: dict[str, Values] = {}
    for key in _PACKED:
        if key in said:
            value = np.asarray(said[key])
            if value.size != 1 or value.dtype.kind not in "iuf":
                raise FileError(
                    f"its {key} is {said[key]!r}, which is not one number",
                    where=where,
                    do="write `bind: plain` in the schema, which reads the numbers as they lie",
                )
            found[key] = value.reshape(())
    return found


def _decoded(column: Column, missing: Values, feature: AnyFeature, packed: Mapping[str, Values], where: str) -> Column:
    """Values times `scale_factor` plus `add_offset`; in floats NaN is what there is where there is none."""
    floats = column.dtype.kind == "f"
    if packed:
        dtype = np.result_type(column.dtype, *(value.dtype for value in packed.values()))
        dtype = dtype if dtype.kind == "f" else np.dtype(np.float64)
    elif floats and not np.isnan(missing.astype(np.float64)).all():
        dtype = column.dtype
    elif not floats and len(missing) and feature.file_dtype.kind == "f" and not is_bits(feature.file_dtype):
        dtype = np.result_type(column.dtype, np.float32)
    else:
        return column
    nan, scale, offset = np.asarray(np.nan, dtype), packed.get("scale_factor"), packed.get("add_offset")

    def convert(values: Values) -> Values:
        none = missing_in(values, missing)
        _expect_held(values, none, where)
        found = values.astype(dtype)
        found = found if scale is None else np.multiply(found, scale, dtype=dtype)
        found = found if offset is None else np.add(found, offset, dtype=dtype)
        return np.where(none, nan, found) if none.any() else found

    return Converted(column, dtype, convert)


def _expect_held(values: Values, none: Values, where: str) -> None:
    """Refuses whole numbers that are others in float64."""
    if values.dtype.kind == "f" or values.dtype.itemsize < 8:
        return
    wrong = (np.greater(values, _WHOLE) | np.less(values, -_WHOLE)) & np.logical_not(none)
    if wrong.any():
        raise DataError(
            f"{values[wrong][0]} is another number in float64, in which CF's values are decoded",
            where=where,
            do="write `bind: plain` in the schema, which reads the numbers as they lie",
        )
