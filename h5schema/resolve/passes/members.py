"""Members of enums: identifiers of their texts, values, and the smallest integers that hold these."""

from __future__ import annotations

from collections.abc import Sequence

from h5schema.spec import FeatureSpec
from h5schema.vocabulary.dtypes import enum_base

from ..draft import Declared, Draft, Notes
from ..identifiers import member
from ..ir import EnumIR


def resolve_members(draft: Draft) -> Draft:
    """Makes an `EnumIR` of each enum; classes are named later."""
    notes = Notes(draft)
    enums: dict[str, EnumIR] = {}
    for address, declared in draft.features.items():
        members = declared.spec.dtype.members
        if members is not None:
            enum = _enum(draft, notes, declared, members)
            if enum is not None:
                enums[address] = enum
    return notes.done(draft._replace(enums=enums))


def _enum(
    draft: Draft, notes: Notes, declared: Declared[FeatureSpec], members: Sequence[tuple[str, int]]
) -> EnumIR | None:
    path = (*declared.path, "dtype", "enum")
    identifiers: dict[str, str] = {}
    for text, _ in members:
        identifier = member(text)
        if identifier in identifiers:
            notes.add(
                "member-twice",
                f"the members '{identifiers[identifier]}' and '{text}' would both be called `{identifier}` in code",
                _member_path(draft, path, members, text),
                "change one of the texts, so that letters and digits tell them apart",
                key=True,
                breaks=declared.path,
            )
        identifiers.setdefault(identifier, text)
    if len(identifiers) < len(members):
        return None
    try:
        base = enum_base(tuple(value for _, value in members))
    except ValueError as error:
        notes.add("enum-range", str(error), path, "choose smaller values", breaks=declared.path)
        return None
    return EnumIR("", tuple((member(text), text, value) for text, value in members), base, declared.spec.doc)


def _member_path(
    draft: Draft, path: tuple[str | int, ...], members: Sequence[tuple[str, int]], text: str
) -> tuple[str | int, ...]:
    """Where a member stands: a key of a mapping, or an item of a list."""
    index = [name for name, _ in members].index(text)
    root = draft.reading.parsed.root
    from h5schema.parse import Sequence as ListNode
    from h5schema.parse import find

    return (*path, index) if root is not None and isinstance(find(root, path), ListNode) else (*path, text)
