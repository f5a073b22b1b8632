"""Loaders for PyTorch; the one module that imports torch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from h5schema.errors import UsageError

from .blocks import RaggedBlock
from .file import File
from .loaded import Loaded
from .order import BatchOrder
from .plan import Fields, Form, Ids, Plan, Position, Sample, Take
from .reader import Reader
from .samples import Subset, rows_of
from .spans import Rows


def _from_numpy(values: NDArray[np.generic]) -> Tensor:
    return cast("Tensor", cast("Any", torch).from_numpy(values))  # torch leaves its argument untyped


BatchT_co = TypeVar("BatchT_co", covariant=True)


class Padded(NamedTuple):
    """Entries of different lengths, filled up with zeros.

    Attributes:
        values: [batch, longest, ...].
        lengths: int64 [batch].
    """

    values: Tensor
    lengths: Tensor


class Masked(NamedTuple):
    """Entries of different lengths, filled up with zeros.

    Attributes:
        values: [batch, longest, ...].
        mask: bool [batch, longest], true where there is a value.
    """

    values: Tensor
    mask: Tensor


class Packed(NamedTuple):
    """Entries of different lengths, end to end.

    Attributes:
        values: [sum of lengths, ...].
        offsets: int64 [batch + 1]; entry i is `values[offsets[i]:offsets[i + 1]]`.
    """

    values: Tensor
    offsets: Tensor


class Batches(DataLoader[BatchT_co]):
    """A DataLoader whose iterator is typed, and whose shuffles depend on seed and epoch only."""

    order: BatchOrder

    def __iter__(self) -> Iterator[BatchT_co]:  # type: ignore[override]
        return cast("Iterator[BatchT_co]", super().__iter__())

    def set_epoch(self, epoch: int) -> None:
        """The next pass is this epoch; without it, passes count from 0."""
        self.order.epoch = epoch


class Loader(Dataset[BatchT_co], Generic[BatchT_co]):
    """The samples of a plan over a file: a map-style dataset that reads whole batches.

    Args:
        path: Of the file.
        subset: Of the samples that are left by split and `where`: ids, positions in the dim, or a mask over the dim.
        limit: At most so many samples, from the first on.

    Raises:
        FileError: The file is missing or of another schema.
        DataError: A sample lacks an input that has no `fill`.
    """

    __test__ = False  # a loader called `test` is no test of pytest's
    file: ClassVar[type[File]]
    plan: ClassVar[Plan]

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        subset: Subset | None = None,
        limit: int | None = None,
    ) -> None:
        if limit is not None and limit < 0:
            raise UsageError(f"limit is {limit}", where=type(self).__name__, do="give at least 0")
        self.source = Reader(self.file, Path(path))
        self._subset = subset
        self._limit = limit
        _ = self.rows

    @classmethod
    def loader(
        cls,
        path: str | os.PathLike[str],
        *,
        seed: int = 0,
        workers: int = 0,
        batch_size: int | None = None,
        shuffle: bool | None = None,
        drop_last: bool | None = None,
        subset: Subset | None = None,
        limit: int | None = None,
        pin_memory: bool = False,
    ) -> Batches[BatchT_co]:
        """A DataLoader that is ready to use.

        Args:
            path: Of the file.
            seed: Decides the shuffles; epoch e of one seed has one order, for any number of workers.
            workers: Worker processes; 0 reads in this one, which is fastest unless transforms are heavy.
            batch_size: In place of the schema's.
            shuffle: In place of the schema's.
            drop_last: In place of the schema's.
            subset: See the class.
            limit: See the class.
            pin_memory: As torch's.
        """
        dataset = cls(path, subset=subset, limit=limit)
        batch = cls.plan.batch
        size = batch.size if batch_size is None else batch_size
        if size < 1:
            raise UsageError(f"batch_size is {size}", where=cls.__name__, do="give at least 1")
        order = BatchOrder(
            len(dataset),
            size,
            shuffle=batch.shuffle if shuffle is None else shuffle,
            drop_last=batch.drop_last if drop_last is None else drop_last,
            seed=seed,
        )
        batches = Batches[BatchT_co](
            dataset,
            batch_sampler=cast("Any", order),
            num_workers=workers,
            collate_fn=_as_it_is,
            pin_memory=pin_memory,
        )
        batches.order = order
        return batches

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> BatchT_co:
        """A batch of one sample."""
        return self.__getitems__(np.array([index], np.int64))

    def __getitems__(self, indices: Rows | Sequence[int]) -> BatchT_co:
        """The batch of these samples: one read for each feature."""
        return cast("BatchT_co", self._collated(self.rows[np.asarray(indices, np.int64)]))

    @cached_property
    def rows(self) -> Rows:
        """The row of each sample in the dim: int64 [samples]."""
        return rows_of(self.source, self.plan, self._subset)[: self._limit]

    @cached_property
    def _collated(self) -> _Collate:
        return _Collate(self.source, self.plan.sample)

    def __getstate__(self) -> dict[str, object]:
        """Without what a worker finds again by itself, so that a pickle stays small."""
        return {name: value for name, value in self.__dict__.items() if name not in ("rows", "_collated")}


def _as_it_is(batch: object) -> object:
    return batch


class _Collate:
    """Reads the rows of a batch as the plan says; what does not change from batch to batch is found once.

    Args:
        reader: Of the file.
        sample: The plan's.
    """

    def __init__(self, reader: Reader, sample: Sample) -> None:
        self._reader = reader
        self._loaded: list[Loaded] = []
        self._made = self._piece(sample)

    def __call__(self, rows: Rows) -> object:
        blocks = self._reader.read_together([one.asked(rows) for one in self._loaded])
        return self._made(blocks, rows)

    def _piece(self, sample: Sample) -> Callable[[list[object], Rows], object]:
        reader = self._reader
        match sample:
            case Take():
                return self._taken(sample)
            case Position():
                return lambda blocks, rows: _from_numpy(rows.copy())
            case Ids():
                return lambda blocks, rows: list(reader.ids(sample.dim).read(rows))
            case Fields():
                fields, inner = sample.made, [self._piece(item) for item in sample.items.values()]
                return lambda blocks, rows: fields(*[piece(blocks, rows) for piece in inner])
            case _:
                named = {name: self._piece(item) for name, item in sample.items()}
                return lambda blocks, rows: {name: piece(blocks, rows) for name, piece in named.items()}

    def _taken(self, take: Take) -> Callable[[list[object], Rows], object]:
        loaded, number, form = Loaded(self._reader, take), len(self._loaded), _FORMS[take.form or "pad"]
        self._loaded.append(loaded)

        def piece(blocks: list[object], rows: Rows) -> object:
            block = loaded.understood(blocks[number])
            if isinstance(block, np.ndarray):
                return _tensor(block)
            return block if isinstance(block, list) else form(block)

        return piece


def _tensor(values: NDArray[np.generic]) -> Tensor:
    if not values.flags.writeable or not values.flags.c_contiguous:
        values = values.copy()
    return _from_numpy(values)


def _inside(block: RaggedBlock[np.generic]) -> tuple[NDArray[np.bool_], int]:
    lengths = block.lengths
    longest = int(lengths.max()) if len(lengths) else 0
    return np.arange(longest) < lengths[:, None], longest


def _spread(block: RaggedBlock[np.generic]) -> tuple[Tensor, NDArray[np.bool_]]:
    inside, longest = _inside(block)
    spread = np.zeros((len(block), longest, *block.values.shape[1:]), block.values.dtype)
    spread[inside] = block.values
    return _from_numpy(spread), inside


def _pad(block: RaggedBlock[np.generic]) -> Padded:
    return Padded(_spread(block)[0], _from_numpy(block.lengths))


def _mask(block: RaggedBlock[np.generic]) -> Masked:
    values, inside = _spread(block)
    return Masked(values, _from_numpy(inside))


def _pack(block: RaggedBlock[np.generic]) -> Packed:
    return Packed(_tensor(block.values), _from_numpy(block.offsets))


def _list(block: RaggedBlock[np.generic]) -> list[Tensor]:
    return [_tensor(entry.copy()) for entry in block]


_FORMS: Mapping[Form, Any] = {"pad": _pad, "mask": _mask, "packed": _pack, "list": _list}
