"""Batches as a plan says: several of them out of one read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Generic, NamedTuple, NoReturn, TypeAlias, TypeVar, cast

import numpy as np

from h5schema.errors import UsageError

from ..any_reader import AnyReader
from ..blocks import NestedBlock, RaggedBlock, ShapedBlock, SparseBlock
from ..chosen import Chosen
from ..loaded import Block, Loaded
from ..plan import Fields, Ids, Plan, Position, Sample, Take
from ..projected import projection
from ..spans import Rows
from ..transforms import Transform
from .arrays import ARRAY_FORMS, arrays_end_to_end
from .changed import Column, Columns, batch_of, end_to_end, numbers, sample_at, stacked
from .forms import FORMS, from_numpy, tensor
from .sparse import SPARSE_FORMS

BatchT_co = TypeVar("BatchT_co", covariant=True)

_MOST = 16
_BYTES_AHEAD = 3 << 19
"""Batches are read together up to so many bytes: small ones are all overhead, large ones none."""
_ROOM = 64 << 20
"""Bytes that a worker has for what it reads at a time; memory that is not used costs nothing."""


class Collated(Generic[BatchT_co]):
    """A whole batch on its way through a DataLoader of the user's: a collation that wants single samples is refused.

    Args:
        batch: What was read.
        loader: Name of the class that read it.
    """

    __slots__ = ("_loader", "batch")

    def __init__(self, batch: BatchT_co, loader: str) -> None:
        self.batch = batch
        self._loader = loader

    def __getitem__(self, index: object) -> NoReturn:
        raise not_collated(self._loader)

    def __iter__(self) -> NoReturn:
        raise not_collated(self._loader)

    def __len__(self) -> NoReturn:
        raise not_collated(self._loader)


def not_collated(loader: str) -> UsageError:
    """What to say of a DataLoader that collates on its own."""
    return UsageError(
        "it reads whole batches, and the DataLoader would collate single samples",
        where=loader,
        do=f"use {loader}.loader(path), or give the DataLoader `collate_fn={loader}.collated`",
    )


class Part(NamedTuple):
    """One batch of what was read: samples `begin` to `end` of `chosen`."""

    blocks: list[Block]
    chosen: Chosen
    begin: int
    end: int

    def at(self, dim: str) -> Rows:
        """Where the samples are in a dim: int64 [end - begin]."""
        return self.chosen.at[dim][self.begin : self.end]


_FORMS = cast("Mapping[str, Callable[[object], object]]", {**FORMS, **SPARSE_FORMS})
_ARRAY_FORMS = cast("Mapping[str, Callable[[object], object]]", ARRAY_FORMS)

Piece: TypeAlias = Callable[[Part], object]


class Collate:
    """Makes batches; what does not change from one to the next is found once.

    Args:
        reader: Of the file.
        plan: What a sample is.
    """

    def __init__(self, reader: AnyReader, plan: Plan) -> None:
        self._reader = reader
        self._plan = plan
        self._loaded: list[Loaded] = []
        self._changed = None if plan.transform is None else Transform(plan.transform, reader)
        self._made = self._piece(plan.sample) if self._changed is None else self._by_sample(self._changed)
        if plan.batch.transform is not None:
            self._made = _whole(self._made, Transform(plan.batch.transform, reader))

    def batches(self, chosen: Chosen, ends: Sequence[int]) -> list[object]:
        """The batches of some samples, one after the other.

        Args:
            chosen: The samples of all batches.
            ends: Where each batch ends, after a first 0.
        """
        asked = [one.asked(chosen) for one in self._loaded]
        read = zip(self._loaded, self._reader.read_together(asked), asked, strict=True)
        blocks = [one.understood(block, its, chosen) for one, block, its in read]
        return [self._made(Part(blocks, chosen, begin, end)) for begin, end in pairwise(ends)]

    def ahead(self, size: int) -> int:
        """How many batches of `size` samples are read together."""
        sample_bytes = sum(one.sample_bytes for one in self._loaded)
        return max(1, min(_MOST, _BYTES_AHEAD // max(1, size * sample_bytes)))

    def sample_bytes(self) -> dict[str, int]:
        """Stored bytes of a sample in each feature, on average, by address."""
        return {one.address: one.sample_bytes for one in self._loaded}

    def slot_bytes(self, samples: int) -> int:
        """Room for the tensors of so many samples: most fit, also in a wider dtype, or padded."""
        return min(_ROOM, 4096 + 8 * samples * (64 + sum(one.sample_bytes + 64 for one in self._loaded)))

    def _piece(self, sample: Sample) -> Piece:
        reader = self._reader
        match sample:
            case Take():
                return self._taken(sample)
            case Position():
                return lambda part: from_numpy(part.at(sample.dim).copy())
            case Ids():
                return lambda part: list(reader.ids(sample.dim).read(part.at(sample.dim)))
            case Fields():
                fields, inner = sample.made, [self._piece(item) for item in sample.items.values()]
                return lambda part: fields(*[piece(part) for piece in inner])
            case _:
                named = {name: self._piece(item) for name, item in sample.items()}
                return lambda part: {name: piece(part) for name, piece in named.items()}

    def _taken(self, take: Take) -> Piece:
        if take.transform is not None:
            column = self._column(take)
            return lambda part: _collated(column(part))
        loaded, form = self._load(take), _form(take)
        number = len(self._loaded) - 1

        def piece(part: Part) -> object:
            block = part.blocks[number]
            if loaded.alone:
                block = block.copy() if isinstance(block, np.ndarray) else block
            else:
                block = block[part.begin : part.end]
            if isinstance(block, np.ndarray):
                return tensor(block)
            return form(block) if isinstance(block, RaggedBlock | NestedBlock | SparseBlock) else block

        return piece

    def _load(self, take: Take) -> Loaded:
        loaded = Loaded(self._reader, take, projection(self._reader.model, self._plan, take))
        self._loaded.append(loaded)
        return loaded

    # Sample by sample.

    def _by_sample(self, changed: Transform) -> Piece:
        """Batches of samples that a function has changed."""
        made = self._columns(self._plan.sample)

        def piece(part: Part) -> object:
            columns = made(part)
            count = range(part.end - part.begin)
            samples = [changed(sample_at(columns, index), part.chosen, part.begin + index) for index in count]
            return batch_of(columns, samples, changed)

        return piece

    def _columns(self, sample: Sample) -> Callable[[Part], Columns]:
        """The inputs of the samples of a batch."""
        match sample:
            case Take():
                return self._column(sample)
            case Position():
                return lambda part: Column(part.at(sample.dim).tolist(), numbers)
            case Ids():
                ids = self._piece(sample)
                return lambda part: Column(cast("Sequence[object]", ids(part)), list)
            case Fields():
                inner = [self._columns(item) for item in sample.items.values()]
                return lambda part: (sample, [item(part) for item in inner])
            case _:
                named = {name: self._columns(item) for name, item in sample.items()}
                return lambda part: {name: item(part) for name, item in named.items()}

    def _column(self, take: Take) -> Callable[[Part], Column]:
        """One input of the samples of a batch, changed by its own function if it has one."""
        loaded, number, form = self._load(take), len(self._loaded) - 1, _form(take)
        place = self._reader.model.places[take.address]
        own = None if take.transform is None else Transform(take.transform, self._reader)
        changed = own or self._changed
        assert changed is not None

        def column(part: Part) -> Column:
            block = part.blocks[number]
            count = part.end - part.begin
            values = list[object]([block] * count if loaded.alone else block[part.begin : part.end])
            if own is not None:
                values = [own(value, part.chosen, part.begin + index) for index, value in enumerate(values)]
            if loaded.alone:
                return Column(values, _first)
            if isinstance(block, np.ndarray):
                return Column(values, partial(stacked, changed=changed, address=take.address))
            if _is_shaped(block):
                return Column(values, shaped)
            return Column(values, joined if isinstance(block, RaggedBlock) else list)

        def shaped(values: Sequence[object]) -> object:
            return form(arrays_end_to_end(place, values, changed, take.address))

        def joined(values: Sequence[object]) -> object:
            return form(end_to_end(values, changed, take.address))

        return column


def _form(take: Take) -> Callable[[object], object]:
    """How what is not an array becomes one batch: arrays of any shape, and lists, in their own way."""
    word = take.form or "pad"
    plain = _FORMS[word]
    arrays = _ARRAY_FORMS.get(word, plain)

    return lambda block: arrays(block) if _is_shaped(block) else plain(block)


def _is_shaped(block: object) -> bool:
    """Whether entries are arrays of any shape, or lists."""
    return isinstance(block, NestedBlock | ShapedBlock)


def _collated(column: Column) -> object:
    return column.collate(column.values)


def _first(values: Sequence[object]) -> object:
    """One value for all samples."""
    value = values[0]
    return tensor(np.array(cast("object", value))) if isinstance(value, np.ndarray | np.generic) else value


def _whole(made: Piece, changed: Transform) -> Piece:
    """Batches that a function has changed."""
    return lambda part: changed(made(part), part.chosen, part.begin)
