"""The `where` of a loader: predicates that a feature's values can meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from h5schema.spec import PredicateSpec
from h5schema.vocabulary.sampled import Asks, never_absent, unasked, wrong_condition, wrong_elements

from .fed import Fed
from .ir import SPARSE, FeatureIR, Json, PredicateIR, dim_word
from .scope import find_feature
from .values import as_check, checked, impossible


def conditions(fed: Fed, where: Mapping[str, PredicateSpec]) -> Iterator[tuple[str, PredicateIR]]:
    """What is asked of samples, by address of the feature; complains about what cannot be asked."""
    for address, asked in where.items():
        path = (*fed.path, "where", address)
        if find_feature(fed.draft, fed.notes, address, path, breaks=fed.path, key=True) is None:
            continue
        feature = fed.draft.resolved.get(address)
        if feature is None:
            fed.notes.break_(fed.path)
            continue
        stored = feature.kind in SPARSE and len(fed.roots) > 1
        if _can_ask(fed, feature, asked) and (feature.optional or stored or asked.present is None):
            yield address, _predicate(fed, feature, asked)


def _can_ask(fed: Fed, feature: FeatureIR, asked: PredicateSpec) -> bool:
    at, dims = ("where", feature.address), tuple(map(dim_word, feature.dims))
    asks: Asks = "value" if asked.present is None else "present" if asked.present else "absent"
    wrong = wrong_condition(fed.sampled, feature.address, dims, asks)
    stored = len(fed.roots) > 1 and asked.present is not None and feature.kind in SPARSE
    if wrong is None and stored:
        wrong = wrong_elements(fed.sampled, feature.address, dims)
    if wrong is not None:
        fed.add("where", wrong.message, at, wrong.help, key=True)
        return False
    if asked.present is not None and not (feature.optional or stored):
        if asked.present:
            fed.advise(
                "unwise-where",
                f"`{feature.address}` is never absent: it is not optional",
                at,
                "leave the condition out, or write `optional: true` in the feature",
            )
        else:
            message, help = never_absent(feature.address)
            fed.add("where", message, at, help)
    return True


def _predicate(fed: Fed, feature: FeatureIR, asked: PredicateSpec) -> PredicateIR:
    at = ("where", feature.address)
    if asked.check is not None:
        nothing = unasked({key: getattr(asked.check, key) for key in asked.check.model_fields_set})
        if nothing is not None:
            fed.add("where", nothing.message, at, nothing.help, key=True)
        for key, message, help in checked(feature, asked.check):
            fed.add("check", message, (*at, key), help)
        return PredicateIR(check=as_check(asked.check))
    for index, value in enumerate(asked.values or ()):
        wrong = impossible(feature, fed.draft.enums, value)
        if wrong is not None:
            fed.add("value", wrong[0], (*at, index), wrong[1])
    return PredicateIR(values=cast("tuple[Json, ...] | None", asked.values), present=asked.present)
