"""Compressed chunks of features that a shuffled loader reads: each is decoded whole for one entry of it."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from h5schema.vocabulary import dtypes

from ..draft import Draft, Notes
from ..ir import FeatureIR, LoaderIR, TakeIR
from ..mounts import Twins
from .loaders import records_of
from .storage import said_of

_CHUNK = 64 << 10
"""Of a shuffled loader's feature whose entries are small, or differ in length."""
_SMALL_ENTRY = 1 << 10
"""Many entries of fewer bytes lie decoded in the reader's cache."""
_MANY = 8
"""Entries of a chunk, from which on smaller chunks are worth their while."""
_SMALLEST = 4 << 10
"""Bytes of a chunk below which the chunk itself costs more than decoding it."""


def choose_chunks(draft: Draft) -> Draft:
    """Gives an encoded feature that a shuffled loader reads small chunks, if the schema does not say how large."""
    shuffled = {one for loader in draft.loaders if _jumps(loader) for one in _encoded(draft, loader)}
    twins = Twins(draft)
    classes = {twins.first(address) for address in shuffled}
    chosen = {
        address: feature._replace(chunk=_chunk_of(_entry_bytes(draft, feature)))
        for address, feature in draft.resolved.items()
        if feature.chunk is None and twins.first(address) in classes
    }
    return draft._replace(resolved={**draft.resolved, **chosen})


def _jumps(loader: LoaderIR) -> bool:
    """Whether the samples of a batch come from all over the file."""
    return loader.shuffle is True or loader.sampler is not None


def _chunk_of(entry: int) -> int:
    """Bytes of a chunk: one entry, or some of small ones."""
    return max(entry, _SMALLEST) if entry >= _SMALL_ENTRY else _CHUNK


def advise_chunks(draft: Draft) -> Draft:
    """Says of what makes a shuffled loader slow before a file is written."""
    notes = Notes(draft)
    shuffled = {one: loader.name for loader in draft.loaders[::-1] if _jumps(loader) for one in _encoded(draft, loader)}
    for feature in (draft.resolved[address] for address in draft.resolved if address in shuffled):
        size = _entry_bytes(draft, feature)
        entries = (feature.chunk or 0) // size if size else 0
        if size >= _SMALL_ENTRY and entries >= _MANY:
            chunk = -(-_chunk_of(size) // 1024)
            level = "" if feature.level is None else f", level: {feature.level}"
            notes.add(
                "unwise-chunk",
                f"the loader `{shuffled[feature.address]}` is shuffled: "
                f"for each entry of `{feature.address}` a chunk of {entries} is decoded",
                said_of(draft.settings[feature.address].store)["codec"].path,
                f"write `store: {{codec: {feature.codec}{level}, chunk: {chunk}KiB}}`, `store: none`, "
                "or in the loader `shuffle: chunks`",
                severity="warning",
            )
    return notes.done(draft)


def _encoded(draft: Draft, loader: LoaderIR) -> Iterator[str]:
    """Addresses of features of which a loader reads the entries, and HDF5 decodes them."""
    samples = [loader.sample, *(item for record in records_of(loader) for _, item in record.items)]
    for address in (one.address for one in samples if isinstance(one, TakeIR) and one.of == "feature"):
        feature = draft.resolved[address]
        if feature.codec != "none" and feature.dims[0] in loader.roots:
            yield address


def _entry_bytes(draft: Draft, feature: FeatureIR) -> int:
    """Bytes of an entry; 0: they differ from entry to entry, or are few."""
    size = dtypes.item_bytes(feature.dtype.name)
    sizes = [dim if isinstance(dim, int) else draft.axes[dim].size for dim in feature.dims[1:]]
    known = [size for size in sizes if size is not None]
    return 0 if size is None or len(known) < len(sizes) else size * prod(known)
