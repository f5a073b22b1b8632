"""A generated loader: the samples of a plan over a file, and a DataLoader over them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Generic, Literal, TypeAlias, TypeVar, cast, overload

import numpy as np
from torch.utils.data import Dataset, get_worker_info

from h5schema.errors import H5SchemaError, UsageError

from ..any_reader import Paths
from ..arguments import flag, one_of, whole
from ..called import called
from ..chance import Drawn
from ..chosen import Chosen, Samples, everything, fingerprint
from ..conditions import Condition
from ..file import File
from ..order import BatchOrder, Indices, Together
from ..plan import Batch, Plan, takes
from ..readers import reader_of
from ..samples import samples_of
from ..sampling import Once, Ordering, Sampling, Shuffle, expect_sampling
from ..shares import Share
from ..spans import Access, Rows
from ..subsets import Subsets
from ..transforms import asks_for_rng
from ..view import RowError
from ..windows import Window
from .ahead import Ahead
from .batches import Batches
from .collate import Collate, Collated
from .parcels import Failed

BatchT_co = TypeVar("BatchT_co", covariant=True)
StartMethod: TypeAlias = Literal["fork", "spawn", "forkserver"]
"""How a worker process begins."""


class Loader(Dataset[BatchT_co], Generic[BatchT_co]):
    """The samples of a plan over a file, or over several: a map-style dataset that reads whole batches.

    Args:
        path: Of the file; or a list of paths, in the order of their entries.
        subset: Of the samples that are left by split and `where`: ids or positions, each once, or a mask over the dim.
        limit: At most so many samples, from the first on.
        access: See `File`.
        seed: Decides what chance has to say in samples (jitter, `rng`) that a DataLoader of your own asks for.
        split: In place of the schema's: `split/part`; nothing (""): all samples.
        where: In place of the schema's conditions, by address; an empty dict: none.
        window: What differs from the schema's windows, by dim, key by key.
        dtype: Loaded dtypes in place of the schema's, by address of the feature.
        transform: In place of the schema's, `module:function`; nothing (""): none.
        batch_transform: In place of the schema's `transform` of batches; nothing (""): none.

    Raises:
        FileError: The file is missing or of another schema.
        DataError: A sample lacks an input that has no `fill`.
    """

    __test__ = False  # a loader called `test` is no test of pytest's
    file: ClassVar[type[File]]
    plan: ClassVar[Plan]
    _epoch: int | None = None

    def __init__(
        self,
        path: Paths,
        *,
        subset: Subsets | None = None,
        limit: int | None = None,
        access: Access = "map",
        seed: int = 0,
        split: str | None = None,
        where: Mapping[str, Condition] | None = None,
        window: Mapping[str, Window] | None = None,
        dtype: Mapping[str, str] | None = None,
        transform: str | None = None,
        batch_transform: str | None = None,
    ) -> None:
        name = type(self).__name__
        self._plan = called(
            self.file,
            self.plan,
            name,
            {
                "split": split,
                "where": where,
                "window": window,
                "dtype": dtype,
                "transform": transform,
                "batch_transform": batch_transform,
            },
        )
        self._seed = whole("seed", seed, name)
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
        threads: int = 0,
        batch_size: int | None = None,
        shuffle: Shuffle | None = None,
        sampler: Sampling | None = None,
        drop_last: bool | None = None,
        subset: Subsets | None = None,
        limit: int | None = None,
        split: str | None = None,
        where: Mapping[str, Condition] | None = None,
        window: Mapping[str, Window] | None = None,
        dtype: Mapping[str, str] | None = None,
        transform: str | None = None,
        batch_transform: str | None = None,
        access: Access = "map",
        pin_memory: bool = False,
        persistent_workers: bool = False,
        multiprocessing_context: StartMethod | None = None,
        rank: int | None = None,
        world: int | None = None,
    ) -> Batches[BatchT_co]:
        """A DataLoader that is ready to use.

        Args:
            path: See the class.
            seed: Decides the shuffles; epoch e of one seed has one order, for any number of workers.
            workers: Worker processes; 0 reads in this one, which is fastest unless transforms are heavy.
            threads: Threads of this process that read ahead while the model works; in place of workers.
            batch_size: In place of the schema's.
            shuffle: In place of what the schema says of the order, `shuffle` and `sampler`.
            sampler: In place of what the schema says of the order.
            drop_last: In place of the schema's.
            subset: See the class.
            limit: See the class.
            split: See the class.
            where: See the class.
            window: See the class.
            dtype: See the class.
            transform: See the class.
            batch_transform: See the class.
            access: See the class.
            pin_memory: As torch's.
            persistent_workers: As torch's: workers live on from epoch to epoch.
            multiprocessing_context: How workers begin; None: as Python does on this machine.
            rank: Of this process, of several that train together; None: as `torch.distributed` says, once it is in use.
            world: How many these are.
        """
        name, batch = cls.__name__, cls.plan.batch
        size = whole("batch_size", batch.size if batch_size is None else batch_size, name, least=1)
        given = (
            batch if shuffle is None and sampler is None else Batch(shuffle=shuffle or False, sampler=sampler or Once())
        )
        if given.shuffle != "chunks":
            flag("shuffle", given.shuffle, name)
        dropped = flag("drop_last", batch.drop_last if drop_last is None else drop_last, name)
        expect_sampling(given.sampler, name)
        seeded, share = whole("seed", seed, name), _share(rank, world, name)
        if multiprocessing_context is not None:
            one_of("multiprocessing_context", multiprocessing_context, ("fork", "spawn", "forkserver"), name)
        processes, ahead = whole("workers", workers, name, least=0), whole("threads", threads, name, least=0)
        if processes and ahead:
            raise UsageError("threads and workers", where=name, do="give one of them: workers read ahead, too")
        dataset = cls(
            path,
            subset=subset,
            limit=limit,
            access=access,
            seed=seeded,
            split=split,
            where=where,
            window=window,
            dtype=dtype,
            transform=transform,
            batch_transform=batch_transform,
        )
        weights = dataset.collate.sample_bytes()
        ordering = Ordering(dataset.source, dataset.samples, weights, size, given.shuffle, seeded, name)
        order = BatchOrder(given.sampler.sampler(ordering), size, drop_last=dropped, seed=seeded)
        together = order.sampler.window // size or dataset.collate.ahead(size)
        batches = Batches[BatchT_co](
            dataset,
            sampler=cast("Any", Ahead(order, together, share)),
            batch_size=None,
            num_workers=processes,
            collate_fn=_as_it_is,
            pin_memory=flag("pin_memory", pin_memory, name),
            persistent_workers=flag("persistent_workers", persistent_workers, name) and processes > 0,
            multiprocessing_context=multiprocessing_context if processes else None,
        )
        batches.sampled_by = type(order.sampler).__name__ if given.sampler == Once() else repr(given.sampler)
        batches.threads = ahead
        batches.slot_bytes = dataset.collate.slot_bytes(size * together)
        return batches

    def __len__(self) -> int:
        return len(self.samples)

    @overload
    def __getitem__(self, index: Together) -> list[BatchT_co]: ...
    @overload
    def __getitem__(self, index: int | Rows | Sequence[int]) -> BatchT_co: ...
    def __getitem__(self, index: Together | int | Rows | Sequence[int]) -> list[BatchT_co] | BatchT_co:
        """The batch of these samples, of one if it is one index: one read for each feature."""
        if isinstance(index, Together):
            try:
                made = self.collate.batches(self.samples.at(index.indices, index.drawn()), index.ends)
            except H5SchemaError as error:
                if get_worker_info() is None:
                    raise
                return cast("list[BatchT_co]", Failed(error))  # torch would make one text of it, with its own frames
            return cast("list[BatchT_co]", made)
        samples = np.atleast_1d(np.asarray(index))
        if samples.ndim != 1 or (samples.size and samples.dtype.kind not in "iu"):
            batched = isinstance(index, Sequence) and any(isinstance(one, Indices) for one in index)
            do = "give an `order` as `batch_sampler`, not as `sampler`" if batched else "give whole numbers"
            raise UsageError(f"{index!r} is no index", where=type(self).__name__, do=do)
        chosen = self._chosen(samples.astype(np.int64, copy=False), index.drawn if isinstance(index, Indices) else None)
        return cast("BatchT_co", self.collate.batches(chosen, (0, len(samples)))[0])

    def __getitems__(self, indices: Rows | Sequence[int]) -> Collated[BatchT_co]:
        """What a DataLoader of the user's fetches: one whole batch, for `collated`."""
        if self._epoch is None and not isinstance(indices, Indices) and self._takes_chance():
            self._epoch = 0
            name = type(self).__name__
            warnings.warn(
                f"{name}: nobody said which epoch this is, so chance (jitter, `at: random`, `rng`) is that of epoch 0: "
                f"call `set_epoch(epoch)` of the {name} before each pass, or take {name}.loader(path)",
                stacklevel=2,
            )
        return Collated(self[indices], type(self).__name__)

    def _takes_chance(self) -> bool:
        """Whether samples depend on the epoch."""
        plan = self._plan
        if any(window.jitter or window.at == "random" for window in plan.window.values()):
            return True
        names = {plan.transform, plan.batch.transform, *(take.transform for take in takes(plan.sample))}
        return any(asks_for_rng(name, self.source) for name in names if name is not None)

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

    def ready(self) -> None:
        """Opens the file, and finds what all batches need: threads then share it."""
        self.source.open()
        _ = self.samples, self.collate

    def set_epoch(self, epoch: int) -> None:
        """What chance has to say in samples is that of this epoch, in a DataLoader of your own; without it, of epoch 0.

        Workers that live on from epoch to epoch do not hear of it.
        """
        self._epoch = whole("epoch", epoch, type(self).__name__, least=0)

    def _chosen(self, samples: Rows, drawn: Drawn | None = None) -> Chosen:
        size = len(self)
        outside = samples[(samples < -size) | (samples >= size)]
        if len(outside):
            raise RowError(
                f"sample {int(outside[0])} is asked for, but there are {size}",
                where=f"{type(self).__name__} of {self.source.name}",
                do="samples count from 0; negative ones from the end",
            )
        counted = np.where(samples < 0, samples + size, samples)
        return self.samples.at(counted, drawn or Drawn(self._seed, self._epoch or 0, counted))

    @property
    def rows(self) -> Rows:
        """The row of each sample in the dim: int64 [samples]."""
        return everything(self.samples).at[self._plan.dim]

    @cached_property
    def samples(self) -> Samples:
        """Where each sample is; found when it is asked for."""
        return samples_of(self.source, self._plan, self._subset, self._limit)

    @cached_property
    def samples_hash(self) -> str:
        """A short hash of which samples there are."""
        return fingerprint(self.samples)

    @cached_property
    def collate(self) -> Collate:
        """Makes the batches."""
        return Collate(self.source, self._plan)

    def __getstate__(self) -> dict[str, object]:
        """Without what a worker finds again by itself, so that a pickle stays small."""
        return {name: value for name, value in self.__dict__.items() if name not in ("samples", "collate")}


def _as_it_is(batch: object) -> object:
    return batch


def _share(rank: int | None, world: int | None, where: str) -> Share | None:
    """What a process takes that says so itself; None: it says nothing."""
    if rank is None and world is None:
        return None
    processes = whole("world", world, where, least=1)
    number = whole("rank", rank, where, least=0)
    if number >= processes:
        raise UsageError(f"rank is {number}, of {processes}", where=where, do=f"ranks count from 0 to {processes - 1}")
    return Share(number, processes)
