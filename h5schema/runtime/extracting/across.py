"""Features across several open dims: which dim is extracted after which others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Sized

from h5schema.errors import UsageError

from ..model import Model
from ..writing.transaction import Transaction
from .work import Work


def in_turn(model: Model, dims: Iterable[str]) -> list[str]:
    """Dims in an order in which each comes after those that its features run across; a schema refuses circles."""
    order: list[str] = []
    waiting = list(dims)
    while waiting:
        ready = [dim for dim in waiting if not set(model.across(dim)).intersection(waiting)]
        order += ready or waiting
        waiting = [dim for dim in waiting if dim not in order]
    return order


def expect_wide_as_before(transaction: Transaction, work: Work, done: Mapping[str, int]) -> None:
    """Refuses to add entries along which others run that a stopped run has made.

    Raises:
        UsageError: There are some.
    """
    model = transaction.declared
    wide = [dim for dim in done if done[dim] and work.dim in model.across(dim)]
    if wide and done.get(work.dim, 0) < len(work):
        raise UsageError(
            f"sources of {work.dim} came since the run was stopped, and entries of {wide[0]} run along {work.dim}",
            where=str(transaction.target),
            do="say --overwrite to begin again (in Python overwrite=True)",
        )


def expect_alone(model: Model, sources: Sized, target: str) -> None:
    """Refuses to bring a file up to date that has features across several open dims.

    Raises:
        UsageError: It has.
    """
    found: Sequence[str] = [address for address, place in model.places.items() if place.across]
    if found and sources:
        raise UsageError(
            f"{found[0]} runs across several open dims, and such a file is not brought up to date",
            where=target,
            do="say --overwrite in place of --update (in Python overwrite=True)",
        )
