"""Data that a dataset has in other files: HDF5 reads zeros, without a word, where they are not there."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

from h5schema.errors import FileError

from ..opening import open_hdf5


def expect_elsewhere(dataset: h5py.Dataset, path: str, file: Path) -> None:
    """Refuses a dataset whose data should lie in other files, or other datasets, and do not.

    Args:
        dataset: Of any layout; most have their data in their own file.
        path: HDF5 path of it.
        file: Path of its file.

    Raises:
        FileError: A source of a virtual dataset is missing or too small, or a raw file that it names is.
    """
    plist = dataset.id.get_create_plist()
    if plist.get_layout() == h5py.h5d.VIRTUAL:
        for source in dataset.virtual_sources():
            _expect_source(dataset, source, f"{file}: {path}", file)
        return
    for number in range(plist.get_external_count()):
        name, offset, size = plist.get_external(number)
        _expect_raw(Path(name.decode()), offset + _stored(dataset, size), f"{file}: {path}", file)


def _stored(dataset: h5py.Dataset, size: int) -> int:
    """Bytes of a raw file that belong to a dataset: as many as it says, but no more than the dataset has."""
    return min(size, dataset.dtype.itemsize * int(np.prod(dataset.shape, dtype=np.int64)))


def _expect_source(dataset: h5py.Dataset, source: h5py.VDSMap, where: str, file: Path) -> None:
    if "%b" in source.file_name:  # one file for each block, as many as there are
        return
    if source.file_name == ".":
        _expect_extent(dataset.file, source, where)
        return
    found = _beside(Path(source.file_name), file)
    if found is None:
        raise FileError(f"its source {source.file_name} is missing", where=where, do=_BRING)
    try:
        with open_hdf5(found) as other:
            _expect_extent(other, source, where)
    except OSError as error:
        raise FileError(f"its source {found} cannot be read: {error}", where=where, do=_BRING) from None


def _expect_extent(other: h5py.File, source: h5py.VDSMap, where: str) -> None:
    found = other.get(source.dset_name)
    if not isinstance(found, h5py.Dataset):
        raise FileError(f"its source {other.filename}: {source.dset_name} is missing", where=where, do=_BRING)
    space = source.src_space
    if space.get_select_type() == h5py.h5s.SEL_ALL or space.get_select_npoints() == h5py.h5s.UNLIMITED:
        return
    needed = [last + 1 for last in space.get_select_bounds()[1]]
    if len(needed) != len(found.shape) or any(n > m for n, m in zip(needed, found.shape, strict=True)):
        raise FileError(
            f"its source {other.filename}: {source.dset_name} has the shape {list(found.shape)}, "
            f"but {needed} is taken from it",
            where=where,
            do=_BRING,
        )


def _expect_raw(name: Path, needed: int, where: str, file: Path) -> None:
    found = _beside(name, file)
    if found is None:
        raise FileError(f"its raw file {name} is missing", where=where, do=_BRING)
    if found.stat().st_size < needed:
        raise FileError(f"its raw file {found} has {found.stat().st_size} bytes, not {needed}", where=where, do=_BRING)


def _beside(name: Path, file: Path) -> Path | None:
    """A file that another names: as it is named, or from the folder of the one that names it."""
    for candidate in (file.parent / name, name):
        if candidate.is_file():
            return candidate
    return None


_BRING = "bring it to where the file expects it; HDF5 itself would read zeros in its place"
