"""What a file class declares beside its dims and features: the schema it was made from, and its splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from .conditions import Among, Check


class Schema(NamedTuple):
    """Which schema a file class was generated from.

    Attributes:
        name: Of the schema.
        version: `x.y.z`.
        fingerprint: Of its resolved layout; "" for files that others made.
        bind: The convention by which files that others made are decoded; "" for ours.
        renamed: The last names that features and groups had in an older version, by address.
        reserved: Addresses of what an older version had, and which mean nothing any more.
    """

    name: str
    version: str
    fingerprint: str = ""
    bind: str = ""
    renamed: Mapping[str, str] = {}
    reserved: Sequence[str] = ()


class Held(NamedTuple):
    """A part of a split that a feature holds: a mask over the dim, or a list of positions or ids.

    Attributes:
        address: Of the feature.
    """

    address: str


Part: TypeAlias = "float | Among | Check | Held"


class Split:
    """The declaration of a split.

    Args:
        over: Address of the dim; several: it divides their combinations.
        parts: For each part its share of the entries, which values of `by` (or ids) it has, or the feature that
            holds it.
        by: Address of the feature that decides; None: the id. No value of it stands in two parts.
        seed: Another seed deals the shares anew.
    """

    def __init__(
        self, over: str | tuple[str, ...], parts: Mapping[str, Part], *, by: str | None = None, seed: int = 0
    ) -> None:
        self.dims = (over,) if isinstance(over, str) else over
        self.parts = dict(parts)
        self.by = by
        self.seed = seed
