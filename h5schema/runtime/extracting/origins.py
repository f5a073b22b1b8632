"""How features are made from sources: declarations that stand in generated code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from h5schema.vocabulary.sources import CapturedKind


@dataclass(frozen=True, slots=True)
class Call:
    """A feature that a function makes.

    Attributes:
        function: A word of ours, or `module:function`.
        given: Addresses of the features it is handed, in order.
        capture: Name of the capture it is handed. With neither: the path of the entry's file.
        source: Pattern of another file of the same entry, filled with the captures.
        params: Keyword arguments, stored in the file.
    """

    function: str
    given: tuple[str, ...] = ()
    capture: str | None = None
    source: str | None = None
    params: Mapping[str, object] = field(default_factory=dict[str, object])

    def record(self) -> dict[str, object]:
        """As a file keeps it: what decides the values, besides the source."""
        handed: dict[str, object] = {"from": list(self.given), "capture": self.capture, "source": self.source}
        return {"call": self.function, "params": dict(self.params)} | {key: one for key, one in handed.items() if one}


@dataclass(frozen=True, slots=True)
class Capture:
    """A feature that is a part of the source's path, or what a table says of it.

    Attributes:
        name: Of the capture.
        kind: What a table's value is taken as; "": as it is.
    """

    name: str
    kind: CapturedKind = ""

    def record(self) -> dict[str, object]:
        """As a file keeps it."""
        return {"capture": self.name}


Origin: TypeAlias = Call | Capture
