"""Dimension scales: what each axis of each dataset is called, so that xarray and netCDF-4 know it.

See "NetCDF-4 Format", the appendix on file formats of the netCDF user guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import h5py
import numpy as np

from h5schema.vocabulary import layout

from ..axes import FixedAxis
from ..bfloat16 import is_bits
from ..bfloat16_hdf5 import attribute_of, form_of_attribute, set_attribute
from ..kinds import Place, Stored
from ..model import Model

_NAME = "This is a netCDF dimension but not a netCDF variable.{:10d}"


def describe(file: h5py.File, model: Model, counts: Mapping[str, int]) -> None:
    """Gives a finished file its scales, and every dataset its attributes and the scale of each axis.

    Args:
        file: All of its datasets are there, as they stay.
        model: What its class declares.
        counts: Entries of each open dim.
    """
    for dim, axle in model.axes.items():
        if isinstance(axle.axis, FixedAxis):
            _make(file, axle.path, axle.axis.size)
        elif dim in counts and not model.is_spread(dim):
            _make(file, axle.path, counts[dim], grows=True)
    for address, place in model.places.items():
        if place.is_attribute or place.table is not None or place.path not in file:
            continue
        values, *others = _shown(model, address)
        for name, said in model.features[address].attributes.items():
            file[values.path].attrs[name] = said
        for part in (values, *others):
            dataset = cast("h5py.Dataset", file[part.path])
            for axis, named in enumerate(_axes(model, place, part)):
                _attach(file, dataset, axis, _scale_of(model, named))
        _encode(file, model, address, counts)
    _name_words(file, model)
    _describe_tables(file, model)


def move(old: h5py.Dataset, new: h5py.Dataset) -> None:
    """Gives a dataset the scales and attributes of another, which loses its scales."""
    for axis in range(len(old.shape)):
        for scale in list(old.dims[axis].values()):
            old.dims[axis].detach_scale(scale)
            new.dims[axis].attach_scale(scale)
    for name in old.attrs:
        if name != "DIMENSION_LIST":
            dtype = form_of_attribute(old.attrs, name)[0]
            value = attribute_of(old.attrs, name) if is_bits(dtype) else old.attrs[name]
            set_attribute(new.attrs, name, value, dtype)


def fit(file: h5py.File, model: Model, counts: Mapping[str, int]) -> None:
    """Gives the scales of what has grown their new sizes."""
    for dim, count in counts.items():
        if not model.is_spread(dim):
            _fit(file, model.axes[dim].path, count)
    for address, place in model.places.items():
        if place.lead is None or place.table is not None:
            continue
        for part in _shown(model, address):
            for axis, named in enumerate(_axes(model, place, part)):
                if isinstance(named, str) and named.startswith("/"):
                    _fit(file, named, file[part.path].shape[axis])
        _encode(file, model, address, counts)
    _name_words(file, model)


def _fit(file: h5py.File, path: str, size: int) -> None:
    scale = cast("h5py.Dataset", file[path])
    if scale.shape[0] != size:
        scale.resize(size, axis=0)
        scale.attrs["NAME"] = np.bytes_(_NAME.format(size))


def _make(file: h5py.File, path: str, size: int, *, grows: bool = False) -> None:
    """A dimension without values, as netCDF-4 writes it: big-endian float32, nothing allocated."""
    if grows:
        made = file.create_dataset(path, (size,), ">f4", maxshape=(None,), chunks=(1024,))
    else:
        made = file.create_dataset(path, (size,), ">f4")
    made.make_scale(_NAME.format(size))


def _shown(model: Model, address: str) -> list[Stored]:
    """The datasets of a feature that lie among the user's, its values first."""
    feature, place = model.features[address], model.places[address]
    if place.lead is None:
        return [feature.stored_whole(place)]
    parts = feature.stored(place)
    return [part for part in parts if not part.nodes and not part.path.startswith(f"/{layout.RESERVED}/")]


def _axes(model: Model, place: Place, part: Stored) -> tuple[str | int, ...]:
    """Of each axis of a dataset the address of its dim, the path of a scale of its own, or a number.

    Values that lie end to end have an axis of their own: how many there are depends on
    the feature, because an entry may be absent in one and not in the other.
    """
    spread = place.lead is not None and model.is_spread(place.lead)
    if part.axes is not None or place.lead is None or part.per_entry:
        axes = place.dims if part.axes is None else part.axes
        return (f"{part.path}.entries", *axes[1:]) if spread and axes[:1] == (place.lead,) else axes
    return (f"{part.path}.values", *place.dims[len(place.dims) - len(place.shape) :])


def _scale_of(model: Model, named: str | int) -> str | int:
    """The path of a dim's scale in place of its address."""
    return model.axes[named].path if isinstance(named, str) and named in model.axes else named


def _describe_tables(file: h5py.File, model: Model) -> None:
    """The scale of each table, and what its members say of themselves, as `member.unit`."""
    for table in {table.path: table for table in model.tables.values()}.values():
        _attach(file, cast("h5py.Dataset", file[table.path]), 0, model.axes[table.lead].path)
    for address, place in model.places.items():
        if place.table is not None:
            member = "/".join(model.tables[place.path].names(place.path))
            for name, said in model.features[address].attributes.items():
                file[place.table].attrs[f"{member}.{name}"] = said


def _name_words(file: h5py.File, model: Model) -> None:
    """Gives the words of categories a scale, if they have none yet or are others now."""
    for path in model.dictionaries().values():
        words, scale = cast("h5py.Dataset", file[path]), f"{path}.0"
        words.attrs["encoding-type"], words.attrs["encoding-version"] = "string-array", "0.2.0"
        if scale in file and not list(words.dims[0].values()):
            del file[scale]
        if scale not in file:
            _attach(file, words, 0, 0)


def _encode(file: h5py.File, model: Model, address: str, counts: Mapping[str, int]) -> None:
    """What the node of a feature says of itself."""
    place = model.places[address]
    count = 1 if place.lead is None else counts[place.lead]
    for name, said in model.features[address].encoding(place, count).items():
        file[place.path].attrs[name] = said


def _attach(file: h5py.File, dataset: h5py.Dataset, axis: int, named: str | int) -> None:
    """Attaches a scale to an axis; xarray wants all of them named, or none, so one is made where there is no name."""
    path = named if isinstance(named, str) else f"{dataset.name}.{axis}"
    if path not in file:
        _make(file, path, dataset.shape[axis], grows=isinstance(named, str))
    dataset.dims[axis].attach_scale(file[path])
