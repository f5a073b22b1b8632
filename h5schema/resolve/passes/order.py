"""The order in which features are made: each after those it is made from; a cycle has no such order."""

from __future__ import annotations

from collections.abc import Mapping

from ..draft import Draft, Notes
from ..scope import is_open


def order_features(draft: Draft) -> Draft:
    """Sorts the features that extraction makes; otherwise they keep the order of the schema."""
    notes = Notes(draft)
    needs = {address: feature.origin.given for address, feature in draft.resolved.items() if feature.origin is not None}
    made: dict[str, None] = {}
    seen: set[str] = set()
    for address in needs:
        _visit(draft, notes, address, needs, made, seen)
    _expect_turns(draft, notes)
    return notes.done(draft._replace(made=tuple(made)))


def _expect_turns(draft: Draft, notes: Notes) -> None:
    """Refuses features of which each runs along the entries of the other, and would have to be made after it."""
    along: dict[str, dict[str, str]] = {}
    for address, feature in draft.resolved.items():
        lead, *others = feature.dims or ("",)
        if feature.origin is not None and isinstance(lead, str):
            for other in others:
                if is_open(draft.axes, other):
                    along.setdefault(lead, {}).setdefault(str(other), address)
    waiting = set(along)
    while ready := {lead for lead in waiting if not waiting.intersection(along[lead])}:
        waiting -= ready
    if waiting:
        lead = min(waiting)
        other = next(dim for dim in along[lead] if dim in waiting)
        address = along[lead][other]
        notes.add(
            "across",
            f"`{address}` runs along `{other}`, and features of `{other}` along `{lead}`: neither can be made first",
            (*draft.features[address].path, "dims"),
            "make one of the other: from: ..., call: transpose",
            breaks=draft.features[address].path,
        )


def _visit(
    draft: Draft,
    notes: Notes,
    start: str,
    needs: Mapping[str, tuple[str, ...]],
    made: dict[str, None],
    seen: set[str],
) -> None:
    """Walks down from one feature; iterative, because a chain may be longer than Python recurses."""
    if start in seen:
        return
    way: dict[str, int] = {start: 0}  # the features on the way, and which of their needs comes next
    while way:
        address, index = next(reversed(way.items()))
        if index == len(needs[address]):
            way.pop(address)
            seen.add(address)
            made[address] = None
            continue
        way[address] = index + 1
        needed = needs[address][index]
        if needed in way:
            _complain_cycle(draft, notes, [*list(way)[list(way).index(needed) :], needed])
        elif needed not in needs:
            _complain_unmade(draft, notes, address, needed, index)
        elif needed not in seen:
            way[needed] = 0


def _complain_cycle(draft: Draft, notes: Notes, cycle: list[str]) -> None:
    origin = draft.settings[cycle[0]].origin
    assert origin is not None
    notes.add(
        "cycle",
        f"`{cycle[0]}` is made from itself"
        if len(cycle) == 2
        else f"these features are made from each other: {' -> '.join(cycle)}",
        (*origin.path, _position(origin.value, cycle[1])),
        "make it of something else: a capture, or the entry's file (then leave out `from`)"
        if len(cycle) == 2
        else "make one of them of something else: a capture, or the entry's file (then leave out `from`)",
        breaks=draft.features[cycle[0]].path,
    )


def _complain_unmade(draft: Draft, notes: Notes, address: str, needed: str, index: int) -> None:
    if needed not in draft.resolved or notes.breaks(draft.features[needed].path):
        return
    origin = draft.settings[address].origin
    assert origin is not None
    notes.add(
        "not-made",
        f"`{address}` is made from `{needed}`, but nothing makes `{needed}`",
        (*origin.path, index),
        f"give `{needed}` a `call`, or a `from` with a capture",
        breaks=draft.features[address].path,
    )


def _position(addresses: tuple[str, ...], address: str) -> int:
    return addresses.index(address) if address in addresses else 0
