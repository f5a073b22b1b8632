"""What features need of their sources, known before the first is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from h5schema.vocabulary.patterns import Pattern

from ..model import Model
from ..sources import Need
from .origins import Capture, Origin


def needs_of(dim: str, model: Model, origins: Mapping[str, Origin]) -> Iterator[Need]:
    """Of the features of one dim."""
    led = model.led_by(dim)
    for address, origin in origins.items():
        if address not in led:
            continue
        if isinstance(origin, Capture):
            yield Need(address, (origin.name,), dtype=model.features[address].dtype)
        elif origin.capture is not None:
            yield Need(address, (origin.capture,))
        elif origin.source is not None:
            yield Need(address, tuple(Pattern.parse(origin.source).captures))
        elif not origin.given:
            yield Need(address, file=True)
