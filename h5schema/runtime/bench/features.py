"""Every feature of a loader read alone: which of them takes the time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from statistics import median

from h5schema.vocabulary.dtypes import item_bytes

from ..chosen import Chosen
from ..loaded import Loaded
from ..plan import Take
from ..reader import Reader
from .case import Case
from .race import Contender, race
from .report import FeatureFigures
from .storage import storage

_STORED = " as stored"


def features_of(case: Case) -> tuple[FeatureFigures, ...]:
    """The figures of all; together they get the time of one contender."""
    contenders: list[Contender] = []
    for name, take in case.takes.items():
        loaded = Loaded(case.reader, take, case.seen[name])
        contenders.append(Contender(name, _alone(case, partial(_fed, case.reader, loaded))))
        if _wider(case.reader, take):
            contenders.append(Contender(name + _STORED, _alone(case, partial(_stored, case.reader, loaded))))
    rates = race(contenders, case.seconds / len(contenders))
    times = {name: 1e6 / median(found) for name, found in rates.items()}
    return tuple(_figures(case.reader, name, take, times) for name, take in case.takes.items())


def _figures(reader: Reader, name: str, take: Take, times: dict[str, float]) -> FeatureFigures:
    whole = times[name]
    converting = max(0.0, whole - times.get(name + _STORED, whole))
    return FeatureFigures(name, whole, _wider(reader, take), converting, storage(reader, take.address))


def _alone(case: Case, read: Callable[[Chosen], object]) -> Iterator[int]:
    """As many samples at once as the loader reads."""
    while True:
        for samples in case.drawn(case.order.size * case.together):
            read(case.at(samples))
            yield len(samples)


def _stored(reader: Reader, loaded: Loaded, chosen: Chosen) -> object:
    """What is read for some samples, as it is stored."""
    return reader.read_together([loaded.asked(chosen)])[0]


def _fed(reader: Reader, loaded: Loaded, chosen: Chosen) -> object:
    asked = loaded.asked(chosen)
    return loaded.understood(reader.read_together([asked])[0], asked, chosen)


def _wider(reader: Reader, take: Take) -> str | None:
    """The dtype that a feature is fed in, if it is wider than the stored one."""
    stored = reader.model.features[take.address].file_dtype
    return take.dtype if take.dtype is not None and (item_bytes(take.dtype) or 0) > stored.itemsize else None
