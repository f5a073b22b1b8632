"""A loader beside h5py and the limit: the same samples, each read in its own way, in one process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from typing import TypeAlias, cast

import numpy as np

from h5schema.errors import UsageError

from ..bench import Contender, LoaderFigures, Rate, endless, race
from ..bench.advice import Circumstances, advice
from ..bench.case import Case
from ..bench.features import features_of
from ..bench.race import ROUNDS
from ..bench.storage import expect_rows_of_dataset
from ..bench.wanted import Limit, Wanted, wanted
from ..damage import damaged
from ..opening import open_hdf5
from ..plan import Take, takes
from ..projected import projection, roots
from ..reader import Reader
from ..readers import reader_of_one
from .batches import Batches
from .loader import Loader
from .with_h5py import BySortedBatch, OneByOne

_DRAWN = 1 << 18
"""Samples whose order is drawn beforehand, where drawing it would be measured too."""
_LIMIT = "limit: rows in memory"

AnyLoader: TypeAlias = "type[Loader[object]]"


def measure(name: str, loader: AnyLoader, path: Path, seconds: float) -> LoaderFigures:
    """Measures one loader of a file.

    Args:
        name: Of the loader.
        loader: Its class.
        path: Of the file.
        seconds: For each way of reading.

    Raises:
        UsageError: There is nothing to measure.
    """
    batches = loader.loader(path)
    reader = reader_of_one(loader.file, path)
    try:
        case = _case(name, loader, batches, reader, seconds)
        return _figures(name, loader.plan.dim, batches, case)
    finally:
        reader.close()
        cast("Loader[object]", batches.dataset).source.close()


def _case(name: str, loader: AnyLoader, batches: Batches[object], reader: Reader, seconds: float) -> Case:
    plan, samples = loader.plan, cast("Loader[object]", batches.dataset).samples
    if len(plan.dims) > 1:
        raise UsageError(
            f"the loader {name} takes elements of several dims, which are not measured yet",
            where=str(reader.path),
            do="measure a loader over one dim",
        )
    places, known = reader.model.places, roots(reader.model, plan)
    taken: dict[str, Take] = {}
    for take in takes(plan.sample):
        if places[take.address].lead in known and take.via is None:
            again = sum(one.address == take.address for one in taken.values())
            taken[take.address + (f" ({again + 1})" if again else "")] = take
    if not taken:
        raise UsageError(f"the loader {name} takes no values of {plan.dim}", do="measure another one")
    if not len(batches):
        raise UsageError(
            f"the loader {name} has no batch: its {len(samples)} samples do not fill one of {batches.order.size}",
            where=str(reader.path),
            do="make `size` smaller, or leave out `drop_last`",
        )
    for take in taken.values():
        expect_rows_of_dataset(reader, take.address, name)
    seen = {address: projection(reader.model, plan, take) for address, take in taken.items()}
    sample_bytes = sum(one.sample_bytes(reader) for one in seen.values())
    return Case(reader, taken, seen, samples, batches.order, batches.ahead.count, sample_bytes, seconds)


def _wanted(case: Case) -> list[Wanted]:
    """What all samples take."""
    count = len(case.sampled)
    everything = case.at(np.arange(count, dtype=np.int64))
    return [wanted(case.reader, name, seen.asked(case.reader, everything), count) for name, seen in case.seen.items()]


def _figures(name: str, over: str, batches: Batches[object], case: Case) -> LoaderFigures:
    taken = _wanted(case)
    limit, order = Limit(taken, case.sample_bytes), case.order
    try:
        rates, size = _rates(case, batches, taken, limit)
    except OSError as error:  # what h5py raises where our own reading has not been yet
        raise damaged(str(case.reader.path), error) from error
    features = features_of(case)
    circumstances = Circumstances(
        order.shuffle and not order.sampler.window,  # a window of chunks uses all of them
        min(case.samples, order.size * case.together),
        1e6 / rates[0].samples_per_second,
        rates[0].of_limit,
        sum(one.storage.logical for one in features if one.storage.codec),
    )
    return LoaderFigures(
        name,
        over,
        len(case.sampled),
        order.size,
        order.shuffle,
        case.sample_bytes,
        rates,
        features,
        tuple(advice(features, circumstances)),
        tuple(_notes(case, limit, size)),
    )


def _rates(case: Case, batches: Batches[object], taken: Sequence[Wanted], limit: Limit) -> tuple[tuple[Rate, ...], int]:
    """How fast each contender is, and the size of h5py's batches."""
    # Another driver, because HDF5 would give a second handle of ours the chunk cache that we chose for the first.
    with open_hdf5(case.reader.path, "stdio") as file:
        single, whole = OneByOne(file, taken), BySortedBatch(file, taken)
        size = min(case.order.size, max(1, int(case.seconds / ROUNDS / single.seconds())))
        many, one = whole.loader(case.order, size), single.loader(case.order, size)
        found = race(
            [
                Contender("h5schema", _steps(case, batches)),
                Contender("h5py, one read a batch", endless(lambda: many, samples=case.samples, size=size)),
                Contender("h5py, one read a sample", endless(lambda: one, samples=case.samples, size=size)),
                Contender(_LIMIT, _from_memory(limit, case)),
            ],
            case.seconds,
        )
    most = found[_LIMIT]
    rates = (
        Rate(name, median(own), median(a / b for a, b in zip(own, most, strict=True))) for name, own in found.items()
    )
    return tuple(rates), size


def _steps(case: Case, batches: Batches[object]) -> Iterator[int]:
    return endless(lambda: batches, samples=case.samples, size=case.order.size, together=case.together)


def _from_memory(limit: Limit, case: Case) -> Iterator[int]:
    drawn = islice(case.drawn(case.order.size), -(-_DRAWN // case.order.size))
    for samples in cycle([batch % limit.samples for batch in drawn]):
        limit.take(samples)
        yield len(samples)


def _notes(case: Case, limit: Limit, size: int) -> Iterator[str]:
    if limit.samples < len(case.sampled):
        yield f"the limit takes the first {limit.samples:,} samples again and again: no more are kept in memory"
    if size < case.order.size:
        yield f"h5py reads batches of {size}: one of {case.order.size} would take too long"
