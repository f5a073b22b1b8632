"""What is in a file of others, as a class sees it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import h5py

from ..axes import FixedAxis, IdAxis, RaggedAxis
from ..hdf5_filters import names_of
from ..inspect import DimReport, FeatureReport, Report
from .file import BoundFile
from .reader import BoundReader

if TYPE_CHECKING:
    from ..kinds import Place


def describe(file: type[BoundFile], path: Path) -> Report:
    """Reads what a file has of what a class declares; none of its values.

    Raises:
        FileError: The file is missing, damaged, or not as the class says.
    """
    reader = BoundReader(file, path)
    try:
        reader.open()
        places = [reader.compared(address).place for address in reader.model.features]
        return Report(
            str(path),
            path.stat().st_size,
            file.schema.name,
            file.schema.version,
            "",
            0,
            tuple(_dim(reader, dim) for dim in reader.model.axes),
            tuple(_feature(reader, place) for place in places),
            {},
            bind=file.schema.bind,
        )
    finally:
        reader.close()


def _dim(reader: BoundReader, dim: str) -> DimReport:
    axis, dims = reader.model.axes[dim].axis, reader.shown().dims
    if isinstance(axis, FixedAxis):
        return DimReport(dim, "fixed", axis.size, "")
    if isinstance(axis, RaggedAxis):
        runs = dims.runs(dim)
        return DimReport(dim, f"ragged, per {axis.per}", runs.end, _index_of(axis))
    held = axis.ids if isinstance(axis, IdAxis) else None
    return DimReport(dim, "open", dims.length(dim), dims.named.spread(dim) or ("" if held is None else f"in {held}"))


def _index_of(axis: RaggedAxis) -> str:
    return "" if axis.index is None else ", ".join(f"{word} at {path}" for word, path in axis.index.paths.items())


def _feature(reader: BoundReader, place: Place) -> FeatureReport:
    feature = reader.model.features[place.address]
    members = {} if feature.members is None else dict(feature.members.names)
    dtype = f"enum of {len(members)}" if members else feature.dtype
    dims = tuple("_" if dim == 0 else str(dim) for dim in place.dims)
    common = (place.address, place.path, dtype, dims, feature.options.unit, place.optional, members)
    column = reader.shown().raw(place.address)
    if column is None or column.shape is None:
        return FeatureReport(*common, "", None, None, "absent", 0, 0)
    if reader.shown().dims.named.is_spread(place):
        return FeatureReport(*common, "", None, None, "nodes", 0, 0)
    if "@" in place.path:
        return FeatureReport(*common, "", None, None, "attribute", 0, 0)
    found = reader.hdf5().get(place.path)
    if not isinstance(found, h5py.Dataset):  # a member of records, or a group that says what it is
        return FeatureReport(*common, "", None, None, "inside another", 0, 0)
    codec, rows = names_of(found) or "none", "values" if place.ragged else "entries"
    return FeatureReport(*common, rows, found.shape, found.chunks, codec, found.nbytes, found.id.get_storage_size())
