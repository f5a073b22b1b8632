"""Splits: over a dim of entries, by something that every entry has, no entry in two parts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import cast

from h5schema.spec import PartSpec, SplitSpec
from h5schema.vocabulary.dtypes import NUMBERS

from ..draft import Draft, Notes, Path
from ..ir import CheckIR, DimIR, FeatureIR, Json, PartIR, SplitIR
from ..scope import find_feature, find_open_dim, written
from ..values import as_check, checked, impossible


def resolve_splits(draft: Draft) -> Draft:
    """Makes a `SplitIR` of each split."""
    notes = Notes(draft)
    splits: list[SplitIR] = []
    for name, spec in draft.reading.schema.splits.items():
        path = ("splits", name)
        if not notes.breaks(path):
            split = _split(draft, notes, name, spec, path)
            if split is not None and not notes.breaks(path):
                splits.append(split)
    return notes.done(draft._replace(splits=tuple(splits)))


def _split(draft: Draft, notes: Notes, name: str, spec: SplitSpec, path: Path) -> SplitIR | None:
    axes = _axes(draft, notes, spec, path)
    if not axes:
        return None
    axis = axes[0]
    by: FeatureIR | None = None
    if spec.by is not None:
        by = _by(draft, notes, spec.by, axes, path)
        if by is None:
            return None
    elif len(axes) > 1:
        _refuse_without_values(notes, path)
        return None
    elif not axis.ids and not _all_bounds(spec) and not _all_held(spec):
        notes.add(
            "no-ids",
            f"entries of `{axis.name}` have no ids by which they could be dealt into parts",
            (*path, "over"),
            f"give `{axis.name}` ids (`ids: true`, or a `source`), or split `by` a feature",
            breaks=path,
        )
        return None
    if by is None and (bounded := next((name for name, part in spec.parts.items() if part.check), None)) is not None:
        notes.add(
            "no-by",
            "bounds need a feature whose values they bound",
            (*path, "parts", bounded),
            "add `by`, the address of a feature with one number for each entry",
            breaks=path,
        )
    held = next((name for name, part in spec.parts.items() if part.feature is not None), None)
    if len(axes) > 1 and held is not None:
        what = "parts of several dims that a feature holds come with a later version"
        notes.add("not-yet", what, (*path, "parts", held), "for now write bounds or values of `by`", breaks=path)
        return None
    parts = tuple(_parts(draft, notes, spec, by, axis, path))
    if notes.breaks(path) or not _disjoint(notes, parts, path):
        return None
    return SplitIR(name, tuple(one.address for one in axes), None if by is None else by.address, parts, spec.seed)


def _all_bounds(spec: SplitSpec) -> bool:
    return all(part.check is not None for part in spec.parts.values())


def _all_held(spec: SplitSpec) -> bool:
    return all(part.feature is not None for part in spec.parts.values())


def _axes(draft: Draft, notes: Notes, spec: SplitSpec, path: Path) -> tuple[DimIR, ...]:
    """The dims that a split divides; none of them, with a complaint, if one cannot be."""
    at = (*path, "over")
    several = len(spec.over) > 1
    found = [
        find_open_dim(draft, notes, name, (*at, index) if several else at, path, whose="splits")
        for index, name in enumerate(spec.over)
    ]
    axes = tuple(axis for axis in found if axis is not None)
    if len({axis.address for axis in axes}) < len(axes):
        notes.add("dim-twice", "a dim stands twice", at, "name dims of entries, each once", breaks=path)
        return ()
    return axes if len(axes) == len(found) else ()


def _refuse_without_values(notes: Notes, path: Path) -> None:
    notes.add(
        "no-by",
        "combinations of entries have no ids of their own by which they could be dealt into parts",
        (*path, "over"),
        "add `by`, the address of a feature over these dims, or split one of the dims",
        breaks=path,
    )


def _by(draft: Draft, notes: Notes, address: str, axes: tuple[DimIR, ...], path: Path) -> FeatureIR | None:
    where = (*path, "by")
    if find_feature(draft, notes, address, where, breaks=path) is None:
        return None
    feature = draft.resolved.get(address)
    if feature is None:
        notes.break_(path)
        return None
    names = [axis.name for axis in axes]
    if sorted(map(str, feature.dims)) != sorted(axis.address for axis in axes):
        notes.add(
            "split-by",
            f"`{address}` has dims {written(feature.dims)}: not one value for each `{'` and `'.join(names)}`",
            where,
            f"split by a feature with dims: [{', '.join(names)}]",
            breaks=path,
        )
        return None
    if feature.optional:
        notes.add(
            "split-by",
            f"`{address}` is optional: an entry that lacks it would be in no part",
            where,
            "split by a feature that every entry has",
            breaks=path,
        )
        return None
    return feature


def _parts(
    draft: Draft, notes: Notes, spec: SplitSpec, by: FeatureIR | None, axis: DimIR, path: Path
) -> Iterator[PartIR]:
    for name, part in spec.parts.items():
        where = (*path, "parts", name)
        if part.share is not None:
            yield PartIR(name, share=part.share)
        elif part.values is not None:
            for index, value in enumerate(part.values):
                _check_value(draft, notes, value, by, (*where, index), path)
            yield PartIR(name, values=cast("tuple[Json, ...]", part.values))
        elif part.check is not None:
            yield PartIR(name, check=_bounds(notes, part, by, where, path))
        elif part.feature is not None:
            yield PartIR(name, feature=_holder(draft, notes, part.feature, axis, where, path))


def _holder(draft: Draft, notes: Notes, address: str, axis: DimIR, where: Path, path: Path) -> str | None:
    """The feature that holds the entries of a part: a mask over the dim, or a list of ids or positions."""
    if find_feature(draft, notes, address, where, breaks=path) is None:
        return None
    feature = draft.resolved.get(address)
    if feature is None:
        notes.break_(path)
        return None
    number = NUMBERS.get(feature.dtype.name)
    mask = feature.dims == (axis.address,) and feature.dtype.name == "bool"
    numbered = number is not None and number.kind in ("int", "uint")
    texts = feature.dtype.name == "str" and axis.ids
    if not mask and (len(feature.dims) != 1 or feature.dims == (axis.address,) or not (numbered or texts)):
        notes.add(
            "split-part",
            f"`{address}` is {feature.dtype.name} {written(feature.dims)}: it says no entries of `{axis.name}`",
            where,
            f"a part is held by a bool of dims [{axis.name}], or by a list of positions (whole numbers)"
            + (" or ids (str)" if axis.ids else ""),
            breaks=path,
        )
    return address


def _check_value(draft: Draft, notes: Notes, value: object, by: FeatureIR | None, where: Path, path: Path) -> None:
    if by is None:
        if not isinstance(value, str):
            notes.add("value", "without `by` a part lists ids, which are texts", where, "put it in quotes", breaks=path)
        return
    wrong = impossible(by, draft.enums, value)
    if wrong is not None:
        notes.add("value", wrong[0], where, wrong[1], breaks=path)


def _bounds(notes: Notes, part: PartSpec, by: FeatureIR | None, where: Path, path: Path) -> CheckIR | None:
    assert part.check is not None
    if by is None:
        return None
    for key, message, help in checked(by, part.check):
        notes.add("check", message, (*where, key), help, breaks=path)
    return as_check(part.check)


def _disjoint(notes: Notes, parts: tuple[PartIR, ...], path: Path) -> bool:
    """Whether no entry can be in two parts; complains about the first part that takes what another has."""
    shares = [part for part in parts if part.share is not None]
    rules = [part for part in parts if part.share is None]
    if shares and rules:
        notes.add(
            "mixed-parts",
            f"`{shares[0].name}` is a share and `{rules[0].name}` names entries: one could be in both",
            (*path, "parts", rules[0].name if shares[0] is parts[0] else shares[0].name),
            "let all parts be shares, or let all name their entries",
            breaks=path,
        )
        return False
    held, others = [part for part in rules if part.feature], [part for part in rules if not part.feature]
    if held and others:
        notes.add(
            "mixed-parts",
            f"`{held[0].name}` is held by a feature and `{others[0].name}` is not: an entry could be in both",
            (*path, "parts", others[0].name),
            "let all parts be held by features, or none",
            breaks=path,
        )
        return False
    total = math.fsum(part.share for part in shares if part.share is not None)
    if total > 1 + 1e-9:
        notes.add(
            "shares",
            f"the shares sum to {total:.6g}, which is more than 1",
            (*path, "parts", shares[-1].name),
            "let them sum to 1, or to less: then some entries are in no part",
            breaks=path,
        )
        return False
    if shares and total < 1 - 1e-9:
        notes.add(
            "unwise-shares",
            f"the shares sum to {total:.6g}: {(1 - total):.3g} of the entries are in no part",
            (*path, "parts"),
            "let them sum to 1, if that is not meant",
            key=True,
            severity="warning",
        )
    return _lists_apart(notes, parts, path) and _bounds_apart(notes, parts, path)


def _lists_apart(notes: Notes, parts: tuple[PartIR, ...], path: Path) -> bool:
    owner: dict[Json, str] = {}
    apart = True
    for part in parts:
        for index, value in enumerate(part.values or ()):
            if isinstance(value, tuple | dict):
                continue
            if value in owner:
                again = owner[value] == part.name
                notes.add(
                    "part-twice",
                    f"'{value}' stands twice in part `{part.name}`"
                    if again
                    else f"'{value}' is in part `{owner[value]}` already",
                    (*path, "parts", part.name, index),
                    "each value stands once" if again else "no entry is in two parts: leave it in one of them",
                    breaks=path,
                )
                apart = False
            owner.setdefault(value, part.name)
    return apart


def _bounds_apart(notes: Notes, parts: tuple[PartIR, ...], path: Path) -> bool:
    ordered = [part for part in parts if part.check is not None and part.check.match is None]
    ranges = [(part, *_range(part.check)) for part in ordered if part.check is not None]
    for index, (part, low, high) in enumerate(ranges):
        for other, other_low, other_high in ranges[:index]:
            if max(low, other_low) <= min(high, other_high):
                notes.add(
                    "parts-overlap",
                    f"the bounds of `{part.name}` and `{other.name}` overlap: an entry could be in both",
                    (*path, "parts", part.name),
                    "move a bound: `min` and `max` belong to the part, `above` and `below` do not",
                    breaks=path,
                )
                return False
    return True


_Bound = tuple[float, int]


def _range(check: CheckIR) -> tuple[_Bound, _Bound]:
    """The lowest and the highest value of a part; the second number tells `above` from `min` at one value."""
    low = max(
        (-math.inf if check.min is None else check.min, 0), (-math.inf if check.above is None else check.above, 1)
    )
    high = min(
        (math.inf if check.max is None else check.max, 0), (math.inf if check.below is None else check.below, -1)
    )
    return low, high
