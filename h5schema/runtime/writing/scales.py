"""Dimension scales: what each axis of each dataset is called, so that xarray and netCDF-4 know it.

See "NetCDF-4 Format", the appendix on file formats of the netCDF user guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import h5py
import numpy as np

from ..axes import FixedAxis
from ..bfloat16 import is_bits
from ..bfloat16_hdf5 import attribute_of, form_of_attribute, set_attribute
from ..kinds import Place
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
        elif dim in counts:
            _make(file, axle.path, counts[dim], grows=True)
    for address, place in model.places.items():
        if place.is_attribute or place.path not in file:
            continue
        dataset = cast("h5py.Dataset", file[place.path])
        for name, said in model.features[address].attributes.items():
            dataset.attrs[name] = said
        end_to_end = model.is_end_to_end(address)
        for axis, known in enumerate(_named(model, place, end_to_end=end_to_end)):
            _attach(file, dataset, axis, known, grows=end_to_end)


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
        _fit(file, model.axes[dim].path, count)
    for address, place in model.places.items():
        if model.is_end_to_end(address):
            _fit(file, f"{place.path}.values", file[place.path].shape[0])


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


def _named(model: Model, place: Place, *, end_to_end: bool) -> list[str | None]:
    """Path of the scale of each axis of a feature's dataset; None: it has no name.

    Values that lie end to end have an axis of their own: how many there are depends on
    the feature, because an entry may be absent in one and not in the other.
    """
    named = [None if isinstance(dim, int) else model.axes[dim].path for dim in place.dims]
    if not end_to_end:
        return named
    return [f"{place.path}.values", *named[1 + len(place.ragged) :]]


def _attach(file: h5py.File, dataset: h5py.Dataset, axis: int, named: str | None, *, grows: bool) -> None:
    """Attaches a scale to an axis; xarray wants all of them named, or none, so one is made where there is no name."""
    path = named or f"{dataset.name}.{axis}"
    if path not in file:
        _make(file, path, dataset.shape[axis], grows=grows and axis == 0)
    dataset.dims[axis].attach_scale(file[path])
