"""The `sampler` of a loader: what it is about has to be there, and to fit."""

from __future__ import annotations

from h5schema.spec import BatchSpec
from h5schema.vocabulary.dtypes import NUMBERS

from .fed import Fed
from .ir import FeatureIR
from .scope import find_dim, find_feature, written

_AT = ("batch", "sampler")
_WEIGHTS = frozenset({"int", "uint", "float", "bool"})
_CLASSES = frozenset({"int", "uint", "bool"})
_WORDS = frozenset({"enum", "str", "category"})


def sampler_of(fed: Fed, spec: BatchSpec) -> tuple[str, str] | None:
    """The word of a sampler and what belongs to it; None if there is none, or, with a complaint, if it does not fit."""
    if spec.sampler is None:
        return None
    said = [(key, str(value)) for key, value in spec.sampler if value is not None]
    if not said and _has_lost(fed):
        fed.notes.break_(fed.path)
        return None
    if not said:
        fed.add("sampler", "this sampler says nothing", _AT, "write {balanced: address}, or leave it out")
        return None
    ((word, about),) = said
    _expect_one_order(fed, spec, word)
    if word == "call":
        return word, about
    return _ABOUT[word](fed, word, about)


def _has_lost(fed: Fed) -> bool:
    """Whether a word of the sampler was left out, because nobody knows it."""
    at = (*fed.path, *_AT)
    return any(lost[: len(at)] == at for lost in fed.draft.reading.poisoned)


def _expect_one_order(fed: Fed, spec: BatchSpec, word: str) -> None:
    if word == "bucketed" and spec.shuffle == "chunks":
        message, help = "batches of similar length come from all over the file", "write `shuffle: true`"
    elif word != "bucketed" and "shuffle" in spec.model_fields_set:
        message, help = "this sampler has an order of its own", "leave `shuffle` out"
    else:
        return
    fed.add("two-orders", message, ("batch", "shuffle"), help, key=True)


def _feature(fed: Fed, word: str, address: str) -> tuple[str, str] | None:
    """A feature with one value for each sample, of the right kind."""
    path = (*fed.path, *_AT, word)
    if find_feature(fed.draft, fed.notes, address, path, breaks=fed.path) is None:
        return None
    feature = fed.draft.resolved.get(address)
    if feature is None:
        fed.notes.break_(fed.path)
        return None
    if feature.dims not in {(root.address,) for root in fed.roots}:
        fed.add(
            "sampler",
            f"`{address}` has dims {written(feature.dims)}: not one value for each `{fed.root.name}`",
            (*_AT, word),
            f"name a feature with dims {written((fed.root.address,))}",
        )
        return None
    if not _fits(feature, word):
        kinds = "numbers" if word == "weighted" else "whole numbers, bools, enums, str or categories"
        fed.add(
            "sampler",
            f"`{address}` is {feature.dtype.name}: a {word} sampler needs {kinds}",
            (*_AT, word),
            "name another feature",
        )
        return None
    if feature.optional and address not in fed.present:
        fed.advise(
            "unwise-optional",
            f"`{address}` may be absent, and then a sampler cannot be made",
            (*_AT, word),
            f"add `{address}: present` to the `where` of the loader",
        )
    return word, address


def _fits(feature: FeatureIR, word: str) -> bool:
    name = feature.dtype.name
    if name in NUMBERS:
        return NUMBERS[name].kind in (_WEIGHTS if word == "weighted" else _CLASSES)
    return word == "balanced" and name in _WORDS


def _ragged_dim(fed: Fed, word: str, name: str) -> tuple[str, str] | None:
    """A ragged dim of the samples' entries."""
    address = find_dim(fed.draft, fed.notes, "", name, (*fed.path, *_AT, word), breaks=fed.path)
    axis = fed.draft.axes.get(address or "")
    if address is None or axis is None:
        fed.notes.break_(fed.path)
        return None
    if axis.per != fed.root.address:
        ragged = [f"`{one.address}`" for one in fed.draft.axes.values() if one.per == fed.root.address]
        fed.add(
            "sampler",
            f"`{axis.name}` is no ragged dim of `{fed.root.name}`, so entries of it have no length in it",
            (*_AT, word),
            f"name {' or '.join(ragged)}" if ragged else "leave the sampler out: all samples have one length",
        )
        return None
    return word, address


_ABOUT = {"weighted": _feature, "balanced": _feature, "bucketed": _ragged_dim}
