"""A finished file written anew: without gaps, and stored as is wanted now."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from h5schema.errors import UsageError
from h5schema.vocabulary import layout

from . import codecs
from .features import Options
from .file import File
from .model import Model, model_of
from .reader import Reader
from .spans import Asked, Rows, Spans
from .writing.claim import Claim
from .writing.transaction import Transaction

_BLOCK_BYTES = 16 << 20
"""Of entries that are copied at a time."""


class Storing(NamedTuple):
    """How every feature with entries is stored; None: as its class says.

    Attributes:
        codec: A word of the language.
        level: Of the codec.
        chunk: Bytes of a chunk.
        layout: `auto`, `contiguous` or `chunked`.
    """

    codec: str | None = None
    level: int | None = None
    chunk: int | None = None
    layout: str | None = None

    def options(self, said: Options) -> Options:
        """The options of one feature."""
        codec = said.codec if self.codec is None else self.codec
        level = self.level if self.codec is not None or self.level is not None else said.level
        chunk = said.chunk if self.chunk is None else self.chunk
        one_piece = self.layout == "contiguous"
        return replace(
            said,
            codec="none" if one_piece else codec,
            level=None if one_piece else level,
            chunk=None if one_piece or (self.layout == "auto" and self.chunk is None and codec == "none") else chunk,
            layout=said.layout if self.layout is None else self.layout,
        )


AS_SAID = Storing()
"""As its class says."""


class Repacked(NamedTuple):
    """What was done.

    Attributes:
        entries: By dim.
        before: Bytes of the file that was read.
        after: Bytes of the new one.
    """

    entries: dict[str, int]
    before: int
    after: int

    def __str__(self) -> str:
        counted = ", ".join(f"{count} entries of {dim}" for dim, count in self.entries.items()) or "no entries"
        return f"{counted}; {self.before / 2**20:.1f} MiB before, {self.after / 2**20:.1f} MiB now"


def repack(
    file: type[File],
    path: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    *,
    text: str,
    overwrite: bool = False,
    storing: Storing = AS_SAID,
) -> Repacked:
    """Writes a file anew; it is verified before, so that nothing damaged is taken over.

    Args:
        file: The generated class.
        path: Of the file.
        output: Of the new file; None: it takes the place of the old one when it is complete.
        text: The schema's YAML text, which the new file carries.
        overwrite: Whether another file at `output` is replaced.
        storing: How features are stored.

    Returns:
        What was done.

    Raises:
        FileError: The file is damaged, or the new one cannot be written.
        TargetExistsError: There is a file at `output`.
    """
    source = Path(path)
    if storing.layout == "contiguous" and storing.codec not in (None, "none"):
        what = "`contiguous` is values in one piece, and HDF5 encodes chunks only"
        raise UsageError(what, do="leave out one of the two")
    model = _stored(model_of(file), storing)
    for feature in model.features.values():
        codecs.expect(feature.options.codec)
    reader = Reader(file, source, access="read")
    reader.open()
    before = source.stat().st_size
    target = source if output is None else Path(output)
    if output is not None and target.exists() and target.samefile(source):
        raise UsageError("the new file would replace the one that is read", where=str(target), do="leave out the name")
    try:
        reader.verify()
        claim = Claim(target, overwrite=overwrite or output is None, resumes=False, sync=True)
        counts = {dim: reader.length(dim) for dim in model.open_dims()}
        sourced = [dim for dim in counts if reader.carrier().has(layout.of_dim(dim, "sources"))]
        transaction = Transaction(
            claim,
            model,
            file.schema,
            text,
            parameters=reader.parameters(),
            expected=counts,
            lengths=counts,
            sourced=sourced,
        )
        try:
            _copy(reader, transaction, counts, sourced)
            transaction.publish()
        except BaseException:
            transaction.discard()
            raise
    finally:
        reader.close()
    return Repacked(counts, before, target.stat().st_size)


def _stored(model: Model, storing: Storing) -> Model:
    """The same declarations, stored as is wanted."""
    features = {
        address: feature if model.places[address].lead is None else feature.renewed(storing.options(feature.options))
        for address, feature in model.features.items()
    }
    return replace(model, features=features)


def _copy(reader: Reader, transaction: Transaction, counts: dict[str, int], sourced: list[str]) -> None:
    model = transaction.model
    for address, place in model.places.items():
        if place.lead is None and (value := reader.view(address)[()]) is not None:
            transaction.put_whole(address, value)
    for dim, count in counts.items():
        addresses = model.led_by(dim)
        for rows in _parts(reader, addresses, count):
            blocks = reader.read_together([Asked(address, rows) for address in addresses])
            ids = list(reader.ids(dim).read(rows)) if model.has_ids(dim) else None
            transaction.put(dim, dict(zip(addresses, blocks, strict=True)), ids, count=len(rows))
            if dim in sourced:
                (stats,) = reader.carrier().fetch((Spans(layout.of_dim(dim, "sources"), rows),))
                transaction.put_stats(dim, stats)


def _parts(reader: Reader, addresses: tuple[str, ...], count: int) -> Iterator[Rows]:
    """The rows of entries, some at a time."""
    size = sum(reader.entry_bytes(address) for address in addresses)
    step = max(1, _BLOCK_BYTES // max(1, size, 256))
    for first in range(0, count, step):
        yield np.arange(first, min(count, first + step), dtype=np.int64)
