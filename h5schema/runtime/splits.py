"""Splits: named, disjoint parts of the entries of a dim, stable when data grow."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError
from h5schema.vocabulary.suggest import closest

from .blocks import Encoded, Maybe, Texts
from .conditions import Among, Condition, Value
from .declared import Held, Split
from .spans import Rows, any_outside

if TYPE_CHECKING:
    from .any_reader import AnyReader


def draw(text: str, name: str, seed: int) -> float:
    """A number in [0, 1) that depends on the text, the split's name and its seed only.

    The first 8 bytes of BLAKE2b (RFC 7693) of the text, keyed with name and seed, as a
    fraction of 2**64.
    """
    key = hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=16).digest()
    digest = hashlib.blake2b(text.encode(), digest_size=8, key=key).digest()
    return (int.from_bytes(digest, "little") >> 11) / 2**53


class SplitRows:
    """A split of an open file, made into rows."""

    def __init__(self, reader: AnyReader, name: str, split: Split) -> None:
        self._reader = reader
        self._name = name
        self._split = split
        (self._over,) = split.dims

    def part(self, wanted: str) -> Rows:
        """Rows of one part, in the order of the file: int64 [n].

        Raises:
            DataError: An entry is in two parts, or lacks the feature that decides; or nothing has what the part lists.
        """
        features = {name: part for name, part in self._split.parts.items() if isinstance(part, Held)}
        if features:
            return self._held(features, wanted)
        values = self._values()
        if isinstance(self._split.parts[wanted], float | int):
            return np.flatnonzero(_in_share(self._name, self._split, wanted, values)).astype(np.int64)
        rules = _rules(self._reader, self._split)
        held = {name: rule.holds(values) for name, rule in rules.items()}
        twice = np.flatnonzero(np.sum(list(held.values()), axis=0) > 1)
        if len(twice):
            row = int(twice[0])
            both = [name for name, holds in held.items() if holds[row]]
            raise DataError(
                f"the entry is in {' and '.join(both)} of split {self._name}",
                where=self._reader.where(self._over, self._over, row),
                do="change the bounds of the parts in the schema so that they do not overlap",
            )
        rows = np.flatnonzero(held[wanted]).astype(np.int64)
        if isinstance(listed := rules[wanted], Among) and not self._is_closed():
            self._expect_found(wanted, listed.values, values, rows)
        return rows

    def _held(self, parts: Mapping[str, Held], wanted: str) -> Rows:
        """Rows of a part that a feature holds; no entry stands in two of them."""
        rows = {name: self._rows_in(part.address) for name, part in parts.items()}
        kinds, counts = np.unique(np.concatenate(list(rows.values())), return_counts=True)
        if (counts > 1).any():
            row = int(kinds[counts > 1][0])
            names = [name for name, its in rows.items() for _ in range(int((its == row).sum()))]
            raise DataError(
                f"the entry is in {' and '.join(names)} of split {self._name}",
                where=self._reader.where(parts[names[-1]].address, self._over, row),
                do="mend the features that hold the parts: each entry stands in one of them, once",
            )
        return rows[wanted]

    def _rows_in(self, address: str) -> Rows:
        """The rows that a feature names, by a mask, by positions, or by ids: in the order of the file."""
        place, size = self._reader.model.places[address], self._reader.length(self._over)
        whole = place.lead is None
        rows = np.zeros(1, np.int64) if whole else np.arange(self._reader.length(str(place.lead)), dtype=np.int64)
        block = self._reader.read(address, rows)
        if isinstance(block, Texts):
            return np.sort(np.array([self._reader.row_of(self._over, text) for text in block], np.int64))
        values = cast("NDArray[np.generic]", block)[0, ...] if whole else cast("NDArray[np.generic]", block)
        if values.dtype == np.bool_:
            return np.flatnonzero(values).astype(np.int64)
        found = values.astype(np.int64)
        if any_outside(found, size):
            raise DataError(
                f"position {int(found[(found < 0) | (found >= size)][0])} is named, but there are {size} entries",
                where=f"{self._reader.name}: {place.path}",
                do="mend the feature: positions count from 0",
            )
        return np.sort(found)

    def _is_closed(self) -> bool:
        """Whether the schema knows every value that may come, so that one that does not come is no slip."""
        if self._split.by is None:
            return False
        feature = self._reader.model.features[self._split.by]
        return feature.members is not None or feature.dtype == "bool"

    def _expect_found(
        self, part: str, listed: Sequence[Value], values: NDArray[np.generic] | Texts, rows: Rows
    ) -> None:
        """Refuses an id or value that no entry has: a slip in it would make the part smaller without a word."""
        if isinstance(values, Texts):
            there = {values[row] for row in cast("list[int]", rows.tolist())}
            unknown = [value for value in listed if value not in there]
        else:
            distinct = np.unique(values[rows])
            unknown = [value for value in listed if not Among(value).holds(distinct).any()]
        if not unknown:
            return
        near = _nearest(str(unknown[0]), values) if isinstance(values, Texts) else None
        more = f" (nor {len(unknown) - 1} more that it lists)" if len(unknown) > 1 else ""
        named = "id" if self._split.by is None else self._split.by
        raise DataError(
            f"part {part} of split {self._name}: no entry has the {named} {unknown[0]!r}{more}",
            where=f"{self._reader.name}: {self._over}",
            do=f"did you mean {near!r}? Change it in the schema"
            if near
            else "change it in the schema, or take it out until there is such an entry",
        )

    def _values(self) -> NDArray[np.generic] | Texts:
        everything = np.arange(self._reader.length(self._over), dtype=np.int64)
        if self._split.by is None:
            return self._reader.ids(self._over).read(everything)
        block = self._reader.read(self._split.by, everything)
        if isinstance(block, Maybe):
            some = cast("Maybe[object]", block)
            if not some.present.all():
                row = int(np.argmin(some.present))
                raise DataError(
                    f"the entry has no {self._split.by}, which decides split {self._name}",
                    where=self._reader.where(self._split.by, self._over, row),
                    do="split by a feature that every entry has",
                )
            block = some.values
        return cast("NDArray[np.generic] | Texts", block)


class ElementsOfPart:
    """Which elements are in one part of a split of several dims, by their own values.

    Args:
        reader: Of the file.
        name: Of the split.
        split: Its declaration.
        part: Of the split.

    Attributes:
        by: Address of the feature that decides.
    """

    def __init__(self, reader: AnyReader, name: str, split: Split, part: str) -> None:
        assert split.by is not None
        self.by = split.by
        self._name, self._part, self._split = name, part, split
        self._rules = _rules(reader, split)
        self._where = f"{reader.name}: {split.by}"

    def holds(self, values: object) -> NDArray[np.bool_]:
        """bool [n]: which elements with these values are in the part.

        Raises:
            DataError: One is in two parts.
        """
        if not self._rules:
            return _in_share(self._name, self._split, self._part, cast("NDArray[np.generic]", values))
        held = {name: rule.holds(values) for name, rule in self._rules.items()}
        twice = np.flatnonzero(np.sum(list(held.values()), axis=0) > 1)
        if len(twice):
            both = [name for name, holds in held.items() if holds[twice[0]]]
            raise DataError(
                f"{cast('NDArray[np.generic]', values)[twice[0]]} is in {' and '.join(both)} of split {self._name}",
                where=self._where,
                do="change the bounds of the parts in the schema so that they do not overlap",
            )
        return held[self._part]

    def __repr__(self) -> str:
        parts = {name: str(part) for name, part in self._split.parts.items()}
        return f"{self._name}/{self._part} of {parts} by {self.by}, seed {self._split.seed}"


def _rules(reader: AnyReader, split: Split) -> dict[str, Condition]:
    """The parts that say which values they have."""
    rules: dict[str, Condition] = {
        name: part for name, part in split.parts.items() if not isinstance(part, float | int | Held)
    }
    if split.by is None:
        return rules
    feature = reader.model.features[split.by]
    return {name: feature.in_numbers(rule) for name, rule in rules.items()}


def _in_share(name: str, split: Split, wanted: str, values: NDArray[np.generic] | Texts) -> NDArray[np.bool_]:
    """Which entries are dealt to a part that is a share."""
    shares = {part: share for part, share in split.parts.items() if isinstance(share, float | int)}
    below = 0.0
    for part, share in shares.items():
        if part == wanted:
            break
        below += share
    last = wanted == list(shares)[-1] and abs(sum(shares.values()) - 1) < 1e-9
    high = 2.0 if last else below + shares[wanted]
    drawn = _drawn(name, split.seed, values)
    return (drawn >= below) & (drawn < high)


def _drawn(name: str, seed: int, values: NDArray[np.generic] | Texts) -> NDArray[np.float64]:
    """The number that is drawn of each value: float64 [n]."""

    def draws(texts: Iterable[str]) -> NDArray[np.float64]:
        return np.fromiter((draw(text, name, seed) for text in texts), np.float64)

    if isinstance(values, Encoded):
        return draws(map(str, cast("Encoded[object]", values)))
    kinds, back = np.unique(values, return_inverse=True)
    return draws(map(str, kinds.tolist()))[back]


_CANDIDATES = 100
"""Texts among which a suggestion is looked for thoroughly: there may be a million ids."""


def _nearest(text: str, known: Iterable[str]) -> str | None:
    """The text that `text` is most likely a slip of; one that begins and ends as it does, as most slips."""
    return closest(text, heapq.nlargest(_CANDIDATES, set(known), key=lambda other: _shared(text, other)))


def _shared(one: str, other: str) -> int:
    """Characters that two texts share at their beginnings and ends."""
    return _shared_first(one, other) + _shared_first(one[::-1], other[::-1])


def _shared_first(one: str, other: str) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
