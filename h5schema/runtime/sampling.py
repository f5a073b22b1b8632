"""What a schema says of the order of samples, and the sampler that it becomes over a file."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal, NamedTuple, Protocol, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from h5schema.errors import DataError, UsageError
from h5schema.vocabulary.dtypes import NUMBERS
from h5schema.vocabulary.suggest import closest

from .any_reader import AnyReader
from .blocks import Encoded, Maybe
from .chance import Drawn as Chance
from .chosen import Chosen, Samples
from .chunk_edges import samples_by_chunk
from .samplers import Bucketed as ByLength
from .samplers import Drawn, Given, InChunks, InOrder, Sampler, Shuffled
from .spans import Rows
from .transforms import Transform

Shuffle: TypeAlias = bool | Literal["chunks"]
"""Whether each epoch has an order of its own; `chunks`: chunks in such an order, and samples within some of them."""

_WEIGHTS = frozenset(name for name, number in NUMBERS.items() if number.kind in ("int", "uint", "float", "bool"))
_CLASSES = frozenset(name for name, number in NUMBERS.items() if number.kind in ("int", "uint", "bool"))
_WORDS = frozenset({"enum", "str", "category"})
_AT_ONCE = 1 << 14
_WINDOW_BYTES = 32 << 20
_WINDOW_CHUNKS = 16


class Ordering(NamedTuple):
    """What is put in order.

    Attributes:
        reader: Of the file.
        samples: Of the loader.
        weights: Stored bytes of a sample in each feature that is read, by address.
        size: Samples of a batch.
        shuffle: What the schema or the call says of it.
        seed: Of the loader.
        name: Of the loader.
    """

    reader: AnyReader
    samples: Samples
    weights: dict[str, int]
    size: int
    shuffle: Shuffle
    seed: int
    name: str

    def rows(self, dim: str) -> Iterator[Rows]:
        """The row of each sample in a dim, some samples at a time."""
        for first in range(0, len(self.samples), _AT_ONCE):
            yield self.rows_of(dim, np.arange(first, min(first + _AT_ONCE, len(self.samples)), dtype=np.int64))

    def rows_of(self, dim: str, indices: Rows) -> Rows:
        """The row of some samples in a dim."""
        return self.samples.at(indices, Chance(0, 0, indices)).at[dim]

    def values(self, address: str) -> Iterator[object]:
        """The blocks of a feature that each sample has one value of, some samples at a time."""
        lead = self.reader.model.places[address].lead
        assert lead is not None
        for rows in self.rows(lead):
            block = self.reader.read(address, rows)
            if isinstance(block, Maybe):
                some = cast("Maybe[object]", block)
                if not some.present.all():
                    raise DataError(
                        "the entry has no value, and a sampler needs it",
                        where=self.reader.where(address, lead, int(rows[int(np.argmin(some.present))])),
                        do=f"in the loader write `where: {{{address}: present}}`",
                    )
                block = some.values
            yield block

    @property
    def dims(self) -> tuple[str, ...]:
        """The dims of entries in which each sample has a row."""
        none = np.empty(0, np.int64)
        at = self.samples.at(none, Chance(0, 0, none)).at
        return tuple(dim for dim in at if not self.reader.model.is_ragged(dim))

    def expect_one_each(self, sampler: str, address: object, fits: Collection[str], kinds: str) -> None:
        """Refuses what is no feature with one value of the right kind for each sample.

        Args:
            sampler: What needs it.
            address: Of the feature.
            fits: Its dtypes that fit.
            kinds: The same in words.
        """
        model, dims = self.reader.model, " or ".join(self.dims)
        feature = model.features.get(address) if isinstance(address, str) else None
        if feature is None or not isinstance(address, str):
            near = closest(address, list(model.features)) if isinstance(address, str) else None
            raise UsageError(
                f"a {sampler} sampler of {address!r}, which is no feature",
                where=self.name,
                do=f"did you mean {near!r}?" if near else f"name a feature of {dims}, by its address",
            )
        if model.places[address].dims not in {(dim,) for dim in self.dims}:
            raise UsageError(
                f"a {sampler} sampler of {address}, which has not one value for each sample",
                where=self.name,
                do=f"name a feature whose only dim is {dims}",
            )
        if ("enum" if feature.members is not None else feature.dtype) not in fits:
            raise UsageError(
                f"a {sampler} sampler of {address}, which is {feature.dtype}",
                where=self.name,
                do=f"name a feature of {kinds}",
            )

    def expect_no_shuffle(self, sampler: str) -> None:
        """Refuses a shuffle beside a sampler that has an order of its own."""
        if self.shuffle:
            raise UsageError(
                f"shuffle is {self.shuffle!r} beside a {sampler} sampler, which has an order of its own",
                where=self.name,
                do="leave out `shuffle`",
            )


class Sampling(Protocol):
    """A way to put samples in order."""

    def sampler(self, over: Ordering) -> Sampler:
        """The sampler over the samples of a file."""
        ...


@dataclass(frozen=True, slots=True)
class Once:
    """Every sample once: as they are, shuffled, or shuffled within windows of chunks."""

    def sampler(self, over: Ordering) -> Sampler:
        length = len(over.samples)
        if over.shuffle != "chunks":
            return Shuffled(length, over.seed) if over.shuffle else InOrder(length)
        places, dims = over.reader.model.places, over.dims
        own = {address: size for address, size in over.weights.items() if places[address].lead in dims}
        edges = samples_by_chunk(over.reader, own, length, over.rows_of)
        chunk = max(1, length // max(1, len(edges) - 1))
        fits = _WINDOW_BYTES // max(1, sum(over.weights.values()))
        batches = max(1, min(_WINDOW_CHUNKS * chunk, fits) // over.size)
        return InChunks(edges, batches * over.size, over.seed)


@dataclass(frozen=True, slots=True)
class Weighted:
    """Samples by their weights, with replacement.

    Attributes:
        address: Of the feature that holds the weights.
    """

    address: str

    def sampler(self, over: Ordering) -> Sampler:
        over.expect_no_shuffle("weighted")
        over.expect_one_each("weighted", self.address, _WEIGHTS, "numbers")
        blocks = (cast("NDArray[np.generic]", block).astype(np.float64) for block in over.values(self.address))
        weights = np.concatenate([np.empty(0), *blocks])
        wrong = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0)))
        lead = cast("str", over.reader.model.places[self.address].lead)
        if len(wrong):
            row = int(over.rows_of(lead, wrong[:1].astype(np.int64))[0])
            raise DataError(
                f"{weights[wrong[0]]} is no weight",
                where=over.reader.where(self.address, lead, row),
                do="weights are numbers from 0 on",
            )
        if len(weights) and not weights.any():
            raise DataError(
                "all weights are 0, so no sample would be drawn",
                where=f"{over.reader.name}: {self.address}",
                do="look at the weights",
            )
        return Drawn(_scaled(weights), over.seed)


def _scaled(weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights of which the largest is about 1, so that their sum is a number: by a power of 2, which rounds nothing."""
    exponent = np.frexp(weights.max(initial=0))[1]
    return cast("NDArray[np.float64]", np.ldexp(weights, -exponent))


