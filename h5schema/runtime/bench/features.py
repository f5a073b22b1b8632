"""Every feature of a loader read alone: which of them takes the time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from statistics import median

from h5schema.vocabulary.dtypes import item_bytes

from ..chance import Drawn
from ..chosen import Chosen
from ..loaded import Loaded
from ..plan import Take
from ..projections import Entry
from ..reader import Reader
from ..spans import Rows
from .case import Case
from .race import Contender, race
from .report import FeatureFigures
from .storage import storage

_STORED = " as stored"


def features_of(case: Case) -> tuple[FeatureFigures, ...]:
    """The figures of all; together they get the time of one contender."""
    contenders: list[Contender] = []
    for address, take in case.takes.items():
        dim = case.reader.model.places[address].lead
        assert dim is not None
        fed = partial(_fed, case.reader, Loaded(case.reader, take, Entry(address, dim)), dim)
        contenders.append(Contender(address, _alone(case, fed)))
        if _wider(case.reader, take):
            contenders.append(Contender(address + _STORED, _alone(case, partial(case.reader.read, address))))
    rates = race(contenders, case.seconds / len(contenders))
    times = {name: 1e6 / median(found) for name, found in rates.items()}
    return tuple(_figures(case.reader, take, times) for take in case.takes.values())


def _figures(reader: Reader, take: Take, times: dict[str, float]) -> FeatureFigures:
    address, whole = take.address, times[take.address]
    converting = max(0.0, whole - times.get(address + _STORED, whole))
    return FeatureFigures(address, whole, _wider(reader, take), converting, storage(reader, address))


def _alone(case: Case, read: Callable[[Rows], object]) -> Iterator[int]:
    """As many samples at once as the loader reads."""
    while True:
        for samples in case.drawn(case.order.size * case.together):
            read(case.rows[samples])
            yield len(samples)


def _fed(reader: Reader, loaded: Loaded, dim: str, rows: Rows) -> object:
    chosen = Chosen({dim: rows}, Drawn(0, 0, rows))
    asked = loaded.asked(chosen)
    return loaded.understood(reader.read(*asked), asked, chosen)


def _wider(reader: Reader, take: Take) -> str | None:
    """The dtype that a feature is fed in, if it is wider than the stored one."""
    stored = reader.model.features[take.address].file_dtype
    return take.dtype if take.dtype is not None and (item_bytes(take.dtype) or 0) > stored.itemsize else None
