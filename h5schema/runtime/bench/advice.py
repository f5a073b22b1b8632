"""What to change in the schema so that a loader is faster: one rule each, with the figures that speak for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from h5schema.vocabulary.codecs import CODECS, EXTRA

from ..amounts import short, size_of
from ..carrier.cache import CHUNKS
from .report import Advice, FeatureFigures
from .storage import Storage

_WORTH = 0.2
"""Share of a sample's time below which a feature is left alone."""
_WASTE = 2.0
"""Decoded bytes for each byte that is fed, from which on smaller chunks help."""
_NEAR = 0.5
"""Of the limit: a loader that reaches it is not held up by decoding."""
_SMALLEST = 4 << 10
"""Bytes of a chunk below which the chunk itself costs more than decoding it."""


class Circumstances(NamedTuple):
    """What the rules look at besides the feature itself.

    Attributes:
        shuffled: Whether samples come in any order.
        together: Samples that are read together.
        microseconds: Of a sample, in the loader.
        of_limit: What the loader reaches of the limit.
        decoded: Bytes of all its features that are compressed.
    """

    shuffled: bool
    together: int
    microseconds: float
    of_limit: float
    decoded: int


def advice(features: Sequence[FeatureFigures], found: Circumstances) -> Iterator[Advice]:
    """What would help, at most one thing for each feature."""
    for one in features:
        if one.microseconds >= _WORTH * found.microseconds:
            given = (rule(one, found) for rule in _RULES)
            yield from _first(given)


def _first(given: Iterable[Advice | None]) -> Iterator[Advice]:
    helps = next((one for one in given if one is not None), None)
    if helps is not None:
        yield helps


def _install(one: FeatureFigures, found: Circumstances) -> Advice | None:
    """Decoders that are not installed."""
    if not one.storage.lacks_decoders:
        return None
    reason = f"HDF5 undoes {one.storage.codec} on one thread, because the decoders are not installed"
    return Advice(
        one.address, f"{reason}: {_cost(one, found)}", (f"pip install '{EXTRA}'", _without_codec(one.storage))
    )


def _plain(one: FeatureFigures, found: Circumstances) -> Advice | None:
    """Storage that only HDF5 reads."""
    if not one.storage.is_foreign:
        return None
    reason = f"it is read through h5py ({one.storage.why_h5py})"
    return Advice(one.address, f"{reason}: {_cost(one, found)}", (_without_codec(one.storage),))


def _smaller_chunks(one: FeatureFigures, found: Circumstances) -> Advice | None:
    """Compressed chunks of which a shuffled loader uses little."""
    storage = one.storage
    if not (found.shuffled and _is_decoded(storage, found)) or (waste := _waste(storage, found)) < _WASTE:
        return None
    chunk = -(-max(storage.entry_bytes, _SMALLEST) // 1024)
    lines = [_without_codec(storage)]
    if chunk * 1024 * _WASTE <= storage.chunk_bytes:
        keys = f"codec: {storage.word}, chunk: {chunk}KiB" + (
            "" if storage.level in (None, CODECS[storage.word].level) else f", level: {storage.level}"
        )
        lines.insert(0, f"store: {{{keys}}}")
    reason = (
        f"a chunk of {size_of(storage.chunk_bytes)} is decoded whole, and a shuffled batch needs little of it: "
        f"{waste:.0f} bytes are decoded for each that is fed, which takes {_cost(one, found)}"
    )
    return Advice(one.address, reason, tuple(lines))


def _no_codec(one: FeatureFigures, found: Circumstances) -> Advice | None:
    """Decoding, where it is what a loader does most of the time."""
    if not _is_decoded(one.storage, found) or found.of_limit >= _NEAR:
        return None
    reason = f"undoing {one.storage.codec} is most of the work: {_cost(one, found)}"
    return Advice(one.address, reason, (_without_codec(one.storage),))


def _narrow(one: FeatureFigures, found: Circumstances) -> Advice | None:
    """A wider dtype, where widening is what takes long."""
    if one.dtype is None or one.converting < _WORTH * found.microseconds or found.of_limit >= _NEAR:
        return None
    share = _share(one.converting, one, found)
    return Advice(
        one.address,
        f"making {one.dtype} of it costs {share}, and the model's device does that faster",
        (f"{one.address}    # in the loader, in place of {{feature: {one.address}, dtype: {one.dtype}}}",),
    )


_RULES: tuple[Callable[[FeatureFigures, Circumstances], Advice | None], ...] = (
    _install,
    _plain,
    _smaller_chunks,
    _no_codec,
    _narrow,
)


def _is_decoded(storage: Storage, found: Circumstances) -> bool:
    """Whether chunks are decoded again and again: where all of them fit into the cache, they are decoded once."""
    return bool(storage.codec) and found.decoded > CHUNKS.limit


def _waste(storage: Storage, found: Circumstances) -> float:
    """Bytes that are decoded for each byte that a shuffled loader feeds."""
    if not storage.chunk_bytes or not storage.entry_bytes:
        return 1.0
    chunks = max(1, storage.logical // storage.chunk_bytes)
    touched = chunks * (1 - (1 - 1 / chunks) ** found.together)
    kept = min(1.0, CHUNKS.limit / found.decoded)
    return touched * (1 - kept) * storage.chunk_bytes / (found.together * storage.entry_bytes)


def _cost(one: FeatureFigures, found: Circumstances) -> str:
    return _share(one.microseconds, one, found)


def _share(microseconds: float, one: FeatureFigures, found: Circumstances) -> str:
    return f"{short(microseconds)} of {short(max(one.microseconds, found.microseconds))} µs a sample"


def _without_codec(storage: Storage) -> str:
    return f"store: none    # {size_of(storage.logical)} in place of {size_of(storage.stored)}"
