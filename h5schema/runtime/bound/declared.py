"""What a file class declares of files of others: how they say where entries lie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..conditions import Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexAt:
    """Where a file says which values belong to which entry: HDF5 paths of one of these forms.

    Attributes:
        offsets: N+1 offsets into the values.
        ends: N ends; an entry begins where the one before it ends.
        lengths: N lengths; entries lie end to end.
        ranges: N pairs of start and stop.
        start: N starts, with `end` or `length`.
        end: N ends, with `start`.
        length: N lengths, with `start`.
        where: Which entries have a range at all, by address of the feature that is asked.
    """

    offsets: str | None = None
    ends: str | None = None
    lengths: str | None = None
    ranges: str | None = None
    start: str | None = None
    end: str | None = None
    length: str | None = None
    where: Mapping[str, Condition] = field(default_factory=dict[str, Condition])

    @property
    def paths(self) -> dict[str, str]:
        """The path of each word of the form."""
        words = ("offsets", "ends", "lengths", "ranges", "start", "end", "length")
        return {word: path for word in words if (path := getattr(self, word)) is not None}