@dataclass(frozen=True, slots=True)
class Balanced:
    """As many samples of each value of a feature, with replacement.

    Attributes:
        address: Of the feature.
    """

    address: str

    def sampler(self, over: Ordering) -> Sampler:
        over.expect_no_shuffle("balanced")
        kinds = "whole numbers, bools, enums, texts or categories"
        over.expect_one_each("balanced", self.address, _CLASSES | _WORDS, kinds)
        numbers: dict[object, int] = {}
        parts = [_numbered(block, numbers) for block in over.values(self.address)]
        classes = np.concatenate([np.empty(0, np.int64), *parts])
        weights = 1.0 / np.bincount(classes, minlength=1)[classes]
        return Drawn(weights, over.seed, np.argsort(classes, kind="stable"))


def _numbered(block: object, numbers: dict[object, int]) -> Rows:
    """The number of each value: int64 [n]; values that are new have the next ones."""
    if isinstance(block, np.ndarray):
        found, back = np.unique(cast("NDArray[np.generic]", block), return_inverse=True)
        values = cast("list[object]", found.tolist())
    else:
        values, back = list(cast("Encoded[object]", block)), None
    of_each = np.array([numbers.setdefault(value, len(numbers)) for value in values], np.int64)
    return of_each if back is None else of_each[back]


