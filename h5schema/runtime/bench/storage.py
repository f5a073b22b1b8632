"""How a feature lies in its file, as far as that decides how fast it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import h5py
import numpy as np

from h5schema.errors import UsageError
from h5schema.vocabulary.codecs import CODECS, EXTRA

from ..bfloat16_hdf5 import in_bits
from ..bound.shown import Shown
from ..carrier import DirectCarrier
from ..carrier.filters import has_decoders, knows
from ..features import EncodedFeature
from ..hdf5_filters import name_of, names_of
from ..reader import Reader

_LEVELED = (1, 32015)
"""Deflate and zstd: their first parameter is the level."""


@dataclass(frozen=True, slots=True)
class Storage:
    """How a feature lies in its file.

    Attributes:
        rows: What a row of its dataset is: `entries`, `values` of a ragged feature, `bytes` of texts.
        row_bytes: Of one row.
        entry_bytes: Of one entry, on average.
        chunk: Rows of a chunk; None: contiguous.
        codec: Names of the filters; "": none.
        level: Of deflate or zstd.
        logical: Bytes of its values.
        stored: Bytes in the file.
        why_h5py: Why HDF5 has to read it; "": it is read past HDF5.
        lacks_decoders: Whether the extra with the decoders would change that.
        is_foreign: Whether a program of others stored it so that only HDF5 reads it.
    """

    rows: str
    row_bytes: int
    entry_bytes: int
    chunk: int | None
    codec: str
    level: int | None
    logical: int
    stored: int
    why_h5py: str
    lacks_decoders: bool
    is_foreign: bool

    @property
    def word(self) -> str:
        """The codec that a schema names for the same work."""
        return next((name for name in self.codec.split(" + ") if name in CODECS), "default")

    @property
    def read_by(self) -> str:
        """For people."""
        return f"by h5py: {self.why_h5py}" if self.why_h5py else "past HDF5"

    @property
    def chunk_bytes(self) -> int:
        """Bytes of a chunk, decoded."""
        return (self.chunk or 0) * self.row_bytes

    @property
    def said(self) -> str:
        """For people."""
        if self.chunk is None:
            return "contiguous"
        noun = self.rows if self.chunk > 1 else {"entries": "entry"}.get(self.rows, self.rows[:-1])
        return f"chunks of {self.chunk} {noun}" + (f", {self.codec}" if self.codec else "")


def storage(reader: Reader, address: str) -> Storage:
    """How a feature that has entries lies in an open file, of which it has been read."""
    place = reader.model.places[address]
    dataset = in_bits(cast("h5py.Dataset", reader.hdf5()[place.path]))
    plist = dataset.id.get_create_plist()
    filters = [plist.get_filter(index) for index in range(plist.get_nfilters())]
    codes = [one[0] for one in filters]
    carrier = reader.carrier()
    plain = carrier.plain if isinstance(carrier, Shown) else carrier
    is_direct = isinstance(plain, DirectCarrier) and place.path in plain.direct()
    lacks = not is_direct and all(map(knows, codes)) and not has_decoders(codes)
    why, foreign = _why_h5py(dataset, codes)
    encoded = isinstance(reader.model.features[address], EncodedFeature)
    rows = ("bytes" if encoded else "values") if reader.model.is_end_to_end(address) else "entries"
    return Storage(
        rows,
        dataset.dtype.itemsize * int(np.prod(dataset.shape[1:], dtype=np.int64)),
        reader.entry_bytes(address),
        None if dataset.chunks is None else dataset.chunks[0],
        names_of(dataset),
        next((values[0] for code, _, values, _ in filters if code in _LEVELED and values), None),
        dataset.nbytes,
        dataset.id.get_storage_size(),
        "" if is_direct else f"needs {EXTRA}" if lacks else why,
        lacks,
        foreign and not is_direct,
    )


def expect_rows_of_dataset(reader: Reader, address: str, loader: str) -> None:
    """Refuses a feature of a file of others of which h5py has no rows to be raced with.

    Raises:
        UsageError: It is decoded, put together out of nodes, or a member of records.
    """
    carrier = reader.carrier()
    if isinstance(carrier, Shown) and not carrier.is_plain(reader.compared(address).place):
        raise UsageError(
            f"the loader {loader} takes {address}, which is not the rows of one dataset as they lie there",
            where=str(reader.path),
            do="measure a loader of others; what is decoded, in nodes of its own, or inside records is not measured",
        )


def _why_h5py(dataset: h5py.Dataset, codes: list[int]) -> tuple[str, bool]:
    """Why HDF5 has to read a dataset, and whether that is because another program stored it so."""
    plist = dataset.id.get_create_plist()
    unknown = [name_of(code) for code in codes if not knows(code)]
    reasons = (
        (plist.get_layout() == h5py.h5d.VIRTUAL, "virtual"),
        (bool(plist.get_external_count()), "in another file"),
        (bool(unknown), f"no decoder for {', '.join(unknown)}"),
        (dataset.chunks is not None and dataset.chunks[1:] != dataset.shape[1:], "entries cut into many chunks"),
    )
    why = next((text for holds, text in reasons if holds), "")
    return why or "few rows asked for yet", bool(why)
