"""The DataLoader of a loader: batches in an order of our own, read several at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeVar, cast

import torch
from torch.utils.data import DataLoader

from h5schema.errors import UsageError

from ..arguments import whole
from ..order import BatchOrder
from .ahead import Ahead
from .parcels import Failed, Parcel, Post
from .prefetch import prefetched

BatchT_co = TypeVar("BatchT_co", covariant=True)


class Batches(DataLoader[BatchT_co]):
    """A DataLoader whose iterator is typed, and whose order depends on seed, epoch and position only.

    Attributes:
        threads: Of this process that read ahead; 0: it reads when it is asked.
        slot_bytes: Room for what a worker reads at a time.
        sampled_by: What says the order, in words.
    """

    threads: int = 0
    slot_bytes: int = 1 << 20
    sampled_by: str = ""
    _reached: tuple[int, int] | None = None
    _post: Post | None = None

    def __iter__(self) -> Iterator[BatchT_co]:  # type: ignore[override]
        ahead = self.ahead
        epoch, start = ahead.epoch, ahead.start
        fetched = self._fetched()
        ahead.go_on(epoch + 1, 0)
        self._reached = epoch, start
        return self._counted(fetched, epoch, start)

    def _counted(self, fetched: Iterator[object], epoch: int, done: int) -> Iterator[BatchT_co]:
        for batches in fetched:
            for batch in cast("list[BatchT_co]", batches):
                done += 1
                self._reached = epoch, done
                yield batch
        self._reached = None

    def _fetched(self) -> Iterator[object]:
        """Some batches of the next pass at a time."""
        return self._from_workers() if self.num_workers else self._here()

    def _from_workers(self) -> Iterator[object]:
        if self._post is None or not self.persistent_workers:
            self._post = Post(self.num_workers, self.prefetch_factor or 2, self.slot_bytes)
        self.collate_fn = self._post
        return _opened(super().__iter__(), self._post)

    def _here(self) -> Iterator[object]:
        """Read in this process: torch's own way to do that costs 15 µs a batch of small samples."""
        dataset = cast("Any", self.dataset)
        if self.threads:
            dataset.ready()
            made = prefetched(dataset.__getitem__, iter(self.ahead), self.threads)
        else:
            made = map(dataset.__getitem__, self.ahead)
        return map(_pinned, made) if self.pin_memory and torch.cuda.is_available() else made

    def __len__(self) -> int:
        return self.ahead.batches

    @property
    def ahead(self) -> Ahead:
        """Which batches come."""
        return cast("Ahead", cast("Any", self).sampler)  # torch leaves it untyped

    @property
    def order(self) -> BatchOrder:
        """Which samples make which batch."""
        return self.ahead.order

    def state_dict(self) -> dict[str, object]:
        """How far it is, in numbers: `load_state_dict` goes on with the batch after the last one that it gave."""
        epoch, batch = self._reached or (self.ahead.epoch, self.ahead.start)
        return {"epoch": epoch, "batch": batch, "of": self._of()}

    def load_state_dict(self, state: Mapping[str, object]) -> None:
        """The next pass is the rest of the one that a state was taken in.

        Raises:
            UsageError: It is no state, or that of a loader with another order.
        """
        name, own = type(self.dataset).__name__, self._of()
        theirs = _mapping(_mapping(state, name).get("of"), name)
        for key, value in own.items():
            if theirs.get(key) != value:
                if key == "samples_hash":
                    raise UsageError(
                        f"the state is of a loader over other samples, as many as here: {own['samples']}",
                        where=name,
                        do="make the loader as it was: the same file, split, `where`, `window`, `subset` and `limit`",
                    )
                raise UsageError(
                    f"the state is of a loader with {key} {theirs.get(key)!r}, and here it is {value!r}",
                    where=name,
                    do="make the loader as it was, over the same samples, or begin an epoch with `set_epoch`",
                )
        epoch, batch = (whole(key, state.get(key), name, least=0) for key in ("epoch", "batch"))
        batches = self.order.batches(self.ahead.share, epoch)
        if batch > batches:
            raise UsageError(
                f"the state is after batch {batch} of epoch {epoch}, which has {batches}",
                where=name,
                do="give what `state_dict` returned",
            )
        self.ahead.go_on(epoch, batch)
        self._reached = None

    def _of(self) -> dict[str, object]:
        """What decides the order."""
        order, dataset = self.order, cast("Any", self.dataset)
        return {
            "sampler": self.sampled_by,
            "samples": len(dataset),
            "samples_hash": dataset.samples_hash,
            "batch_size": order.size,
            "drop_last": order.drop_last,
            "seed": order.seed,
            "world": self.ahead.share.world,
        }

    def set_epoch(self, epoch: int) -> None:
        """The next pass is this epoch; without it, passes count from 0."""
        self.ahead.set_epoch(whole("epoch", epoch, type(self.dataset).__name__, least=0))
        self._reached = None


def _mapping(state: object, name: str) -> Mapping[str, object]:
    if not isinstance(state, Mapping):
        raise UsageError("this is no state of a loader", where=name, do="give what `state_dict` returned")
    return cast("Mapping[str, object]", state)


def _opened(parcels: Iterator[object], post: Post) -> Iterator[object]:
    """What was in the parcels; their memory lives as long as they come."""
    for parcel in parcels:
        made = cast("Parcel", parcel).opened()
        if isinstance(made, Failed):
            del parcels  # else the workers would live as long as the traceback
            raise made.error
        yield made
    del post


def _pinned(made: object) -> object:
    """In memory that an accelerator copies from."""
    return cast("Any", torch).utils.data._utils.pin_memory.pin_memory(made)  # torch types none of this
