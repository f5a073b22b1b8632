"""The convention of CF: packed values, and values that mean that there is none."""

from __future__ import annotations

from typing import cast

import numpy as np

from h5schema.vocabulary.dtypes import date_unit

from ..features import EncodedFeature
from ..model import AnyFeature
from ..node_paths import is_attribute
from .columns import Column, Converted, Values
from .dates import SAID, dated
from .masked import Known, Masked, missing_in
from .nodes import Nodes

_MISSING = ("_FillValue", "missing_value")
_PACKED = ("scale_factor", "add_offset")


def column_of(nodes: Nodes, path: str, feature: AnyFeature) -> Column | None:
    """What lies at a path, decoded: `scale_factor`, `add_offset`, `_FillValue`, `missing_value`, `_Unsigned`, dates."""
    column = nodes.column(path)
    if column is None or is_attribute(path) or isinstance(feature, EncodedFeature):
        return column
    said = nodes.attributes(path, (*_MISSING, *_PACKED, "_Unsigned"))
    missing = [np.asarray(said[key]).reshape(-1) for key in _MISSING if key in said]
    if str(said.get("_Unsigned", "false")).lower() == "true" and column.dtype.kind == "i":
        unsigned = np.dtype(f"{column.dtype.str[0]}u{column.dtype.itemsize}")
        missing = [one.astype(column.dtype).view(unsigned) for one in missing]
        column = Converted(column, unsigned, lambda values: values.view(unsigned))
    wanted = np.concatenate(missing) if missing else np.empty(0, column.dtype)
    packed = {key: np.asarray(said[key]).reshape(-1)[0] for key in _PACKED if key in said}
    decoded = _unpacked(column, packed, wanted) if packed else _with_nan(column, wanted)
    may_stand = decoded.dtype.kind == "f"
    if date_unit(feature.dtype) is not None:
        where, may_stand = f"{nodes.name}: {path}", True
        none = wanted if decoded is column else wanted[:0]  # else they are NaN already
        decoded = dated(decoded, feature.dtype, nodes.attributes(path, SAID), where, none)
    return Masked(decoded, Known(column, wanted), may_stand=may_stand) if len(wanted) else decoded


def _unpacked(column: Column, packed: dict[str, Values], missing: Values) -> Column:
    """Values times `scale_factor` plus `add_offset`, in the dtype of these."""
    dtype = np.result_type(*(value.dtype for value in packed.values()))
    scale, offset = (float(cast("float", packed.get(key, one))) for key, one in zip(_PACKED, (1.0, 0.0), strict=True))

    def convert(values: Values) -> Values:
        found = (values.astype(np.float64) * scale + offset).astype(dtype)
        return np.where(missing_in(values, missing), np.asarray(np.nan, dtype), found) if len(missing) else found

    return Converted(column, dtype, convert)


def _with_nan(column: Column, missing: Values) -> Column:
    if column.dtype.kind != "f" or not len(missing) or np.isnan(missing.astype(np.float64)).all():
        return column
    nan = np.asarray(np.nan, column.dtype)
    return Converted(column, column.dtype, lambda values: np.where(missing_in(values, missing), nan, values))
