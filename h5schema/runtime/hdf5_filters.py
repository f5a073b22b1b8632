"""The filters that HDF5 undoes when it reads a dataset: what they are called, and whether they are here.

Numbers: the HDF Group's "Registered Filter Plugins".
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import h5py

from h5schema.errors import FileError
from h5schema.vocabulary.codecs import EXTRA

_NAMES: Mapping[int, str] = {
    1: "deflate",
    2: "shuffle",
    3: "fletcher32",
    4: "szip",
    5: "nbit",
    6: "scaleoffset",
    307: "bzip2",
    32000: "lzf",
    32001: "blosc",
    32004: "lz4",
    32008: "bitshuffle",
    32013: "zfp",
    32015: "zstd",
    32017: "sz",
    32018: "fcidecomp",
    32020: "vbz",
    32024: "sz3",
    32026: "blosc2",
    32028: "sperr",
}

_WORDS: Mapping[int, str] = {1: "default", 32000: "lzf", 32004: "lz4", 32015: "zstd", 32026: "blosc2"}
"""What the language calls a filter that is a codec."""

_IN_PLUGIN = frozenset(_NAMES) - {1, 2, 3, 4, 5, 6, 32000, 32020}
"""Those that HDF5 has once hdf5plugin is imported."""


def name_of(code: int, name: bytes = b"") -> str:
    """What a filter is called.

    Args:
        code: Its registered number.
        name: What the file calls it.
    """
    return _NAMES.get(code) or name.decode(errors="replace") or f"filter {code}"


def names_of(dataset: h5py.Dataset) -> str:
    """The filters of a dataset in the order of writing, such as `shuffle + deflate`; "": there are none."""
    return " + ".join(name_of(code, name) for code, name in _filters(dataset.id))


def codec_of(dataset: h5py.Dataset) -> str:
    """The codec of a dataset that we made, as the language calls it."""
    return next((_WORDS[code] for code, _ in _filters(dataset.id) if code in _WORDS), "none")


def expect_filters(dataset: h5py.h5d.DatasetID, where: str) -> None:
    """Lets HDF5 have the filters of a dataset that are installed.

    Args:
        dataset: What is to be read.
        where: File and HDF5 path.

    Raises:
        FileError: One is not installed, so nothing can be read.
    """
    for code, name in _filters(dataset):
        if h5py.h5z.filter_avail(code) or (code in _IN_PLUGIN and _is_there_with_plugin(code)):
            continue
        how = f"pip install '{EXTRA}'" if code in _IN_PLUGIN else "install a plugin of HDF5 that has it"
        raise FileError(
            f"the dataset needs filter {code} ({name_of(code, name)}) of HDF5, which is not installed",
            where=where,
            do=f"{how}, or set HDF5_PLUGIN_PATH to the folder it is in",
        )


def _is_there_with_plugin(code: int) -> bool:
    try:
        import_module("hdf5plugin")
    except ImportError:
        return False
    return h5py.h5z.filter_avail(code)


def _filters(dataset: h5py.h5d.DatasetID) -> list[tuple[int, bytes]]:
    plist = dataset.get_create_plist()
    found = [plist.get_filter(index) for index in range(plist.get_nfilters())]
    return [(code, name) for code, _, _, name in found]
