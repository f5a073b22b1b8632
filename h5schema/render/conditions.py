"""Conditions as code: checks of features, what loaders and indices ask, parts of splits."""

from __future__ import annotations

from h5schema.resolve.ir import CheckIR, PartIR, PredicateIR

from .literals import literal, string
from .printer import Bracketed, Code, call


def check(check: CheckIR) -> Code:
    """`Check(min=0, finite=True)`: what is asked and nothing else."""
    asked = {
        "min": check.min,
        "max": check.max,
        "above": check.above,
        "below": check.below,
        "unique": check.unique or None,
        "finite": check.finite or None,
        "match": check.match,
    }
    return call("Check", [(key, literal(value)) for key, value in asked.items() if value is not None])


def predicate(asked: PredicateIR) -> Code:
    """`Among(0)`, `Check(min=1)`, or `Present()`."""
    if asked.values is not None:
        return call("Among", [("", literal(value)) for value in asked.values])
    if asked.check is not None:
        return check(asked.check)
    return call("Present" if asked.present else "Absent", [])


def parts(parts: tuple[PartIR, ...]) -> Code:
    """The parts of a split, by name."""
    return Bracketed("{", tuple((f"{string(part.name)}: ", _part(part)) for part in parts), "}")


def _part(part: PartIR) -> Code:
    if part.feature is not None:
        return call("Held", [("", string(part.feature))])
    if part.values is not None:
        return call("Among", [("", literal(value)) for value in part.values])
    return check(part.check) if part.check else literal(part.share)
