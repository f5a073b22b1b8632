"""What an extraction would make: some of its sources are really loaded, and nothing is written."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from h5schema.errors import DataError, FileError, MissingExtraError, UserCodeError
from h5schema.vocabulary.codecs import CODECS

from .. import codecs
from ..codec_figures import Measured, measured
from ..features import EncodedFeature, Options
from ..kinds import Stored
from ..model import AnyFeature, Model
from ..sources import Source, Sources
from ..writing.chunking import chunk_rows, is_plain, row_bytes
from ..writing.plans import Values
from ..writing.taken import Checked, Given, checked, rows_of
from .calls import Calls
from .failures import Failure, Failures
from .how import How
from .planned import NODES, FeaturePlan, Plan
from .returned import SourceFailedError

_LOADED = 64
"""Sources of a dim that are loaded, unless they take long or are large."""
_SECONDS = 2.0
_BYTES = 64 << 20
_MEASURED_FROM, _MEASURED_TO = 64 << 10, 4 << 20
"""Bytes of values on which codecs are measured."""
_GOLDEN = (5**0.5 - 1) / 2
_OF_A_SOURCE = 16
"""Bytes that are kept of a source: its size and time."""
_OF_A_DATASET = 2400
"""Bytes of what HDF5 keeps of a dataset, of its checksums and of its axes."""


_OF_A_NODE = 400
"""Bytes of what HDF5 keeps of a dataset that is one entry, and of its name."""


@dataclass(slots=True)
class _Sample:
    """Sources of one dim that were loaded.

    Attributes:
        count: How many there are in all.
        rows: By dataset, of each source that is an entry.
        ids: Bytes of the id of each.
        seconds: That each took.
        failed: Those that are none, by number.
    """

    count: int
    rows: dict[str, list[Values]] = field(default_factory=dict[str, "list[Values]"])
    ids: list[int] = field(default_factory=list[int])
    seconds: list[float] = field(default_factory=list[float])
    failed: dict[int, Failure] = field(default_factory=dict[int, Failure])

    @property
    def loaded(self) -> int:
        return len(self.ids) + len(self.failed)

    @property
    def entries(self) -> int:
        """Entries of which one stands for so many: as many as there will be, if all are alike."""
        return round(self.count * len(self.ids) / self.loaded)

    @property
    def seconds_each(self) -> float:
        """Without the first one, which pays for imports."""
        return float(np.mean(self.seconds[1:] or self.seconds))

    def rows_in_all(self, path: str) -> int:
        """Rows that a dataset will have."""
        return round(sum(map(len, self.rows[path])) / max(1, len(self.ids)) * self.entries)


class Planning:
    """Plans an extraction.

    Args:
        model: What is made.
        calls: How.
        sources: Of each dim.
        target: Name for errors.
    """

    def __init__(self, model: Model, calls: Calls, sources: Mapping[str, Sources], target: str) -> None:
        self._model = model.in_file_of({dim: len(some) for dim, some in sources.items()})
        self._calls = calls
        self._sources = sources
        self._target = target

    def plan(self, how: How, output: Path | None) -> Plan:
        """Loads samples, and measures codecs on them.

        Raises:
            UserCodeError: No sample at all could be loaded.
            FileError: The folder of the output is not there.
        """
        free = None if output is None else _free(output)
        samples = {dim: self._sample(dim, sources) for dim, sources in self._sources.items()}
        failures = Failures(self._sources)
        for dim, sample in samples.items():
            failures.add(dim, sample.failed)
            if not sample.ids:
                raise _none(dim, next(iter(sample.failed.values())), sample.loaded)
        features = tuple(
            self._feature(address, samples[place.lead])
            for address, place in self._model.places.items()
            if place.lead in samples
        )
        ours = sum(self._ours(dim, sample) for dim, sample in samples.items())
        left = sum(one.decoded for one in features if self._moves(one))
        workers = max(1, how.size(max(sample.count for sample in samples.values())))
        each = {
            dim: sample.seconds_each + sum(_encoding(one) for one in features if self._lead(one) == dim)
            for dim, sample in samples.items()
        }
        return Plan(
            {dim: sample.count for dim, sample in samples.items()},
            {dim: sample.loaded for dim, sample in samples.items()},
            failures,
            features,
            ours,
            left,
            ours + left + sum(one.stored for one in features),
            each,
            workers,
            sum(each[dim] * sample.count for dim, sample in samples.items()) / workers,
            output,
            free,
        )

    def _lead(self, feature: FeaturePlan) -> str | None:
        return self._model.places[feature.address].lead

    def _moves(self, feature: FeaturePlan) -> bool:
        """Whether values lie in chunks until all are known, and then in one piece."""
        part, options = self._model.stored(feature.address)[0], self._model.features[feature.address].options
        begun = chunk_rows(part, options, None) * row_bytes(part)
        return feature.chunk is None and not part.per_entry and feature.decoded > begun

    # What is loaded.

    def _sample(self, dim: str, sources: Sources) -> _Sample:
        """Loads sources, the first one first, until that takes too long."""
        sample = _Sample(len(sources))
        order = self._calls.of_dim(self._model.led_by(dim))
        start, size = time.perf_counter(), 0
        for number in _spread(len(sources)):
            source, begin = sources[number], time.perf_counter()
            try:
                rows = self._rows(dim, order, source)
            except SourceFailedError as error:
                sample.failed[number] = Failure(source.id, source.path, error.said(source.path), error.frames, error.do)
                continue
            except DataError as error:
                place = error.where.removeprefix(f"{self._target}: ").partition(", row")[0]
                sample.failed[number] = Failure(source.id, source.path, f"{place}: {error.what}", help=error.do)
                continue
            finally:
                sample.seconds.append(time.perf_counter() - begin)
            sample.ids.append(len(source.id.encode(errors="surrogateescape")))
            for path, values in rows.items():
                sample.rows.setdefault(path, []).append(values)
                size += values.nbytes
            if size > _BYTES or time.perf_counter() - start > _SECONDS:
                break
        return sample

    def _rows(self, dim: str, order: Sequence[str], source: Source) -> Mapping[str, Values]:
        made = self._calls.of_source(order, source)
        ids = [source.id] if self._model.has_ids(dim) else None
        given = Given({address: [value] for address, value in made.items()}, 1, 0, ids)
        entry: Checked = checked(self._model, dim, given, self._target)
        return rows_of(self._model, dim, entry, {part.path: 0 for part in self._model.grown(dim)})

    # What becomes of it.

    def _feature(self, address: str, sample: _Sample) -> FeaturePlan:
        feature, parts = self._model.features[address], self._model.stored(address)
        if parts[0].nodes:
            return _of_nodes(address, feature, sample, parts)
        values, options = sample.rows[parts[0].path], feature.options
        part, is_encoded = parts[0], isinstance(feature, EncodedFeature)
        rows = sample.rows_in_all(part.path)
        chunk = _chunk(part, options, sample.count if part.per_entry else None, rows)
        figures, lacking, sampled = _measured(np.concatenate(values), chunk or _coded_chunk(part, options, rows))
        decoded = sum(sample.rows_in_all(one.path) * row_bytes(one) for one in parts)
        ratio = next((one.ratio for one in figures if one.codec == options.codec), 1.0)
        plan = FeaturePlan(
            address,
            _entry(part, values, is_encoded),
            feature.word
            if isinstance(feature, EncodedFeature)
            else f"{feature.dtype} enum"
            if feature.members is not None
            else feature.dtype,
            "entries" if part.per_entry else "bytes" if is_encoded else "values",
            chunk,
            (chunk or _coded_chunk(part, options, rows)) * row_bytes(part),
            options.codec,
            decoded / max(1, sample.entries),
            decoded,
            decoded - round(rows * row_bytes(part) * (1 - 1 / ratio)),
        )
        return replace(plan, sampled=sampled, codecs=figures, lacking=lacking)

    def _ours(self, dim: str, sample: _Sample) -> int:
        """Bytes beside the values: ids and their index, lengths, sizes and times of sources."""
        kept = sum(row_bytes(part) for part in self._model.kept(dim) if part.per_entry)
        id_bytes = float(np.mean(sample.ids)) + 16 if self._model.has_ids(dim) else 0.0
        datasets = len(self._model.grown(dim)) + 4  # its ids, their index, commits and sources
        return round(sample.entries * (kept + id_bytes + _OF_A_SOURCE)) + datasets * _OF_A_DATASET


def _of_nodes(address: str, feature: AnyFeature, sample: _Sample, parts: Sequence[Stored]) -> FeaturePlan:
    """A feature of which each entry is a dataset."""
    decoded = sum(sample.rows_in_all(one.path) * row_bytes(one) for one in parts)
    entry = _entry(parts[0]._replace(per_entry=False), sample.rows[parts[0].path], is_encoded=True)
    stored = decoded + sample.count * _OF_A_NODE
    codec, mean = feature.options.codec, decoded / max(1, sample.entries)
    return FeaturePlan(address, entry, feature.dtype, NODES, None, 0, codec, mean, decoded, stored)


def _spread(count: int) -> Iterator[int]:
    """Numbers below `count`, the first of which is 0; the first few are spread as evenly as all are."""
    yield from dict.fromkeys(int(at * _GOLDEN % 1 * count) for at in range(_LOADED))


def _chunk(part: Stored, options: Options, expected: int | None, rows: int) -> int | None:
    """Rows of a chunk at the end; None: all in one piece."""
    chunk = chunk_rows(part, options, expected)
    if is_plain(options) and (expected is not None or rows <= chunk or options.layout == "contiguous"):
        return None
    return chunk if options.chunk else max(1, min(chunk, rows))


def _coded_chunk(part: Stored, options: Options, rows: int) -> int:
    """Rows of a chunk if there were a codec."""
    return max(1, min(chunk_rows(part, options, None), rows))


def _entry(part: Stored, values: Sequence[Values], is_encoded: bool) -> str:
    if part.per_entry:
        return f"{list(part.shape)}"
    least, most = min(map(len, values)), max(map(len, values))
    length = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    return f"{length} bytes" if is_encoded else f"[{', '.join([length, *map(str, part.shape)])}]"


def _measured(values: Values, chunk: int) -> tuple[tuple[Measured, ...], tuple[str, ...], int]:
    """What codecs make of some whole chunks; those that are not installed; and of how many bytes."""
    if values.nbytes <= _MEASURED_FROM:
        return (), (), 0
    rows = min(chunk, len(values))
    most = max(rows, _MEASURED_TO * len(values) // values.nbytes)
    part = values[: min(len(values), most) // rows * rows]
    there = [codec for codec in CODECS if _is_there(codec)]
    return tuple(measured(there, part, rows)), tuple(codec for codec in CODECS if codec not in there), part.nbytes


def _is_there(codec: str) -> bool:
    try:
        codecs.expect(codec)
    except MissingExtraError:
        return False
    return True


def _encoding(feature: FeaturePlan) -> float:
    """Seconds that encoding an entry takes."""
    rate = next((one.encode for one in feature.codecs if one.codec == feature.codec != "none"), None)
    return feature.entry_bytes / rate / 1e6 if rate else 0.0


def _free(output: Path) -> int:
    if not output.parent.is_dir():
        raise FileError("the folder is not there", where=str(output.parent), do="make it first")
    return shutil.disk_usage(output.parent).free


def _none(dim: str, first: Failure, loaded: int) -> UserCodeError:
    frames = f"\n{first.frames}" if first.frames else ""
    return UserCodeError(
        f"none of {loaded} sources of {dim} could be loaded; the first, {first.name}: {first.message}{frames}",
        do=first.help or "mend the function or the schema",
    )
