"""Entries that are nodes: of which two features could the nodes of some entries lie in one place."""

from __future__ import annotations

from itertools import combinations

from h5schema.vocabulary.patterns import Pattern

from .draft import Draft, Notes, Path


def warn_of_meeting(draft: Draft, notes: Notes, at: dict[str, Path]) -> None:
    """Says so of each two features.

    Args:
        draft: Of the schema.
        notes: Take what is found.
        at: Where the path of each feature stands, whose entries are nodes, by address.
    """
    for one, other in combinations(at, 2):
        paths = [draft.resolved[address].path for address in (one, other)]
        if _can_meet(*(path.split("/") for path in paths)):
            what = f"a dataset of `{one}`, at {paths[0]}, can lie where one of `{other}` does, at {paths[1]}"
            help = f"give `{other}` an `at` of its own; ids that would meet are refused when they are written"
            notes.add("unwise-meeting", what, at[other], help, severity="warning")


def _can_meet(one: list[str], other: list[str]) -> bool:
    """Whether paths of these parts can be the same, or one of them within the other."""
    for mine, yours in zip(one, other, strict=False):
        if not _alike(mine, yours):
            return False
        if ":path}" in mine or ":path}" in yours:
            break
    return True


def _alike(mine: str, yours: str) -> bool:
    """Whether two parts of paths, with or without braces, can be one text."""
    if "{" not in mine or "{" not in yours:
        said, text = (mine, yours) if "{" in mine else (yours, mine)
        return Pattern.parse(said).texts(text) is not None if "{" in said else said == text
    heads = sorted((one.partition("{")[0] for one in (mine, yours)), key=len)
    tails = sorted((one.rpartition("}")[2] for one in (mine, yours)), key=len)
    return heads[1].startswith(heads[0]) and tails[1].endswith(tails[0])
