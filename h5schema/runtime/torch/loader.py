"""A generated loader: the samples of a plan over a file, and a DataLoader over them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, ClassVar, Generic, TypeVar, cast, overload

import numpy as np
from torch.utils.data import DataLoader, Dataset

from h5schema.errors import UsageError

from ..any_reader import Paths
from ..arguments import flag, whole
from ..chance import Drawn
from ..chosen import Chosen, Samples, everything
from ..file import File
from ..order import BatchOrder
from ..plan import Plan
from ..readers import reader_of
from ..samples import Subset, samples_of
from ..spans import Access, Rows
from ..view import RowError
from .collate import Ahead, Collate, Collated, Together

BatchT_co = TypeVar("BatchT_co", covariant=True)


class Batches(DataLoader[BatchT_co]):
    """A DataLoader whose iterator is typed, and whose shuffles depend on seed and epoch only."""

    order: BatchOrder

    def __iter__(self) -> Iterator[BatchT_co]:  # type: ignore[override]
        for batches in super().__iter__():
            yield from cast("list[BatchT_co]", batches)

    def __len__(self) -> int:
        return len(self.order)

    def set_epoch(self, epoch: int) -> None:
        """The next pass is this epoch; without it, passes count from 0."""
        self.order.epoch = whole("epoch", epoch, type(self.dataset).__name__, least=0)


class Loader(Dataset[BatchT_co], Generic[BatchT_co]):
    """The samples of a plan over a file, or over several: a map-style dataset that reads whole batches.

    Args:
        path: Of the file; or a list of paths, in the order of their entries.
        subset: Of the samples that are left by split and `where`: ids or positions, each once, or a mask over the dim.
        limit: At most so many samples, from the first on.
        access: See `File`.

    Raises:
        FileError: The file is missing or of another schema.
        DataError: A sample lacks an input that has no `fill`.
    """

    __test__ = False  # a loader called `test` is no test of pytest's
    file: ClassVar[type[File]]
    plan: ClassVar[Plan]

    def __init__(
        self,
        path: Paths,
        *,
        subset: Subset | None = None,
        limit: int | None = None,
        access: Access = "map",
    ) -> None:
        name = type(self).__name__
        self.source = reader_of(self.file, path, access=access)
        self._subset = subset
        self._limit = None if limit is None else whole("limit", limit, name, least=0)
        _ = self.samples

    @classmethod
    def loader(
        cls,
        path: Paths,
        *,
        seed: int = 0,
        workers: int = 0,
        batch_size: int | None = None,
        shuffle: bool | None = None,
        drop_last: bool | None = None,
        subset: Subset | None = None,
        limit: int | None = None,
        access: Access = "map",
        pin_memory: bool = False,
    ) -> Batches[BatchT_co]:
        """A DataLoader that is ready to use.

        Args:
            path: See the class.
            seed: Decides the shuffles; epoch e of one seed has one order, for any number of workers.
            workers: Worker processes; 0 reads in this one, which is fastest unless transforms are heavy.
            batch_size: In place of the schema's.
            shuffle: In place of the schema's.
            drop_last: In place of the schema's.
            subset: See the class.
            limit: See the class.
            access: See the class.
            pin_memory: As torch's.
        """
        name, batch = cls.__name__, cls.plan.batch
        size = whole("batch_size", batch.size if batch_size is None else batch_size, name, least=1)
        shuffled = flag("shuffle", batch.shuffle if shuffle is None else shuffle, name)
        dropped = flag("drop_last", batch.drop_last if drop_last is None else drop_last, name)
        processes, pinned = whole("workers", workers, name, least=0), flag("pin_memory", pin_memory, name)
        seeded = whole("seed", seed, name)
        dataset = cls(path, subset=subset, limit=limit, access=access)
        order = BatchOrder(len(dataset), size, shuffle=shuffled, drop_last=dropped, seed=seeded)
        batches = Batches[BatchT_co](
            dataset,
            batch_sampler=cast("Any", Ahead(order, dataset.collate.ahead(size))),
            num_workers=processes,
            collate_fn=_as_it_is,
            pin_memory=pinned,
        )
        batches.order = order
        return batches

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int | Rows | Sequence[int]) -> BatchT_co:
        """The batch of these samples, of one if it is one index: one read for each feature."""
        samples = np.atleast_1d(np.asarray(index))
        if samples.ndim != 1 or (samples.size and samples.dtype.kind not in "iu"):
            raise UsageError(f"{index!r} is no index", where=type(self).__name__, do="give whole numbers")
        chosen = self._chosen(samples.astype(np.int64, copy=False))
        return cast("BatchT_co", self.collate.batches(chosen, (0, len(samples)))[0])

    @overload
    def __getitems__(self, indices: Together) -> list[BatchT_co]: ...
    @overload
    def __getitems__(self, indices: Rows | Sequence[int]) -> Collated[BatchT_co]: ...
    def __getitems__(self, indices: Together | Rows | Sequence[int]) -> list[BatchT_co] | Collated[BatchT_co]:
        """What a DataLoader fetches: several batches of ours, or one of the user's, for `collated`."""
        if isinstance(indices, Together):
            chosen = self.samples.at(indices.indices, indices.drawn())
            return cast("list[BatchT_co]", self.collate.batches(chosen, indices.ends))
        return Collated(self[indices], type(self).__name__)

    @classmethod
    def collated(cls, fetched: object) -> BatchT_co:
        """The `collate_fn` of a DataLoader of your own: batches are read whole, nothing is left to collate.

        Raises:
            UsageError: It was fetched in single samples.
        """
        if not isinstance(fetched, Collated):
            raise UsageError(
                f"the DataLoader fetched a {type(fetched).__name__}, not a whole batch",
                where=cls.__name__,
                do=f"give the DataLoader a {cls.__name__} itself or a Subset of it, with a `batch_size`",
            )
        return cast("Collated[BatchT_co]", fetched).batch

    def _chosen(self, samples: Rows) -> Chosen:
        size = len(self)
        outside = samples[(samples < -size) | (samples >= size)]
        if len(outside):
            raise RowError(
                f"sample {int(outside[0])} is asked for, but there are {size}",
                where=f"{type(self).__name__} of {self.source.name}",
                do="samples count from 0; negative ones from the end",
            )
        counted = np.where(samples < 0, samples + size, samples)
        return self.samples.at(counted, Drawn(0, 0, counted))

    @property
    def rows(self) -> Rows:
        """The row of each sample in the dim: int64 [samples]."""
        return everything(self.samples).at[self.plan.over]

    @cached_property
    def samples(self) -> Samples:
        """Where each sample is; found when it is asked for."""
        return samples_of(self.source, self.plan, self._subset, self._limit)

    @cached_property
    def collate(self) -> Collate:
        """Makes the batches."""
        return Collate(self.source, self.plan.sample)

    def __getstate__(self) -> dict[str, object]:
        """Without what a worker finds again by itself, so that a pickle stays small."""
        return {name: value for name, value in self.__dict__.items() if name not in ("samples", "collate")}


def _as_it_is(batch: object) -> object:
    return batch
