"""Did you mean …? Standard library only."""

from __future__ import annotations

from collections.abc import Iterable


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that `name` is most likely a slip of; None if none is near."""
    import difflib  # only once something is wrong: it costs start-up time

    candidates = list(known)
    folded = {candidate.casefold().replace("-", "_"): candidate for candidate in reversed(candidates)}
    if (same := folded.get(name.casefold().replace("-", "_"))) is not None:
        return same
    # The last name of an address counts on its own: `label` is likely `animals/label`.
    tails = {candidate.rpartition("/")[2]: candidate for candidate in reversed(candidates)}
    if (inner := tails.get(name.rpartition("/")[2])) is not None:
        return inner
    near = difflib.get_close_matches(name, candidates, n=1, cutoff=0.6)
    return near[0] if near else None