@dataclass(frozen=True, slots=True)
class Bucketed:
    """Batches of samples of similar length.

    Attributes:
        dim: The ragged dim whose lengths are meant.
    """

    dim: str

    def sampler(self, over: Ordering) -> Sampler:
        if over.shuffle == "chunks":
            raise UsageError(
                "shuffle is 'chunks' beside a bucketed sampler, whose batches come from all over the file",
                where=over.name,
                do="write `shuffle: true`",
            )
        model = over.reader.model
        ragged = [dim for dim in model.axes if model.is_ragged(dim) and model.parent(dim) in over.dims]
        if self.dim not in ragged:
            raise UsageError(
                f"a bucketed sampler of {self.dim!r}, which is no ragged dim of {' or '.join(over.dims)}",
                where=over.name,
                do=f"name {' or '.join(ragged)}" if ragged else "leave the sampler out: all samples have one length",
            )
        parent = model.parent(self.dim)

        def lengths(indices: Rows) -> Rows:
            return over.reader.lengths(self.dim, over.rows_of(parent, indices))

        return ByLength(len(over.samples), lengths, over.size, shuffle=bool(over.shuffle), seed=over.seed)


@dataclass(frozen=True, slots=True)
class OrderedBy:
    """Samples as a function of the user's says.

    It is called once for each epoch with the rows of the samples in their dim, and, if it asks for them by name, with
    `reader`, the open file, and `rng`, a `numpy.random.Generator` made from seed and epoch. It returns which samples
    come, counted from 0, in their order.

    Attributes:
        function: `module:function`, found from the folder of the package first.
    """

    function: str

    def sampler(self, over: Ordering) -> Sampler:
        over.expect_no_shuffle(self.function)
        return Given(partial(_samples, Transform(self.function, over.reader), over))


def expect_sampling(given: object, where: str) -> None:
    """Refuses what is no sampler of a loader."""
    if not isinstance(given, Once | Weighted | Balanced | Bucketed | OrderedBy):
        raise UsageError(
            f"sampler is {given!r}",
            where=where,
            do="give Weighted(feature), Balanced(feature), Bucketed(dim) or OrderedBy('module:function'), "
            "of h5schema.runtime",
        )


def _samples(function: Transform, over: Ordering, epoch: int) -> Rows:
    """The samples of an epoch."""
    given = np.asarray(function(_of_entries(over), Chosen({}, Chance(over.seed, epoch, np.zeros(1, np.int64))), 0))
    length = len(over.samples)
    if given.ndim != 1 or (given.size and given.dtype.kind not in "iu"):
        raise function.wrong(
            f"it returned {given.dtype} of shape {list(given.shape)}",
            "return an array of whole numbers, one for each sample that comes",
        )
    wrong = given[(given < 0) | (given >= length)]
    if len(wrong):
        raise function.wrong(
            f"it returned the sample {wrong[0]}, but there are {length}",
            f"samples count from 0 to {length - 1}" if length else "there are no samples",
        )
    return given.astype(np.int64)


def _of_entries(over: Ordering) -> Rows:
    """The row of each sample in its dim of entries."""
    model = over.reader.model
    indices = np.arange(len(over.samples), dtype=np.int64)
    at = over.samples.at(indices, Chance(0, 0, indices)).at
    return next((rows for dim, rows in at.items() if not model.is_ragged(dim)), indices)
