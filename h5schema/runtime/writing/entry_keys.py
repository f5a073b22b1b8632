"""An entry as a user gives it: a value for each feature, nested as its groups are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import cast

from h5schema.errors import DataError

from ..entries import keys_of


def expect_keys(entry: object, addresses: Sequence[str], dim: str, where: str) -> None:
    """Refuses an entry with a key that is no feature: its value would be lost without a word."""
    if not isinstance(entry, Mapping):
        raise DataError(f"{type(entry).__name__} is no entry", where=where, do="give a mapping from feature to value")
    known = {keys_of(address, dim) for address in addresses}
    for path, value in _leaves(cast("Mapping[str, object]", entry), (), known):
        left_out = value is None and any(one[: len(path)] == path for one in known)
        if path not in known and not left_out:
            raise DataError(
                f"{'/'.join(map(str, path))} is no feature of an entry of {dim}",
                where=where,
                do=f"an entry has {', '.join('/'.join(one) for one in sorted(known))}",
            )


def _leaves(
    entry: Mapping[str, object], before: tuple[str, ...], known: Set[tuple[str, ...]]
) -> Iterator[tuple[tuple[str, ...], object]]:
    for key, value in entry.items():
        path = (*before, key)
        if isinstance(value, Mapping) and path not in known:
            yield from _leaves(cast("Mapping[str, object]", value), path, known)
        else:
            yield path, value
