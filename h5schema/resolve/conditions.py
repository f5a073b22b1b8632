"""The `where` of a loader: predicates that a feature's values can meet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from h5schema.spec import PredicateSpec

from .draft import Path
from .fed import Fed
from .ir import SPARSE, FeatureIR, Json, PredicateIR
from .scope import find_feature, written
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
    at = ("where", feature.address)
    shown = f"`{feature.address}` has dims {written(feature.dims)}:"
    shared = fed.shared(feature)
    if not feature.dims or feature.dims[0] not in shared:
        fed.add(
            "where",
            f"{shown} no value for each `{fed.axis.name}`",
            at,
            f"`where` asks features that begin with `{fed.root.name}`",
            key=True,
        )
        return False
    if len(fed.roots) > 1 and asked.present is not None and feature.kind in SPARSE:
        return _can_ask_stored(fed, feature, asked, at)
    single = (tuple(shared), (fed.root.address, fed.axis.address))
    if asked.present is None and feature.dims not in single:
        fed.add(
            "where",
            f"{shown} more than one value for each `{fed.axis.name}`",
            at,
            "`where` compares single values; of this one it can ask `present` or `absent`",
            key=True,
        )
        return False
    if asked.present is not None and not feature.optional:
        if asked.present:
            fed.advise(
                "unwise-where",
                f"`{feature.address}` is never absent: it is not optional",
                at,
                "leave the condition out, or write `optional: true` in the feature",
            )
        else:
            fed.add(
                "where",
                f"`{feature.address}` is never absent, so there would be no samples",
                at,
                "leave the condition out, or write `optional: true` in the feature",
            )
    return True


def _can_ask_stored(fed: Fed, feature: FeatureIR, asked: PredicateSpec, at: Path) -> bool:
    """Whether a loader can run over the elements that a sparse feature stores."""
    if not asked.present:
        fed.add("not-yet", "elements that are not stored come with a later version", at, "for now write `present`")
    elif set(fed.shared(feature)) != {root.address for root in fed.roots} or len(feature.dims) != len(fed.roots):
        dims = ", ".join(map(str, feature.dims))
        fed.add(
            "where",
            f"elements of `{feature.address}` are over {dims}, and samples are not",
            at,
            f"write over: [{dims}]",
            key=True,
        )
    else:
        return True
    return False


def _predicate(fed: Fed, feature: FeatureIR, asked: PredicateSpec) -> PredicateIR:
    at = ("where", feature.address)
    if asked.check is not None:
        for key, message, help in checked(feature, asked.check):
            fed.add("check", message, (*at, key), help)
        return PredicateIR(check=as_check(asked.check))
    for index, value in enumerate(asked.values or ()):
        wrong = impossible(feature, fed.draft.enums, value)
        if wrong is not None:
            fed.add("value", wrong[0], (*at, index), wrong[1])
    return PredicateIR(values=cast("tuple[Json, ...] | None", asked.values), present=asked.present)
